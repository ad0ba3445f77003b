//! Migrations: both folders alike, each step whole or not at all, and what must not be touched.

use std::path::Path;

use store::Lease;
use store::StoreError;
use tempfile::TempDir;

use crate::base::Base;
use crate::base::Kind;
use crate::base::Raw;
use crate::base::file;
use crate::on_sqlite::fixture::TestStore;
use crate::on_sqlite::fixture::data;

const BOTH: [Kind; 2] = [Kind::File, Kind::Server];

/// The names of the migrations of a database and what they say, in order.
fn migrations(kind: Kind) -> Vec<(String, String)> {
    let folder = match kind {
        Kind::File => "sqlite",
        Kind::Server => "postgres",
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("migrations")
        .join(folder);
    let mut found: Vec<(String, String)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            (name, std::fs::read_to_string(entry.path()).unwrap())
        })
        .collect();
    found.sort();
    found
}

/// A database that nobody has opened yet.
struct Bare {
    directory: TempDir,
    base: Base,
}

impl Bare {
    fn new(kind: Kind) -> Self {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(data(directory.path())).unwrap();
        Self {
            directory,
            base: Base::fresh(kind),
        }
    }

    /// One that a program left which knew the first `steps` migrations.
    fn at(kind: Kind, steps: usize) -> Self {
        let bare = Self::new(kind);
        let raw = bare.raw();
        match kind {
            Kind::File => raw.batch("PRAGMA application_id = 1229805141"),
            Kind::Server => raw.batch(
                "CREATE TABLE imvume_schema (version BIGINT NOT NULL); \
                 INSERT INTO imvume_schema VALUES (0)",
            ),
        }
        for (_, sql) in migrations(kind).iter().take(steps) {
            raw.batch(sql);
        }
        bare.set_version(steps);
        bare
    }

    fn raw(&self) -> Raw {
        self.base.raw(self.directory.path())
    }

    fn open(&self) -> Result<Lease, StoreError> {
        Lease::take(&data(self.directory.path()), &self.base.database())
    }

    fn set_version(&self, version: usize) {
        self.raw().batch(&match self.base.kind() {
            Kind::File => format!("PRAGMA user_version = {version}"),
            Kind::Server => format!("UPDATE imvume_schema SET version = {version}"),
        });
    }

    fn version(&self) -> usize {
        let version = self.raw().number(match self.base.kind() {
            Kind::File => "PRAGMA user_version",
            Kind::Server => "SELECT version FROM imvume_schema",
        });
        usize::try_from(version).unwrap()
    }
}

/// A table's columns as they are compared.
type Columns = Vec<(String, String, bool)>;

/// Every table with its columns: name, type, and whether it may be empty.
fn shape(raw: &Raw) -> Vec<(String, Columns)> {
    let common = |kind: String| match kind.as_str() {
        "INTEGER" => "bigint".to_owned(),
        "TEXT" => "text".to_owned(),
        "BLOB" => "bytea".to_owned(),
        _ => kind,
    };
    let columns = |table: &str| {
        let columns = raw.columns(table).into_iter();
        let columns = columns.map(|(name, kind, empty)| (name, common(kind), empty));
        columns.collect()
    };
    let tables = raw.tables().into_iter();
    tables
        .map(|table| (table.clone(), columns(&table)))
        .collect()
}

/// The indexes that are not those of a key.
fn indexes(raw: &Raw) -> Vec<Vec<String>> {
    raw.rows(match raw {
        Raw::File(_) => {
            "SELECT name, tbl_name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL \
             ORDER BY name"
        }
        Raw::Server(_) => {
            "SELECT indexname, tablename FROM pg_indexes WHERE schemaname = current_schema() \
             AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = indexname) \
             ORDER BY indexname"
        }
    })
}

#[test]
fn both_databases_have_the_same_migrations_and_the_same_tables() {
    let names = |kind| -> Vec<String> {
        let migrations = migrations(kind).into_iter();
        migrations.map(|(name, _)| name).collect()
    };
    assert_eq!(names(Kind::File), names(Kind::Server));
    let [one, other] = BOTH.map(|kind| {
        let bare = Bare::new(kind);
        drop(bare.open().unwrap());
        let raw = bare.raw();
        (shape(&raw), indexes(&raw))
    });
    assert!(one.0.len() > 30, "only {} tables", one.0.len());
    for (one, other) in one.0.iter().zip(&other.0) {
        assert_eq!(one, other);
    }
    assert_eq!(one.0.len(), other.0.len());
    assert_eq!(one.1, other.1);
}

