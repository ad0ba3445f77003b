//! The tables that are written through buffers, with their columns in order.
//!
//! A table with a `leaf` column is *audited*: each of its rows is covered by the log entry at that
//! position, with all columns that never change. The writer and the reconciliation read the same
//! list, so what one commits to is what the other checks.

/// A column of a table.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Column {
    /// Never changes once written: the log commits to it.
    Fixed(&'static str),
    /// Changes in the ordinary course, or is re-made at a roll.
    Changing(&'static str),
}

impl Column {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Changing(name) | Self::Fixed(name) => name,
        }
    }

    pub(crate) const fn is_fixed(self) -> bool {
        matches!(self, Self::Fixed(_))
    }
}

/// A table.
#[derive(Debug)]
pub(crate) struct Table {
    /// Its place in [`ALL`], and its code in commitments: stable, never used twice.
    pub(crate) code: u8,
    pub(crate) name: &'static str,
    /// The columns in the order of a row's values; the first is the id. `leaf` is not among them.
    pub(crate) columns: &'static [Column],
    /// Whether rows carry the position of the leaf that covers them.
    pub(crate) audited: bool,
    /// What follows the values of an insert.
    pub(crate) on_conflict: &'static str,
}

use Column::Changing as C;
use Column::Fixed as F;

macro_rules! tables {
    ($($const:ident = $code:literal $name:literal $audited:literal [$($column:expr),+] $conflict:literal;)+) => {
        $(
            pub(crate) static $const: Table = Table {
                code: $code,
                name: $name,
                columns: &[$($column),+],
                audited: $audited,
                on_conflict: $conflict,
            };
        )+
        /// All tables, by code.
        pub(crate) static ALL: &[&Table] = &[$(&$const),+];
    };
}

