//! Who writes, and who answers for it.

use serde::Serialize;

/// Who writes.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Letterhead {
    /// The organisation's name.
    pub organisation: String,
    /// Its postal address, line by line; may be empty.
    pub address: Vec<String>,
    /// Who answers for data protection there, by office or name; may be empty.
    pub officer: String,
    /// How the officer is reached: an e-mail address or a telephone number; may be empty.
    pub contact: String,
    /// The supervisory authority that leads for this controller in the European Union, if there is one.
    pub authority: Option<Authority>,
    /// Provisions of medium confidence that somebody answerable has reviewed
    /// ([`to_review`](crate::to_review)): letters name them, too.
    pub provisions: Vec<String>,
}

/// An authority to which people can complain.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Authority {
    /// Its name.
    pub name: String,
    /// Where it is on the web; may be empty.
    pub address: String,
}
