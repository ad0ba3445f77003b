//! Tampering with the database, column by column and row by row: each is named.

use crate::base::Kind;
use crate::base::Raw;

use super::day::day;
use super::fixture::TestStore;
use super::fixture::differences;

/// Columns of audited tables that change in the ordinary course; the log does not commit to them.
const CHANGING: &[(&str, &[&str])] = &[
    ("apps", &["ended_at", "sharing_purpose_id"]),
    ("bundles", &["gone_at"]),
    (
        "campaigns",
        &[
            "state",
            "cursor",
            "pace",
            "people",
            "sent",
            "refused",
            "skipped",
            "put_off",
            "stops",
            "next_at",
            "updated_at",
        ],
    ),
    (
        "confirmations",
        &[
            "state",
            "tag",
            "address",
            "attempts",
            "next_at",
            "expires_at",
            "fault",
            "updated_at",
        ],
    ),
    ("data_keys", &["epoch", "wrapped"]),
    (
        "deliveries",
        &["state", "attempts", "next_at", "last_status", "updated_at"],
    ),
    ("erasure_kept", &["ended_at"]),
    ("erasure_recipients", &["alias", "acknowledged_at"]),
    (
        "erasures",
        &[
            "state",
            "cursor",
            "rows",
            "objects",
            "swept_at",
            "horizon_at",
            "updated_at",
        ],
    ),
    ("event_endpoints", &["ended_at"]),
    (
        "event_deliveries",
        &["state", "attempts", "next_at", "last_status", "updated_at"],
    ),
    ("holds", &["owner", "review_at", "released_at", "version"]),
    (
        "imports",
        &[
            "state",
            "rows",
            "people",
            "known",
            "denied",
            "bad",
            "faults",
            "updated_at",
        ],
    ),
    (
        "letters",
        &[
            "state",
            "message_id",
            "attempts",
            "next_at",
            "fault",
            "updated_at",
        ],
    ),
    ("messages", &["state", "sealed_upstream", "code"]),
    ("numbers", &["display", "verified_name", "sealed_token"]),
    ("outside", &["subject_id"]),
    (
        "packages",
        &[
            "state",
            "hash",
            "size",
            "items",
            "tag",
            "expires_at",
            "fetched_at",
            "updated_at",
        ],
    ),
    ("purposes", &["identity_check"]),
    ("registries", &["ended_at"]),
    ("registry_overrides", &["ended_at"]),
    (
        "requests",
        &[
            "state",
            "assurance",
            "complete_at",
            "paused_at",
            "paused_days",
            "acknowledge_by",
            "due_at",
            "rule",
            "extended_at",
            "reminded_at",
            "outcome",
            "provision",
            "closed_at",
            "updated_at",
        ],
    ),
    ("retention_reviews", &["decision", "decided_at"]),
    ("retention_rules", &["on_at", "ended_at"]),
    (
        "retention_runs",
        &[
            "state",
            "cursor",
            "examined",
            "due",
            "erased",
            "kept",
            "held",
            "for_review",
            "counts",
            "updated_at",
        ],
    ),
    ("rolls", &["keys", "identifiers", "ended_at"]),
    (
        "snapshots",
        &[
            "state",
            "size",
            "objects",
            "head",
            "verified_at",
            "fault",
            "updated_at",
        ],
    ),
    ("tokens", &["revoked_at"]),
];

/// What opens only with its key, or follows from what opens, though the log does not cover it.
const UNCOVERED: &[(&str, &str)] = &[("data_keys", "wrapped"), ("identifiers", "tag")];

/// A table with its columns and their declared types.
struct Shape {
    name: String,
    columns: Vec<(String, String)>,
}

impl Shape {
    fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|(name, _)| name == column)
    }

    fn id(&self) -> &str {
        &self.columns[0].0
    }
}

fn shapes(raw: &Raw) -> Vec<Shape> {
    let shape = |name: String| {
        let columns = raw.columns(&name).into_iter();
        Shape {
            columns: columns.map(|(column, kind, _)| (column, kind)).collect(),
            name,
        }
    };
    raw.tables().into_iter().map(shape).collect()
}

