//! The packs that are in force together.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::LazyLock;
use std::sync::RwLock;

use domain::law::Rules;
use domain::time::Timestamp;
use jiff::ToSpan as _;
use jiff::civil::Date;

use crate::conflict;
use crate::deadline::end_of;
use crate::deadline::local_date;
use crate::deadline::start_of;
use crate::fault::Fault;
use crate::fault::Matter;
use crate::fault::Problem;
use crate::fault::Refused;
use crate::fault::Warning;
use crate::files;
use crate::files::Source;
use crate::holidays;
use crate::holidays::HolidaySet;
use crate::holidays::HolidaySets;
use crate::pack;
use crate::pack::Around;
use crate::pack::DEFAULT;
use crate::pack::Loaded;
use crate::pack::Pack;
use crate::place::PlaceId;
use crate::place::Places;
use crate::reviews;
use crate::reviews::Reviews;
use crate::rule::Rule;
use crate::rule::State;
use crate::rule::Status;
use crate::words::Confidence;

/// A calendar that ends within so many months is told of.
const CALENDAR_AHEAD: i32 = 6;
/// What nobody has looked at for more months than this is told of.
const STALE: i32 = 12;

/// What is compiled in, read once.
static BUILTIN: LazyLock<Result<Rulebook, Refused>> = LazyLock::new(Rulebook::read_builtin);

/// All packs, calendars and reviews, checked; and the controller's country, whose law always holds.
pub struct Rulebook {
    pub(crate) places: Arc<Places>,
    pub(crate) holidays: HolidaySets,
    pub(crate) packs: BTreeMap<Arc<str>, Pack>,
    /// Where the controller is; `XX` if its country is not listed.
    pub(crate) home: PlaceId,
    /// The regimes of sectors that the controller says it is under.
    regimes: BTreeSet<Arc<str>>,
    reviews: Reviews,
    older: Vec<Warning>,
    // INVARIANT: sorted. Between two of them no rule begins or ends.
    boundaries: Vec<Timestamp>,
    /// Compiled rules by where a person may be and between which boundaries.
    pub(crate) compiled: RwLock<HashMap<Vec<u32>, Arc<Rules>>>,
}

impl fmt::Debug for Rulebook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let packs: Vec<String> = self.packs.values().map(Pack::versioned).collect();
        f.debug_struct("Rulebook")
            .field("packs", &packs)
            .finish_non_exhaustive()
    }
}

impl Rulebook {
    /// What is compiled into the program, for a controller in `country` (ISO 3166-1). The law of a
    /// country that is not listed is as good as unknown: the default pack stands in for it.
    pub fn builtin(country: &str) -> Result<Self, Refused> {
        Self::load(country, &[])
    }

    /// The same with the files of a directory (see [`crate::files::read_directory`]): calendars that
    /// replace or add to those built in, packs that do when they are newer, and reviews. All faults of
    /// all files are told at once, and any of them refuses the whole.
    pub fn load(country: &str, sources: &[Source]) -> Result<Self, Refused> {
        let mut book = BUILTIN.as_ref().map_err(Clone::clone)?.copy();
        book.home = book.places.of(country).unwrap_or(PlaceId::NOWHERE);
        let mut faults = book.read(sources);
        if !book.packs.get(DEFAULT).is_some_and(|pack| pack.enforced) {
            let file = format!("{DEFAULT}.toml");
            faults.push(Fault::new(&file, 1, None, Problem::NoDefault));
        }
        if !faults.is_empty() {
            return Err(Refused(faults));
        }
        book.boundaries = book.boundaries();
        Ok(book)
    }

    /// The same for a controller that is under these regimes of sectors, such as `fais`. A name that
    /// no rule has is refused.
    pub fn bound_by(mut self, regimes: &[String]) -> Result<Self, Refused> {
        let known = self.sectors();
        for regime in regimes {
            let Some(name) = known.get(regime.as_str()) else {
                let known: Vec<&str> = known.iter().map(AsRef::as_ref).collect();
                let problem = Problem::Regime(known.join(", "));
                return Err(Refused(vec![Fault::new(
                    "retention.regimes",
                    1,
                    None,
                    problem,
                )]));
            };
            self.regimes.insert(Arc::clone(name));
        }
        Ok(self)
    }

    /// The regimes of sectors that rules name, in alphabetical order.
    pub fn sectors(&self) -> BTreeSet<Arc<str>> {
        let rules = self.packs.values().flat_map(|pack| &pack.rules);
        rules.filter_map(Rule::sector).cloned().collect()
    }

