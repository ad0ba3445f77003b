//! The error codes of the Cloud API, as a table.

/// What is known of one code.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Code {
    /// The number in `error.code`.
    pub number: u32,
    /// The HTTP status it comes with; absent where it never answers a request.
    pub status: Option<u16>,
    /// A short title, in our words.
    pub title: &'static str,
    /// How it comes.
    pub path: Path,
    /// Whether sending again helps.
    pub retry: Retry,
}

/// How an error comes.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Path {
    /// As a `failed` status, after a 200.
    Async,
    /// Either way.
    Both,
    /// In the `errors` of an inbound webhook.
    Inbound,
    /// As the answer to the request.
    Sync,
}

/// Whether, and when, sending again can help.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Retry {
    /// With growing pauses of seconds.
    Backoff,
    /// After minutes to days.
    Later,
    /// Never as it is.
    Never,
    /// A time or two.
    Once,
}

/// What is known of `code`. The API's permission codes 200 to 299 share one row.
pub fn lookup(code: u32) -> Option<&'static Code> {
    let code = if (200..300).contains(&code) {
        200
    } else {
        code
    };
    let at = CODES.binary_search_by_key(&code, |row| row.number).ok()?;
    CODES.get(at)
}

const fn row(number: u32, status: u16, title: &'static str, path: Path, retry: Retry) -> Code {
    Code {
        number,
        status: if status == 0 { None } else { Some(status) },
        title,
        path,
        retry,
    }
}