/// An expression for another value than the one in the column.
fn other(column: &str, kind: &str) -> String {
    match kind {
        "INTEGER" | "bigint" => format!("coalesce({column}, 0) + 100000"),
        "TEXT" | "text" => format!("coalesce({column}, '') || 'x'"),
        _ => flip(column),
    }
}

/// An expression for the bytes in the column with another last byte.
fn flip(column: &str) -> String {
    match super::KIND {
        Kind::File => format!(
            "CAST(coalesce(substr({column}, 1, length({column}) - 1), x'') || \
             CASE substr({column}, -1) WHEN x'00' THEN x'01' ELSE x'00' END AS BLOB)"
        ),
        Kind::Server => format!(
            "coalesce(substr({column}, 1, length({column}) - 1), ''::bytea) || \
             CASE substr({column}, length({column})) WHEN '\\x00'::bytea THEN '\\x01'::bytea \
             ELSE '\\x00'::bytea END"
        ),
    }
}

struct Bench {
    test: TestStore,
    raw: Raw,
    log: Vec<Vec<u8>>,
}

impl Bench {
    async fn new() -> Self {
        let test = day().await;
        test.store.roll().await.unwrap();
        test.whole();
        let raw = test.raw();
        let entries = test.read(|reader| reader.leaves(0, u32::MAX));
        let log = entries.into_iter().map(|leaf| leaf.entry).collect();
        Self { test, raw, log }
    }

    /// Tampers with a table, collects what is named, and puts the table back as it was.
    fn tampered(&self, table: &str, sql: &str) -> Vec<String> {
        self.raw
            .batch(&format!("CREATE TEMP TABLE saved AS SELECT * FROM {table}"));
        assert_ne!(self.raw.run(sql), 0, "{sql}");
        let found = differences(&self.test.store, &mut |position| {
            self.log.get(usize::try_from(position).unwrap()).cloned()
        });
        self.raw.batch(&format!(
            "DELETE FROM {table}; INSERT INTO {table} SELECT * FROM saved; DROP TABLE saved"
        ));
        found.iter().map(ToString::to_string).collect()
    }

    fn number(&self, sql: &str) -> i64 {
        self.raw.number(sql)
    }

    fn finds(&self, table: &str, sql: &str, named: &[String]) {
        let found = self.tampered(table, sql);
        let hit = found
            .iter()
            .any(|line| named.iter().any(|name| line.contains(name.as_str())));
        assert!(hit, "{sql}\nfound: {found:#?}\nwanted one of {named:?}");
    }
}

#[tokio::test]
async fn every_edit_of_what_never_changes_is_named() {
    let bench = Bench::new().await;
    let mut cases = 0;
    let mut empty = Vec::new();
    for shape in shapes(&bench.raw).iter().filter(|shape| shape.has("leaf")) {
        let (table, id) = (&shape.name, shape.id());
        let changing = CHANGING.iter().find(|(name, _)| name == table);
        let changing = changing.map_or(&[][..], |(_, columns)| columns);
        if bench.number(&format!("SELECT count(*) FROM {table}")) == 0 {
            empty.push(table.clone());
            continue;
        }
        let row = bench.number(&format!("SELECT max({id}) FROM {table}"));
        let leaf = bench.number(&format!("SELECT leaf FROM {table} WHERE {id} = {row}"));
        let named = [format!("leaf {leaf} "), format!("{table}/{row}")];
        for (column, kind) in &shape.columns {
            if changing.contains(&column.as_str()) {
                continue;
            }
            let value = other(column, kind);
            let sql = format!("UPDATE {table} SET {column} = {value} WHERE {id} = {row}");
            bench.finds(table, &sql, &named);
            cases += 1;
        }
        if super::KIND == Kind::File {
            // A server holds every column to its type.
            let sql = format!("UPDATE {table} SET leaf = 'text' WHERE {id} = {row}");
            bench.finds(table, &sql, &named);
        }
        let sql = format!("DELETE FROM {table} WHERE {id} = {row}");
        bench.finds(table, &sql, &named);
        let columns: Vec<String> = shape
            .columns
            .iter()
            .map(|(column, kind)| match column.as_str() {
                "leaf" => column.clone(),
                _ => format!(
                    "CASE WHEN {column} IS NOT NULL THEN {} END",
                    other(column, kind)
                ),
            })
            .collect();
        let columns = columns.join(", ");
        let sql = format!("INSERT INTO {table} SELECT {columns} FROM {table} WHERE {id} = {row}");
        bench.finds(table, &sql, &named);
    }
    assert!(cases > 100, "only {cases} columns were tried");
    assert_eq!(empty, Vec::<String>::new(), "no row to tamper with");
    bench.test.whole();
}

