//! What is proved with the app secret: a webhook's signature, and a call's `appsecret_proof`.
//!
//! The signature is HMAC-SHA256 over the raw body, keyed with the app secret, sent as
//! `X-Hub-Signature-256: sha256=<64 hex digits>`.

use aws_lc_rs::hmac;
use thiserror::Error;

const PREFIX: &str = "sha256=";

/// Why a signature does not stand. Never carries the header or the body.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum SignatureError {
    /// The header is not `sha256=` and exactly 64 hex digits.
    #[error("the signature header is malformed")]
    Malformed,
    /// Well-formed, but not made over these bytes with this secret.
    #[error("the signature does not match the body")]
    Mismatch,
    /// There is no header.
    #[error("the signature header is missing")]
    Missing,
}

/// Checks `header` against `body`, in constant time. Every byte of the body counts: call this
/// before anything is parsed.
pub fn verify(secret: &str, header: Option<&str>, body: &[u8]) -> Result<(), SignatureError> {
    let header = header.ok_or(SignatureError::Missing)?;
    let digits = header
        .strip_prefix(PREFIX)
        .ok_or(SignatureError::Malformed)?;
    let tag = unhex(digits).ok_or(SignatureError::Malformed)?;
    hmac::verify(&key(secret), body, &tag).map_err(|_| SignatureError::Mismatch)
}

/// The header value for `body`, as Meta writes it (lowercase hex).
pub fn sign(secret: &str, body: &[u8]) -> String {
    let mut header = String::with_capacity(PREFIX.len() + 64);
    header.push_str(PREFIX);
    hex(&hmac::sign(&key(secret), body), &mut header);
    header
}

/// The query member `appsecret_proof` of a Graph call: HMAC-SHA256 over the access token, keyed
/// with the app secret, as 64 lowercase hex digits. It belongs to that one token: whoever swaps the
/// token makes it anew. It is as secret as the token.
pub fn appsecret_proof(secret: &str, token: &str) -> String {
    let mut proof = String::with_capacity(64);
    hex(&hmac::sign(&key(secret), token.as_bytes()), &mut proof);
    proof
}

fn hex(tag: &hmac::Tag, out: &mut String) {
    for byte in tag.as_ref() {
        let digits = [byte >> 4, byte & 15];
        out.extend(
            digits
                .iter()
                .filter_map(|&digit| char::from_digit(digit.into(), 16)),
        );
    }
}

fn key(secret: &str) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes())
}

fn unhex(digits: &str) -> Option<[u8; 32]> {
    let digits = digits.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut tag = [0; 32];
    for (byte, pair) in tag.iter_mut().zip(digits.chunks_exact(2)) {
        let &[high, low] = pair else { return None };
        *byte = nibble(high)? << 4 | nibble(low)?;
    }
    Some(tag)
}

fn nibble(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "sandbox-app-secret";
    // The vector of the wire reference: made outside this crate.
    const BODY: &str = r#"{"object":"whatsapp_business_account","entry":[{"id":"102290129340398","changes":[{"value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"27115550100","phone_number_id":"106540352242922"},"contacts":[{"profile":{"name":"Zo\u00eb \ud83d\ude00"},"wa_id":"27825550123","user_id":"ZA.13491208655302741918"}],"messages":[{"from":"27825550123","from_user_id":"ZA.13491208655302741918","id":"wamid.TEST1","timestamp":"1758254144","type":"text","text":{"body":"STOP \u00e9"}}]},"field":"messages"}]}]}"#;
    const HEADER: &str = "sha256=897a7b8c6cf9cc97d03fb62d84411d8f685955aa944ee48ac52d71251dfb04bc";

    #[test]
    fn vector() {
        assert_eq!(BODY.len(), 514);
        assert_eq!(sign(SECRET, BODY.as_bytes()), HEADER);
    }

    /// RFC 4231, test case 2; and one made outside this crate.
    #[test]
    fn proofs() {
        assert_eq!(
            appsecret_proof("Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert_eq!(
            appsecret_proof(SECRET, "EAAtoken"),
            "80536598710a76a3a7bed7c8f6d0dafddfcef359d2540160aedf209124f322ea"
        );
    }

    #[test]
    fn verdicts() {
        let check = |header: Option<&str>, expected| {
            assert_eq!(
                verify(SECRET, header, BODY.as_bytes()),
                expected,
                "{header:?}"
            );
        };
        let upper = HEADER.to_ascii_uppercase().replace("SHA256", "sha256");
        check(Some(HEADER), Ok(()));
        check(Some(&upper), Ok(()));
        check(None, Err(SignatureError::Missing));
        for malformed in [
            "",
            "sha256=",
            HEADER.strip_suffix('c').unwrap(),
            &format!("{HEADER}0"),
            &HEADER.replace("sha256=", "sha1="),
            &HEADER.replace('c', "g"),
            &format!(" {HEADER}"),
            &HEADER.replace("89", "é"),
        ] {
            check(Some(malformed), Err(SignatureError::Malformed));
        }
        check(
            Some(&HEADER.replace("sha256=8", "sha256=9")),
            Err(SignatureError::Mismatch),
        );
        assert_eq!(
            verify(SECRET, Some(HEADER), BODY.trim_end_matches('}').as_bytes()),
            Err(SignatureError::Mismatch)
        );
        assert_eq!(
            verify("other", Some(HEADER), BODY.as_bytes()),
            Err(SignatureError::Mismatch)
        );
    }
}
