use proptest::prelude::*;

use crate::fixture::Fixture;

#[test]
fn an_id_is_read_only_by_its_app_and_for_its_kind() {
    let fixture = Fixture::new();
    let keyring = fixture.create();
    let (one, two, callback) = (keyring.id_key(1), keyring.id_key(2), keyring.callback_key());
    for id in [0, 1, 255, 1 << 40, u64::MAX] {
        let text = one.seal_id(3, id);
        assert_eq!(text.len(), 32);
        assert_eq!(one.open_id(3, &text), Some(id));
        assert_eq!(keyring.id_key(1).seal_id(3, id), text, "stable");
        assert_eq!(one.open_id(4, &text), None);
        assert_eq!(two.open_id(3, &text), None);
        assert_eq!(callback.open_id(3, &text), None);
    }
}

#[test]
fn a_changed_character_is_found() {
    let fixture = Fixture::new();
    let key = fixture.create().id_key(1);
    let text = key.seal_id(1, 77);
    for at in 0..text.len() {
        for character in ["A", "_", "=", "é"] {
            let mut changed = text.clone();
            changed.replace_range(at..=at, character);
            let expected = (changed == text).then_some(77);
            assert_eq!(key.open_id(1, &changed), expected, "{character} at {at}");
        }
    }
    for junk in ["", "A", text.get(1..).unwrap(), &format!("{text}A")] {
        assert_eq!(key.open_id(1, junk), None, "{junk}");
    }
}

#[test]
fn pseudonyms_are_stable_and_differ_by_app_kind_and_text() {
    let fixture = Fixture::new();
    let keyring = fixture.create();
    let (one, two) = (keyring.id_key(1), keyring.id_key(2));
    let name = one.pseudonym(1, "wamid.X");
    assert_eq!(name.len(), 22);
    assert_eq!(one.pseudonym(1, "wamid.X"), name);
    for other in [
        one.pseudonym(2, "wamid.X"),
        one.pseudonym(1, "wamid.Y"),
        two.pseudonym(1, "wamid.X"),
    ] {
        assert_ne!(other, name);
    }
}

#[test]
fn identifier_indexes_differ_by_kind_value_and_epoch() {
    let fixture = Fixture::new();
    let keyring = fixture.create();
    let old = keyring.current_epoch();
    let index = old.index(1, "+27821234567");
    assert_eq!(old.index(1, "+27821234567"), index);
    assert_ne!(old.index(2, "+27821234567"), index);
    assert_ne!(old.index(1, "+27821234568"), index);
    let new = keyring.begin_roll(&fixture.random, 1).unwrap();
    assert_ne!(new.index(1, "+27821234567"), index);
}

#[test]
fn parts_of_a_tag_do_not_run_together() {
    let fixture = Fixture::new();
    let keyring = fixture.create();
    let lists: [&[&[u8]]; 6] = [
        &[],
        &[b""],
        &[b"ab"],
        &[b"a", b"b"],
        &[b"ab", b""],
        &[b"", b"ab"],
    ];
    let mut tags: Vec<_> = lists.iter().map(|parts| keyring.dedup_tag(parts)).collect();
    assert_eq!(tags, lists.map(|parts| keyring.dedup_tag(parts)));
    tags.sort_unstable();
    tags.dedup();
    assert_eq!(tags.len(), lists.len());
}

#[test]
fn token_hashes_are_keyed() {
    let fixture = Fixture::new();
    let keyring = fixture.create();
    let hash = keyring.token_hash("imvume_app_x");
    assert_eq!(keyring.token_hash("imvume_app_x"), hash);
    assert_ne!(keyring.token_hash("imvume_app_y"), hash);
    assert_ne!(seal::sha256(b"imvume_app_x"), hash);
}

proptest! {
    #[test]
    fn junk_is_no_id(text: String, plausible in "[A-Za-z0-9_-]{32}") {
        let fixture = Fixture::new();
        let key = fixture.create().id_key(1);
        prop_assert_eq!(key.open_id(1, &text), None);
        prop_assert_eq!(key.open_id(1, &plausible), None);
    }
}