#[tokio::test]
async fn every_sealed_value_is_bound_to_its_place() {
    let bench = Bench::new().await;
    let mut columns = 0;
    let mut empty = Vec::new();
    for shape in &shapes(&bench.raw) {
        let (table, id) = (&shape.name, shape.id());
        for (column, _) in &shape.columns {
            let sealed = column.starts_with("sealed");
            let uncovered = UNCOVERED.contains(&(table.as_str(), column.as_str()));
            if !sealed && !uncovered {
                continue;
            }
            let held = format!("FROM {table} WHERE {column} IS NOT NULL");
            if bench.number(&format!("SELECT count(*) {held}")) == 0 {
                empty.push(format!("{table}.{column}"));
                continue;
            }
            columns += 1;
            let first = bench.number(&format!("SELECT min({id}) {held}"));
            let last = bench.number(&format!("SELECT max({id}) {held}"));
            assert_ne!(first, last, "{table}");
            let named = [format!("{table}/{last}/{column}")];
            let sql = format!(
                "UPDATE {table} SET {column} = {} WHERE {id} = {last}",
                flip(column)
            );
            bench.finds(table, &sql, &named);
            if table == "identifiers" && column == "tag" {
                continue;
            }
            let sql = format!(
                "UPDATE {table} SET {column} = (SELECT o.{column} FROM saved o \
                 WHERE o.{id} = {first} + {last} - {table}.{id}) WHERE {id} IN ({first}, {last})"
            );
            bench.finds(table, &sql, &named);
        }
    }
    assert!(columns >= 18, "only {columns} columns were tried");
    assert_eq!(empty, Vec::<String>::new(), "no value to tamper with");
    bench.test.whole();
}

#[tokio::test]
async fn every_leaf_is_held_to_the_log() {
    let bench = Bench::new().await;
    let last = bench.number("SELECT max(position) FROM leaves");
    let middle = last / 2;
    for (sql, named) in [
        (
            format!(
                "UPDATE leaves SET entry = {} WHERE position = {middle}",
                flip("entry")
            ),
            format!("leaf {middle}: the database holds another entry"),
        ),
        (
            format!(
                "UPDATE leaves SET salt = {} WHERE position = {middle}",
                flip("salt")
            ),
            format!("leaf {middle} ("),
        ),
        (
            format!("DELETE FROM leaves WHERE position = {middle}"),
            format!("leaf {middle} ("),
        ),
        (
            format!("DELETE FROM leaves WHERE position = {last}"),
            format!("leaf {last} ("),
        ),
        (
            format!(
                "UPDATE leaves SET position = {} WHERE position = {last}",
                i64::MAX
            ),
            format!("leaf {last} ("),
        ),
        (
            format!("UPDATE leaves SET position = -5 WHERE position = {last}"),
            format!("leaf {last} ("),
        ),
    ] {
        bench.finds("leaves", &sql, &[named]);
    }
    // A leaf beyond the log that covers nothing it could prove.
    let decision = bench.number("SELECT max(leaf) FROM decisions");
    let sql = format!(
        "INSERT INTO leaves SELECT {}, salt, entry FROM leaves WHERE position = {decision}",
        last + 1
    );
    bench.finds("leaves", &sql, &[format!("leaf {} (", last + 1)]);
    bench.test.whole();
}

/// The log's files end before the database does: what waits is checked against its own leaf.
#[tokio::test]
async fn leaves_that_are_not_in_the_files_yet_are_no_difference() {
    let bench = Bench::new().await;
    let short = bench.log.len() / 2;
    let found = differences(&bench.test.store, &mut |position| {
        let position = usize::try_from(position).unwrap();
        bench
            .log
            .get(position)
            .filter(|_| position < short)
            .cloned()
    });
    assert_eq!(found, []);
}
