//! What Meta says.

use std::time::Duration;

use domain::time::Timestamp;
use egress::Egress;
use egress::Request;
use egress::Response;
use http::HeaderMap;
use http::HeaderValue;
use http::Method;
use http::header;
use serde_json::Value;
use service::NumberSettings;
use store::Clock;
use url::Url;
use whatsapp::signature;

use crate::check::Finding;
use crate::config::Config;

/// A clock that is further away from Meta's than this is wrong.
const APART: Duration = Duration::from_mins(2);

/// How much of an answer is read, in bytes.
const LONGEST: usize = 1 << 20;

/// Looks at the numbers of the file, and at those that are kept in the database.
pub(super) async fn check(config: &Config, kept: Vec<NumberSettings>) -> Vec<Finding> {
    let egress = match Egress::new(config.settings.egress.clone()) {
        Ok(egress) => egress,
        Err(error) => return vec![Finding::problem("egress", error)],
    };
    let configured = config.settings.numbers.iter().cloned();
    let meta = Meta {
        config,
        numbers: configured.chain(kept).collect(),
        egress,
    };
    let mut findings = Vec::new();
    let mut accounts: Vec<&str> = Vec::new();
    for number in &meta.numbers {
        meta.number(number, &mut findings).await;
        if !accounts.contains(&number.waba_id.as_str()) {
            accounts.push(&number.waba_id);
            findings.extend(meta.subscription(number).await);
        }
        findings.extend(meta.kept(number).await);
    }
    meta.app(&mut findings).await;
    findings.push(meta.reachable().await);
    findings.extend(sharing(config));
    if accounts.is_empty() {
        findings.push(Finding::note(
            "number",
            "none is set up: put one into the file, or add it with `imvume number add`",
        ));
    }
    findings
}

pub(super) struct Meta<'a> {
    pub(super) config: &'a Config,
    pub(super) numbers: Vec<NumberSettings>,
    egress: Egress,
}

impl Meta<'_> {
    async fn get(
        &self,
        number: &NumberSettings,
        path: &[&str],
        fields: Option<&str>,
    ) -> anyhow::Result<Response> {
        let fields = fields.map(|fields| ("fields", fields));
        let url = self.address(path, fields.as_slice());
        self.fetch(&url, Some(&number.access_token)).await
    }

    /// What Meta answers to the bearer of a token; why not, in words, if it does not.
    pub(super) async fn read(
        &self,
        token: &str,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<bytes::Bytes, String> {
        let response = self.fetch(&self.address(path, query), Some(token)).await;
        let response = response.map_err(|error| format!("Meta cannot be reached ({error})"))?;
        if response.status.is_success() {
            Ok(response.body)
        } else {
            Err(refusal(&response))
        }
    }

    fn address(&self, path: &[&str], query: &[(&str, &str)]) -> Url {
        let settings = &self.config.settings;
        let mut url: Url = settings.graph.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push(&settings.version).extend(path);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    /// Fetches an address, Meta's with a token and the proof of it that calls carry.
    pub(super) async fn fetch(&self, url: &Url, token: Option<&str>) -> anyhow::Result<Response> {
        let settings = &self.config.settings;
        let (mut url, mut headers) = (url.clone(), HeaderMap::new());
        if let Some(token) = token {
            let mut bearer = HeaderValue::from_str(&format!("Bearer {token}"))?;
            bearer.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, bearer);
            if settings.appsecret_proof {
                let proof = signature::appsecret_proof(&settings.app_secret, token);
                url.query_pairs_mut().append_pair("appsecret_proof", &proof);
            }
        }
        let request = Request {
            method: Method::GET,
            url: &url,
            headers,
            body: bytes::Bytes::new(),
            max_response: LONGEST,
            timeout: settings.call_timeout,
        };
        Ok(self.egress.send(request).await?)
    }

    async fn number(&self, number: &NumberSettings, findings: &mut Vec<Finding>) {
        let what = format!("number {}", number.display);
        let fields = Some("id,display_phone_number,verified_name");
        let response = match self.get(number, &[&number.phone_number_id], fields).await {
            Ok(response) => response,
            Err(error) => {
                let graph = &self.config.settings.graph;
                let mend = format!(
                    "{graph} cannot be reached ({error}); look at `meta.graph_url`, \
                                    the network, and `egress.allow_private` for a private address"
                );
                return findings.push(Finding::problem(what, mend));
            }
        };
        findings.extend(clocks(&response));
        if !response.status.is_success() {
            return findings.push(Finding::problem(what, refusal(&response)));
        }
        let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        let display = body
            .get("display_phone_number")
            .and_then(Value::as_str)
            .unwrap_or_default();
        findings.push(if digits(display) == digits(&number.display) {
            Finding::fine(what, "Meta knows it, and its access token is good")
        } else {
            Finding::problem(
                what,
                format_args!("Meta calls it {display}; correct `display`"),
            )
        });
    }

    /// Whether the app gets the account's webhooks. Tokens that may not ask tell nothing.
    async fn subscription(&self, number: &NumberSettings) -> Option<Finding> {
        let what = format!("account {}", number.waba_id);
        let response = self
            .get(number, &[&number.waba_id, "subscribed_apps"], None)
            .await
            .ok()?;
        if !response.status.is_success() {
            let known = "cannot see whether an app is subscribed; look in Meta's App Dashboard";
            return Some(Finding::note(what, known));
        }
        let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        let subscribed = body
            .get("data")
            .and_then(Value::as_array)
            .is_some_and(|apps| !apps.is_empty());
        Some(if subscribed {
            Finding::fine(what, "an app is subscribed to its webhooks")
        } else {
            let version = &self.config.settings.version;
            let mend = format!(
                "no app is subscribed to its webhooks: call POST /{version}/{}/subscribed_apps \
                 with the access token",
                number.waba_id
            );
            Finding::problem(what, mend)
        })
    }
}

/// The switches that let Meta use more than a message needs.
fn sharing(config: &Config) -> Vec<Finding> {
    let settings = &config.settings;
    let on = [
        (
            settings.activity_sharing,
            "meta.activity_sharing",
            "apps may let Meta use who reads and taps what to choose whom it shows promotions",
        ),
        (
            settings.creative_features,
            "meta.creative_features",
            "apps may let Meta change the pictures and words of templates",
        ),
    ];
    let on = on.into_iter().filter(|(on, ..)| *on);
    on.map(|(_, what, known)| Finding::note(what, known))
        .collect()
}

fn refusal(response: &Response) -> String {
    let upstream = whatsapp::error::parse_upstream(response.status.as_u16(), &response.body);
    match upstream.code {
        190 => "Meta refuses the access token; make a new one for a system user".to_owned(),
        100 => "Meta does not know this `phone_number_id`, or the token may not see it".to_owned(),
        code => format!(
            "Meta refuses to answer: status {}, code {code}",
            response.status.as_u16()
        ),
    }
}

/// The clock here beside the one there.
fn clocks(response: &Response) -> Option<Finding> {
    let date = response.headers.get(header::DATE)?.to_str().ok()?;
    let there = jiff::fmt::rfc2822::parse(date).ok()?.timestamp();
    let there = Timestamp::from_micros(there.as_microsecond());
    let here = Clock::default().now();
    let apart = here.since(there).max(there.since(here));
    let bound = i64::try_from(APART.as_micros()).unwrap_or(i64::MAX);
    Some(if apart.as_micros() <= bound {
        Finding::fine("clock", "agrees with Meta's")
    } else {
        Finding::problem(
            "clock",
            format_args!("is {apart} apart from Meta's; set it"),
        )
    })
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}