/// What a migration creates last.
fn last_table(sql: &str) -> &str {
    let (_, rest) = sql.rsplit_once("CREATE TABLE ").unwrap();
    rest.split_once(' ').unwrap().0
}

#[test]
fn a_step_that_breaks_off_leaves_nothing_and_the_next_start_goes_on() {
    for kind in BOTH {
        let migrations = migrations(kind);
        for (done, (name, sql)) in migrations.iter().enumerate() {
            let bare = Bare::at(kind, done);
            let before = shape(&bare.raw());
            // In the way of what the step does at its end.
            let table = last_table(sql);
            bare.raw()
                .batch(&format!("CREATE TABLE {table} (a BIGINT)"));
            let error = bare.open().unwrap_err();
            assert!(matches!(error, StoreError::Database(_)), "{name}: {error}");
            assert_eq!(bare.version(), done, "{name}");
            bare.raw().batch(&format!("DROP TABLE {table}"));
            assert_eq!(shape(&bare.raw()), before, "{name}: something was left");
            drop(bare.open().unwrap());
            assert_eq!(bare.version(), migrations.len(), "{name}");
        }
    }
}

/// The session that migrates is cut off in the middle of a step.
#[test]
fn a_kill_within_a_step_leaves_nothing_and_the_next_start_goes_on() {
    let bare = Bare::at(Kind::Server, 1);
    let before = shape(&bare.raw());
    let raw = bare.raw();
    raw.batch("BEGIN; LOCK TABLE purposes");
    let looker = bare.raw();
    let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND database = \
                   (SELECT oid FROM pg_database WHERE datname = current_database())";
    std::thread::scope(|scope| {
        let opened = scope.spawn(|| bare.open().map(drop));
        while looker.number(waiting) == 0 {
            looker.batch("SELECT pg_sleep(0.01)");
        }
        looker.batch(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE application_name = 'imvume' AND datname = current_database()",
        );
        assert!(opened.join().unwrap().is_err());
    });
    raw.batch("ROLLBACK");
    assert_eq!((bare.version(), shape(&raw)), (1, before));
    drop(bare.open().unwrap());
    assert_eq!(bare.version(), migrations(Kind::Server).len());
}

#[tokio::test]
async fn an_older_program_leaves_a_newer_schema_alone() {
    for kind in BOTH {
        let test = TestStore::over(Base::fresh(kind)).await;
        test.store.close();
        let bare = Bare {
            base: test.base.clone(),
            directory: test.snapshot(),
        };
        bare.set_version(99);
        let runs = "SELECT value FROM settings WHERE name = 'run'";
        let before = bare.raw().number(runs);
        let error = bare.open().unwrap_err();
        assert!(
            matches!(error, StoreError::Newer { found: 99, .. }),
            "{error}"
        );
        let known = migrations(kind).len();
        let told = format!(
            "the database has schema 99, this program knows {known}; use the newer program"
        );
        assert_eq!(error.to_string(), told);
        assert_eq!((bare.version(), bare.raw().number(runs)), (99, before));
    }
}

#[test]
fn a_database_of_something_else_is_left_alone() {
    for kind in BOTH {
        let bare = Bare::new(kind);
        bare.raw()
            .batch("CREATE TABLE other (a BIGINT); INSERT INTO other VALUES (1)");
        let before = std::fs::read(file(bare.directory.path())).unwrap_or_default();
        let error = bare.open().unwrap_err();
        assert!(matches!(error, StoreError::Foreign), "{error}");
        assert_eq!(error.to_string(), "this is not an Imvume database");
        let after = std::fs::read(file(bare.directory.path())).unwrap_or_default();
        assert!(before == after, "{kind:?} was touched");
        assert_eq!(bare.raw().tables(), ["other"]);
        assert_eq!(bare.raw().rows("SELECT a FROM other"), [["1"]]);
    }
}
