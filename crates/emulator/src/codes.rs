//! The error codes of the Cloud API: meaning, HTTP status, and whether the error comes at once or
//! as a `failed` status later. After Meta's published list of error codes.

/// How an error reaches the client.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Path {
    /// The call is accepted, a `failed` status follows.
    Async,
    /// Either way is documented.
    Both,
    /// In `errors` beside an inbound message.
    Inbound,
    /// In the response.
    Sync,
    /// In `errors` of the webhook value, without a message.
    ValueErrors,
}

/// One row of the list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Code {
    pub(crate) number: u32,
    pub(crate) http: u16,
    pub(crate) path: Path,
    pub(crate) title: &'static str,
}

pub(crate) fn find(code: u32) -> Option<&'static Code> {
    CODES.iter().find(|row| row.number == code)
}

pub(crate) fn title(code: u32) -> &'static str {
    find(code).map_or("Unknown error", |row| row.title)
}

/// The code a recipient's number asks for: its last seven or six digits read as a number (smaller
/// codes with leading zeros), or its last five when they are a five-digit code.
///
/// A code that may come either way comes at once, or as a status if the digit before it is 8.
pub(crate) fn magic(phone: &str) -> Option<(&'static Code, Path)> {
    [7, 6, 5].into_iter().find_map(|count| {
        let (head, tail) = phone.split_at_checked(phone.len().checked_sub(count)?)?;
        let code = tail.parse().ok()?;
        let fits = match count {
            7 => code >= 1_000_000,
            6 => true,
            _ => code >= 10_000,
        };
        let row = find(code).filter(|_| fits)?;
        let path = match row.path {
            Path::Both if head.ends_with('8') => Path::Async,
            Path::Both => Path::Sync,
            path => path,
        };
        Some((row, path))
    })
}

const fn s(number: u32, http: u16, title: &'static str) -> Code {
    Code {
        number,
        http,
        path: Path::Sync,
        title,
    }
}

const fn a(number: u32, http: u16, title: &'static str) -> Code {
    Code {
        number,
        http,
        path: Path::Async,
        title,
    }
}

const fn b(number: u32, http: u16, title: &'static str) -> Code {
    Code {
        number,
        http,
        path: Path::Both,
        title,
    }
}

