//! A list of people on its way into the store, and a preview over as many: what a regulator's
//! question or a campaign waits for.

use std::fmt::Write as _;
use std::io::Cursor;
use std::io::Read;
use std::sync::Arc;

use anyhow::Context as _;
use domain::audit::Actor;
use domain::consent::Channel;
use domain::consent::ConsentState;
use domain::consent::EvidenceGrade;
use domain::consent::Method;
use domain::ids::SubjectId;
use domain::template::Category;
use domain::template::TemplateStatus;
use service::people;
use service::people::Encoding;
use service::people::Ended;
use service::people::Layout;
use service::people::Open;
use service::people::Options;
use store::Audience;
use store::NewConsent;
use store::Planned;
use store::Reader;
use store::catalogue::ListedTemplate;
use store::operation::Outgoing;

use crate::clock;
use crate::corpus;
use crate::database::Backend;
use crate::figure::float;
use crate::figure::rate;
use crate::floor;
use crate::house::House;
use crate::intake::NOWHERE;
use crate::report;
use crate::report::Goal;
use crate::report::Report;

/// People a second into SQLite, with ledger and log.
const IMPORT: f64 = 15_000.0;
/// Decisions a second, facts from the database.
const PREVIEW: f64 = 30_000.0;
/// How many rows one transaction takes, as the command does.
const SLICE: usize = 512;
/// One in so many of the list says no.
const ONE_IN: u32 = 20;

/// A list of so many people: number, e-mail address, country, time zone, consent.
fn list(people: u32) -> String {
    let mut list = String::from("phone,email,residence,zone,status\n");
    for n in 0..people {
        let status = if n % ONE_IN == 0 {
            "unsubscribed"
        } else {
            "subscribed"
        };
        // Neighbours in the list are no neighbours by number.
        let number = n.wrapping_mul(7_919) % 10_000_000;
        let _ = writeln!(
            list,
            "+2782{number:07},person{n}@example.com,ZA,Africa/Johannesburg,{status}"
        );
    }
    list
}

/// Brings a list in. Returns how many seconds that took.
fn bring(house: &House, text: Arc<[u8]>, slice: usize) -> anyhow::Result<f64> {
    let store = house.service.store();
    let registry = store.registry();
    let purpose = registry
        .purpose_by_code("marketing")
        .context("no purpose")?;
    let options = Options {
        actor: Actor::System,
        layout: Layout::Generic,
        encoding: Encoding::Unicode,
        country: None,
        purpose: purpose.purpose.id,
        provenance: "bench".to_owned(),
        skip_bad: false,
        slice,
    };
    let open: Arc<Open> =
        Arc::new(move || Ok(Box::new(Cursor::new(Arc::clone(&text))) as Box<dyn Read + Send>));
    let began = clock::now();
    let quiet = (Arc::new(|_| {}) as Arc<people::Watch>, false);
    let report = house.wait(people::bring(store, open, options, quiet))?;
    anyhow::ensure!(report.ended == Ended::Done, "the list was not brought in");
    Ok(began.elapsed().as_secs_f64())
}

/// Measures an import of new people, and of the same once more under another file.
pub(crate) fn import(backend: &Backend, people: u32) -> anyhow::Result<Report> {
    let house = House::open(backend, NOWHERE, 1)?;
    let disk = floor::disk_rate(&floor::fdatasync(house.directory())?);
    let text = list(people);
    let size = float(u64::try_from(text.len())?);
    report::note(&format!("import: {people} people, {}", backend.name()));
    let new = bring(&house, Arc::from(text.as_bytes()), SLICE)?;
    let before = house.bytes();
    // A line more makes it another file about the same people.
    let again = bring(&house, Arc::from(format!("{text}\n").as_bytes()), SLICE)?;
    house.close();
    let mut report = Report::new(format!("Import of {people} people: {}", backend.name()));
    report.figure("floor: fdatasync of 4 KiB", disk, "/s");
    let each = f64::from(people);
    let goal = Goal::AtLeast(IMPORT);
    if matches!(backend, Backend::Sqlite) {
        report.against("new people", each / new, "/s", goal);
    } else {
        report.figure("new people", each / new, "/s");
    }
    let slices = each / float(SLICE as u64);
    report.figure(
        "commits, of those the floor allows",
        slices / new / disk,
        "×",
    );
    report.figure("people who are known", each / again, "/s");
    report.figure("the list", size / 1e6, "MB");
    report.figure("the database after it", float(before) / 1e6, "MB");
    Ok(report)
}

