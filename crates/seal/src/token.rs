//! Access tokens.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use crate::error::SealError;
use crate::random::Random;
use crate::secret::Secret;

/// Characters of the random part.
const RANDOM_LEN: usize = 43;

/// Characters of a webhook secret, its prefix included.
const WEBHOOK_LEN: usize = 50;

/// A new token: the prefix, which tells people and secret scanners what it is, and 256 random bits
/// as 43 base64url characters. Shown once; only its keyed hash is stored.
///
/// # Errors
///
/// [`SealError::Random`] when there is no randomness.
pub fn new_token(prefix: &str, random: &Random) -> Result<Zeroizing<String>, SealError> {
    let secret = Secret::generate(random)?;
    let capacity = prefix.len().saturating_add(RANDOM_LEN);
    let mut token = Zeroizing::new(String::with_capacity(capacity));
    token.push_str(prefix);
    URL_SAFE_NO_PAD.encode_string(secret.bytes(), &mut token);
    Ok(token)
}

/// A new secret that webhooks are signed with: `whsec_` and 32 random bytes in Base64 (Standard
/// Webhooks 1.0, "Secret encoding").
///
/// # Errors
///
/// [`SealError::Random`] when there is no randomness.
pub fn new_webhook_secret(random: &Random) -> Result<Zeroizing<String>, SealError> {
    let secret = Secret::generate(random)?;
    let mut text = Zeroizing::new(String::with_capacity(WEBHOOK_LEN));
    text.push_str("whsec_");
    STANDARD.encode_string(secret.bytes(), &mut text);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_prefixed_long_and_different() {
        let random = Random::seeded(1);
        let one = new_token("imvume_app_", &random).unwrap();
        let two = new_token("imvume_app_", &random).unwrap();
        assert_eq!(one.len(), "imvume_app_".len() + RANDOM_LEN);
        assert!(one.starts_with("imvume_app_"));
        assert_ne!(*one, *two);
    }
}
