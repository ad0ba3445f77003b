//! Invented facts: templates of one's own are tried with them at the start, and the golden files are
//! made from them.

use domain::record_class::RecordClass;
use domain::request::Assurance;
use domain::request::LetterKind;
use domain::request::RequestKind;
use jiff::civil::Date;

use crate::certificate::Certificate;
use crate::certificate::Recipient;
use crate::certificate::Residual;
use crate::facts::Facts;
use crate::facts::Kept;
use crate::facts::Letter;
use crate::facts::Package;
use crate::facts::Why;
use crate::letterhead::Authority;
use crate::letterhead::Letterhead;
use crate::summary::Answered;
use crate::summary::Summary;

/// A letter of a kind about a request of a kind.
#[derive(Clone, Debug)]
pub struct Case {
    /// What the letter tells.
    pub kind: LetterKind,
    /// What was asked for.
    pub request: RequestKind,
    /// Whether everything is filled in that may be, or only what has to.
    pub full: bool,
    facts: Facts,
}

impl Case {
    /// The letter.
    pub fn letter<'a>(&'a self, language: &'a str, head: &'a Letterhead) -> Letter<'a> {
        Letter {
            kind: self.kind,
            language,
            head,
            case: 412,
            request: self.request,
            received: day(2026, 11, 16),
            today: day(2026, 11, 23),
            due: self.full.then(|| day(2026, 12, 17)),
            jurisdictions: if self.full { &["za", "eu"] } else { &[] },
            page: self
                .full
                .then_some("https://people.example/preferences/requests"),
            facts: &self.facts,
        }
    }
}

fn day(year: i16, month: i8, day: i8) -> Date {
    Date::new(year, month, day).unwrap_or(Date::ZERO)
}

/// Who writes.
pub fn head() -> Letterhead {
    Letterhead {
        organisation: "Kaapse Koffie".to_owned(),
        address: vec!["12 Long Street".to_owned(), "Cape Town 8001".to_owned()],
        officer: "The Information Officer".to_owned(),
        contact: "privacy@koffie.example".to_owned(),
        authority: Some(Authority {
            name: "Autoriteit Persoonsgegevens".to_owned(),
            address: "https://autoriteitpersoonsgegevens.nl".to_owned(),
        }),
        provisions: vec!["GDPR Art 79".to_owned(), "PAIA s78".to_owned()],
    }
}

/// Every kind of letter about every kind of request, with as much and as little as it can have.
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for kind in LetterKind::ALL {
        for request in RequestKind::ALL {
            for full in [true, false] {
                cases.push(Case {
                    kind: *kind,
                    request: *request,
                    full,
                    facts: facts(*kind, *request, full),
                });
            }
        }
    }
    cases
}

fn facts(kind: LetterKind, request: RequestKind, full: bool) -> Facts {
    let some = |text: &str| Some(text.to_owned());
    let bare = Facts {
        answer_by: Some(day(2026, 12, 23)),
        ..Facts::default()
    };
    match kind {
        LetterKind::Acknowledgement | LetterKind::Expiry => Facts::default(),
        LetterKind::IdentityWanted => Facts {
            question: full.then(|| "In which month did you write to us first?".to_owned()),
            ..bare
        },
        LetterKind::ClarificationWanted => Facts {
            question: some("Do you mean the messages of this year, or all of them?"),
            ..bare
        },
        LetterKind::Extension => Facts {
            reason: some("Your data are spread over many conversations."),
            provision: some("GDPR Art 12(3)"),
            new_due: Some(day(2027, 2, 22)),
            ..Facts::default()
        },
        LetterKind::Refusal => Facts {
            reason: some("We hold nothing about you beyond this request."),
            provision: some("GDPR Art 11(2)"),
            ..Facts::default()
        },
        LetterKind::PartialResult => Facts {
            reason: full.then(|| "A law orders us to keep a part.".to_owned()),
            kept: kept(full),
            ..result(request, full)
        },
        LetterKind::Completion => result(request, full),
        LetterKind::PackageReady => Facts {
            package: Some(Package {
                address: "https://people.example/package/0123456789abcdef".to_owned(),
                until: day(2026, 12, 7),
            }),
            kept: kept(full),
            ..Facts::default()
        },
    }
}