/// Measures a preview over so many people.
pub(crate) fn preview(backend: &Backend, people: u32) -> anyhow::Result<Report> {
    let house = House::open(backend, NOWHERE, 1)?;
    let text = list(people);
    report::note(&format!(
        "preview: loading {people} people, {}",
        backend.name()
    ));
    bring(&house, Arc::from(text.as_bytes()), SLICE)?;
    let store = house.service.store();
    agree(&house, people)?;
    let listed = ListedTemplate {
        meta_id: "1".to_owned(),
        name: "sale".to_owned(),
        language: "en".to_owned(),
        category: Category::Marketing,
        status: TemplateStatus::Approved,
        body: "Hello".to_owned(),
        raw: "{}".to_owned(),
    };
    house.wait(store.sync_templates(corpus::ACCOUNT.to_owned(), vec![listed]))?;
    let planned = Planned {
        number: *house.numbers().first().context("no number")?,
        content: Outgoing::Template {
            name: "sale".to_owned(),
            language: "en".to_owned(),
        },
        declared: None,
        audience: Audience::Everyone,
    };
    let floor = walk(&house)?;
    let mut report = Report::new(format!("Preview over {people} people: {}", backend.name()));
    report.figure("floor: reading the rows of each, one thread", floor, "/s");
    for name in ["first", "again"] {
        let began = clock::now();
        let tally = house.wait(store.preview_many(Actor::System, planned.clone()))?;
        let count = usize::try_from(tally.people())?;
        anyhow::ensure!(tally.people() == u64::from(people), "somebody is missing");
        let each = rate(count, began.elapsed());
        let goal = Goal::AtLeast(PREVIEW);
        if matches!(backend, Backend::Sqlite) {
            report.against(format!("decisions, {name}"), each, "/s", goal);
        } else {
            report.figure(format!("decisions, {name}"), each, "/s");
        }
        report.figure(format!("of the floor, {name}"), each / floor, "×");
    }
    house.close();
    Ok(report)
}

/// Lets every tenth agree, so that not everybody is refused for the same.
fn agree(house: &House, people: u32) -> anyhow::Result<()> {
    let store = house.service.store();
    let registry = store.registry();
    let purpose = registry
        .purpose_by_code("marketing")
        .context("no purpose")?;
    let notice = registry.newest_notice("messages", "en");
    let event = NewConsent {
        purpose: purpose.purpose.id,
        channel: Channel::WhatsApp,
        state: ConsentState::Given,
        method: Method::WebForm,
        grade: EvidenceGrade::Confirmed,
        notice: notice.map(|notice| notice.id),
        language: "en".to_owned(),
        jurisdictions: String::new(),
        rule: "bench".to_owned(),
        evidence: "bench".to_owned(),
        expires: None,
    };
    house.wait(async {
        let mut going = tokio::task::JoinSet::new();
        for n in (1..=people).step_by(10) {
            let (store, event) = (Arc::clone(store), event.clone());
            going.spawn(async move {
                let subject = SubjectId(n.into());
                store.record_consent(Actor::System, subject, event).await
            });
            if going.len() >= 256 {
                going.join_next().await.transpose()?.transpose()?;
            }
        }
        while let Some(done) = going.join_next().await {
            done??;
        }
        Ok(())
    })
}

/// The floor: how many people a second a reader opens by the plain way, one after another, with
/// identifiers and record but without a decision.
fn walk(house: &House) -> anyhow::Result<f64> {
    const SAMPLE: u32 = 5_000;
    let began = clock::now();
    house.service.store().read_now(|reader: &Reader<'_>| {
        for n in 1..=SAMPLE {
            let subject = SubjectId(n.into());
            reader.identifiers(subject)?;
            reader.consent_events(subject)?;
        }
        Ok(())
    })?;
    Ok(f64::from(SAMPLE) / began.elapsed().as_secs_f64())
}
