//! `[portal]` and `[[form]]`: the pages that people see.

use desk::Form;
use domain::confirmation::Route;
use domain::purpose;
use egress::mail::Mailer;
use egress::sms::SmsProvider;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde::Deserializer;
use serde::de::Error as _;
use service::Outbox;
use service::PortalSettings;
use toml::Spanned;
use url::Url;

use crate::config::document::Listen;
use crate::config::fault::Source;
use crate::config::tls::Tls;

/// The longest a link may be good for, in days.
const LONGEST_LINK: u16 = 366;
/// The longest somebody may take to confirm, in hours.
const LONGEST_WAIT: u16 = 14 * 24;

/// `[portal]` as it is written.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Portal {
    #[serde(deserialize_with = "languages")]
    languages: Vec<String>,
    #[serde(deserialize_with = "zone")]
    time_zone: TimeZone,
    #[serde(deserialize_with = "days")]
    pub(super) link_days: u16,
    #[serde(deserialize_with = "hours")]
    pub(super) confirm_hours: u16,
}

impl Default for Portal {
    fn default() -> Self {
        Self {
            languages: desk::reviewed_languages(),
            time_zone: TimeZone::UTC,
            link_days: 30,
            confirm_hours: 48,
        }
    }
}

/// `[[form]]` as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    #[serde(deserialize_with = "code")]
    code: String,
    #[serde(deserialize_with = "codes")]
    purposes: Vec<String>,
    #[serde(default, deserialize_with = "languages")]
    languages: Vec<String>,
    #[serde(default, deserialize_with = "origins")]
    embed: Vec<String>,
    #[serde(default, deserialize_with = "routes")]
    routes: Vec<Route>,
}

/// What the pages are told.
#[derive(Clone, Debug)]
pub(crate) struct Pages {
    /// The languages that are on.
    pub(crate) languages: Vec<String>,
    /// The time zone in which days are told.
    pub(crate) zone: TimeZone,
    /// The forms on which people ask for messages.
    pub(crate) forms: Vec<Form>,
}

/// How confirmations can go out where a form does not say.
#[derive(Clone, Copy)]
pub(super) struct SetUp {
    pub(super) mail: bool,
    pub(super) sms: bool,
}

impl SetUp {
    /// What is set up; the chat, where nothing else is.
    fn routes(self) -> Vec<Route> {
        let named = [(Route::Email, self.mail), (Route::Sms, self.sms)];
        let set_up = named.into_iter().filter(|(_, set_up)| *set_up);
        let routes: Vec<Route> = set_up.map(|(route, _)| route).collect();
        if routes.is_empty() {
            return vec![Route::Chat];
        }
        routes
    }

    const fn has(self, route: Route) -> bool {
        match route {
            Route::Chat => true,
            Route::Email => self.mail,
            Route::Sms => self.sms,
        }
    }
}

/// The pages as the file has them.
pub(super) fn pages(
    source: &Source<'_>,
    set_up: SetUp,
    portal: &Portal,
    forms: Vec<Spanned<Written>>,
) -> anyhow::Result<Pages> {
    let mut taken: Vec<Form> = Vec::with_capacity(forms.len());
    for form in forms {
        let at = form.span().start;
        let form = form.into_inner();
        if taken.iter().any(|other| other.code == form.code) {
            let cause = "stands over two forms; rename one";
            return Err(source.fault(at, "code", cause));
        }
        if !form.routes.iter().all(|route| set_up.has(*route)) {
            let cause = "names one that is not set up; see [mail] and [sms]";
            return Err(source.fault(at, "routes", cause));
        }
        taken.push(Form {
            routes: match form.routes.as_slice() {
                [] => set_up.routes(),
                _ => form.routes,
            },
            code: form.code,
            purposes: form.purposes,
            languages: form.languages,
            embed: form.embed,
        });
    }
    Ok(Pages {
        languages: portal.languages.clone(),
        zone: portal.time_zone.clone(),
        forms: taken,
    })
}

/// What carries confirmations and codes.
pub(super) fn outbox(mail: Option<&Mailer>, sms: Option<&SmsProvider>) -> Outbox {
    Outbox {
        mail: mail.cloned(),
        sms: sms.cloned(),
    }
}

/// What the service is told of the pages. People come under `listen.public_url`; without that, under
/// the address of the listener itself, if that is on loopback.
pub(super) fn settings(
    portal: &Portal,
    listen: &Listen,
    tls: &Tls,
    outbox: Outbox,
) -> PortalSettings {
    let scheme = if tls.public.is_some() {
        "https"
    } else {
        "http"
    };
    let own = || Url::parse(&format!("{scheme}://{}/", listen.public)).ok();
    let address = match &listen.public_url {
        Some(url) => Some(url.clone()),
        None if listen.public.ip().is_loopback() => own(),
        None => None,
    };
    PortalSettings {
        public_url: address.filter(desk::is_fit),
        link_days: portal.link_days,
        confirm_hours: portal.confirm_hours,
        outbox,
        ..PortalSettings::default()
    }
}

fn languages<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let tags = Vec::<String>::deserialize(deserializer)?;
    if tags.iter().all(|tag| desk::is_language(tag)) {
        return Ok(tags);
    }
    let known = desk::languages().join(", ");
    Err(D::Error::custom(format_args!("wants some of {known}")))
}

fn zone<'de, D: Deserializer<'de>>(deserializer: D) -> Result<TimeZone, D::Error> {
    let name = String::deserialize(deserializer)?;
    TimeZone::get(&name).map_err(|_| {
        D::Error::custom("wants a time zone of the IANA, such as \"Africa/Johannesburg\"")
    })
}

