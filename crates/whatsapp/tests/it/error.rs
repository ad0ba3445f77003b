//! Errors, ours byte for byte and Meta's in all conditions.

use std::fmt::Write as _;

use whatsapp::error::GraphError;
use whatsapp::error::parse_upstream;

#[test]
fn own_errors() {
    let errors = [
        GraphError::not_found(),
        GraphError::method(),
        GraphError::token_missing(),
        GraphError::token_invalid(),
        GraphError::token_in_query(),
        GraphError::permission("this token may not send"),
        GraphError::control_plane(),
        GraphError::throughput(),
        GraphError::pair_rate(),
        GraphError::denied("no consent for this purpose"),
        GraphError::window_closed(),
        GraphError::stopped(),
        GraphError::template_unknown(),
        GraphError::invalid("a card number must not leave"),
        GraphError::malformed("send json"),
        GraphError::unavailable(),
        GraphError::internal(),
        GraphError::of(999_999, "é"),
    ];
    let mut out = String::new();
    for error in errors {
        let body = String::from_utf8(error.to_json("AbC")).unwrap();
        let challenge = error.www_authenticate.unwrap_or("-");
        let _ = writeln!(out, "{} {challenge}\n{body}", error.status);
    }
    insta::assert_snapshot!(out);
}

#[test]
fn upstream() {
    let check = |status, body: &str, expected: (u32, bool, bool, Option<&str>)| {
        let error = parse_upstream(status, body.as_bytes());
        let found = (
            error.code,
            error.retryable(),
            error.from_graph,
            error.details.as_deref(),
        );
        assert_eq!(found, expected, "{status} {body}");
    };
    check(
        400,
        r#"{"error":{"message":"(#131056) x","type":"OAuthException","code":131056,"error_data":{"messaging_product":"whatsapp","details":"to 27825550123"},"fbtrace_id":"A"}}"#,
        (131_056, true, true, Some("to 27825550123")),
    );
    check(
        400,
        r#"{"error":{"message":"m","code":131047}}"#,
        (131_047, false, true, Some("m")),
    );
    check(
        401,
        r#"{"error":{"code":190,"error_subcode":463}}"#,
        (190, false, true, None),
    );
    check(
        500,
        r#"{"error":{"code":424242}}"#,
        (424_242, true, true, None),
    );
    check(
        400,
        r#"{"error":{"code":424242}}"#,
        (424_242, false, true, None),
    );
    check(502, "<html>bad gateway</html>", (2, true, false, None));
    check(429, "", (4, true, false, None));
    check(403, "null", (10, false, false, None));
    check(404, "[]", (100, false, false, None));
    check(400, r#"{"error":"x"}"#, (1, true, false, None));
    check(200, r#"{"error":{"code":-1}}"#, (1, true, false, None));
    let long = format!(
        r#"{{"error":{{"code":1,"message":"{}"}}}}"#,
        "é".repeat(1_000_000)
    );
    assert_eq!(
        parse_upstream(400, long.as_bytes())
            .details
            .unwrap()
            .chars()
            .count(),
        2_000
    );
    let told = parse_upstream(
        400,
        br#"{"error":{"code":131026,"message":"to 27825550123"}}"#,
    );
    assert!(!format!("{told:?} {told}").contains("2782"));
}
