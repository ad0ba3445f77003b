//! What templates are filled with: every name is there in every letter, if only as nothing.

use domain::request::RequestKind;
use jiff::civil::Date;
use minijinja::Value;
use minijinja::value::Serde;
use serde::Serialize;

use crate::certificate::Certificate;
use crate::facts::Kept;
use crate::facts::Letter;
use crate::language::Words;
use crate::letterhead::Letterhead;
use crate::remedy;
use crate::remedy::Remedy;
use crate::summary::Summary;

#[derive(Serialize)]
struct LetterContext<'a> {
    organisation: &'a str,
    officer: Option<&'a str>,
    contact: Option<&'a str>,
    case: i64,
    request: &'static str,
    asked: &'a str,
    received: String,
    today: String,
    due: Option<String>,
    page: Option<&'a str>,
    reason: Option<&'a str>,
    provision: Option<&'a str>,
    question: Option<&'a str>,
    answer_by: Option<String>,
    new_due: Option<String>,
    done: Option<&'a str>,
    erased: Vec<&'a str>,
    kept: Vec<KeptContext<'a>>,
    suppressed: bool,
    horizon: Option<String>,
    meta_days: Option<u16>,
    recipients: u32,
    package: Option<PackageContext<'a>>,
    certificate: Option<&'a str>,
    remedies: Vec<Remedy>,
    courts: Vec<String>,
}

#[derive(Serialize)]
struct KeptContext<'a> {
    class: &'a str,
    why: &'a str,
    provision: Option<&'a str>,
    until: Option<String>,
}

#[derive(Serialize)]
struct PackageContext<'a> {
    address: &'a str,
    until: String,
}

#[derive(Serialize)]
struct CertificateContext<'a> {
    organisation: &'a str,
    officer: Option<&'a str>,
    contact: Option<&'a str>,
    number: i64,
    case: Option<i64>,
    erased: String,
    today: String,
    classes: Vec<&'a str>,
    keys: u64,
    rows: u64,
    objects: u64,
    swept: bool,
    horizon: Option<String>,
    reached: bool,
    media_at_meta: &'a str,
    contact_at_meta: &'a str,
    meta_days: u16,
    kept: Vec<KeptContext<'a>>,
    suppressed: bool,
    recipients: Vec<RecipientContext<'a>>,
    log: &'a str,
    position: u64,
}

#[derive(Serialize)]
struct RecipientContext<'a> {
    name: &'a str,
    state: String,
}

pub(super) fn letter(words: &Words, letter: &Letter<'_>) -> Value {
    let facts = letter.facts;
    let date = |date: Date| words.date(date);
    let remedies = remedy::remedies(letter.jurisdictions, letter.request, letter.head);
    let courts = courts(&remedies);
    Value::from(Serde(LetterContext {
        organisation: &letter.head.organisation,
        officer: filled(&letter.head.officer),
        contact: filled(&letter.head.contact),
        case: letter.case,
        request: letter.request.name(),
        asked: words.asked(letter.request),
        received: words.date(letter.received),
        today: words.date(letter.today),
        due: letter.due.map(date),
        page: letter.page,
        reason: facts.reason.as_deref(),
        provision: facts.provision.as_deref(),
        question: facts.question.as_deref(),
        answer_by: facts.answer_by.map(date),
        new_due: facts.new_due.map(date),
        done: facts.done.as_deref(),
        erased: facts
            .erased
            .iter()
            .map(|class| words.class(*class))
            .collect(),
        kept: kept(words, &facts.kept),
        suppressed: facts.suppressed,
        horizon: facts.horizon.map(date),
        meta_days: facts.meta_days,
        recipients: facts.recipients,
        package: facts.package.as_ref().map(|package| PackageContext {
            address: &package.address,
            until: words.date(package.until),
        }),
        certificate: facts.certificate.as_deref(),
        remedies: remedies
            .into_iter()
            .map(|remedy| named(words, remedy))
            .collect(),
        courts,
    }))
}

#[derive(Serialize)]
struct SummaryContext<'a> {
    organisation: &'a str,
    officer: Option<&'a str>,
    contact: Option<&'a str>,
    number: i64,
    case: Option<i64>,
    asked: &'a str,
    received: Option<String>,
    assurance: Option<&'a str>,
    made: String,
    today: String,
    portability: bool,
    first: Option<String>,
    last: Option<String>,
    parts: Vec<PartContext<'a>>,
    searched: Vec<&'a str>,
    recipients: &'a [String],
    left_out: u64,
    of_others: u64,
    page: Option<&'a str>,
    remedies: Vec<Remedy>,
    courts: Vec<String>,
}