/// In ascending order of code. Source: Meta's list of error codes (Cloud API) as of November 2025
/// and the calling, groups, flows and usernames pages; a status of 0 stands for "none".
#[rustfmt::skip]
static CODES: &[Code] = &[
    row(0, 401, "authentication failed", Path::Sync, Retry::Never),
    row(1, 400, "unknown error", Path::Sync, Retry::Once),
    row(2, 503, "service temporarily unavailable", Path::Sync, Retry::Backoff),
    row(3, 500, "capability or permission missing", Path::Sync, Retry::Never),
    row(4, 400, "too many calls of the app", Path::Sync, Retry::Later),
    row(10, 403, "permission denied", Path::Sync, Retry::Never),
    row(33, 400, "object deleted or unknown", Path::Sync, Retry::Never),
    row(100, 400, "invalid parameter", Path::Sync, Retry::Never),
    row(190, 401, "access token expired", Path::Sync, Retry::Never),
    row(200, 403, "api permission missing", Path::Sync, Retry::Never),
    row(368, 403, "temporarily blocked for policy violations", Path::Both, Retry::Later),
    row(470, 0, "re-engagement message", Path::Async, Retry::Never),
    row(613, 429, "call permission look-up rate limit", Path::Sync, Retry::Later),
    row(80_007, 400, "account rate limit", Path::Sync, Retry::Later),
    row(130_429, 400, "rate limit hit", Path::Sync, Retry::Backoff),
    row(130_472, 400, "recipient is part of an experiment", Path::Async, Retry::Never),
    row(130_497, 403, "business may not message this country", Path::Both, Retry::Never),
    row(131_000, 500, "something went wrong", Path::Both, Retry::Once),
    row(131_005, 403, "access denied", Path::Sync, Retry::Never),
    row(131_008, 400, "required parameter is missing", Path::Sync, Retry::Never),
    row(131_009, 400, "parameter value is not valid", Path::Sync, Retry::Never),
    row(131_016, 500, "service unavailable", Path::Both, Retry::Backoff),
    row(131_020, 400, "group has a single member", Path::Sync, Retry::Never),
    row(131_021, 400, "recipient cannot be sender", Path::Sync, Retry::Never),
    row(131_026, 400, "message undeliverable", Path::Async, Retry::Never),
    row(131_030, 400, "recipient not in allowed list", Path::Sync, Retry::Never),
    row(131_031, 403, "account has been locked", Path::Both, Retry::Never),
    row(131_035, 0, "webhook content dropped under no-storage", Path::Inbound, Retry::Never),
    row(131_036, 0, "retry window over under no-storage", Path::Async, Retry::Never),
    row(131_037, 400, "display name not approved", Path::Both, Retry::Never),
    row(131_041, 400, "unknown group", Path::Sync, Retry::Never),
    row(131_042, 400, "payment problem", Path::Both, Retry::Never),
    row(131_044, 400, "payment problem for calling", Path::Both, Retry::Never),
    row(131_045, 500, "number not registered", Path::Both, Retry::Never),
    row(131_047, 400, "re-engagement message", Path::Async, Retry::Never),
    row(131_048, 400, "spam rate limit hit", Path::Both, Retry::Later),
    row(131_049, 400, "not delivered to keep a healthy ecosystem", Path::Async, Retry::Later),
    row(131_050, 400, "recipient stopped marketing messages", Path::Async, Retry::Never),
    row(131_051, 400, "unsupported message type", Path::Both, Retry::Never),
    row(131_052, 400, "media download error", Path::Inbound, Retry::Never),
    row(131_053, 400, "media upload error", Path::Async, Retry::Never),
    row(131_055, 400, "method not allowed", Path::Sync, Retry::Never),
    row(131_056, 400, "pair rate limit hit", Path::Both, Retry::Backoff),
    row(131_057, 500, "account in maintenance mode", Path::Sync, Retry::Backoff),
    row(131_059, 400, "invalid cursor", Path::Sync, Retry::Never),
    row(131_062, 400, "recipient needs a phone number", Path::Sync, Retry::Never),
    row(131_063, 400, "marketing not enabled on cloud api", Path::Sync, Retry::Never),
    row(131_064, 400, "limited for template misclassification", Path::Both, Retry::Later),
    row(131_201, 206, "group call partly succeeded", Path::Sync, Retry::Once),
    row(131_202, 400, "group request is a duplicate", Path::Sync, Retry::Never),
    row(131_204, 400, "group over limit", Path::Sync, Retry::Never),
    row(131_207, 403, "group suspended", Path::Sync, Retry::Never),
    row(131_208, 429, "group rate limit", Path::Sync, Retry::Later),
    row(131_209, 400, "group request refused", Path::Sync, Retry::Never),
    row(131_210, 400, "group request refused", Path::Sync, Retry::Never),
    row(131_211, 400, "group request refused", Path::Sync, Retry::Never),
    row(131_212, 400, "group request refused", Path::Sync, Retry::Never),
    row(131_213, 400, "group request refused", Path::Sync, Retry::Never),
    row(131_214, 400, "group request refused", Path::Sync, Retry::Never),
    row(131_215, 400, "group request refused", Path::Sync, Retry::Never),
    row(132_000, 400, "template parameter count mismatch", Path::Sync, Retry::Never),
    row(132_001, 404, "template does not exist", Path::Sync, Retry::Never),
    row(132_005, 400, "template text too long", Path::Sync, Retry::Never),
    row(132_007, 400, "template content policy violated", Path::Sync, Retry::Never),
    row(132_008, 400, "template parameter value invalid", Path::Sync, Retry::Never),
    row(132_012, 400, "template parameter format mismatch", Path::Sync, Retry::Never),
    row(132_015, 400, "template is paused", Path::Both, Retry::Later),
    row(132_016, 400, "template is disabled", Path::Sync, Retry::Never),
    row(132_068, 400, "flow is blocked", Path::Sync, Retry::Never),
    row(132_069, 400, "flow is throttled", Path::Sync, Retry::Later),
    row(133_000, 500, "incomplete deregistration", Path::Sync, Retry::Later),
    row(133_004, 503, "server temporarily unavailable", Path::Sync, Retry::Backoff),
    row(133_005, 400, "two-step pin mismatch", Path::Sync, Retry::Never),
    row(133_006, 400, "number needs verification", Path::Sync, Retry::Never),
    row(133_008, 400, "too many pin guesses", Path::Sync, Retry::Later),
    row(133_009, 400, "pin guessed too fast", Path::Sync, Retry::Later),
    row(133_010, 400, "number not registered", Path::Sync, Retry::Never),
    row(133_015, 400, "number recently deleted", Path::Sync, Retry::Later),
    row(133_016, 400, "registration limit", Path::Sync, Retry::Later),
    row(134_011, 400, "payments terms not accepted", Path::Both, Retry::Never),
    row(134_100, 400, "only marketing templates are supported", Path::Sync, Retry::Never),
    row(134_101, 400, "template is being synchronised", Path::Sync, Retry::Later),
    row(134_102, 500, "template is unavailable", Path::Sync, Retry::Never),
    row(135_000, 400, "generic error", Path::Both, Retry::Never),
    row(137_000, 0, "identity key hash mismatch", Path::Async, Retry::Never),
    row(138_000, 401, "calling not enabled", Path::Sync, Retry::Never),
    row(138_001, 400, "recipient cannot be called", Path::Sync, Retry::Never),
    row(138_002, 429, "too many concurrent calls", Path::Sync, Retry::Later),
    row(138_003, 400, "duplicate call", Path::Sync, Retry::Never),
    row(138_004, 500, "call connection error", Path::Sync, Retry::Backoff),
    row(138_005, 429, "call rate limit", Path::Sync, Retry::Later),
    row(138_006, 401, "no call permission", Path::Sync, Retry::Never),
    row(138_007, 500, "call connection timeout", Path::Sync, Retry::Backoff),
    row(138_009, 400, "call permission request limit", Path::Sync, Retry::Never),
    row(138_012, 400, "call refused", Path::Sync, Retry::Never),
    row(138_013, 400, "call refused", Path::Sync, Retry::Never),
    row(138_014, 400, "call refused", Path::Sync, Retry::Never),
    row(138_015, 400, "call refused", Path::Sync, Retry::Never),
    row(138_016, 400, "call refused", Path::Sync, Retry::Never),
    row(138_017, 400, "call refused", Path::Sync, Retry::Never),
    row(138_018, 400, "call refused", Path::Sync, Retry::Never),
    row(138_019, 400, "call failed", Path::Async, Retry::Later),
    row(138_020, 400, "call failed", Path::Async, Retry::Later),
    row(138_021, 400, "call failed", Path::Async, Retry::Later),
    row(138_022, 400, "call failed", Path::Async, Retry::Later),
    row(138_023, 400, "call failed", Path::Async, Retry::Later),
    row(139_000, 400, "flow refused", Path::Sync, Retry::Never),
    row(139_001, 400, "flow refused", Path::Sync, Retry::Never),
    row(139_002, 400, "flow refused", Path::Sync, Retry::Never),
    row(139_003, 400, "flow refused", Path::Sync, Retry::Never),
    row(139_004, 400, "flow refused", Path::Sync, Retry::Never),
    row(139_006, 400, "flow refused", Path::Sync, Retry::Never),
    row(139_100, 400, "blocking partly failed", Path::Sync, Retry::Never),
    row(139_101, 400, "block list full", Path::Sync, Retry::Never),
    row(139_102, 400, "block list changed while paging", Path::Sync, Retry::Backoff),
    row(139_103, 400, "blocking failed inside", Path::Sync, Retry::Backoff),
    row(139_200, 400, "direct send refused", Path::Sync, Retry::Never),
    row(147_001, 400, "business username refused", Path::Sync, Retry::Never),
    row(147_002, 400, "business username refused", Path::Sync, Retry::Never),
    row(147_003, 400, "business username refused", Path::Sync, Retry::Never),
    row(147_004, 400, "business username refused", Path::Sync, Retry::Never),
    row(147_005, 400, "business username refused", Path::Sync, Retry::Never),
    row(1_752_041, 400, "duplicate onboarding", Path::Sync, Retry::Never),
    row(2_593_107, 400, "synchronisation already done", Path::Sync, Retry::Never),
    row(2_593_108, 400, "synchronisation too late", Path::Sync, Retry::Never),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorted_without_duplicates() {
        assert!(CODES.is_sorted_by(|a, b| a.number < b.number));
    }

    #[test]
    fn looks_up() {
        let check = |code, expected: Option<(Option<u16>, Retry)>| {
            assert_eq!(
                lookup(code).map(|row| (row.status, row.retry)),
                expected,
                "{code}"
            );
        };
        check(131_047, Some((Some(400), Retry::Never)));
        check(131_050, Some((Some(400), Retry::Never)));
        check(130_429, Some((Some(400), Retry::Backoff)));
        check(131_049, Some((Some(400), Retry::Later)));
        check(132_001, Some((Some(404), Retry::Never)));
        check(137_000, Some((None, Retry::Never)));
        check(138_006, Some((Some(401), Retry::Never)));
        check(200, Some((Some(403), Retry::Never)));
        check(299, Some((Some(403), Retry::Never)));
        check(300, None);
        check(u32::MAX, None);
    }
}