    /// What is compiled in, as it is before anything else is read.
    fn read_builtin() -> Result<Self, Refused> {
        let places = Places::builtin().map_err(|fault| Refused(vec![fault]))?;
        let mut book = Self {
            home: PlaceId::NOWHERE,
            regimes: BTreeSet::new(),
            places: Arc::new(places),
            holidays: HolidaySets::new(),
            packs: BTreeMap::new(),
            reviews: Reviews::new(),
            older: Vec::new(),
            boundaries: Vec::new(),
            compiled: RwLock::default(),
        };
        let mut faults = holidays::read(holidays::NAME, holidays::BUILTIN, &mut book.holidays);
        for (name, text) in files::BUILTIN {
            faults.extend(book.add(name, text, &mut Vec::new()));
        }
        if faults.is_empty() {
            Ok(book)
        } else {
            Err(Refused(faults))
        }
    }

    /// The same packs, calendars and reviews, nothing compiled.
    fn copy(&self) -> Self {
        Self {
            places: Arc::clone(&self.places),
            holidays: self.holidays.clone(),
            packs: self.packs.clone(),
            home: self.home,
            regimes: self.regimes.clone(),
            reviews: self.reviews.clone(),
            older: self.older.clone(),
            boundaries: Vec::new(),
            compiled: RwLock::default(),
        }
    }

    fn read(&mut self, sources: &[Source]) -> Vec<Fault> {
        let named = |name: &'static str| sources.iter().filter(move |source| source.name == name);
        let mut faults = Vec::new();
        for source in named(holidays::NAME) {
            faults.extend(holidays::read(
                &source.name,
                &source.text,
                &mut self.holidays,
            ));
        }
        let mut adding = Vec::new();
        for Source { name, text } in sources {
            if name != holidays::NAME && name != reviews::NAME {
                faults.extend(self.add(name, text, &mut adding));
            }
        }
        for loaded in adding {
            faults.extend(self.extend(loaded));
        }
        for Source { name, text } in named(reviews::NAME) {
            match reviews::read(name, text, &self.packs) {
                Ok(reviews) => self.reviews = reviews,
                Err(more) => faults.extend(more),
            }
        }
        faults
    }

    /// Takes a pack in; one that only adds to another is kept for later.
    fn add(&mut self, name: &str, text: &str, adding: &mut Vec<Loaded>) -> Vec<Fault> {
        let around = Around {
            places: &self.places,
            holidays: &self.holidays,
            packs: &self.packs,
        };
        let loaded = match pack::read(name, text, around) {
            Ok(loaded) => loaded,
            Err(faults) => return faults,
        };
        if loaded.adds {
            adding.push(loaded);
            return Vec::new();
        }
        let Pack { id, version, .. } = &loaded.pack;
        match self.packs.get(id) {
            Some(known) if *version <= known.version => self.older.push(Warning {
                about: id.to_string(),
                matter: Matter::Older(known.version.clone()),
            }),
            _ => {
                self.packs.insert(Arc::clone(id), loaded.pack);
            }
        }
        Vec::new()
    }

    /// Puts rules into the pack they add to; one with the id of another takes its place.
    fn extend(&mut self, loaded: Loaded) -> Vec<Fault> {
        let Pack {
            id, version, rules, ..
        } = loaded.pack;
        let Some(base) = self.packs.get_mut(&id) else {
            return Vec::new();
        };
        base.version = format!("{}+{version}", base.version);
        for rule in rules {
            match base.rules.iter_mut().find(|known| known.id == rule.id) {
                Some(known) => *known = rule,
                None => base.rules.push(rule),
            }
        }
        conflict::faults(base)
    }