#[derive(Serialize)]
struct PartContext<'a> {
    name: &'a str,
    count: u64,
}

/// Where data of a person may stand, by the words for it.
const SEARCHED: [&str; 4] = [
    "searched.conversations",
    "searched.person",
    "searched.log",
    "searched.requests",
];

pub(super) fn summary(words: &Words, held: &Summary) -> Value {
    let request = held.request;
    let kind = request.map_or(RequestKind::Access, |request| request.kind);
    let codes: Vec<&str> = held.jurisdictions.iter().map(String::as_str).collect();
    let remedies = remedy::remedies(&codes, kind, &held.head);
    let courts = courts(&remedies);
    let parts = held.parts.iter();
    Value::from(Serde(SummaryContext {
        organisation: &held.head.organisation,
        officer: filled(&held.head.officer),
        contact: filled(&held.head.contact),
        number: held.number,
        case: request.map(|request| request.case),
        asked: words.asked(kind),
        received: request.map(|request| words.date(request.received)),
        assurance: request.map(|request| {
            let key = format!("assurance.{}", request.assurance.name());
            words.say(&key)
        }),
        made: words.date(held.made),
        today: words.date(held.today),
        portability: held.portability,
        first: held.span.map(|(first, _)| words.date(first)),
        last: held.span.map(|(_, last)| words.date(last)),
        parts: parts
            .map(|(name, count)| PartContext {
                name,
                count: *count,
            })
            .collect(),
        // What a person may take along is less than all there is.
        searched: if held.portability {
            Vec::new()
        } else {
            SEARCHED.iter().map(|key| words.say(key)).collect()
        },
        recipients: &held.recipients,
        left_out: held.left_out,
        of_others: held.of_others,
        page: held.page.as_deref(),
        remedies: remedies
            .into_iter()
            .map(|remedy| named(words, remedy))
            .collect(),
        courts,
    }))
}

/// The provisions for a court, each once.
fn courts(remedies: &[Remedy]) -> Vec<String> {
    let mut courts: Vec<String> = remedies.iter().map(|one| one.court.clone()).collect();
    courts.retain(|court| !court.is_empty());
    courts.dedup();
    courts
}

pub(super) fn certificate(words: &Words, held: &Certificate) -> Value {
    let Letterhead {
        organisation,
        officer,
        contact,
        ..
    } = &held.head;
    let classes = held.classes.iter();
    let recipients = held.recipients.iter();
    Value::from(Serde(CertificateContext {
        organisation,
        officer: filled(officer),
        contact: filled(contact),
        number: held.number,
        case: held.case,
        erased: words.date(held.erased),
        today: words.date(held.today),
        classes: classes.map(|class| words.class(*class)).collect(),
        keys: held.keys,
        rows: held.rows,
        objects: held.objects,
        swept: held.swept,
        horizon: held.horizon.map(|at| words.date(at)),
        reached: held.reached,
        media_at_meta: words.say(held.media_at_meta.key()),
        contact_at_meta: words.say(held.contact_at_meta.key()),
        meta_days: held.meta_days,
        kept: kept(words, &held.kept),
        suppressed: held.suppressed,
        recipients: recipients
            .map(|recipient| RecipientContext {
                name: &recipient.name,
                state: recipient.acknowledged.map_or_else(
                    || words.say("certificate.waits").to_owned(),
                    |at| {
                        let said = words.say("certificate.acknowledged");
                        said.replace("{date}", &words.date(at))
                    },
                ),
            })
            .collect(),
        log: &held.log,
        position: held.position,
    }))
}

fn kept<'a>(words: &'a Words, kept: &'a [Kept]) -> Vec<KeptContext<'a>> {
    let each = |kept: &'a Kept| KeptContext {
        class: words.class(kept.class),
        why: words.say(kept.why.key()),
        provision: kept.provision.as_deref(),
        until: kept.until.map(|until| words.date(until)),
    };
    kept.iter().map(each).collect()
}

/// An authority that is not named is the one where the person lives or works.
fn named(words: &Words, mut remedy: Remedy) -> Remedy {
    if remedy.name.is_empty() {
        words.say("their-authority").clone_into(&mut remedy.name);
    }
    remedy
}

fn filled(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}
