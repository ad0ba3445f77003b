//! The emulator's cast.

use domain::subject::Identifier;
use domain::subject::IdentifierKind;

/// Somebody of the emulator's cast.
#[derive(Clone, Copy, Debug)]
pub struct Person {
    /// The handle the control API takes.
    pub handle: &'static str,
    /// The profile name.
    pub name: &'static str,
    /// The number in international form, with its `+`; none for somebody known by BSUID only.
    pub phone: Option<&'static str>,
    /// The BSUID.
    pub user_id: &'static str,
}

/// A customer.
pub const THANDI: Person = Person {
    handle: "thandi",
    name: "Thandi Mokoena",
    phone: Some("+27825550142"),
    user_id: "ZA.13491208655302741918",
};

/// A customer.
pub const SIPHO: Person = Person {
    handle: "sipho",
    name: "Sipho Ndlovu",
    phone: Some("+27835550117"),
    user_id: "ZA.20771634908215560343",
};

/// A customer who reads Afrikaans.
pub const ANNELIE: Person = Person {
    handle: "annelie",
    name: "Annelie van Wyk",
    phone: Some("+27725550163"),
    user_id: "ZA.31846290175520938827",
};

/// A customer who does not share her number.
pub const ZOE: Person = Person {
    handle: "zoe",
    name: "Zoë Adams",
    phone: None,
    user_id: "ZA.48820163357790142265",
};

/// All of them.
pub const PEOPLE: [Person; 4] = [THANDI, SIPHO, ANNELIE, ZOE];

impl Person {
    /// The identifiers the store knows the person by.
    pub fn identifiers(&self) -> Vec<Identifier> {
        let phone = self
            .phone
            .map(|phone| Identifier::new(IdentifierKind::Phone, phone.to_owned()));
        let user_id = Identifier::new(IdentifierKind::Bsuid, self.user_id.to_owned());
        phone.into_iter().chain([user_id]).collect()
    }

    /// The number, or the BSUID of somebody who shares none: where a message can go.
    pub const fn address(&self) -> &'static str {
        match self.phone {
            Some(phone) => phone,
            None => self.user_id,
        }
    }
}
