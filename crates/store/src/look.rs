//! Looking at a database without taking part: nobody's turn is taken, and nothing is changed.

use std::path::Path;

use seal::Keyring;

use crate::bundle::LastAt;
use crate::clock::Clock;
use crate::dialect::Connection;
use crate::dialect::SCHEMA;
use crate::error::StoreError;
use crate::hold::HoldCounts;
use crate::lease::Database;
use crate::lease::apart;
use crate::registry::Registry;
use crate::relocate::MOVED;
use crate::roll::RollRow;

/// What was seen of a database.
#[derive(Debug)]
pub struct Looked {
    /// What a server says it is, such as `17.2`. It keeps what it acknowledges, and speaks UTF-8.
    pub server: Option<String>,
    /// How it stands to this program.
    pub shape: Shape,
    /// What is configured in it, the tokens of numbers included; nothing while the shape is not current.
    pub registry: Registry,
    /// How many requests of people are open whose time is over; none while the shape is not current.
    pub requests_overdue: u64,
    /// Entries of the retention schedule: how many are on, and how many only proposed.
    pub schedule: (u64, u64),
    /// Legal holds.
    pub holds: HoldCounts,
    /// How many classes of people who were erased wait for somebody to decide.
    pub to_weigh: u64,
    /// When each backup place was last given something; none while the shape is not current.
    pub backups: Vec<LastAt>,
    /// The newest roll of the epoch key; none while the shape is not current.
    pub roll: Option<RollRow>,
}

/// How a database stands to this program.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Shape {
    /// As this program wants it.
    Current,
    /// Of an older program: brought up to date at the next start.
    Older,
    /// Nothing is in it yet.
    New,
}

impl Database {
    /// Looks at the database; a gateway may use it meanwhile.
    ///
    /// # Errors
    /// What a start would be refused with.
    pub fn look(&self, directory: &Path, keyring: &Keyring) -> Result<Looked, StoreError> {
        apart(|| self.seen(directory, keyring))
    }

    fn seen(&self, directory: &Path, keyring: &Keyring) -> Result<Looked, StoreError> {
        let source = self.source(directory);
        let none_yet = source.file().is_some_and(|file| !file.exists());
        if none_yet {
            return Ok(Looked {
                server: None,
                shape: Shape::New,
                registry: Registry::default(),
                requests_overdue: 0,
                schedule: (0, 0),
                holds: HoldCounts::default(),
                to_weigh: 0,
                backups: Vec::new(),
                roll: None,
            });
        }
        let (connection, server, schema) = source.open_to_look()?;
        let shape = match schema {
            0 => Shape::New,
            SCHEMA => Shape::Current,
            _ => Shape::Older,
        };
        let (registry, requests_overdue, roll) = if shape == Shape::Current {
            let sql = "SELECT 1 FROM settings WHERE name = $1";
            if connection.prepare_cached(sql)?.exists([MOVED])? {
                return Err(StoreError::Moved);
            }
            (
                Registry::load(&connection, keyring)?,
                overdue(&connection)?,
                crate::roll::last(&connection)?,
            )
        } else {
            (Registry::default(), 0, None)
        };
        let (schedule, holds, to_weigh) = if shape == Shape::Current {
            kept(&connection)?
        } else {
            Default::default()
        };
        let backups = match shape {
            Shape::Current => crate::bundle::last_at(&connection)?,
            Shape::New | Shape::Older => Vec::new(),
        };
        Ok(Looked {
            server,
            shape,
            registry,
            requests_overdue,
            schedule,
            holds,
            to_weigh,
            backups,
            roll,
        })
    }
}

fn kept(connection: &Connection) -> Result<((u64, u64), HoldCounts, u64), StoreError> {
    let entries = crate::retention::entries(connection)?;
    let on = entries.iter().filter(|entry| entry.is_on()).count() as u64;
    let holds = crate::hold::counts(connection, Clock::default().now())?;
    let to_weigh = crate::erase::to_weigh(connection)?;
    Ok(((on, entries.len() as u64 - on), holds, to_weigh))
}

fn overdue(connection: &Connection) -> Result<u64, StoreError> {
    let counted = crate::request::overdue(connection, Clock::default().now())?;
    Ok(counted.into_iter().map(|(_, count)| count).sum())
}
