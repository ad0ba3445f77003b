//! Links in Graph's answers, turned towards the gateway.
//!
//! `paging.next` and `paging.previous` are absolute addresses at Graph that hold the access token
//! they were asked with. An app must get neither: it follows the link through the gateway, with
//! its own token.

use serde_json::Map;
use serde_json::Value;
use url::Url;
use url::form_urlencoded;

use crate::ascii::ascii_json;
use crate::response::ResponseError;

/// The query members a link keeps. Everything else in a link is left out: tokens and proofs have
/// more names than anybody lists.
const KEPT: [&str; 9] = [
    "after",
    "before",
    "category",
    "fields",
    "language",
    "limit",
    "messaging_product",
    "name",
    "status",
];

/// Members that are secrets wherever they stand.
const SECRETS: [&str; 2] = ["access_token", "appsecret_proof"];

/// Meta's hosts under which the Graph API answers.
const GRAPH: [&str; 2] = ["api.facebook.com", "graph.facebook.com"];

/// A Graph answer with its links turned to `base`, the gateway's own address (`https://host`, with
/// a port or a path if need be), as ASCII-escaped JSON.
///
/// # Errors
/// [`ResponseError`] for a body that is not JSON.
pub fn rewrite(body: &[u8], base: &str) -> Result<Vec<u8>, ResponseError> {
    let mut value: Value = serde_json::from_slice(body).map_err(|_| ResponseError)?;
    rewrite_value(&mut value, base);
    Ok(ascii_json(&value).into_bytes())
}

