//! What is kept of a person beside messages: short tables, and lists of any length.

use std::io::Write;

use domain::ids::DecisionId;
use domain::ids::PurposeId;
use domain::person::TraitSource;
use domain::request::RequestKind;
use domain::request::RequestState;
use domain::suppression::Suppression;
use domain::suppression::distinct;
use package::Index;
use package::List;
use package::Listed;
use package::Other;
use package::Table;
use package::Writer;
use serde_json::Value;
use serde_json::json;
use store::Reader;
use store::StoreError;
use store::ledger::Covered;
use store::package::Decision;
use tokio::runtime::Handle;

use super::PackageError;
use super::make::Making;
use super::make::index;
use super::messages::Written;
use crate::Service;
use crate::receipt::RecordForm;

/// How many rows are read at once.
const SLICE: u32 = 1_000;

const DECISIONS: List = List {
    name: "decisions",
    columns: &[
        "column-when",
        "column-purpose",
        "column-decided",
        "column-why",
    ],
};

const ACCESSES: List = List {
    name: "accesses",
    columns: &["column-when", "column-who", "column-what", "column-rule"],
};

const LEFT_OUT: List = List {
    name: "left-out",
    columns: &["column-message", "column-what"],
};

/// A person's rows in a table, as JSON and as cells.
struct Rows {
    json: Vec<Value>,
    cells: Vec<Vec<String>>,
}

impl Rows {
    const fn new() -> Self {
        Self {
            json: Vec::new(),
            cells: Vec::new(),
        }
    }

    fn add(&mut self, json: Value, cells: impl IntoIterator<Item = String>) {
        self.json.push(json);
        self.cells.push(cells.into_iter().collect());
    }

    fn write<W: Write>(
        self,
        writer: &mut Writer<W>,
        name: &'static str,
        columns: &'static [&'static str],
    ) -> Result<Table, PackageError> {
        writer.json(&format!("data/{name}.json"), &self.json)?;
        Ok(Table {
            name,
            columns,
            rows: self.cells,
        })
    }
}

impl Service {
    /// Writes the short tables and the answers. Returns the index with them.
    pub(super) fn write_tables<W: Write>(
        &self,
        runtime: &Handle,
        making: &Making,
        written: &Written,
        writer: &mut Writer<W>,
    ) -> Result<Index, PackageError> {
        let mut index = index(making, written);
        let (identifiers, known) = self.store.read_now(|reader| profile(reader, making))?;
        index.tables.push(identifiers.write(
            writer,
            "identifiers",
            &[
                "column-what",
                "column-value",
                "column-since",
                "column-until",
            ],
        )?);
        index.tables.push(known.write(
            writer,
            "known",
            &[
                "column-what",
                "column-value",
                "column-where-from",
                "column-since",
            ],
        )?);
        let consents = self.store.read_now(|reader| consents(reader, making))?;
        index.tables.push(consents.write(
            writer,
            "consents",
            &[
                "column-when",
                "column-for",
                "column-what",
                "column-how",
                "column-notice",
            ],
        )?);
        if making.is_whole() {
            self.write_rest(runtime, making, written, (&mut index, writer))?;
        }
        Ok(index)
    }

    fn write_rest<W: Write>(
        &self,
        runtime: &Handle,
        making: &Making,
        written: &Written,
        (index, writer): (&mut Index, &mut Writer<W>),
    ) -> Result<(), PackageError> {
        let stops = self.stops_of(runtime, making)?;
        index.tables.push(stops.write(
            writer,
            "stops",
            &["column-reaches", "column-from", "column-since"],
        )?);
        let recipients = self
            .store
            .read_now(|reader| recipients(reader, making, written))?;
        index.tables.push(recipients.write(
            writer,
            "recipients",
            &["column-who", "column-what", "column-first", "column-last"],
        )?);
        let requests = self.store.read_now(|reader| requests(reader, making))?;
        index.tables.push(requests.write(
            writer,
            "requests",
            &[
                "column-number",
                "column-what",
                "column-received",
                "column-state",
            ],
        )?);
        index.facts = self.package_answers(making, written)?;
        let answers = index.facts.iter();
        let answers: Vec<Value> = answers
            .map(|fact| {
                let question = making.texts.say(fact.question);
                json!({"question": question, "answer": fact.answer})
            })
            .collect();
        writer.json("data/answers.json", &answers)?;
        Ok(())
    }