tables! {
    LEAVES = 0 "leaves" false [F("position"), F("salt"), F("entry")] "";
    NUMBERS = 1 "numbers" true [F("id"), F("phone_number_id"), F("waba_id"), C("display"),
        C("verified_name"), F("created_at"), C("sealed_token")] "";
    APPS = 2 "apps" true [F("id"), F("name"), F("number_id"), F("identity"), F("relay_url"),
        F("sealed_secret"), F("created_at"), C("ended_at"), C("sharing_purpose_id")] "";
    TOKENS = 3 "tokens" true [F("id"), F("app_id"), F("name"), F("hash"), F("scopes"),
        F("created_at"), F("expires_at"), C("revoked_at")] "";
    PURPOSES = 4 "purposes" true [F("id"), F("code"), F("title"), F("class"), F("basis"),
        F("grade"), F("created_at"), C("identity_check")] "";
    NOTICES = 5 "notices" true [F("id"), F("code"), F("version"), F("language"), F("title"),
        F("body"), F("hash"), F("change"), F("published_at")] "";
    SUBJECTS = 6 "subjects" false [F("id"), F("created_at"), C("restricted_at"), C("erased_at")] "";
    IDENTIFIERS = 7 "identifiers" false [F("id"), F("subject_id"), F("kind"), C("epoch"), C("tag"),
        F("key_id"), F("sealed_value"), F("added_at"), C("ended_at")] "";
    PROFILES = 8 "profiles" false [F("subject_id"), C("key_id"), C("sealed_name"), C("updated_at")]
        " ON CONFLICT (subject_id) DO UPDATE SET key_id = excluded.key_id, \
         sealed_name = excluded.sealed_name, updated_at = excluded.updated_at";
    LINKS = 9 "subject_links" true [F("id"), F("from_subject"), F("to_subject"), F("kind"), F("at")]
        "";
    ALIASES = 10 "aliases" true [F("id"), F("app_id"), F("subject_id"), F("alias"), F("created_at")]
        "";
    DATA_KEYS = 11 "data_keys" true [F("id"), F("subject_id"), F("class"), F("quarter"), C("epoch"),
        C("wrapped"), F("commitment"), F("created_at")] "";
    CONVERSATIONS = 12 "conversations" false [F("id"), F("subject_id"), F("number_id"),
        C("opened_at"), C("last_message"), C("pair_at"), F("capped_until")]
        " ON CONFLICT (id) DO UPDATE SET opened_at = excluded.opened_at, \
         last_message = excluded.last_message, pair_at = excluded.pair_at";
    MESSAGES = 13 "messages" true [F("id"), F("conversation_id"), F("subject_id"), F("previous"),
        F("direction"), F("type"), C("state"), F("at"), F("meta_at"), F("app_id"),
        F("decision_id"), F("key_id"), F("sealed_content"), C("sealed_upstream"), C("code")] "";
    STATUSES = 14 "statuses" true [F("id"), F("message_id"), F("state"), F("at"), F("code"),
        F("key_id"), F("sealed_raw")] "";
    MEDIA = 15 "media" false [F("id"), F("subject_id"), F("message_id"), F("app_id"),
        F("number_id"), F("key_id"), C("sealed_reference"), C("sealed_key"), C("object"),
        C("size"), F("created_at"), C("deleted_at")] "";
    DECISIONS = 16 "decisions" true [F("id"), F("subject_id"), F("message_id"), F("number_id"),
        F("app_id"), F("purpose_id"), F("outcome"), F("code"), F("rules"), F("sentences"),
        F("facts"), F("at")] "";
    CONSENT_EVENTS = 17 "consent_events" true [F("id"), F("subject_id"), F("purpose_id"),
        F("channel"), F("state"), F("method"), F("grade"), F("notice_id"), F("notice_hash"),
        F("language"), F("jurisdictions"), F("rule"), F("actor"), F("key_id"),
        F("sealed_evidence"), F("expires_at"), F("at")] "";
    SUPPRESSIONS = 18 "suppressions" true [F("id"), F("group_id"), F("key_version"), F("tag"),
        F("scope"), F("purpose_id"), F("source"), F("rule"), F("since")] "";
    LIFTS = 19 "suppression_lifts" true [F("id"), F("suppression_id"), F("rule"), F("at")] "";
    DELIVERIES = 20 "deliveries" true [F("id"), F("app_id"), F("conversation_id"), F("message_id"),
        F("status_id"), C("state"), C("attempts"), C("next_at"), C("last_status"), F("created_at"),
        C("updated_at")] "";
    QUARANTINE = 21 "quarantine" false [F("id"), F("day"), F("why"), F("sealed_raw"), F("at")] "";
    DETAILS = 22 "audit_details" true [F("id"), F("subject_id"), F("key_id"), F("sealed_detail"),
        F("at")] "";
    CALLS = 23 "calls" false [F("message_id"), F("run"), F("started_at")] "";
    OUTBOX = 24 "outbox" false [F("message_id"), F("queued_at")] "";
    IDEMPOTENCY = 25 "idempotency" false [F("app_id"), F("tag"), F("request"), F("message_id"),
        F("at")] "";
    QUEUE = 26 "queue" false [F("message_id"), F("conversation_id"), F("app_id"), F("key_id"),
        F("sealed_request"), C("due_at"), F("until"), C("attempts"), F("queued_at")] "";
    EVENTS = 27 "events" false [F("id"), F("kind"), F("subject_id"), F("number_id"), F("app_id"),
        F("purpose_id"), F("about"), F("detail"), F("at")] "";
    EVENT_ENDPOINTS = 28 "event_endpoints" true [F("id"), F("name"), F("url"), F("sealed_secret"),
        F("kinds"), F("created_at"), C("ended_at")] "";
    EVENT_DELIVERIES = 29 "event_deliveries" true [F("id"), F("endpoint_id"), F("event_id"),
        C("state"), C("attempts"), C("next_at"), C("last_status"), C("updated_at")] "";
    HEALTH = 30 "health" true [F("id"), F("waba_id"), F("number_id"), F("aspect"), F("value"),
        F("until"), F("told_at"), F("at")] "";
    OUTSIDE = 31 "outside" true [F("message_id"), F("source"), F("opted_out"), F("at"),
        C("subject_id")] "";
    PURPOSE_TERMS = 32 "purpose_terms" true [F("id"), F("purpose_id"), F("notice"),
        F("description"), F("recipients"), F("record_class"), F("soft_opt_in"), F("special"),
        F("any_hour"), F("confirm"), F("cap_count"), F("cap_days"), F("lapse_days"), F("asks_for"),
        F("at")] "";
    NOTICE_LAYERS = 33 "notice_layers" true [F("notice_id"), F("short"), F("elements"), F("hash")]
        "";
    TRAITS = 34 "traits" true [F("id"), F("subject_id"), F("kind"), F("source"), F("key_id"),
        F("sealed_value"), F("at")] "";
    REGISTRIES = 35 "registries" true [F("id"), F("code"), F("name"), F("every_days"),
        F("created_at"), C("ended_at")] "";
    REGISTRY_IMPORTS = 36 "registry_imports" true [F("id"), F("registry_id"), F("file_hash"),
        F("rows"), F("blocked"), F("lifted"), F("bad"), F("actor"), F("at")] "";
    REGISTRY_BLOCKS = 37 "registry_blocks" false [F("id"), F("registry_id"), F("import_id"),
        C("last_import"), F("key_version"), F("tag"), F("at")] "";
    REGISTRY_OVERRIDES = 38 "registry_overrides" true [F("id"), F("registry_id"), F("purpose_id"),
        F("reviewer"), F("reason"), F("at"), C("ended_at")] "";
    CONFIRMATIONS = 39 "confirmations" true [F("id"), F("subject_id"), F("purpose_id"),
        F("notice_id"), F("language"), F("source"), F("route"), C("state"), C("tag"), C("address"),
        F("key_id"), F("sealed_request"), C("attempts"), C("next_at"), C("expires_at"), C("fault"),
        F("created_at"), C("updated_at")] "";
    CODES = 40 "codes" false [F("id"), F("tag"), F("subject_id"), F("code"), C("attempts"),
        F("expires_at"), C("used_at"), F("created_at")] "";
    CAMPAIGNS = 41 "campaigns" true [F("id"), F("kind"), F("number_id"), F("template"),
        F("language"), F("purpose_id"), F("about_purpose"), F("notice_id"), F("import_id"),
        F("body"), F("stop_permille"), F("created_at"), C("state"), C("cursor"), C("pace"),
        C("people"), C("sent"), C("refused"), C("skipped"), C("put_off"), C("stops"),
        C("next_at"), C("updated_at")] "";
    CAMPAIGN_SENDS = 42 "campaign_sends" false [F("id"), F("campaign_id"), F("subject_id"),
        C("message_id"), C("at"), C("stopped_at"), C("confirmation_id")] "";
    IMPORTS = 43 "imports" true [F("id"), F("layout"), F("provenance"), F("file_hash"),
        F("purpose_id"), F("actor"), F("started_at"), C("state"), C("rows"), C("people"),
        C("known"), C("denied"), C("bad"), C("faults"), C("updated_at")] "";
    CALL_PERMISSIONS = 44 "call_permissions" false [F("conversation_id"), C("granted"),
        C("expires_at"), C("told_at")] "";
    CHAT_GROUPS = 45 "chat_groups" false [F("subject_id"), F("number_id"), F("meta_id"),
        C("listed_at"), C("ended_at")] "";
    GROUP_MEMBERS = 46 "group_members" false [F("id"), F("group_id"), F("subject_id"),
        C("present"), C("told_at")] "";
    IMPORT_PEOPLE = 47 "import_people" false [F("id"), F("import_id"), F("subject_id")] "";
    ROLLS = 48 "rolls" true [F("id"), F("epoch"), C("keys"), C("identifiers"), F("begun_at"),
        C("ended_at")] "";
    TOMBSTONES = 49 "tombstones" true [F("id"), F("row_leaf"), F("row_table"), F("row_id"),
        F("hash")] "";
    REQUESTS = 50 "requests" true [F("id"), F("subject_id"), F("kind"), F("source"), F("language"),
        F("jurisdictions"), F("received_at"), F("key_id"), F("sealed_request"), C("state"),
        C("assurance"), C("complete_at"), C("paused_at"), C("paused_days"), C("acknowledge_by"),
        C("due_at"), C("rule"), C("extended_at"), C("reminded_at"), C("outcome"), C("provision"),
        C("closed_at"), C("updated_at")] "";
    REQUEST_STEPS = 51 "request_steps" true [F("id"), F("request_id"), F("state"), F("actor"),
        F("rule"), F("key_id"), F("sealed_note"), F("at")] "";
    LETTERS = 52 "letters" true [F("id"), F("request_id"), F("subject_id"), F("kind"), F("language"),
        F("route"), F("key_id"), F("sealed_letter"), C("state"), C("message_id"), C("attempts"),
        C("next_at"), C("fault"), F("created_at"), C("updated_at")] "";
    PACKAGES = 53 "packages" true [F("id"), F("request_id"), F("subject_id"), F("kind"), F("object"),
        F("key_id"), F("sealed_key"), C("state"), C("hash"), C("size"), C("items"), C("tag"),
        C("expires_at"), C("fetched_at"), F("created_at"), C("updated_at")] "";
    REDACTIONS = 54 "redactions" false [F("id"), F("package_id"), F("message_id"), F("kind"),
        F("start"), F("length"), C("decision"), C("actor"), C("at")] "";
    ERASURES = 55 "erasures" true [F("id"), F("subject_id"), F("request_id"), F("reason"),
        F("classes"), F("keys"), F("identifiers"), F("suppressed"), F("epoch"), F("media_at_meta"),
        F("contact_at_meta"), F("erased_at"), C("state"), C("cursor"), C("rows"), C("objects"),
        C("swept_at"), C("horizon_at"), C("updated_at")] "";
    ERASURE_KEPT = 56 "erasure_kept" true [F("id"), F("erasure_id"), F("subject_id"), F("class"),
        F("rule"), F("hold_id"), F("until"), C("ended_at")] "";
    ERASURE_RECIPIENTS = 57 "erasure_recipients" true [F("id"), F("erasure_id"), F("app_id"),
        F("endpoint_id"), C("alias"), F("told_at"), F("due_at"), C("acknowledged_at")] "";
    ERRANDS = 58 "errands" false [F("id"), F("subject_id"), F("request_id"), F("number_id"),
        F("kind"), F("media_id"), C("state"), C("attempts"), C("next_at"), C("code"),
        F("created_at"), C("updated_at")] "";
    REDACTED_MESSAGES = 59 "redacted_messages" true [F("message_id"), F("conversation_id"),
        F("previous"), F("direction"), F("rule"), F("at"), F("redacted_at")] "";
    HOLDS = 60 "holds" true [F("id"), F("code"), F("matter"), C("owner"), F("query"), F("everybody"),
        F("classes"), F("from_at"), F("to_at"), F("created_at"), C("review_at"),
        C("released_at"), C("version")] "";
    HOLD_SUBJECTS = 61 "hold_subjects" true [F("id"), F("hold_id"), F("subject_id"), F("at")] "";
    HOLD_NUMBERS = 62 "hold_numbers" true [F("id"), F("hold_id"), F("number_id")] "";
    RETENTION_RULES = 63 "retention_rules" true [F("id"), F("code"), F("class"), F("purpose_id"),
        F("jurisdiction"), F("number_id"), F("minimum_days"), F("maximum_days"), F("starts"),
        F("action"), F("provision"), F("created_at"), C("on_at"), C("ended_at")] "";
    RETENTION_RUNS = 64 "retention_runs" true [F("id"), F("preview"), F("as_of"), F("started_at"),
        C("state"), C("cursor"), C("examined"), C("due"), C("erased"), C("kept"), C("held"),
        C("for_review"), C("counts"), C("updated_at")] "";
    RETENTION_REVIEWS = 65 "retention_reviews" true [F("id"), F("rule_id"), F("subject_id"),
        F("class"), F("quarter"), F("at"), C("decision"), C("decided_at")] "";
    BUNDLES = 66 "bundles" true [F("id"), F("place"), F("epoch"), F("sequence"), F("whole"),
        F("keys"), F("size"), F("upto"), F("shipped_at"), C("gone_at")] "";
    SNAPSHOTS = 67 "snapshots" true [F("id"), F("name"), F("place"), F("started_at"), C("state"),
        C("size"), C("objects"), C("head"), C("verified_at"), C("fault"), C("updated_at")] "";
}

