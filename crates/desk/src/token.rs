//! What a form carries to show that a page of ours sent it, where no session does that.
//!
//! Nothing is stored: the token is the hour it was made and a keyed hash of that hour and the path the
//! form goes to.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::time::Timestamp;
use seal::Zeroizing;

/// How many hours a form may stay open before it is sent.
const HOURS: u32 = 24;

/// Makes and checks tokens of forms.
pub(crate) struct FormTokens {
    key: Zeroizing<[u8; 32]>,
}

impl FormTokens {
    pub(crate) fn new(key: [u8; 32]) -> Self {
        Self {
            key: Zeroizing::new(key),
        }
    }

    /// The token of a form that goes to `path`.
    pub(crate) fn make(&self, path: &str, now: Timestamp) -> String {
        let hour = hour(now);
        let mut bytes = hour.to_be_bytes().to_vec();
        bytes.extend_from_slice(&self.tag(path, hour));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Whether a token was made here for `path`, and not long ago.
    pub(crate) fn check(&self, token: &str, path: &str, now: Timestamp) -> bool {
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(token) else {
            return false;
        };
        let Some((made, tag)) = bytes.split_first_chunk::<4>() else {
            return false;
        };
        let made = u32::from_be_bytes(*made);
        let age = hour(now).checked_sub(made);
        seal::constant_time_eq(tag, &self.tag(path, made)) && age.is_some_and(|age| age <= HOURS)
    }

    fn tag(&self, path: &str, hour: u32) -> [u8; 32] {
        let message = format!("form\0{hour}\0{path}");
        seal::hmac_sha256(&*self.key, message.as_bytes())
    }
}

fn hour(now: Timestamp) -> u32 {
    u32::try_from(now.hour()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use domain::time::Timestamp;

    use super::FormTokens;

    #[test]
    fn a_token_is_good_for_its_path_and_its_day() {
        let tokens = FormTokens::new([7; 32]);
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let token = tokens.make("/opt-in/shop", now);
        for (path, then, good) in [
            ("/opt-in/shop", "2026-11-22T10:00:00Z", true),
            ("/opt-in/shop", "2026-11-23T10:59:59Z", true),
            ("/opt-in/shop", "2026-11-23T11:00:00Z", false),
            ("/opt-in/shop", "2026-11-22T09:59:59Z", false),
            ("/opt-in/other", "2026-11-22T10:00:00Z", false),
        ] {
            let then = then.parse().unwrap();
            assert_eq!(tokens.check(&token, path, then), good, "{path} {then:?}");
        }
        let other = FormTokens::new([8; 32]);
        assert!(!other.check(&token, "/opt-in/shop", now));
        for junk in ["", "a", "====", "AAAAAA", &format!("{token}A")] {
            assert!(!tokens.check(junk, "/opt-in/shop", now), "{junk}");
        }
    }
}
