//! A move takes every table along, whatever stands in it: also one that came later.

use std::collections::BTreeMap;

use store::Database;
use store::Lease;
use store::relocate::Moved;
use store::relocate::relocate;
use tempfile::TempDir;

use crate::base::Base;
use crate::base::Kind;
use crate::base::Raw;
use crate::on_sqlite::fixture::data;

/// Rows of each table.
const ROWS: i64 = 3;

/// A value of a column in a row: one that every type has, and where it may be, nothing.
fn value(raw: &Raw, (kind, may_be_empty): (&str, bool), seed: i64) -> String {
    if may_be_empty && seed % ROWS == 0 {
        return "NULL".to_owned();
    }
    match kind {
        "INTEGER" => seed.to_string(),
        "TEXT" => format!("'caf\u{e9} \u{1f600} {seed} \"quoted\" \\ and\nbroken'"),
        "BLOB" => raw.bytes(&[0, 255, b'\'', seed.to_le_bytes()[0]]),
        other => panic!("no column has the type {other}"),
    }
}

/// Puts rows into every table.
fn fill(raw: &Raw) {
    for table in raw.tables() {
        if table == "settings" {
            continue;
        }
        let columns = raw.columns(&table);
        for row in 0..ROWS {
            let values: Vec<String> = columns
                .iter()
                .map(|(_, kind, may_be_empty)| value(raw, (kind, *may_be_empty), 1_000 + row))
                .collect();
            let names: Vec<&str> = columns.iter().map(|(name, ..)| name.as_str()).collect();
            raw.batch(&format!(
                "INSERT INTO {table} ({}) VALUES ({})",
                names.join(", "),
                values.join(", ")
            ));
        }
    }
}

/// The rows of every table.
fn all(raw: &Raw) -> BTreeMap<String, Vec<Vec<String>>> {
    let tables = raw.tables().into_iter();
    let rows = |table: String| {
        let mut columns = raw.columns(&table);
        columns.sort();
        let columns: Vec<String> = columns.into_iter().map(|(name, ..)| name).collect();
        let mut rows = raw.rows(&format!("SELECT {} FROM {table}", columns.join(", ")));
        rows.sort();
        (table, rows)
    };
    tables.map(rows).collect()
}

fn moved(directory: &TempDir, from: &Database, to: (&TempDir, &Database)) -> Moved {
    let mut from = Lease::take(&data(directory.path()), from).unwrap();
    let mut to = Lease::take(&data(to.0.path()), to.1).unwrap();
    relocate(&mut from, &mut to, &mut |_| {}).unwrap()
}

#[test]
fn every_table_moves_there_and_back() {
    let [here, there, back] = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let (file, server) = (Base::fresh(Kind::File), Base::fresh(Kind::Server));
    drop(Lease::take(&data(here.path()), &file.database()).unwrap());
    fill(&file.raw(here.path()));
    let mut origin = all(&file.raw(here.path()));
    for (table, rows) in &origin {
        assert!(table == "settings" || rows.len() == 3, "{table}: {rows:?}");
    }
    let rows = u64::try_from(ROWS).unwrap() * u64::try_from(origin.len() - 1).unwrap();
    let told = moved(&here, &file.database(), (&there, &server.database()));
    assert_eq!((told.rows, told.messages), (rows, 3));
    assert_eq!(all(&server.raw(there.path())), origin);

    let told = moved(&there, &server.database(), (&back, &file.database()));
    assert_eq!(told.rows, rows);
    // What is marked as moved stays behind.
    origin.remove("settings");
    let mut again = all(&file.raw(back.path()));
    again.remove("settings");
    assert_eq!(again, origin);
}
