//! Whose law may hold for whom.

use std::sync::LazyLock;

use domain::law::Evidence;
use domain::law::Law as _;
use domain::time::Timestamp;
use proptest::prelude::*;
use rulebook::Rulebook;

static BOOK: LazyLock<Rulebook> = LazyLock::new(|| Rulebook::builtin("ZA").unwrap());

fn now() -> Timestamp {
    "2026-11-22T10:00:00Z".parse().unwrap()
}

/// Evidence from words: `=ZA` is a residence, `ZA.` the country of a BSUID, digits a phone prefix.
fn evidence(words: &str) -> Evidence {
    let mut evidence = Evidence::default();
    for word in words.split(' ').filter(|word| !word.is_empty()) {
        if let Some(residence) = word.strip_prefix('=') {
            evidence.residence = Some(residence.to_owned());
        } else if let Some(country) = word.strip_suffix('.') {
            evidence.bsuid_countries.push(country.to_owned());
        } else {
            evidence.phone_prefixes.push(word.to_owned());
        }
    }
    evidence
}

/// Places with the first letter of their confidence, and ids of packs.
fn told(book: &Rulebook, words: &str) -> (String, String) {
    let rules = book.rules(&evidence(words), now());
    let place = |(code, confidence): &(std::sync::Arc<str>, domain::law::Confidence)| {
        format!("{code}:{}", confidence.name().chars().next().unwrap())
    };
    let places: Vec<String> = rules.jurisdictions.iter().map(place).collect();
    let id = |pack: &std::sync::Arc<str>| pack.split('@').next().unwrap().to_owned();
    let packs: Vec<String> = rules.packs.iter().map(id).collect();
    (places.join(" "), packs.join(" "))
}

#[test]
fn signs_and_caveats() {
    // The controller is in South Africa, so `za` always holds.
    for (words, places, packs) in [
        ("", "XX:l ZA:h", "xx-default za"),
        ("27 27821", "ZA:h", "za"),
        ("27", "ZA:h", "za"),
        ("ZA.", "ZA:h", "za"),
        ("=ZA 4479", "ZA:h", "za"),
        ("=DE 2782", "DE:h ZA:h", "eu za"),
        ("=DE-BY", "DE:h ZA:h", "eu za"),
        ("=QQ", "XX:l ZA:h", "xx-default za"),
        ("=QQ 4930", "DE:m ZA:h", "eu za"),
        ("DE. 2782", "DE:m ZA:h", "eu za"),
        ("4479", "GB:m ZA:h", "uk za"),
        ("447797", "GB:l JE:m ZA:h", "uk xx-default za"),
        ("441534", "GB:l JE:m ZA:h", "uk xx-default za"),
        ("441481", "GB:l GG:m ZA:h", "uk xx-default za"),
        ("447624", "GB:l IM:m ZA:h", "uk xx-default za"),
        ("447700", "GB:l JE:l XX:l ZA:h", "uk xx-default za"),
        ("1415555", "US:m US-CA:l ZA:h", "us-ca xx-default za"),
        ("1212", "US:m US-NY:l ZA:h", "us-ca xx-default za"),
        ("1", "CA:l US:l XX:l ZA:h", "us-ca xx-default za"),
        ("1800", "CA:l US:l XX:l ZA:h", "us-ca xx-default za"),
        ("1416", "CA:m CA-ON:l ZA:h", "xx-default za"),
        ("1876", "JM:m ZA:h", "xx-default za"),
        ("=US-CA", "US-CA:h ZA:h", "us-ca za"),
        ("=US-NY", "US-NY:h ZA:h", "us-ca xx-default za"),
        ("=US", "US:h ZA:h", "us-ca xx-default za"),
        ("39", "IT:m ZA:h", "eu za"),
        ("3906698", "IT:l VA:l XX:l ZA:h", "eu xx-default za"),
        ("262692", "RE:m YT:l ZA:h", "eu za"),
        ("262639", "RE:l YT:m ZA:h", "eu za"),
        ("590690", "BL:l GP:m MF:l ZA:h", "eu xx-default za"),
        ("594", "GF:m ZA:h", "eu za"),
        ("596", "MQ:m ZA:h", "eu za"),
        ("35818", "AX:m ZA:h", "eu za"),
        ("47", "NO:m ZA:h", "eu za"),
        ("354", "IS:m ZA:h", "eu za"),
        ("423", "LI:m ZA:h", "eu za"),
        ("41", "CH:m ZA:h", "xx-default za"),
        ("7495", "RU:m ZA:h", "xx-default za"),
        ("7701", "KZ:m ZA:h", "xx-default za"),
        ("7978", "RU:l UA:l XX:l ZA:h", "xx-default za"),
        ("97150", "AE:m ZA:h", "xx-default za"),
        // Present, but not enforced until reviewed.
        ("5511", "BR:m ZA:h", "xx-default za"),
        ("254", "KE:m ZA:h", "xx-default za"),
        ("234", "NG:m ZA:h", "xx-default za"),
        ("91", "IN:m ZA:h", "xx-default za"),
        // What belongs to no country, and what is no number.
        ("870", "XX:l ZA:h", "xx-default za"),
        ("x27", "XX:l ZA:h", "xx-default za"),
    ] {
        assert_eq!(
            told(&BOOK, words),
            (places.to_owned(), packs.to_owned()),
            "{words}"
        );
    }
}

