//! Who plays: five people and two apps.

use serde_json::Value;
use serde_json::json;

/// Somebody with a phone.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Who {
    Annelie,
    Naledi,
    Sipho,
    Thandi,
    Zoe,
}

impl Who {
    pub(crate) const ALL: [Self; 5] = [
        Self::Annelie,
        Self::Naledi,
        Self::Sipho,
        Self::Thandi,
        Self::Zoe,
    ];

    /// The handle the emulator knows them by.
    pub(crate) const fn handle(self) -> &'static str {
        match self {
            Self::Annelie => "annelie",
            Self::Naledi => "naledi",
            Self::Sipho => "sipho",
            Self::Thandi => "thandi",
            Self::Zoe => "zoe",
        }
    }
}

/// What an app may know of people.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) enum Mode {
    /// The shop's own till software sees numbers.
    Real,
    /// A bot that somebody else runs sees aliases.
    Alias,
}

impl Mode {
    pub(crate) const ALL: [Self; 2] = [Self::Real, Self::Alias];

    /// The name it has in the admin API, and in the addresses of the receiving program.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Real => "real",
            Self::Alias => "alias",
        }
    }

    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Real => "shop's app",
            Self::Alias => "bot",
        }
    }
}

/// The emulator's own cast, and Naledi.
pub(crate) fn cast() -> Vec<emulator::Person> {
    let mut people = emulator::Config::default().people;
    people.push(emulator::Person {
        id: Who::Naledi.handle().to_owned(),
        name: "Naledi Dlamini".to_owned(),
        parent_user_id: None,
        phone: Some("27845550199".to_owned()),
        user_id: "ZA.40417752209931846625".to_owned(),
        username: None,
    });
    people
}

/// What is known of one of them.
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) phone: Option<String>,
    pub(crate) user_id: String,
}

impl Person {
    pub(crate) fn of(who: Who) -> anyhow::Result<Self> {
        let found = cast().into_iter().find(|person| person.id == who.handle());
        let person = found.ok_or_else(|| anyhow::anyhow!("{} is not in the cast", who.handle()))?;
        Ok(Self {
            name: person.name,
            phone: person.phone,
            user_id: person.user_id,
        })
    }

    /// How staff name the person to the admin API.
    pub(crate) fn identifiers(&self) -> Value {
        match &self.phone {
            Some(phone) => json!({"phone": format!("+{phone}"), "bsuid": self.user_id}),
            None => json!({"bsuid": self.user_id}),
        }
    }
}