/// As [`rewrite`], in place.
///
/// A link under `paging` is turned whatever its host; a link that cannot be turned, and a cursor
/// that is a link, is left out. Elsewhere a string that is an address at Graph is turned, too, or
/// emptied. Members named `access_token` or `appsecret_proof` are left out.
pub fn rewrite_value(value: &mut Value, base: &str) {
    let base = base.trim_end_matches('/');
    match value {
        Value::Object(object) => {
            object.retain(|key, _| {
                !SECRETS
                    .iter()
                    .any(|secret| key.eq_ignore_ascii_case(secret))
            });
            for (key, value) in object.iter_mut() {
                match value {
                    Value::Object(paging) if key == "paging" => rewrite_paging(paging, base),
                    _ => rewrite_value(value, base),
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|entry| rewrite_value(entry, base)),
        Value::String(text) => {
            if let Some(url) = graph(text) {
                *text = turned(&url, base).unwrap_or_default();
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Only links and cursors are known under `paging`; nothing else passes.
fn rewrite_paging(paging: &mut Map<String, Value>, base: &str) {
    paging.retain(|key, value| match key.as_str() {
        "next" | "previous" => {
            let link = value.as_str().and_then(|link| Url::parse(link).ok());
            match link.and_then(|url| turned(&url, base)) {
                Some(link) => {
                    *value = Value::String(link);
                    true
                }
                None => false,
            }
        }
        "cursors" => match value {
            Value::Object(cursors) => {
                cursors.retain(|key, cursor| {
                    matches!(key.as_str(), "after" | "before")
                        && cursor.as_str().is_some_and(is_cursor)
                });
                true
            }
            _ => false,
        },
        _ => false,
    });
}

/// Cursors are short base64 or digits; what else is there could be anything.
fn is_cursor(text: &str) -> bool {
    text.len() <= 1024
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+/=-_".contains(&byte))
}

/// The address, if `text` is one at Graph.
fn graph(text: &str) -> Option<Url> {
    let url = Url::parse(text.trim()).ok()?;
    let host = url.host_str()?;
    GRAPH.contains(&host.trim_end_matches('.')).then_some(url)
}

/// The same place at the gateway: path and known query members under another origin.
fn turned(url: &Url, base: &str) -> Option<String> {
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    let path = url.path();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"./_-".contains(&byte);
    if path.contains("//") || !path.bytes().all(plain) {
        return None;
    }
    let mut link = format!("{base}{path}");
    let mut seen: Vec<String> = Vec::new();
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (key, value) in url.query_pairs() {
        // The gateway refuses a member that comes twice.
        if KEPT.contains(&key.as_ref()) && !seen.iter().any(|other| *other == key) {
            query.append_pair(&key, &value);
            seen.push(key.into_owned());
        }
    }
    let query = query.finish();
    if !query.is_empty() {
        link.push('?');
        link.push_str(&query);
    }
    Some(link)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const BASE: &str = "https://gateway.example.org/wa/";

    fn check(answer: &Value, expected: &Value) {
        let out = rewrite(answer.to_string().as_bytes(), BASE).unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&out).unwrap(), *expected);
    }

    #[test]
    fn links() {
        let check = |link: &str, expected: Option<&str>| {
            let mut paging = json!({"cursors": {"before": "MA==", "after": "QVFI_x-"}});
            let answer = |link: Option<&str>, paging: &mut Value| {
                if let (Some(link), Some(paging)) = (link, paging.as_object_mut()) {
                    paging.insert("next".into(), json!(link));
                }
                json!({"data": [{"id": "1"}], "paging": paging})
            };
            let before = answer(Some(link), &mut paging.clone());
            check(&before, &answer(expected, &mut paging));
        };
        let base = "https://gateway.example.org/wa";
        check(
            "https://graph.facebook.com/v23.0/102290129340398/message_templates?access_token=EAAx&limit=25&after=QVFI&fields=name%2Cstatus",
            Some(&format!(
                "{base}/v23.0/102290129340398/message_templates?limit=25&after=QVFI&fields=name%2Cstatus"
            )),
        );
        check(
            "http://user:pass@127.0.0.1:4999/1/block_users?appsecret_proof=00&__paging_token=x&after=a&after=b#t",
            Some(&format!("{base}/1/block_users?after=a")),
        );
        check("https://graph.facebook.com", Some(&format!("{base}/")));
        check(
            "https://graph.facebook.com/a/../b?Access_Token=x",
            Some(&format!("{base}/b")),
        );
        for dropped in [
            "",
            "/v23.0/1/message_templates",
            "//graph.facebook.com/1",
            "javascript:alert(1)",
            "https://graph.facebook.com//evil.example/1",
            "https://graph.facebook.com/a%2fb",
            "https://graph.facebook.com/a@b",
            "not an address",
        ] {
            check(dropped, None);
        }
    }

    #[test]
    fn elsewhere() {
        check(
            &json!({
                "access_token": "EAAx",
                "data": [{"Appsecret_Proof": "00", "text": "see https://graph.facebook.com/x"}],
                "edge": {"data": [], "paging": {"previous": "https://graph.facebook.com/1?limit=2&access_token=EAAx", "x": "EAAx"}},
                "link": " https://GRAPH.facebook.com./1?access_token=EAAx&limit=1",
                "odd": "https://graph.facebook.com//1?access_token=EAAx",
                "paging": {"cursors": {"after": "https://graph.facebook.com/?access_token=EAAx", "x": "EAAx"}, "next": 7},
            }),
            &json!({
                "data": [{"text": "see https://graph.facebook.com/x"}],
                "edge": {"data": [], "paging": {"previous": "https://gateway.example.org/wa/1?limit=2"}},
                "link": "https://gateway.example.org/wa/1?limit=1",
                "odd": "",
                "paging": {"cursors": {}},
            }),
        );
        assert!(rewrite(b"<html>", BASE).is_err());
        assert!(rewrite(b"", BASE).is_err());
    }

    proptest! {
        /// Whatever a link looks like, neither the upstream's host nor the token is left of it.
        #[test]
        fn no_host_and_no_token(
            scheme in "https?|HTTPS|ftp",
            user in "|u@|u:EAAsecret@",
            host in "graph\\.facebook\\.com\\.?|upstream\\.example(:[1-9][0-9]{1,3})?|\\[::1\\]",
            path in "(/[a-z0-9._%@:-]{0,8}){0,4}",
            keys in proptest::collection::vec(
                "after|limit|access_token|ACCESS_TOKEN|appsecret_proof|access%5ftoken|input_token|token|client_secret|[a-z_]{1,6}",
                0..6,
            ),
            tail in "|#EAAsecret|#access_token=EAAsecret",
        ) {
            let query: Vec<String> = keys
                .iter()
                .map(|key| if matches!(key.as_str(), "after" | "limit") { format!("{key}=9") } else { format!("{key}=EAAsecret") })
                .collect();
            let link = format!("{scheme}://{user}{host}{path}?{}{tail}", query.join("&"));
            for answer in [
                json!({"data": [], "paging": {"next": link, "previous": link}}),
                json!({"a": [{"paging": {"next": link}}]}),
            ] {
                let out = rewrite(answer.to_string().as_bytes(), BASE).unwrap();
                let out = String::from_utf8(out).unwrap();
                prop_assert!(out.is_ascii());
                for left in ["facebook", "upstream", "::1", "EAAsecret", "access_token", "appsecret"] {
                    prop_assert!(!out.contains(left) || path.contains(left), "{left}: {out}");
                }
            }
        }

        #[test]
        fn total(body in "\\PC{0,60}") {
            let _ = rewrite(body.as_bytes(), &body);
        }
    }
}