#[cfg(test)]
mod tests {
    use super::ALL;
    use crate::dialect::MIGRATIONS;

    #[test]
    fn codes_are_places() {
        for (place, table) in ALL.iter().enumerate() {
            assert_eq!(usize::from(table.code), place, "{}", table.name);
        }
    }

    #[test]
    fn every_table_has_these_columns_and_no_others() {
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        for sql in MIGRATIONS {
            connection.execute_batch(sql).unwrap();
        }
        for table in ALL {
            let mut statement = connection
                .prepare(&format!("SELECT * FROM {}", table.name))
                .unwrap();
            let mut found: Vec<String> = statement.column_names().map(str::to_owned).collect();
            let mut known: Vec<&str> = table.columns.iter().map(|column| column.name()).collect();
            if table.audited {
                known.push("leaf");
            }
            // A column that came later stands at the end.
            found.sort_unstable();
            known.sort_unstable();
            assert_eq!(found, known, "{}", table.name);
            drop(statement.query([]).unwrap());
        }
    }

    /// The rows of the table "What is sealed and what is plain": names, and what is sealed.
    fn described() -> Vec<(Vec<&'static str>, &'static str)> {
        let text = include_str!("../../../ARCHITECTURE.md");
        let (_, rest) = text
            .split_once("## What is sealed and what is plain")
            .unwrap();
        let (section, _) = rest.split_once("\n## ").unwrap();
        section
            .lines()
            .filter(|line| line.starts_with("| ") && !line.starts_with("| Table"))
            .map(|line| {
                let cells: Vec<&str> = line.split('|').map(str::trim).collect();
                (cells[1].split(", ").collect(), cells[2])
            })
            .collect()
    }

    #[test]
    fn the_architecture_says_of_every_table_what_is_sealed() {
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        for sql in MIGRATIONS {
            connection.execute_batch(sql).unwrap();
        }
        let described = described();
        let mut names = connection
            .prepare("SELECT name FROM sqlite_master WHERE type = 'table'")
            .unwrap();
        let names: Vec<String> = names
            .query_map([], |row| row.get(0))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        for name in &names {
            let columns = connection
                .prepare(&format!("SELECT * FROM {name}"))
                .unwrap();
            let sealed = columns
                .column_names()
                .any(|column| column.starts_with("sealed") || column == "wrapped");
            let row = described
                .iter()
                .find(|(tables, _)| tables.contains(&name.as_str()));
            let (_, told) = row.unwrap_or_else(|| panic!("{name} is not described"));
            assert_eq!(!told.starts_with('\u{2013}'), sealed, "{name}");
        }
        let known: usize = described.iter().map(|(tables, _)| tables.len()).sum();
        assert_eq!(known, names.len(), "a described table does not exist");
    }
}