    fn stops_of(&self, runtime: &Handle, making: &Making) -> Result<Rows, StoreError> {
        let mut all: Vec<Suppression> = Vec::new();
        for subject in &making.source.subjects {
            all.extend(runtime.block_on(self.store.suppressions(*subject))?);
        }
        let mut rows = Rows::new();
        for stop in distinct(all) {
            let purpose = stop.scope.purpose().map(|id| purpose_of(making, id));
            let reaches = purpose.unwrap_or_else(|| stop.scope.name().to_owned());
            let (from, since) = (stop.source.name(), stop.since.to_string());
            let texts = &making.texts;
            rows.add(
                json!({"reaches": reaches, "from": from, "since": since}),
                [
                    texts.word("stop", &reaches).to_owned(),
                    texts.word("stop-from", from).to_owned(),
                    since,
                ],
            );
        }
        Ok(rows)
    }

    pub(super) fn write_decisions_about<W: Write>(
        &self,
        making: &Making,
        writer: &mut Writer<W>,
    ) -> Result<Listed, PackageError> {
        let mut list = writer.list(DECISIONS);
        for subject in making.source.subjects.clone() {
            let mut after = DecisionId(0);
            loop {
                let read = self
                    .store
                    .read_now(|reader| reader.decisions_after(subject, after, SLICE))?;
                let Some(last) = read.last() else {
                    break;
                };
                after = last.id;
                for decision in &read {
                    let purpose = decision.purpose.map(|id| purpose_of(making, id));
                    let (at, why) = (decision.at.to_string(), decision.sentences.join(" "));
                    let view = json!({
                        "id": decision.id.0,
                        "message": decision.message.0,
                        "at": at,
                        "purpose": purpose,
                        "outcome": decision.outcome,
                        "code": decision.code,
                        "rules": decision.rules,
                        "sentences": decision.sentences,
                    });
                    let purpose = purpose.unwrap_or_default();
                    let outcome = making.texts.word("outcome", decision.outcome);
                    list.row(&view, [&*at, &*purpose, outcome, &*why])?;
                }
            }
        }
        Ok(list.end()?)
    }

    pub(super) fn write_accesses<W: Write>(
        &self,
        making: &Making,
        writer: &mut Writer<W>,
    ) -> Result<Listed, PackageError> {
        let mut list = writer.list(ACCESSES);
        for subject in making.source.subjects.clone() {
            let mut after = 0;
            loop {
                let read = self
                    .store
                    .read_now(|reader| reader.accesses(subject, after, SLICE))?;
                let Some(last) = read.last() else {
                    break;
                };
                after = last.id;
                for row in &read {
                    let entry: Value = serde_json::from_slice(&row.entry).unwrap_or_default();
                    let rules = entry.get("rules").and_then(Value::as_array);
                    let rules = rules.into_iter().flatten().filter_map(Value::as_str);
                    let rule = rules.collect::<Vec<_>>().join(" ");
                    let at = row.at.to_string();
                    let (who, said) = role(making, text_of(&entry, "actor"));
                    let action = text_of(&entry, "action");
                    let view = json!({"at": at, "who": who, "what": action, "rule": rule});
                    list.row(&view, [&*at, &*said, action, &*rule])?;
                }
            }
        }
        Ok(list.end()?)
    }

