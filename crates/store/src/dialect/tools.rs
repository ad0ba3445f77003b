//! Whole databases, copied out and in. A file is copied by SQLite's own backup; a server by its own
//! programs, `pg_dump`, `pg_restore` and `psql`, which are told where it is by their environment and
//! never by their arguments.

use std::fs::File;
use std::io;
use std::io::Read;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::ChildStdout;
use std::process::Command;
use std::process::Stdio;

use crate::dialect::Connection;
use crate::dialect::Source;
use crate::dialect::server::LOADING;
use crate::dialect::server::Server;
use crate::dialect::sqlite;
use crate::error::StoreError;

/// The variables that would lead a program elsewhere.
const MISLEADING: [&str; 5] = [
    "PGHOSTADDR",
    "PGPASSFILE",
    "PGSERVICE",
    "PGSERVICEFILE",
    "PGTARGETSESSIONATTRS",
];

/// Where the server's programs are; without a folder, they are looked for as any program is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tools(pub(crate) Option<PathBuf>);

/// A database on its way out.
#[derive(Debug)]
pub(crate) enum Dump {
    /// A copy of the file.
    File(File),
    /// What a server's program says.
    Program(Program, ChildStdout),
}

/// A program that is ended if nobody waits for it.
#[derive(Debug)]
pub(crate) struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        // One that has ended is not there to be ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Tools {
    /// Begins to copy the database as `connection`, which is in a transaction, sees it. `scratch` is a
    /// file that may be made for it; the caller removes it. `going` says whether to go on.
    pub(crate) fn dump(
        &self,
        (source, connection): (&Source, &Connection),
        scratch: &Path,
        going: &mut dyn FnMut() -> bool,
    ) -> Result<Dump, StoreError> {
        match (source, connection) {
            (Source::Sqlite(_), Connection::Sqlite(connection)) => {
                // Made by us, so that it is closed to others from the beginning.
                private(scratch).map_err(file("making a copy of the database"))?;
                // Of a copy that was cut off, and none of this one's business.
                let _ = std::fs::remove_file(sqlite::journal_of(scratch));
                sqlite::copy_to(connection, scratch, going)?;
                let copy = File::open(scratch).map_err(file("reading the copy of the database"))?;
                Ok(Dump::File(copy))
            }
            (Source::Postgres(server), Connection::Postgres(session)) => {
                let view = session.batch("SELECT pg_export_snapshot()")?;
                let view = view.ok_or(StoreError::Server("the server gives no view to share"))?;
                let mut command = self.program("pg_dump", server);
                command
                    .args([
                        "--format=custom",
                        "--compress=0",
                        "--no-owner",
                        "--no-privileges",
                    ])
                    .arg(format!("--snapshot={view}"));
                let mut child = command
                    .stdin(Stdio::null())
                    .stdout(Stdio::piped())
                    .spawn()
                    .map_err(file("starting pg_dump (backup.pg_bin)"))?;
                let out = child.stdout.take().ok_or(StoreError::Stopped)?;
                Ok(Dump::Program(Program(child), out))
            }
            _ => Err(StoreError::Stopped),
        }
    }

    /// Puts a dump into an empty database of a server, whole or not at all, with the mark that it is
    /// being restored. `psql` is told in words when to commit: at its end it would do so even if this
    /// process was killed in the middle.
    pub(crate) fn load(&self, server: &Server, dump: &Path) -> Result<(), StoreError> {
        let mut reader = self.program("pg_restore", server);
        reader
            .args(["--no-owner", "--no-privileges", "--file=-"])
            .arg(dump);
        let mut reader = reader
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(file("starting pg_restore (backup.pg_bin)"))?;
        let mut writer = self.program("psql", server);
        writer.args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"]);
        let mut writer = writer
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .map_err(file("starting psql (backup.pg_bin)"))?;
        let piped = pipe(&mut reader, &mut writer);
        let read = reader.wait().map_err(file("waiting for pg_restore"))?;
        if !read.success() || piped.is_err() {
            // It has not ended its transaction: nothing of it stands.
            let _ = writer.kill();
        }
        let written = writer.wait().map_err(file("waiting for psql"))?;
        piped.map_err(file("restoring the database"))?;
        if read.success() && written.success() {
            Ok(())
        } else {
            Err(StoreError::Server(
                "the dump could not be restored into the server",
            ))
        }
    }

    fn program(&self, name: &str, server: &Server) -> Command {
        let path = self.0.as_ref().map(|folder| folder.join(name));
        let mut command = Command::new(path.unwrap_or_else(|| PathBuf::from(name)));
        for name in MISLEADING {
            command.env_remove(name);
        }
        // What it says may hold values of rows.
        command.envs(server.environment()).stderr(Stdio::null());
        command
    }
}

/// Copies what `pg_restore` says to `psql`, and says that the instance is being restored before `psql`
/// ends its transaction.
fn pipe(reader: &mut Child, writer: &mut Child) -> io::Result<()> {
    let (Some(mut from), Some(mut to)) = (reader.stdout.take(), writer.stdin.take()) else {
        return Err(io::ErrorKind::BrokenPipe.into());
    };
    to.write_all(format!("BEGIN;\nSELECT pg_advisory_xact_lock{LOADING};\n").as_bytes())?;
    io::copy(&mut from, &mut to)?;
    if !reader.wait()?.success() {
        return Ok(());
    }
    to.write_all(b"\nINSERT INTO public.settings (name, value) VALUES ('restoring', 1);\nCOMMIT;\n")
}

impl Read for Dump {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(out),
            Self::Program(_, from) => from.read(out),
        }
    }
}

impl Dump {
    /// That all of it was there.
    pub(crate) fn end(self) -> Result<(), StoreError> {
        match self {
            Self::File(_) => Ok(()),
            Self::Program(mut child, from) => {
                drop(from);
                let ended = child.0.wait().map_err(file("waiting for pg_dump"))?;
                if ended.success() {
                    Ok(())
                } else {
                    Err(StoreError::Server(
                        "pg_dump failed; it must not be older than the server",
                    ))
                }
            }
        }
    }
}

fn private(path: &Path) -> io::Result<File> {
    File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
}

fn file(what: &'static str) -> impl Fn(io::Error) -> StoreError {
    move |source| StoreError::File { what, source }
}