fn days<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    within(deserializer, LONGEST_LINK, "days")
}

fn hours<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    within(deserializer, LONGEST_WAIT, "hours")
}

fn within<'de, D: Deserializer<'de>>(
    deserializer: D,
    most: u16,
    unit: &str,
) -> Result<u16, D::Error> {
    let number = u16::deserialize(deserializer)?;
    if (1..=most).contains(&number) {
        return Ok(number);
    }
    Err(D::Error::custom(format_args!(
        "wants a number of {unit} from 1 to {most}"
    )))
}

const CODE: &str = "wants 1 to 40 small letters, digits and hyphens, beginning with a letter";

fn code<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let code = String::deserialize(deserializer)?;
    if purpose::is_code(&code) {
        return Ok(code);
    }
    Err(D::Error::custom(CODE))
}

fn codes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let codes = Vec::<String>::deserialize(deserializer)?;
    let sound = codes.iter().all(|code| purpose::is_code(code));
    if sound && (1..=20).contains(&codes.len()) {
        return Ok(codes);
    }
    Err(D::Error::custom("wants the codes of 1 to 20 purposes"))
}

fn routes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Route>, D::Error> {
    let names = Vec::<String>::deserialize(deserializer)?;
    let read = |name: &String| {
        Route::from_name(name)
            .ok_or_else(|| D::Error::custom("wants some of \"email\", \"sms\" and \"chat\""))
    };
    names.iter().map(read).collect()
}

fn origins<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    let read = |text: &String| {
        let bare = |url: &Url| {
            desk::is_fit(url)
                && url.path() == "/"
                && url.query().is_none()
                && url.fragment().is_none()
        };
        Url::parse(text)
            .ok()
            .filter(bare)
            .map(|url| url.origin().ascii_serialization())
            .ok_or_else(|| D::Error::custom("wants origins, such as \"https://shop.example\""))
    };
    texts.iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use domain::confirmation::Route;
    use tempfile::TempDir;

    use super::Pages;
    use crate::config::Config;
    use crate::config::write_private;

    const EXAMPLE: &str = include_str!("../../../../imvume.example.toml");

    fn folder() -> TempDir {
        let folder = TempDir::new().unwrap();
        std::fs::create_dir(folder.path().join("secrets")).unwrap();
        for name in ["app-secret", "verify-token", "access-token"] {
            write_private(&folder.path().join("secrets").join(name), "a-secret\n").unwrap();
        }
        folder
    }

    /// The example with one line in the place of another.
    fn load(folder: &Path, before: &str, after: &str) -> anyhow::Result<Pages> {
        let path = folder.join("imvume.toml");
        let _ = std::fs::remove_file(&path);
        assert!(EXAMPLE.contains(before), "{before}");
        write_private(&path, EXAMPLE.replacen(before, after, 1))?;
        Ok(Config::load(&path)?.pages)
    }

    #[test]
    fn a_form_goes_out_by_what_is_set_up() {
        let folder = folder();
        let load = |after| load(folder.path(), "[mail]", after).unwrap();
        assert_eq!(load("[mail]").forms[0].routes, [Route::Chat]);
        let mail = "[mail]\nhost = \"mail.example\"\nfrom = \"a@b.example\"";
        assert_eq!(load(mail).forms[0].routes, [Route::Email]);
    }

    #[test]
    fn origins_are_read_as_browsers_write_them() {
        let folder = folder();
        let shown = "# embed = []";
        for (line, expected) in [
            (
                "embed = [\"https://Shop.example/\"]",
                Some("https://shop.example"),
            ),
            (
                "embed = [\"https://shop.example:8443\"]",
                Some("https://shop.example:8443"),
            ),
            (
                "embed = [\"http://127.0.0.1:3000\"]",
                Some("http://127.0.0.1:3000"),
            ),
            ("embed = [\"http://shop.example\"]", None),
            ("embed = [\"https://shop.example/page\"]", None),
            ("embed = [\"*\"]", None),
        ] {
            let found = load(folder.path(), shown, line).ok();
            let found = found.map(|pages| pages.forms[0].embed.clone());
            assert_eq!(
                found,
                expected.map(|origin| vec![origin.to_owned()]),
                "{line}"
            );
        }
    }

    #[test]
    fn what_is_wrong_is_told() {
        let folder = folder();
        let form = "[[form]]\ncode = \"news\"\npurposes = [\"marketing\"]\n";
        for (before, after, wanted) in [
            (
                "# languages = [\"en\", \"af\", \"de\", \"fr\"]",
                "languages = [\"xx\"]",
                "wants some of en, af",
            ),
            (
                "# time_zone = \"UTC\"",
                "time_zone = \"Cape Town\"",
                "time zone",
            ),
            ("# link_days = 30", "link_days = 0", "from 1 to 366"),
            (
                "# confirm_hours = 48",
                "confirm_hours = 1000",
                "from 1 to 336",
            ),
            ("code = \"news\"", "code = \"News\"", "small letters"),
            (
                "purposes = [\"marketing\"]",
                "purposes = []",
                "1 to 20 purposes",
            ),
            (
                "# routes = [\"…\"]",
                "routes = [\"pigeon\"]",
                "\"email\", \"sms\"",
            ),
            ("# routes = [\"…\"]", "routes = [\"email\"]", "not set up"),
            ("[[form]]", &format!("{form}[[form]]"), "two forms"),
        ] {
            let error = load(folder.path(), before, after).unwrap_err().to_string();
            assert!(error.contains(wanted), "{after}: {error}");
        }
    }
}