    /// The receipts of everything that was agreed to, with their proofs.
    pub(super) fn write_receipts<W: Write>(
        &self,
        runtime: &Handle,
        making: &Making,
        (index, writer): (&mut Index, &mut Writer<W>),
    ) -> Result<(), PackageError> {
        let issuer = self.issuer();
        for subject in &making.source.subjects {
            let events = self
                .store
                .read_now(|reader| reader.consent_events(*subject))?;
            let mut purposes: Vec<PurposeId> = events.iter().map(|event| event.purpose).collect();
            purposes.sort_unstable();
            purposes.dedup();
            for purpose in purposes {
                let mut covered = Covered::default();
                let gathered = self.store.read_now(|reader| {
                    let form = (RecordForm::Receipt, &mut covered);
                    issuer.gather(reader, (*subject, purpose), form)
                })?;
                let records = self.certify_all(gathered.into_iter().collect(), None);
                let Some(record) = runtime.block_on(records)?.into_iter().next() else {
                    continue;
                };
                let name = format!("receipts/{subject}-{purpose}.json");
                writer.file(&name, record.as_bytes())?;
                let title = purpose_of(making, purpose);
                let what = making
                    .texts
                    .with("index-receipt", &[("purpose", title.as_str())]);
                index.files.push((name, what));
            }
        }
        Ok(())
    }

    pub(super) fn write_left_out<W: Write>(
        &self,
        making: &Making,
        writer: &mut Writer<W>,
    ) -> Result<Listed, PackageError> {
        let mut list = writer.list(LEFT_OUT);
        let (id, mut after) = (making.view.id, None);
        loop {
            let read = self
                .store
                .read_now(|reader| reader.redactions(id, after, SLICE))?;
            let Some(last) = read.last() else {
                break;
            };
            after = Some(last.id);
            for passage in read.iter().filter(|row| row.decision == Decision::LeaveOut) {
                let what = Other::from_code(passage.kind).map_or("passage", Other::name);
                let message = passage.message.to_string();
                let view = json!({
                    "message": passage.message.0,
                    "what": what,
                    "start": passage.start,
                    "length": passage.length,
                });
                list.row(&view, [&*message, making.texts.word("other", what)])?;
            }
        }
        Ok(list.end()?)
    }
}

fn text_of<'v>(entry: &'v Value, member: &str) -> &'v str {
    let value = entry.get(member).and_then(Value::as_str);
    value.unwrap_or_default()
}

/// The name of a purpose.
fn purpose_of(making: &Making, id: PurposeId) -> String {
    let entry = making.registry.purpose(id);
    entry.map_or_else(|| id.to_string(), |entry| entry.title.clone())
}

/// Who an actor of the log is: staff by their role, apps by their name. What programs read, and what
/// people do.
fn role(making: &Making, actor: &str) -> (String, String) {
    let both = |plain: &str, id: &str| (plain.to_owned(), making.texts.say(id).to_owned());
    match actor.split_once('/') {
        Some(("app", id)) => {
            let id = id.parse().ok().map(domain::ids::AppId);
            let app = id.and_then(|id| making.registry.app(id));
            app.map_or_else(
                || both("one of our programs", "role-app"),
                |app| (app.name.clone(), app.name.clone()),
            )
        }
        Some(("staff", _)) => both("a member of our staff", "role-staff"),
        _ => match actor {
            "meta" => both("WhatsApp", "source-whatsapp"),
            "person" => both("you", "role-you"),
            _ => both("our system", "role-system"),
        },
    }
}

fn profile(reader: &Reader<'_>, making: &Making) -> Result<(Rows, Rows), StoreError> {
    let word = |group: &str, code: &str| making.texts.word(group, code).to_owned();
    let (mut identifiers, mut known) = (Rows::new(), Rows::new());
    for subject in &making.source.subjects {
        for held in reader.identifier_history(*subject)? {
            let (kind, value) = (held.identifier.kind().name(), held.identifier.value());
            let (since, until) = (held.since.to_string(), held.until.map(|at| at.to_string()));
            identifiers.add(
                json!({"kind": kind, "value": value, "since": since, "until": until}),
                [
                    word("identifier", kind),
                    value.to_owned(),
                    since.clone(),
                    until.unwrap_or_default(),
                ],
            );
        }
        if let Some(name) = reader.name(*subject)? {
            known.add(
                json!({"what": "name", "value": name, "source": "whatsapp"}),
                [
                    word("known", "name"),
                    name,
                    word("source", "whatsapp"),
                    String::new(),
                ],
            );
        }
        for held in reader.traits(*subject)? {
            if !making.is_whole() && held.source != TraitSource::Person {
                continue;
            }
            let (what, source) = (held.kind.name(), held.source.name());
            let (value, since) = (held.value.to_string(), held.at.to_string());
            known.add(
                json!({"what": what, "value": value, "source": source, "since": since}),
                [word("known", what), value, word("source", source), since],
            );
        }
    }
    Ok((identifiers, known))
}

