//! What leads to a person: derived from the schema, so that a table cannot be forgotten.

use std::collections::BTreeMap;

use domain::ids::SubjectId;

use super::super::fixture::TestStore;

/// Columns that lead to a person, directly or through what is theirs.
const LEADS: &[(&str, Lead)] = &[
    ("subject_id", Lead::Subject),
    ("from_subject", Lead::Subject),
    ("to_subject", Lead::Subject),
    ("message_id", Lead::Message),
    ("last_message", Lead::Message),
    ("previous", Lead::Message),
    ("conversation_id", Lead::Conversation),
    ("decision_id", Lead::Decision),
    ("media_id", Lead::Media),
    ("key_id", Lead::Key),
    ("event_id", Lead::Event),
    ("status_id", Lead::Status),
    ("group_id", Lead::Subject),
    ("confirmation_id", Lead::Confirmation),
];

/// Columns of integers that lead to nobody.
const LEADS_NOWHERE: &str = "about about_purpose acknowledge_by acknowledged_at action added_at any_hour app_id as_of \
    asks_for aspect assurance at attempts bad basis begun_at blocked campaign_id cap_count \
    cap_days capped_until category change channel class classes closed_at code complete_at \
    confirm contact_at_meta count created_at cursor day decided_at decision deleted_at \
    denied detail direction due due_at duty ended_at endpoint_id epoch erased erased_at \
    erasure_id every_days everybody examined expires_at extended_at fault fetched_at \
    for_review from_at gone_at grade granted head held hold_id horizon_at id identifiers \
    identity identity_check import_id items kept key_version keys kind kinds known \
    lapse_days last_import last_status leaf length lifted listed_at maximum_days \
    media_at_meta meta_at method minimum_days next_at notice_id number_id objects on_at \
    opened_at opted_out outcome pace package_id pair_at paused_at paused_days people place \
    position present preview published_at purpose_id put_off quarter queued_at reason \
    received_at record_class redacted_at refused registry_id released_at reminded_at \
    request_id restricted_at review_at revoked_at route row_id row_leaf row_table rows \
    rule_id run scope scopes second sent sequence sharing_purpose_id shipped_at since size \
    skipped soft_opt_in source special start started_at starts state status stop_permille \
    stopped_at stops suppressed suppression_id swept_at synced_at to_at told_at until \
    updated_at used_at value verified_at version warned_at whole";

/// Rows that stay and name somebody who was erased by an id that leads nowhere: that there was somebody,
/// the case of the erasure, whom a hold names, and a request that was answered.
const STAYS: &[(&str, &str)] = &[
    ("erasure_kept", "subject_id"),
    ("erasures", "subject_id"),
    ("hold_subjects", "subject_id"),
    ("requests", "subject_id"),
];

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Lead {
    Confirmation,
    Conversation,
    Decision,
    Event,
    Key,
    Media,
    Message,
    Status,
    Subject,
}

/// Every id by which rows could lead to these people.
pub(super) fn footprint(test: &TestStore, subjects: &[SubjectId]) -> BTreeMap<Lead, Vec<i64>> {
    let raw = test.raw();
    let list: Vec<String> = subjects.iter().map(SubjectId::to_string).collect();
    let list = list.join(",");
    let of = |sql: &str| -> Vec<i64> {
        let rows = raw.rows(&sql.replace("{}", &list));
        rows.iter().map(|row| row[0].parse().unwrap()).collect()
    };
    let messages = of("SELECT id FROM messages WHERE subject_id IN ({})");
    assert!(!messages.is_empty());
    [
        (Lead::Subject, subjects.iter().map(|id| id.0).collect()),
        (
            Lead::Conversation,
            of("SELECT id FROM conversations WHERE subject_id IN ({})"),
        ),
        (
            Lead::Confirmation,
            of("SELECT id FROM confirmations WHERE subject_id IN ({})"),
        ),
        (
            Lead::Decision,
            of("SELECT id FROM decisions WHERE subject_id IN ({})"),
        ),
        (
            Lead::Event,
            of("SELECT id FROM events WHERE subject_id IN ({})"),
        ),
        (
            Lead::Key,
            of("SELECT id FROM data_keys WHERE subject_id IN ({})"),
        ),
        (
            Lead::Media,
            of("SELECT id FROM media WHERE subject_id IN ({})"),
        ),
        (
            Lead::Status,
            of(
                "SELECT s.id FROM statuses s JOIN messages m ON m.id = s.message_id \
                WHERE m.subject_id IN ({})",
            ),
        ),
        (Lead::Message, messages),
    ]
    .into()
}

/// The columns of a table that lead to somebody. A column that nobody has thought about fails.
fn leads(table: &str, columns: &[(String, String, bool)]) -> Vec<(String, Lead)> {
    let mut found = Vec::new();
    for (column, kind, _) in columns {
        let lead = LEADS.iter().find(|(name, _)| name == column);
        match lead {
            // Suppressions of one person share a group of their own.
            Some(_) if table == "suppressions" => {}
            Some((_, lead)) => found.push((column.clone(), *lead)),
            None => {
                let number = matches!(kind.as_str(), "INTEGER" | "bigint");
                let known = LEADS_NOWHERE.split(' ').any(|name| name == column);
                assert!(
                    !number || known,
                    "{table}.{column}: does it lead to a person?"
                );
            }
        }
    }
    found
}

/// The rows that lead to what is in a footprint, but those that stay.
pub(super) fn left(test: &TestStore, footprint: &BTreeMap<Lead, Vec<i64>>) -> Vec<String> {
    let raw = test.raw();
    let mut left = Vec::new();
    for table in raw.tables() {
        for (column, lead) in leads(&table, &raw.columns(&table)) {
            let stays = STAYS.contains(&(table.as_str(), column.as_str()));
            let ids: Vec<String> = footprint[&lead].iter().map(i64::to_string).collect();
            if stays || ids.is_empty() {
                continue;
            }
            let sql = format!(
                "SELECT count(*) FROM {table} WHERE {column} IN ({})",
                ids.join(",")
            );
            let rows = raw.number(&sql);
            if rows > 0 {
                left.push(format!("{table}.{column}: {rows}"));
            }
        }
    }
    left
}