/// The whole list, ascending.
pub(crate) const CODES: &[Code] = &[
    s(0, 401, "AuthException"),
    s(1, 400, "API Unknown"),
    s(2, 503, "API Service"),
    s(3, 500, "API Method"),
    s(4, 400, "API Too Many Calls"),
    s(10, 403, "Permission Denied"),
    s(33, 400, "Parameter value is not valid"),
    s(100, 400, "Invalid parameter"),
    s(190, 401, "Access token has expired"),
    s(200, 403, "API Permission"),
    b(368, 403, "Temporarily blocked for policies violations"),
    a(470, 400, "Re-engagement message"),
    s(613, 429, "Calls to this API have exceeded the rate limit"),
    s(80_007, 400, "Rate limit issues"),
    s(130_429, 400, "Rate limit hit"),
    a(130_472, 400, "User's number is part of an experiment"),
    b(
        130_497,
        403,
        "Business account is restricted from messaging users in this country",
    ),
    b(131_000, 500, "Something went wrong"),
    s(131_005, 403, "Access denied"),
    s(131_008, 400, "Required parameter is missing"),
    s(131_009, 400, "Parameter value is not valid"),
    b(131_016, 500, "Service unavailable"),
    s(131_020, 400, "Group has a single member"),
    s(131_021, 400, "Recipient cannot be sender"),
    a(131_026, 400, "Message undeliverable"),
    s(131_030, 400, "Recipient phone number not in allowed list"),
    b(131_031, 403, "Account has been locked"),
    Code {
        number: 131_035,
        http: 400,
        path: Path::ValueErrors,
        title: "Message content not available",
    },
    a(131_036, 400, "Message storage window has passed"),
    b(
        131_037,
        400,
        "Display name approval needed before message can be sent",
    ),
    s(131_041, 400, "Group not found"),
    b(131_042, 400, "Business eligibility payment issue"),
    b(
        131_044,
        400,
        "Business eligibility payment issue for calling",
    ),
    b(131_045, 500, "Incorrect certificate"),
    a(131_047, 400, "Re-engagement message"),
    b(131_048, 400, "Spam rate limit hit"),
    a(
        131_049,
        400,
        "This message was not delivered to maintain healthy ecosystem engagement",
    ),
    a(
        131_050,
        400,
        "User has stopped marketing messages from this business",
    ),
    b(131_051, 400, "Unsupported message type"),
    Code {
        number: 131_052,
        http: 400,
        path: Path::Inbound,
        title: "Media download error",
    },
    a(131_053, 400, "Media upload error"),
    s(131_055, 400, "Method not allowed"),
    b(
        131_056,
        400,
        "(Business Account, Consumer Account) pair rate limit hit",
    ),
    s(131_057, 500, "Account in maintenance mode"),
    s(131_059, 400, "Invalid cursor"),
    s(
        131_062,
        400,
        "Business-scoped user id recipients are not supported for this message",
    ),
    s(131_063, 400, "Marketing messages are disabled on Cloud API"),
    b(
        131_064,
        400,
        "Messaging limit reduced for template misclassification",
    ),
    s(131_201, 206, "Call partly succeeded"),
    s(131_202, 400, "Duplicate group request"),
    s(131_204, 400, "Group limit exceeded"),
    s(131_207, 403, "Group is suspended"),
    s(131_208, 429, "Group rate limit hit"),
    s(131_209, 400, "Group picture is not valid"),
    s(131_210, 400, "Group creation limit reached"),
    s(131_211, 400, "Not a member of the group"),
    s(131_212, 400, "Join request not found"),
    s(131_213, 400, "Group creation is switched off"),
    s(131_214, 400, "Group participant is not eligible"),
    s(131_215, 400, "Not eligible for groups"),
    s(
        132_000,
        400,
        "Number of parameters does not match the expected number of params",
    ),
    s(
        132_001,
        404,
        "Template name does not exist in the translation",
    ),
    s(132_005, 400, "Translated text too long"),
    s(132_007, 400, "Template content policy violated"),
    s(132_008, 400, "Template parameter value is not valid"),
    s(
        132_012,
        400,
        "Parameter format does not match format in the created template",
    ),
    b(132_015, 400, "Template is paused"),
    s(132_016, 400, "Template is disabled"),
    s(132_068, 400, "Flow is blocked"),
    s(132_069, 400, "Flow is throttled"),
    s(133_000, 500, "Incomplete deregistration"),
    s(133_004, 503, "Server temporarily unavailable"),
    s(133_005, 400, "Two step verification PIN mismatch"),
    s(133_006, 400, "Phone number re-verification needed"),
    s(133_008, 400, "Too many two step verification PIN guesses"),
    s(133_009, 400, "Two step verification PIN guessed too fast"),
    s(133_010, 400, "Phone number not registered"),
    s(
        133_015,
        400,
        "Wait a few minutes before registering this phone number",
    ),
    s(
        133_016,
        400,
        "Account register or deregister rate limit exceeded",
    ),
    b(134_011, 400, "Payments terms of service not accepted"),
    s(134_100, 400, "Only marketing messages are supported"),
    s(134_101, 400, "Template is syncing"),
    s(134_102, 500, "Template unavailable for use"),
    b(135_000, 400, "Generic user error"),
    a(137_000, 400, "User identity has changed"),
    s(138_000, 401, "Calling is not enabled"),
    s(138_001, 400, "Receiver uncallable"),
    s(138_002, 429, "Concurrent calls limit reached"),
    s(138_003, 400, "Duplicate call"),
    s(138_004, 500, "Connection error"),
    s(138_005, 429, "Call rate limit reached"),
    s(138_006, 401, "No approved call permission"),
    s(138_007, 500, "Connection timed out"),
    s(138_009, 400, "Call permission request limit hit"),
    s(138_012, 400, "Business-initiated call limit hit"),
    s(138_013, 400, "Calling is not available"),
    s(138_014, 400, "Calling is restricted"),
    s(138_015, 400, "Calling is not available for this number"),
    s(138_016, 400, "Calling is switched off"),
    s(138_017, 400, "Permanent call permission exists"),
    s(138_018, 400, "Call settings do not allow this call"),
    a(138_019, 400, "Call failed at the client"),
    a(138_020, 400, "Call failed: no answer"),
    a(138_021, 400, "Call failed: media"),
    a(138_022, 400, "Call failed: busy"),
    a(138_023, 400, "Call failed: network"),
    s(139_000, 400, "Flow integrity error"),
    s(139_001, 400, "Flow cannot be updated"),
    s(139_002, 400, "Flow cannot be published"),
    s(139_003, 400, "Flow cannot be deprecated"),
    s(139_004, 400, "Flow cannot be deleted"),
    s(139_006, 400, "Flow has no metrics yet"),
    s(139_100, 400, "Blocking failed for some users"),
    s(139_101, 400, "Block list is full"),
    s(139_102, 400, "Block list changed while paging"),
    s(139_103, 400, "Internal error while blocking"),
    s(139_200, 400, "Message category is not allowed"),
    s(147_001, 400, "Username is not available"),
    s(147_002, 400, "Username is not valid"),
    s(147_003, 400, "Username change limit reached"),
    s(147_004, 400, "Username is not supported for this number"),
    s(147_005, 400, "Username error"),
    s(1_752_041, 400, "Duplicate onboarding"),
    s(2_388_001, 400, "Cannot create certificate"),
    s(2_388_012, 400, "Phone number already registered"),
    s(2_388_019, 400, "Message template limit exceeded"),
    s(2_388_040, 400, "Template field is too long"),
    s(2_388_047, 400, "Message header format is incorrect"),
    s(2_388_072, 400, "Message body format is incorrect"),
    s(2_388_073, 400, "Message footer format is incorrect"),
    s(2_388_091, 400, "Cannot migrate phone number"),
    s(2_388_093, 400, "Two step verification problem"),
    s(2_388_103, 400, "Phone number migration"),
    s(
        2_388_293,
        400,
        "Too many parameters for the length of the template",
    ),
    s(2_388_299, 400, "Template starts or ends with a parameter"),
    s(2_388_318, 400, "Direct Send content is not valid"),
    s(2_388_330, 400, "Direct Send is not available"),
    s(2_494_100, 400, "Phone number is in maintenance mode"),
    s(2_494_164, 400, "Sign-up is not available"),
    s(2_494_179, 400, "Sign-up is not valid"),
    s(2_593_107, 400, "Synchronization request limit exceeded"),
    s(
        2_593_108,
        400,
        "Synchronization request made outside of allowed window",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn any_text_is_survived(text in ".{0,20}") {
            let _ = magic(&text);
        }

        #[test]
        fn a_code_is_found_behind_any_number(head in "[1-9][0-9]{4}", index in 0..CODES.len()) {
            let row = &CODES[index];
            let found = magic(&format!("{head}9{:06}", row.number)).map(|(row, _)| row.number);
            proptest::prop_assert_eq!(found, Some(row.number));
        }
    }

    #[test]
    fn ascending_and_complete() {
        assert!(CODES.is_sorted_by(|one, other| one.number < other.number));
    }

    #[test]
    fn magic_suffixes() {
        for (phone, expected) in [
            ("27829131047", Some((131_047, Path::Async))),
            ("27820130429", Some((130_429, Path::Sync))),
            ("27800080007", Some((80_007, Path::Sync))),
            ("27821180007", Some((80_007, Path::Sync))),
            ("27820000190", Some((190, Path::Sync))),
            ("27829131048", Some((131_048, Path::Sync))),
            ("27828131048", Some((131_048, Path::Async))),
            ("27822388019", Some((2_388_019, Path::Sync))),
            ("27825550142", None),
            ("142", None),
        ] {
            let found = magic(phone).map(|(row, path)| (row.number, path));
            assert_eq!(found, expected, "{phone}");
        }
    }
}