fn consents(reader: &Reader<'_>, making: &Making) -> Result<Rows, StoreError> {
    let mut rows = Rows::new();
    for subject in &making.source.subjects {
        for event in reader.consent_events(*subject)? {
            let notice = event.notice.and_then(|id| making.registry.notice(id));
            let (notice, said) = notice.map_or_else(Default::default, |notice| {
                let (title, version) = (notice.title.as_str(), notice.version.to_string());
                let values = [("title", title), ("version", version.as_str())];
                let said = making.texts.with("notice-version", &values);
                (format!("{title}, version {version}"), said)
            });
            let word = |group: &str, code: &str| making.texts.word(group, code).to_owned();
            let (at, purpose) = (event.at.to_string(), purpose_of(making, event.purpose));
            let (state, method) = (event.state.name(), event.method.name());
            rows.add(
                json!({
                    "id": event.id.0, "at": at, "purpose": purpose, "state": state,
                    "method": method, "channel": event.channel.name(), "language": event.language,
                    "notice": notice, "expires": event.expires.map(|at| at.to_string()),
                    "rule": event.rule, "log_position": event.leaf,
                }),
                [
                    at,
                    purpose,
                    word("consent", state),
                    word("method", method),
                    said,
                ],
            );
        }
    }
    Ok(rows)
}

fn recipients(reader: &Reader<'_>, making: &Making, written: &Written) -> Result<Rows, StoreError> {
    let mut rows = Rows::new();
    let texts = &making.texts;
    rows.add(
        json!({"who": "Meta Platforms (WhatsApp)", "what": "all messages, as they are carried"}),
        [
            "Meta Platforms (WhatsApp)".to_owned(),
            texts.say("recipient-meta-what").to_owned(),
            String::new(),
            String::new(),
        ],
    );
    for (app, (count, first, last)) in &written.recipients {
        let name = making.registry.app(*app);
        let name = name.map_or_else(|| format!("app {app}"), |app| app.name.clone());
        let what = format!("{count} messages you wrote");
        let said = texts.with(
            "recipient-messages",
            &[("count", count.to_string().as_str())],
        );
        let (first, last) = (first.to_string(), last.to_string());
        rows.add(
            json!({"who": name, "what": what, "messages": count, "first": first, "last": last}),
            [name, said, first, last],
        );
    }
    for subject in &making.source.subjects {
        for (app, alias) in reader.aliases_of(*subject)? {
            let name = making.registry.app(app);
            let name = name.map_or_else(|| format!("app {app}"), |app| app.name.clone());
            let what = texts.with("recipient-alias", &[("alias", alias.as_str())]);
            rows.add(
                json!({"who": name, "what": "an alias in place of the number", "alias": alias}),
                [name, what, String::new(), String::new()],
            );
        }
    }
    Ok(rows)
}

fn requests(reader: &Reader<'_>, making: &Making) -> Result<Rows, StoreError> {
    let mut rows = Rows::new();
    for subject in &making.source.subjects {
        for request in reader.requests_of(*subject)? {
            let kind = RequestKind::from_code(request.kind).map_or("other", RequestKind::name);
            let state = RequestState::from_code(request.state).map_or("other", RequestState::name);
            let received = request.received.to_string();
            let closed = request.closed.map(|at| at.to_string());
            rows.add(
                json!({"id": request.id, "kind": kind, "received": received, "state": state,
                       "closed": closed}),
                [
                    request.id.to_string(),
                    making.texts.word("request", kind).to_owned(),
                    received.clone(),
                    making.texts.word("case", state).to_owned(),
                ],
            );
        }
    }
    Ok(rows)
}