fn result(request: RequestKind, full: bool) -> Facts {
    if request != RequestKind::Deletion {
        return Facts {
            done: full.then(|| "We corrected your name.".to_owned()),
            ..Facts::default()
        };
    }
    let link = "https://people.example/erased/0123456789abcdef";
    Facts {
        erased: vec![
            RecordClass::Conversation,
            RecordClass::Media,
            RecordClass::Profile,
        ],
        suppressed: full,
        horizon: Some(day(2026, 12, 1)),
        meta_days: Some(30),
        recipients: if full { 2 } else { 0 },
        certificate: full.then(|| link.to_owned()),
        ..Facts::default()
    }
}

fn kept(full: bool) -> Vec<Kept> {
    let law = Kept {
        class: RecordClass::ConsentProof,
        why: Why::Proof,
        provision: Some("POPIA s11(2)(a)".to_owned()),
        until: Some(day(2029, 11, 23)),
    };
    let order = Kept {
        class: RecordClass::RegulatedArchive,
        why: Why::Law,
        provision: Some("FAIS s18".to_owned()),
        until: Some(day(2031, 11, 23)),
    };
    let hold = Kept {
        class: RecordClass::Conversation,
        why: Why::Hold,
        provision: None,
        until: None,
    };
    if full {
        vec![law, order, hold]
    } else {
        vec![law]
    }
}

/// Certificates: one in the middle, with all there can be, one at the end, with the least, and one without
/// a horizon.
pub fn certificates() -> Vec<Certificate> {
    let full = Certificate {
        number: 7,
        case: Some(412),
        head: head(),
        erased: day(2026, 11, 23),
        today: day(2026, 11, 24),
        classes: vec![RecordClass::Conversation, RecordClass::Profile],
        keys: 6,
        rows: 1_204,
        objects: 3,
        swept: false,
        horizon: Some(day(2026, 12, 1)),
        reached: false,
        media_at_meta: Residual::Left,
        contact_at_meta: Residual::Deleted,
        meta_days: 30,
        kept: kept(true),
        suppressed: true,
        recipients: vec![
            Recipient {
                name: "Shop system".to_owned(),
                acknowledged: Some(day(2026, 11, 24)),
            },
            Recipient {
                name: "Newsletter".to_owned(),
                acknowledged: None,
            },
        ],
        log: "koffie.example/log".to_owned(),
        position: 90_210,
    };
    let least = Certificate {
        case: None,
        head: Letterhead {
            organisation: full.head.organisation.clone(),
            ..Letterhead::default()
        },
        today: day(2026, 12, 24),
        swept: true,
        reached: true,
        media_at_meta: Residual::None,
        contact_at_meta: Residual::None,
        kept: Vec::new(),
        suppressed: false,
        recipients: Vec::new(),
        ..full.clone()
    };
    let open = Certificate {
        horizon: None,
        ..full.clone()
    };
    vec![full, least, open]
}

/// Letters with a copy of the data: one with all there can be, one with the least, and one with what the
/// person may take along.
pub fn summaries() -> Vec<Summary> {
    let full = Summary {
        number: 7,
        head: head(),
        request: Some(Answered {
            case: 412,
            kind: RequestKind::Access,
            received: day(2026, 11, 16),
            assurance: Assurance::SecondChannel,
        }),
        made: day(2026, 11, 20),
        today: day(2026, 11, 23),
        portability: false,
        span: Some((day(2024, 3, 1), day(2026, 11, 19))),
        parts: vec![
            ("Messages".to_owned(), 1_204),
            ("Decisions about messages to you".to_owned(), 96),
        ],
        recipients: vec![
            "Meta Platforms (WhatsApp)".to_owned(),
            "Shop system".to_owned(),
        ],
        left_out: 3,
        of_others: 12,
        jurisdictions: vec!["za".to_owned(), "eu".to_owned()],
        page: Some("https://people.example/preferences/requests".to_owned()),
    };
    let least = Summary {
        head: Letterhead {
            organisation: full.head.organisation.clone(),
            ..Letterhead::default()
        },
        request: None,
        span: None,
        parts: vec![("Messages".to_owned(), 0)],
        left_out: 0,
        of_others: 0,
        jurisdictions: Vec::new(),
        page: None,
        ..full.clone()
    };
    let along = Summary {
        portability: true,
        recipients: Vec::new(),
        request: full.request.map(|request| Answered {
            kind: RequestKind::Portability,
            assurance: Assurance::Channel,
            ..request
        }),
        ..full.clone()
    };
    vec![full, least, along]
}