#[test]
fn every_member_state_has_the_pack() {
    let members =
        "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK";
    for code in members.split(' ') {
        assert_eq!(told(&BOOK, &format!("={code}")).1, "eu za", "{code}");
    }
    for code in "AL CH GI MC RS SM TR UA VA XK".split(' ') {
        assert_eq!(
            told(&BOOK, &format!("={code}")).1,
            "xx-default za",
            "{code}"
        );
    }
}

#[test]
fn the_controllers_own_law_always_holds() {
    for (country, words, packs) in [
        ("DE", "27", "eu za"),
        ("DE", "", "eu xx-default"),
        ("US", "27", "us-ca xx-default za"),
        ("CH", "27", "xx-default za"),
        ("QQ", "27", "xx-default za"),
        ("QQ", "", "xx-default"),
    ] {
        let book = Rulebook::builtin(country).unwrap();
        assert_eq!(told(&book, words).1, packs, "{country} {words}");
    }
}

#[test]
fn clocks_by_place() {
    for (words, zones) in [
        ("", "Africa/Johannesburg"),
        ("27", "Africa/Johannesburg"),
        ("=DE 27", "Europe/Berlin"),
        ("1415", "America/Los_Angeles"),
        ("=US-TX", "America/Chicago America/Denver"),
        (
            "=US",
            "America/New_York America/Chicago America/Denver America/Phoenix America/Los_Angeles \
             America/Anchorage America/Adak Pacific/Honolulu",
        ),
        ("3519", "Europe/Lisbon Atlantic/Azores"),
        ("DE. 27", "Europe/Berlin Africa/Johannesburg"),
    ] {
        let rules = BOOK.rules(&evidence(words), now());
        let names: Vec<&str> = rules.zones.iter().map(|zone| &*zone.name).collect();
        assert_eq!(names.join(" "), zones, "{words}");
    }
    assert_eq!(
        &*BOOK.zone("africa/johannesburg").unwrap().name,
        "Africa/Johannesburg"
    );
    for name in ["", "Nowhere/Nowhere", "../../etc/passwd", "ZA"] {
        assert!(BOOK.zone(name).is_none(), "{name}");
    }
}

proptest! {
    /// Whatever is known or not, there is law, and never less than the controller's own.
    #[test]
    fn there_is_always_law(
        residence in proptest::option::of("[A-Z]{2}(-[A-Z]{2})?|.{0,8}"),
        countries in proptest::collection::vec("[A-Z]{2}", 0..3),
        prefixes in proptest::collection::vec("[0-9]{0,7}|.{0,7}", 0..4),
        seconds in 0_i64..4_000_000_000,
    ) {
        let evidence = Evidence {
            residence,
            bsuid_countries: countries,
            phone_prefixes: prefixes,
        };
        let rules = BOOK.rules(&evidence, Timestamp::from_seconds(seconds));
        prop_assert!(rules.packs.iter().any(|pack| pack.starts_with("za@")));
        prop_assert!(rules.packs.windows(2).all(|pair| pair[0] < pair[1]));
        prop_assert!(rules.jurisdictions.iter().any(|(code, _)| &**code == "ZA"));
        prop_assert!(!rules.zones.is_empty());
    }
}
