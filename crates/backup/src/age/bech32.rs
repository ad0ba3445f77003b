//! Bech32 (BIP 173), without its bound on the length.

const ALPHABET: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const CHECKSUM: usize = 6;

/// Encodes 32 bytes under a lower-case prefix.
pub(super) fn encode(prefix: &str, bytes: &[u8; 32]) -> String {
    let mut values = regroup(bytes.iter().copied(), 8, 5, true).unwrap_or_default();
    values.extend(checksum(prefix, &values));
    let digits = values.iter().filter_map(|value| {
        let digit = ALPHABET.get(usize::from(*value))?;
        Some(char::from(*digit))
    });
    let mut out = String::with_capacity(prefix.len() + 1 + values.len());
    out.push_str(prefix);
    out.push('1');
    out.extend(digits);
    out
}

/// Decodes 32 bytes under this prefix, given in lower case; the text is all lower or all upper case.
pub(super) fn decode(prefix: &str, text: &str) -> Option<[u8; 32]> {
    let lower = text.to_ascii_lowercase();
    if text != lower && text != text.to_ascii_uppercase() {
        return None;
    }
    let digits = lower.strip_prefix(prefix)?.strip_prefix('1')?;
    let values: Option<Vec<u8>> = digits
        .bytes()
        .map(|digit| {
            let place = ALPHABET.iter().position(|known| *known == digit)?;
            u8::try_from(place).ok()
        })
        .collect();
    let values = values?;
    let (data, sum) = values.split_at_checked(values.len().checked_sub(CHECKSUM)?)?;
    if checksum(prefix, data) != sum {
        return None;
    }
    let bytes = regroup(data.iter().copied(), 5, 8, false)?;
    bytes.try_into().ok()
}

/// Regroups bits; `pad` says whether an unfinished group is filled up, or must be empty.
fn regroup(values: impl Iterator<Item = u8>, from: u32, to: u32, pad: bool) -> Option<Vec<u8>> {
    let (mut held, mut bits) = (0_u32, 0);
    let mut out = Vec::new();
    for value in values {
        held = (held << from | u32::from(value)) & 0xffff;
        bits += from;
        while bits >= to {
            bits -= to;
            out.push(u8::try_from(held >> bits & ((1 << to) - 1)).ok()?);
        }
    }
    let rest = held & ((1 << bits) - 1);
    if pad && bits > 0 {
        out.push(u8::try_from(rest << (to - bits)).ok()?);
    } else if bits >= from || rest != 0 {
        return None;
    }
    Some(out)
}

fn checksum(prefix: &str, data: &[u8]) -> [u8; CHECKSUM] {
    let mut sum = 1;
    for byte in prefix.bytes() {
        sum = step(sum, byte >> 5);
    }
    sum = step(sum, 0);
    for byte in prefix.bytes() {
        sum = step(sum, byte & 31);
    }
    for value in data.iter().copied().chain([0; CHECKSUM]) {
        sum = step(sum, value);
    }
    let sum = sum ^ 1;
    [25, 20, 15, 10, 5, 0].map(|shift| u8::try_from(sum >> shift & 31).unwrap_or_default())
}

/// One step of the code of BIP 173.
fn step(sum: u32, value: u8) -> u32 {
    const GENERATOR: [u32; 5] = [
        0x3b6a_57b2,
        0x2650_8e6d,
        0x1ea1_19fa,
        0x3d42_33dd,
        0x2a14_62b3,
    ];
    let top = sum >> 25;
    let shifted = (sum & 0x01ff_ffff) << 5 ^ u32::from(value);
    GENERATOR
        .iter()
        .enumerate()
        .filter(|(bit, _)| top >> bit & 1 == 1)
        .fold(shifted, |sum, (_, generator)| sum ^ generator)
}
