//! People as callers name them.

use domain::ids::AppId;
use domain::ids::SubjectId;
use domain::subject::Identifier;
use domain::subject::IdentifierKind;
use store::Refusal;
use whatsapp::recipient::Bsuid;
use whatsapp::recipient::E164;

use crate::access::Allowed;
use crate::problem::Problem;

/// One way to name a person.
pub(crate) enum Named {
    /// By an alias of an app.
    Alias(AppId, String),
    /// By an identifier.
    Identifier(Identifier),
    /// By the subject's id.
    Subject(SubjectId),
}

impl Named {
    /// The subject it leads to.
    pub(crate) async fn resolve<P, Q>(self, allowed: &Allowed<P, Q>) -> Result<SubjectId, Problem> {
        allowed
            .read(move |reader| {
                let found = match self {
                    Self::Alias(app, alias) => reader.by_alias(app, &alias)?,
                    Self::Identifier(identifier) => reader.find(&identifier)?,
                    Self::Subject(id) => reader.subject(id)?.map(|_| id),
                };
                Ok(found.ok_or(Refusal::Missing("subject"))?)
            })
            .await
    }
}

/// A phone number, `+` and digits, in the one spelling under which people are found.
pub(crate) fn phone(phone: &str) -> Result<Identifier, Problem> {
    let phone = E164::parse(phone).map_err(|error| Problem::value("phone", error.to_string()))?;
    Ok(Identifier::new(
        IdentifierKind::Phone,
        phone.as_str().to_owned(),
    ))
}

/// A business-scoped id, or a parent portfolio's.
pub(crate) fn bsuid(bsuid: &str) -> Result<Identifier, Problem> {
    let bsuid = Bsuid::parse(bsuid).map_err(|error| Problem::value("bsuid", error.to_string()))?;
    let kind = if bsuid.is_parent() {
        IdentifierKind::ParentBsuid
    } else {
        IdentifierKind::Bsuid
    };
    Ok(Identifier::new(kind, bsuid.as_str().to_owned()))
}

/// The one name that is there; none or several name nobody.
pub(crate) fn exactly_one(
    names: impl IntoIterator<Item = Named>,
    field: &'static str,
) -> Result<Named, Problem> {
    let mut names = names.into_iter();
    match (names.next(), names.next()) {
        (Some(named), None) => Ok(named),
        _ => Err(Problem::value(
            field,
            "exactly one way to name a person has to be there",
        )),
    }
}
