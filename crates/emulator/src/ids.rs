//! Identifiers with the layout of the real ones, so that leaks show in tests.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::rng::Rng;

/// Who wrote a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Direction {
    FromBusiness,
    FromPerson,
}

/// A message id: `wamid.` and the base64 of a small Thrift-compact struct that holds the *person's*
/// number in clear text, whoever wrote the message. For somebody known by BSUID only, the BSUID
/// stands in that place.
pub(crate) fn wamid(rng: &mut Rng, person: &str, direction: Direction) -> String {
    let (mark, length) = match direction {
        Direction::FromBusiness => (0x11, 0x12),
        Direction::FromPerson => (0x12, 0x14),
    };
    let mut bytes = vec![0x1c, 0x18];
    bytes.push(u8::try_from(person.len()).unwrap_or(u8::MAX));
    bytes.extend_from_slice(person.as_bytes());
    bytes.extend_from_slice(&[0x15, 0x02, 0x00, mark, 0x18, length]);
    bytes.extend_from_slice(rng.hex(usize::from(length)).as_bytes());
    bytes.push(0x00);
    format!("wamid.{}", STANDARD.encode(bytes))
}

/// A call's id: `wacid.` and the base64 of a small struct with a random id in it.
pub(crate) fn wacid(rng: &mut Rng) -> String {
    let mut bytes = vec![0x22, 0x18, 0x20];
    bytes.extend_from_slice(rng.hex(32).to_ascii_uppercase().as_bytes());
    format!("wacid.{}", STANDARD.encode(bytes))
}

/// A stable BSUID for a number nobody declared.
pub(crate) fn stranger_user_id(seed: u64, phone: &str) -> String {
    let mut state = seed ^ 0x5743_4c4f_5544_4150;
    for byte in phone.bytes() {
        state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("{}.{}", country(phone), Rng::new(state).digits(20))
}

/// ISO country of an international number, by longest dialling code; `ZZ` if unknown.
pub(crate) fn country(phone: &str) -> &'static str {
    COUNTRIES
        .iter()
        .find(|(code, _)| phone.starts_with(code))
        .map_or("ZZ", |(_, iso)| iso)
}

/// The dialling code of an international number; empty if unknown.
pub(crate) fn dialling_code(phone: &str) -> &'static str {
    COUNTRIES
        .iter()
        .find(|(code, _)| phone.starts_with(code))
        .map_or("", |(code, _)| code)
}

/// Longer codes first, because the first match counts.
const COUNTRIES: &[(&str, &str)] = &[
    ("234", "NG"),
    ("254", "KE"),
    ("258", "MZ"),
    ("263", "ZW"),
    ("264", "NA"),
    ("266", "LS"),
    ("267", "BW"),
    ("268", "SZ"),
    ("351", "PT"),
    ("353", "IE"),
    ("352", "LU"),
    ("420", "CZ"),
    ("27", "ZA"),
    ("30", "GR"),
    ("31", "NL"),
    ("32", "BE"),
    ("33", "FR"),
    ("34", "ES"),
    ("39", "IT"),
    ("41", "CH"),
    ("43", "AT"),
    ("44", "GB"),
    ("45", "DK"),
    ("46", "SE"),
    ("47", "NO"),
    ("48", "PL"),
    ("49", "DE"),
    ("52", "MX"),
    ("54", "AR"),
    ("55", "BR"),
    ("61", "AU"),
    ("65", "SG"),
    ("91", "IN"),
    ("1", "US"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn south_african_prefix() {
        let id = wamid(&mut Rng::new(1), "27825550142", Direction::FromPerson);
        assert!(id.starts_with("wamid.HBgL"), "{id}");
        let bytes = STANDARD.decode(id.trim_start_matches("wamid.")).unwrap();
        assert_eq!(&bytes[..3], &[0x1c, 0x18, 0x0b]);
        assert_eq!(&bytes[3..14], b"27825550142");
        assert_eq!(&bytes[14..20], &[0x15, 0x02, 0x00, 0x12, 0x18, 0x14]);
        assert_eq!(bytes.len(), 20 + 20 + 1);
    }

    #[test]
    fn strangers_are_stable_and_differ() {
        let one = stranger_user_id(1, "27825550001");
        assert_eq!(one, stranger_user_id(1, "27825550001"));
        assert_ne!(one, stranger_user_id(1, "27825550002"));
        assert!(one.starts_with("ZA.") && one.len() == 23, "{one}");
    }

    #[test]
    fn countries() {
        for (phone, iso) in [
            ("27825550142", "ZA"),
            ("351912345678", "PT"),
            ("15550100", "US"),
            ("999", "ZZ"),
        ] {
            assert_eq!(country(phone), iso, "{phone}");
        }
        assert_eq!(dialling_code("27215550100"), "27");
    }
}