    /// Every instant at which what holds may change.
    fn boundaries(&self) -> Vec<Timestamp> {
        let mut all = Vec::new();
        for pack in self.packs.values() {
            let zone = &pack.zone.zone;
            for rule in &pack.rules {
                all.push(start_of(rule.from, zone));
                all.extend(rule.to.map(|to| end_of(to, zone)));
            }
            for review in self.reviews.values() {
                all.push(start_of(review.on, zone));
            }
            for set in self.holidays.values() {
                all.push(start_of(Date::constant(set.first, 1, 1), zone));
                all.push(end_of(Date::constant(set.last, 12, 31), zone));
            }
        }
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Between which boundaries an instant lies.
    pub(crate) fn stretch(&self, at: Timestamp) -> u32 {
        let place = self.boundaries.partition_point(|boundary| *boundary <= at);
        u32::try_from(place).unwrap_or(u32::MAX)
    }

    /// All packs, in the order of their ids.
    pub fn packs(&self) -> impl Iterator<Item = &Pack> {
        self.packs.values()
    }

    /// The pack with this id.
    pub fn pack(&self, id: &str) -> Option<&Pack> {
        self.packs.get(id)
    }

    /// The rule with this id, and the pack it stands in.
    pub fn rule(&self, id: &str) -> Option<(&Pack, &Rule)> {
        let pack = self.packs.get(id.split('/').next()?)?;
        let mut rules = pack.rules.iter();
        Some((pack, rules.find(|rule| rule.id.as_str() == id)?))
    }

    /// Whether a place is listed with this very code (ISO 3166).
    pub fn knows_place(&self, code: &str) -> bool {
        self.places.knows(code)
    }

    /// The calendar with this id.
    pub fn holiday_set(&self, id: &str) -> Option<&HolidaySet> {
        self.holidays.get(id)
    }

    /// Who accepted a rule or a pack, if somebody did.
    pub fn review(&self, id: &str) -> Option<&reviews::Review> {
        self.reviews.get(id)
    }

    /// Whether a rule is acted on at an instant, and if not, why.
    pub fn state(&self, pack: &Pack, rule: &Rule, at: Timestamp) -> State {
        let on = local_date(at, &pack.zone.zone);
        if rule.status == Status::Proposed {
            State::Proposed
        } else if on < rule.from {
            State::NotYet
        } else if !rule.in_force(on) {
            State::Ended
        } else if rule.confidence == Confidence::Low {
            State::Low
        } else if !rule.acts() {
            State::Data
        } else if !rule.enforced {
            State::Off
        } else if !self.enforces(pack, on) {
            State::PackOff
        } else if rule.confidence == Confidence::Medium && !self.accepts(rule, on) {
            State::Waits
        } else if rule
            .sector()
            .is_some_and(|sector| !self.regimes.contains(sector))
        {
            State::Unbound
        } else {
            State::Enforced
        }
    }

    /// Whether a pack is acted on: by itself, or since somebody reviewed it.
    pub(crate) fn enforces(&self, pack: &Pack, on: Date) -> bool {
        let review = self.reviews.get(&pack.id);
        pack.enforced || review.is_some_and(|review| review.on <= on)
    }

    /// Whether somebody has accepted a rule as it stands.
    fn accepts(&self, rule: &Rule, on: Date) -> bool {
        let review = self.reviews.get(rule.id.as_str());
        review.is_some_and(|review| (rule.last_reviewed..=on).contains(&review.on))
    }

    /// What somebody should look at, as of an instant.
    pub fn warnings(&self, now: Timestamp) -> Vec<Warning> {
        let mut all = self.older.clone();
        let mut warn = |about: &str, matter| {
            all.push(Warning {
                about: about.to_owned(),
                matter,
            });
        };
        for pack in self.packs.values() {
            let today = local_date(now, &pack.zone.zone);
            let stale = today.saturating_sub(STALE.months());
            for rule in &pack.rules {
                if rule.last_reviewed < stale {
                    warn(rule.id.as_str(), Matter::Stale(rule.last_reviewed));
                }
                let waits = self.state(pack, rule, now) == State::Waits;
                match self.reviews.get(rule.id.as_str()) {
                    None if waits => warn(rule.id.as_str(), Matter::Waits),
                    Some(review) if review.on < rule.last_reviewed => {
                        let matter = Matter::ReviewVoid {
                            changed: rule.last_reviewed,
                            reviewed: review.on,
                        };
                        warn(rule.id.as_str(), matter);
                    }
                    Some(review) if review.on < stale => {
                        warn(rule.id.as_str(), Matter::Stale(review.on));
                    }
                    None | Some(_) => {}
                }
            }
        }
        let today = local_date(now, &jiff::tz::TimeZone::UTC);
        for set in self.holidays.values() {
            let last = Date::constant(set.last, 12, 31);
            if last < today.saturating_add(CALENDAR_AHEAD.months()) {
                warn(&set.id, Matter::Calendar(last));
            }
        }
        all.sort_unstable();
        all.dedup();
        all
    }
}
