//! Runs `tests/bad-input.toml`.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use serde::Deserialize;

use crate::client::Client;
use crate::client::Reply;
use crate::expand::expand;
use crate::gateway::Facts;
use crate::gateway::start_gateway;
use crate::named;

const LIST: &str = include_str!("../../../../tests/bad-input.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    input: Vec<Input>,
    elsewhere: Vec<Elsewhere>,
    later: Vec<Later>,
}

/// A row that tests of their own show.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Elsewhere {
    row: String,
    /// Each a crate and a test of it: `gateway::name`.
    tests: Vec<String>,
}

/// A row, or a part of one, whose feature is not there yet.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Later {
    row: String,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    id: String,
    name: String,
    door: Door,
    #[serde(default = "post")]
    method: String,
    #[serde(default)]
    path: String,
    #[serde(default)]
    headers: Vec<String>,
    body: Option<String>,
    message: Option<String>,
    change: Option<String>,
    #[serde(default)]
    sign: Sign,
    #[serde(default)]
    token: Token,
    raw: Option<String>,
    #[serde(default)]
    trickle: bool,
    expect: u16,
    #[serde(default)]
    closes: bool,
}

#[derive(Clone, Copy, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Door {
    Apps,
    Public,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Sign {
    Empty,
    #[serde(rename = "first-63")]
    First63,
    None,
    Sha1,
    #[default]
    Valid,
    Wrong,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Token {
    #[default]
    App,
    Malformed,
    None,
    Revoked,
    Unknown,
}

fn post() -> String {
    "POST".to_owned()
}

fn whole_list() -> List {
    toml::from_str(LIST).unwrap()
}

fn list() -> Vec<Input> {
    whole_list().input
}

impl Input {
    /// The request, byte for byte.
    fn request(&self, facts: &Facts) -> Result<Vec<u8>, String> {
        let mut names = facts.names.clone();
        names.insert("ID".to_owned(), self.id.clone());
        if let Some(raw) = &self.raw {
            return expand(raw, &names);
        }
        let body = expand(&self.body_text(), &names)?;
        let mut head = format!("{} {} HTTP/1.1\r\nHost: gw\r\n", self.method, self.path);
        let mut field = |line: &str| {
            head.push_str(line);
            head.push_str("\r\n");
        };
        self.headers.iter().for_each(|line| field(line));
        let given = |name: &str| {
            let prefix = format!("{name}:");
            self.headers.iter().any(|line| line.starts_with(&prefix))
        };
        if !given("Content-Type") {
            field("Content-Type: application/json");
        }
        if !given("Content-Length") && !given("Transfer-Encoding") && self.method != "GET" {
            field(&format!("Content-Length: {}", body.len()));
        }
        if let Some(line) = self.credential(facts, &body) {
            field(&line);
        }
        field("");
        let mut request = expand(&head, &names)?;
        request.extend(body);
        Ok(request)
    }

    fn body_text(&self) -> String {
        let change = self.message.as_ref().map(|message| {
            format!(
                r#"{{"field":"messages","value":{{"messaging_product":"whatsapp","metadata":{{"display_phone_number":"27215550100","phone_number_id":"${{NUMBER_ID}}"}},"contacts":[{{"profile":{{"name":"A"}},"wa_id":"${{CONSENTED_WA_ID}}","user_id":"ZA.1"}}],"messages":[{message}]}}}}"#
            )
        });
        change.as_ref().or(self.change.as_ref()).map_or_else(
            || self.body.clone().unwrap_or_default(),
            |change| {
                format!(
                    r#"{{"object":"whatsapp_business_account","entry":[{{"id":"${{WABA_ID}}","changes":[{change}]}}]}}"#
                )
            },
        )
    }

    /// The field that says who sends, if any.
    fn credential(&self, facts: &Facts, body: &[u8]) -> Option<String> {
        if self.door == Door::Apps {
            let token = match self.token {
                Token::App => "${APP_TOKEN}",
                Token::Malformed => "a token, or what looks like one",
                Token::None => return None,
                Token::Revoked => &facts.revoked_token,
                Token::Unknown => "nobody-was-given-this-token",
            };
            return Some(format!("Authorization: Bearer {token}"));
        }
        let valid = whatsapp::signature::sign(&facts.app_secret, body);
        let value = match self.sign {
            Sign::Empty => String::new(),
            Sign::First63 => valid.get(..valid.len() - 1)?.to_owned(),
            Sign::None => return None,
            Sign::Sha1 => return Some(format!("X-Hub-Signature: sha1={}", "0".repeat(40))),
            Sign::Valid => valid,
            Sign::Wrong => whatsapp::signature::sign(&facts.app_secret, b"something else"),
        };
        Some(format!("X-Hub-Signature-256: {value}"))
    }

    /// Sends it on a connection of its own.
    async fn ask(&self, address: SocketAddr, request: &[u8]) -> (Option<Reply>, bool) {
        let mut client = Client::connect(address).await;
        client.send(request).await;
        if self.trickle {
            let chunked = request.windows(9).any(|part| part == b": chunked");
            let piece: &[u8] = if chunked { b"1\r\nx\r\n" } else { b"x" };
            let mut pace = tokio::time::interval(Duration::from_millis(100));
            // A minute of it, which is longer than any body may take.
            for _ in 0..600 {
                pace.tick().await;
                client.send(piece).await;
                if !client.is_open() {
                    break;
                }
            }
        }
        let reply = client.reply().await;
        let closes = self.closes && client.closes().await;
        (reply, closes)
    }
}

#[tokio::test]
async fn bad_input_is_answered_as_listed() {
    let gateway = start_gateway().await.unwrap();
    let mut wrong = Vec::new();
    for input in list() {
        let request = input.request(&gateway.facts).unwrap();
        let address = match input.door {
            Door::Apps => gateway.facts.apps,
            Door::Public => gateway.facts.public,
        };
        let (reply, closes) = input.ask(address, &request).await;
        let status = reply.as_ref().map(|reply| reply.status);
        if status != Some(input.expect) || closes != input.closes {
            wrong.push(format!(
                "{} {}: {status:?} instead of {}, closes: {closes}",
                input.id, input.name, input.expect
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn facts() -> Facts {
    let names = [
        "APP_TOKEN",
        "COLD",
        "CONSENTED",
        "CONSENTED_WA_ID",
        "NUMBER_ID",
        "VERIFY_TOKEN",
        "WABA_ID",
    ];
    Facts {
        public: SocketAddr::from(([127, 0, 0, 1], 1)),
        apps: SocketAddr::from(([127, 0, 0, 1], 1)),
        app_secret: "secret".to_owned(),
        revoked_token: "revoked".to_owned(),
        names: names
            .iter()
            .map(|name| ((*name).to_owned(), "1".to_owned()))
            .collect(),
    }
}

#[test]
fn every_input_can_be_made() {
    let facts = facts();
    let mut ids = BTreeSet::new();
    for input in list() {
        let request = input
            .request(&facts)
            .map_err(|error| format!("{}: {error}", input.id));
        assert!(!request.unwrap().is_empty());
        assert!(ids.insert(input.id.clone()), "{} twice", input.id);
        let bodies = [&input.body, &input.message, &input.change, &input.raw];
        assert!(
            bodies.iter().filter(|body| body.is_some()).count() <= 1,
            "{}",
            input.id
        );
        assert_eq!(input.raw.is_some(), input.path.is_empty(), "{}", input.id);
    }
}

/// The catalogue: 26 rows of webhooks, 16 of sends, 12 of commands and configuration.
fn catalogue() -> BTreeSet<String> {
    let rows = |letter: char, count: u32| (1..=count).map(move |row| format!("{letter}{row}"));
    rows('W', 26)
        .chain(rows('S', 16))
        .chain(rows('L', 12))
        .collect()
}

#[test]
fn every_row_of_the_catalogue_is_there() {
    let List {
        input,
        elsewhere,
        later,
    } = whole_list();
    let inputs = input.iter().map(|input| {
        let row = input
            .id
            .trim_end_matches(|letter: char| letter.is_ascii_lowercase());
        row.to_owned()
    });
    let elsewhere = elsewhere.into_iter().map(|elsewhere| elsewhere.row);
    let later = later.into_iter().map(|later| {
        assert!(later.reason.len() > 20, "{}: why not yet", later.row);
        later.row
    });
    let rows: BTreeSet<String> = inputs.chain(elsewhere).chain(later).collect();
    assert_eq!(rows, catalogue());
}

#[test]
fn the_tests_that_show_a_row_are_there() {
    for Elsewhere { row, tests } in whole_list().elsewhere {
        assert!(!tests.is_empty(), "{row}");
        for test in tests {
            assert!(named::is_there(&test), "{row}: there is no test {test}");
        }
    }
}

/// What happened at each fault is told with the tests that show it.
#[test]
fn the_tests_that_the_page_names_are_there() {
    const PAGE: &str = include_str!("../../../../docs/reliability.md");
    let mut named = 0;
    for word in PAGE
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|word| word.contains("::"))
    {
        assert!(named::is_there(word), "there is no test {word}");
        named += 1;
    }
    assert!(named > 40, "only {named} tests are named");
}
