//! A log in memory with a ledger of three events, and the record over them.

use std::collections::BTreeMap;

use domain::audit::Action;
use domain::audit::Actor;
use domain::audit::Leaf;
use domain::consent::ConsentState;
use domain::consent::EvidenceGrade;
use domain::consent::Method;
use domain::ids::PurposeId;
use domain::ids::SubjectId;
use domain::ids::TokenId;
use domain::purpose::LegalBasis;
use domain::purpose::Purpose;
use domain::purpose::PurposeClass;
use domain::purpose::Terms;
use domain::time::Timestamp;
use record::Controller;
use record::EventFacts;
use record::EventProof;
use record::Head;
use record::Material;
use record::NoticeFacts;
use record::PurposeFacts;
use record::Row;
use tlog::Checkpoint;
use tlog::Hash;
use tlog::SigningKey;
use tlog::leaf_hash;
use tlog::proof::Nodes;
use tlog::proof::inclusion;
use tlog::root_of;

pub(crate) const LOG: &str = "example.org/log";

/// The first event's instant: 21 November 2026, 10:00 UTC.
const FIRST: i64 = 1_795_255_200_000_000;

struct Leaves<'a>(&'a [Hash]);

impl Nodes for Leaves<'_> {
    type Error = std::convert::Infallible;

    fn node(&self, level: u32, index: u64) -> Result<Hash, Self::Error> {
        let (from, width) = (usize::try_from(index << level).unwrap(), 1 << level);
        Ok(root_of(self.0.get(from..from + width).unwrap()))
    }
}

fn path(leaves: &[Hash], index: usize) -> Vec<Hash> {
    inclusion(&Leaves(leaves), index as u64, leaves.len() as u64).unwrap()
}

pub(crate) fn key() -> SigningKey {
    SigningKey::from_seed(LOG, &[7; 32]).unwrap()
}

pub(crate) fn notice() -> NoticeFacts {
    let elements = [
        (
            "N01",
            "Kaapse Koffie, 1 Long Street, Cape Town; privacy@kaapse.example",
        ),
        ("N10", "Two years after your last purchase."),
    ];
    NoticeFacts {
        code: "offers".to_owned(),
        version: 2,
        language: "en".to_owned(),
        title: "Offers on WhatsApp".to_owned(),
        hash: vec![0xab; 32],
        elements: BTreeMap::from(elements.map(|(n, text)| (n.to_owned(), text.to_owned()))),
    }
}

fn row(id: i64, state: ConsentState, (method, grade): (Method, EvidenceGrade)) -> Row {
    let noticed = state == ConsentState::Given;
    Row {
        id,
        subject_id: 7,
        purpose_id: 4,
        channel: 1,
        state: state.code().into(),
        method: method.code().into(),
        grade: grade.code().into(),
        notice_id: noticed.then_some(2),
        notice_hash: noticed.then(|| vec![0xab; 32]),
        language: "en".to_owned(),
        jurisdictions: "ZA".to_owned(),
        rule: "page/confirmed".to_owned(),
        actor: Actor::Staff(TokenId(3)).to_string(),
        key_id: 11,
        sealed_evidence: b"sealed".to_vec(),
        expires_at: noticed.then_some(FIRST + 31_536_000_000_000),
        at: FIRST + id * 3_600_000_000,
    }
}

pub(crate) fn rows() -> Vec<Row> {
    vec![
        row(
            1,
            ConsentState::Requested,
            (Method::WebForm, EvidenceGrade::Asserted),
        ),
        row(
            2,
            ConsentState::Given,
            (Method::WebForm, EvidenceGrade::Confirmed),
        ),
        row(
            5,
            ConsentState::Withdrawn,
            (Method::ChatKeyword, EvidenceGrade::Direct),
        ),
    ]
}

/// The entry that commits to a row and, with it, to another one.
fn entry(row: &Row, salt: [u8; 16], beside: Hash) -> String {
    let state = ConsentState::from_code(u8::try_from(row.state).unwrap()).unwrap();
    let leaf = Leaf {
        at: Timestamp::from_micros(row.at),
        actor: Actor::Staff(TokenId(3)),
        action: Action::Consent(state),
        rules: &["page/confirmed"],
        commitment: root_of(&[beside, row.hash(&salt)]).0,
    };
    String::from_utf8(leaf.encode()).unwrap()
}

/// The events with their proofs, in a log that has other entries between them.
pub(crate) fn proved(rows: &[Row]) -> (Vec<EventProof>, Head) {
    let salt = [5; 16];
    let beside = leaf_hash(b"another row");
    let entries: Vec<String> = rows
        .iter()
        .flat_map(|row| ["another entry".to_owned(), entry(row, salt, beside)])
        .collect();
    let leaves: Vec<Hash> = entries
        .iter()
        .map(|entry| leaf_hash(entry.as_bytes()))
        .collect();
    let proofs = (0..).zip(rows).map(|(place, row)| {
        let position = place * 2 + 1;
        EventProof {
            position: position as u64,
            entry: entries.get(position).unwrap().clone(),
            path: path(&leaves, position),
            salt,
            row: row.clone(),
            row_index: 1,
            rows: 2,
            row_path: vec![beside],
        }
    });
    let head = Checkpoint {
        origin: LOG.to_owned(),
        size: leaves.len() as u64,
        root: root_of(&leaves),
    };
    let checkpoint = key().sign(&head).unwrap();
    let head = Head {
        checkpoint,
        size: head.size,
    };
    (proofs.collect(), head)
}

pub(crate) fn material(rows: &[Row]) -> Material {
    let (proofs, _) = proved(rows);
    Material {
        log: LOG.to_owned(),
        receipt: false,
        issued: Timestamp::from_micros(FIRST + 86_400_000_000),
        controller: Controller {
            name: "Kaapse Koffie".to_owned(),
            country: "ZA".to_owned(),
            pages: Some("https://people.kaapse.example".to_owned()),
        },
        subject: SubjectId(7),
        identifiers: None,
        purpose: PurposeFacts {
            purpose: Purpose {
                id: PurposeId(4),
                code: "offers".to_owned(),
                class: PurposeClass::Promotional,
                basis: LegalBasis::Consent,
                grade: EvidenceGrade::Direct,
                identity_check: false,
                terms: Terms::default(),
            },
            title: "Offers".to_owned(),
            description: "What is new, at most twice a month.".to_owned(),
            recipients: vec!["Posbus Marketing (Pty) Ltd".to_owned()],
        },
        notice: Some(notice()),
        language: "en".to_owned(),
        jurisdictions: vec!["ZA".to_owned(), "DE".to_owned()],
        packs: vec!["za".to_owned(), "eu".to_owned()],
        events: rows
            .iter()
            .zip(&proofs)
            .map(|(row, proof)| EventFacts {
                row: row.clone(),
                notice: row.notice_hash.as_ref().map(|_| notice()),
                position: proof.position,
            })
            .collect(),
    }
}

/// The whole record.
pub(crate) fn record() -> String {
    let rows = rows();
    let (proofs, head) = proved(&rows);
    record::sign(material(&rows).document(), proofs, head, &key()).unwrap()
}
