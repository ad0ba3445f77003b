//! What a roll leaves of somebody who was erased: nothing in a file, and no key that lives opens it.

use domain::ids::SubjectId;
use domain::subject::Identifier;
use domain::time::Span;

use super::super::KIND;
use super::super::day::day;
use super::super::fixture::TestStore;
use super::super::fixture::both;
use super::super::fixture::bsuid;
use super::super::fixture::phone;
use super::erase;
use super::sweep;
use crate::base::Kind;

/// A data key of a person, as its row has it, and as it is.
struct Theirs {
    binding: seal::Binding,
    commitment: [u8; 16],
    wrapped: Vec<u8>,
    key: Vec<u8>,
}

impl Theirs {
    /// Whether an epoch key that lives opens the row.
    fn opens(&self, test: &TestStore) -> bool {
        let keys = test.store.keyring().keys();
        keys.epochs().any(|epoch| {
            let opened = epoch.unwrap_committed(&self.wrapped, &self.binding, &self.commitment);
            opened.is_ok()
        })
    }
}

fn keys_of(test: &TestStore, subject: SubjectId) -> Vec<Theirs> {
    let sql = format!(
        "SELECT id, class, quarter, epoch, wrapped, commitment FROM data_keys \
         WHERE subject_id = {subject}"
    );
    let keys = test.store.keyring().keys();
    let bytes = |hex: &str| -> Vec<u8> {
        let digits: Vec<u8> = hex
            .trim_start_matches("\\x")
            .chars()
            .map(|c| u8::try_from(c.to_digit(16).unwrap()).unwrap())
            .collect();
        digits
            .chunks(2)
            .map(|pair| pair[0] << 4 | pair[1])
            .collect()
    };
    let rows = test.raw().rows(&sql);
    rows.iter()
        .map(|row| {
            let binding = seal::Binding {
                key: row[0].parse().unwrap(),
                subject: subject.0.cast_unsigned(),
                class: seal::RecordClass::from_code(row[1].parse().unwrap()).unwrap(),
                period: row[2].parse().unwrap(),
            };
            let epoch = keys.epoch(row[3].parse().unwrap()).unwrap();
            let (wrapped, commitment) = (bytes(&row[4]), bytes(&row[5]));
            let commitment: &[u8; 16] = commitment.as_slice().try_into().unwrap();
            let key = epoch.unwrap_committed(&wrapped, &binding, commitment);
            Theirs {
                binding,
                commitment: *commitment,
                key: key.unwrap().danger_export().to_vec(),
                wrapped,
            }
        })
        .collect()
}

/// What leads to an identifier under the epoch key in force.
fn tags(test: &TestStore, identifiers: &[Identifier]) -> Vec<[u8; 16]> {
    let keys = test.store.keyring().keys();
    let index = keys.current_epoch();
    identifiers
        .iter()
        .map(|identifier| index.index(identifier.kind().code(), identifier.value()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_roll_no_file_has_a_key_of_theirs_or_what_led_to_them() {
    let test = day().await;
    let subject = test.find(&phone(3)).unwrap();
    let (keys, found_by) = (keys_of(&test, subject), tags(&test, &both(3)));
    let neighbour = test.find(&bsuid(2)).unwrap();
    // The control: what is looked for does stand there before, and opens.
    assert!(keys.len() >= 4);
    assert!(keys.iter().all(|held| test.holds(&held.wrapped)));
    assert!(keys.iter().all(|held| held.opens(&test)));
    assert!(found_by.iter().all(|tag| test.holds(tag)));

    let (_, erased) = erase(&test, &phone(3)).await;
    sweep(&test).await;
    test.pass(Span::seconds(1));
    test.store.roll().await.unwrap();
    test.whole();
    let living = keys_of(&test, neighbour);
    assert!(
        living.iter().all(|held| test.holds(&held.wrapped)),
        "the neighbour's stand there"
    );
    assert!(living.iter().all(|held| held.opens(&test)));
    for held in &keys {
        assert!(!test.holds(&held.key));
        let stands = KIND == Kind::File && test.holds(&held.wrapped);
        assert!(!stands, "a wrapped key");
        // A server's log may keep what was written once.
        assert!(!held.opens(&test), "a wrapped key opens");
    }
    for tag in &found_by {
        let stands = KIND == Kind::File && test.holds(tag);
        assert!(!stands, "an index value");
    }
    // Nor does a key that lives reproduce an index value that a server's log may keep.
    assert!(
        tags(&test, &both(3))
            .iter()
            .all(|tag| !found_by.contains(tag))
    );
    let epochs = test.store.keyring().keys();
    assert_eq!(epochs.epochs().count(), 1);
    // A place may still hold older keys: the horizon is not reached before it holds none.
    assert_eq!(test.store.reach_horizons().await.unwrap(), 0);
    test.raw().batch("UPDATE bundles SET gone_at = 1");
    assert!(test.store.reach_horizons().await.unwrap() >= 1);
    let reached = test.read(|reader| reader.erasure(erased.id));
    assert!(reached.unwrap().horizon_at.is_some());
}
