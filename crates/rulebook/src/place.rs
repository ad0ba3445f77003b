//! Places of the world: codes, time zones, and what a phone prefix tells of them.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::RwLock;

use domain::law::Confidence;
use domain::law::Zone;
use jiff::tz::TimeZoneDatabase;
use serde::Deserialize;

use crate::fault::Fault;
use crate::fault::Problem;
use crate::text::line_of;

/// The table that is compiled in.
const BUILTIN: &str = include_str!("../packs/places.toml");
/// The name it has in faults.
const NAME: &str = "places.toml";

/// The code for "somewhere, nobody knows where".
pub const NOWHERE: &str = "XX";

/// Where a place stands in the table.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) struct PlaceId(pub(crate) u16);

impl PlaceId {
    /// `XX`.
    pub(crate) const NOWHERE: Self = Self(0);
}

/// One country, or a part of one that has rules or clocks of its own.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// ISO 3166-1, or ISO 3166-2 for a part.
    pub(crate) code: Arc<str>,
    /// The country, if this is a part of one.
    pub(crate) country: Option<PlaceId>,
    /// The clocks people there go by.
    pub(crate) zones: Vec<Zone>,
}

/// All places.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    // INVARIANT: the first one is `XX`.
    all: Vec<Place>,
    by_code: HashMap<Arc<str>, PlaceId>,
    // INVARIANT: the first node is the root; a next of 0 is none.
    nodes: Vec<Node>,
    zones: TimeZoneDatabase,
    /// The zones that were asked for, so that what is worked out for one is worked out once.
    seen: Arc<RwLock<HashMap<Arc<str>, Zone>>>,
}

#[derive(Clone, Debug, Default)]
struct Node {
    next: [u16; 10],
    hit: Option<Arc<[(PlaceId, Confidence)]>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "version")]
    _version: String,
    places: Vec<Row>,
    prefixes: Vec<Prefix>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    code: String,
    zones: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Prefix {
    digits: Vec<String>,
    #[serde(default)]
    medium: Vec<String>,
    #[serde(default)]
    low: Vec<String>,
}

impl Places {
    /// The table that is compiled into the program.
    pub(crate) fn builtin() -> Result<Self, Fault> {
        Self::parse(BUILTIN)
    }

    fn parse(text: &str) -> Result<Self, Fault> {
        let file: File = toml::from_str(text).map_err(|error| {
            let line = line_of(text, error.span().map_or(0, |span| span.start));
            Fault::new(NAME, line, None, Problem::syntax(error.message()))
        })?;
        let refuse = |problem| Fault::new(NAME, 1, None, problem);
        let mut places = Self {
            all: Vec::with_capacity(file.places.len() + 1),
            by_code: HashMap::with_capacity(file.places.len() + 1),
            nodes: vec![Node::default()],
            zones: TimeZoneDatabase::bundled(),
            seen: Arc::default(),
        };
        places.add(NOWHERE, &[]).map_err(refuse)?;
        for row in &file.places {
            places.add(&row.code, &row.zones).map_err(refuse)?;
        }
        for prefix in &file.prefixes {
            places.point(prefix).map_err(refuse)?;
        }
        Ok(places)
    }

    fn add(&mut self, code: &str, zones: &[String]) -> Result<(), Problem> {
        let zones: Option<Vec<Zone>> = zones.iter().map(|name| self.zone(name)).collect();
        let zones = zones.ok_or(Problem::Zone)?;
        let country = match code.split_once('-') {
            Some((country, _)) => Some(self.of(country).ok_or(Problem::Place)?),
            None => None,
        };
        let id = PlaceId(u16::try_from(self.all.len()).map_err(|_| Problem::Place)?);
        let code: Arc<str> = Arc::from(code);
        if self.by_code.insert(Arc::clone(&code), id).is_some() {
            return Err(Problem::Place);
        }
        self.all.push(Place {
            code,
            country,
            zones,
        });
        Ok(())
    }

    fn point(&mut self, prefix: &Prefix) -> Result<(), Problem> {
        let mut hit = Vec::new();
        for (codes, confidence) in [
            (&prefix.medium, Confidence::Medium),
            (&prefix.low, Confidence::Low),
        ] {
            for code in codes {
                hit.push((self.of(code).ok_or(Problem::Place)?, confidence));
            }
        }
        let hit: Arc<[(PlaceId, Confidence)]> = Arc::from(hit);
        for digits in &prefix.digits {
            let mut at = 0;
            for digit in digits.bytes() {
                at = self.step(at, digit).ok_or(Problem::Prefix)?;
            }
            let node = self.nodes.get_mut(at).ok_or(Problem::Prefix)?;
            if at == 0 || node.hit.replace(Arc::clone(&hit)).is_some() {
                return Err(Problem::Prefix);
            }
        }
        Ok(())
    }

    /// The node behind a digit, made if it is missing.
    fn step(&mut self, at: usize, digit: u8) -> Option<usize> {
        let digit = usize::from(digit.checked_sub(b'0')?);
        let fresh = self.nodes.len();
        let next = self.nodes.get_mut(at)?.next.get_mut(digit)?;
        if *next == 0 {
            *next = u16::try_from(fresh).ok()?;
            self.nodes.push(Node::default());
            return Some(fresh);
        }
        Some(usize::from(*next))
    }

    /// Where the longest prefix that fits points; nowhere for what belongs to no country.
    pub(crate) fn prefix(&self, digits: &str) -> &[(PlaceId, Confidence)] {
        let mut found: &[(PlaceId, Confidence)] = &[];
        let mut at = self.nodes.first();
        for digit in digits.bytes() {
            let digit = usize::from(digit.wrapping_sub(b'0'));
            let next = at.and_then(|node| node.next.get(digit)).copied();
            at = match next {
                None | Some(0) => return found,
                Some(next) => self.nodes.get(usize::from(next)),
            };
            if let Some(hit) = at.and_then(|node| node.hit.as_deref()) {
                found = hit;
            }
        }
        found
    }

    /// The place with this code; a part of a country that is not listed is the country.
    pub(crate) fn of(&self, code: &str) -> Option<PlaceId> {
        let listed = self.by_code.get(code);
        let listed = listed.or_else(|| self.by_code.get(code.split_once('-')?.0));
        listed.copied().filter(|id| *id != PlaceId::NOWHERE)
    }

    /// Whether a code is listed as it stands.
    pub(crate) fn knows(&self, code: &str) -> bool {
        self.by_code.contains_key(code)
    }

    /// What is known of a place.
    pub(crate) fn place(&self, id: PlaceId) -> Option<&Place> {
        self.all.get(usize::from(id.0))
    }

    /// The code of a place.
    pub(crate) fn code(&self, id: PlaceId) -> Arc<str> {
        match self.place(id) {
            Some(place) => Arc::clone(&place.code),
            None => Arc::from(NOWHERE),
        }
    }

    /// The country of a place, which may be itself.
    pub(crate) fn country(&self, id: PlaceId) -> PlaceId {
        self.place(id).and_then(|place| place.country).unwrap_or(id)
    }

    /// The time zone of an IANA name.
    pub(crate) fn zone(&self, name: &str) -> Option<Zone> {
        let zone = self.zones.get(name).ok()?;
        let name = zone.iana_name()?;
        {
            let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(zone) = seen.get(name) {
                return Some(zone.clone());
            }
        }
        let name: Arc<str> = Arc::from(name);
        let zone = Zone::new(Arc::clone(&name), zone.clone());
        let mut seen = self.seen.write().unwrap_or_else(PoisonError::into_inner);
        Some(seen.entry(name).or_insert(zone).clone())
    }
}
