//! When requests of people are due.

use std::sync::Arc;

use domain::law::RuleId;
use domain::law::Zone;
use domain::request::Clock;
use domain::request::Extension;
use domain::request::RequestKind;
use domain::request::Terms;
use domain::time::Timestamp;
use jiff::civil::Date;

use crate::deadline::Term;
use crate::deadline::due;
use crate::kind::Deadline;
use crate::kind::Stage;
use crate::kind::Value;
use crate::pack::DEFAULT;
use crate::pack::Pack;
use crate::rule::ClockStart;
use crate::rule::PauseOn;
use crate::rule::Rule;
use crate::rule::State;
use crate::rulebook::Rulebook;

/// When something is due, and by which rule.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DueBy {
    /// The rule.
    pub rule: RuleId,
    /// The last day, in the authority's time zone.
    pub date: Date,
    /// The instant at which it is too late.
    pub at: Timestamp,
    /// Whether the holidays of all years it touches are known. If not, none was skipped there.
    pub certain: bool,
}

/// The deadlines of one request under one law.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RequestClock {
    /// The law, such as `GDPR`.
    pub regime: Arc<str>,
    /// The pack, as `code@version`.
    pub pack: Arc<str>,
    /// When it has to be acknowledged, if it has to.
    pub acknowledge: Option<DueBy>,
    /// When it has to be done or refused.
    pub complete: Option<DueBy>,
    /// The same when it is extended, with reasons told in time, if it can be.
    pub extended: Option<DueBy>,
}

impl Rulebook {
    /// When a request is due, one clock for each law of the jurisdictions (those that
    /// [`domain::law::Rules::jurisdictions`] names). All hold, so the earliest counts. Where no rule
    /// of a jurisdiction is enforced for this kind, the default pack's holds.
    pub fn deadlines(
        &self,
        request: RequestKind,
        jurisdictions: &[&str],
        clock: Clock,
    ) -> Vec<RequestClock> {
        let at = clock.received_at;
        let mut clocks: Vec<RequestClock> = Vec::new();
        for pack in self.packs_of(jurisdictions, at) {
            let before = clocks.len();
            self.clocks(request, pack, clock, &mut clocks);
            let completes = |one: &RequestClock| one.complete.is_some();
            if !clocks.iter().skip(before).any(completes) {
                let missing = self.packs.get(DEFAULT).into_iter();
                missing.for_each(|pack| self.clocks(request, pack, clock, &mut clocks));
            }
        }
        clocks
    }

    /// What all of them come to: the earliest of each counts.
    pub(crate) fn due_terms(
        &self,
        request: RequestKind,
        jurisdictions: &[&str],
        clock: Clock,
    ) -> Terms {
        let clocks = self.deadlines(request, jurisdictions, clock);
        let first = |due: &mut dyn Iterator<Item = &DueBy>| due.min_by_key(|due| due.at).cloned();
        let Some(due) = first(&mut clocks.iter().filter_map(|one| one.complete.as_ref())) else {
            return Terms::plain(clock.received_at);
        };
        let acknowledge = first(&mut clocks.iter().filter_map(|one| one.acknowledge.as_ref()));
        // A law that lets nobody extend holds on when another one does.
        let longest = |one: &'_ RequestClock| one.extended.clone().or_else(|| one.complete.clone());
        let extended = clocks.iter().filter_map(longest).min_by_key(|due| due.at);
        let extended = extended.filter(|extended| due.at < extended.at);
        Terms {
            acknowledge_by: acknowledge.map(|due| due.at),
            due_at: due.at,
            rule: due.rule.as_str().to_owned(),
            extended: extended.map(|extended| Extension {
                due_at: extended.at,
                rule: extended.rule.as_str().to_owned(),
            }),
        }
    }

    /// The time zone of the authority whose law a rule is.
    pub(crate) fn zone_of(&self, rule: &str) -> Option<Zone> {
        let (pack, _) = rule.split_once('/')?;
        self.packs.get(pack).map(|pack| pack.zone.clone())
    }

    /// Where a rule stands in its law.
    pub(crate) fn provision_of(&self, rule: &str) -> Option<String> {
        let (pack, _) = rule.split_once('/')?;
        let mut rules = self.packs.get(pack)?.rules.iter();
        let found = rules.find(|held| held.id.as_str() == rule)?;
        Some(found.provision.clone())
    }

    fn clocks(
        &self,
        request: RequestKind,
        pack: &Pack,
        clock: Clock,
        clocks: &mut Vec<RequestClock>,
    ) {
        let name: Arc<str> = Arc::from(pack.versioned());
        for rule in &pack.rules {
            let Value::Deadline(deadline) = &rule.value else {
                continue;
            };
            if !deadline.requests.contains(&request)
                || self.state(pack, rule, clock.received_at) != State::Enforced
            {
                continue;
            }
            let known = clocks
                .iter()
                .position(|one| one.regime == rule.regime && one.pack == name);
            let known = known.unwrap_or_else(|| {
                clocks.push(RequestClock {
                    regime: Arc::clone(&rule.regime),
                    pack: Arc::clone(&name),
                    acknowledge: None,
                    complete: None,
                    extended: None,
                });
                clocks.len() - 1
            });
            if let Some(known) = clocks.get_mut(known) {
                self.set(known, pack, (rule, deadline), clock);
            }
        }
    }

    fn set(
        &self,
        known: &mut RequestClock,
        pack: &Pack,
        (rule, deadline): (&Rule, &Deadline),
        clock: Clock,
    ) {
        let start = match rule.clock_start {
            ClockStart::Complete => clock.complete_at.unwrap_or(clock.received_at),
            ClockStart::Awareness | ClockStart::Receipt => clock.received_at,
        };
        let start = start.max(clock.received_at);
        let pauses = rule.clock_pause_on.contains(&PauseOn::Clarification);
        let paused = if pauses { clock.paused_days } else { 0 };
        let by = |term: &Term| {
            let holidays = term.holidays.as_ref().and_then(|id| self.holidays.get(id));
            let due = due(start, term, &pack.zone.zone, holidays, paused);
            DueBy {
                rule: rule.id.clone(),
                date: due.date,
                at: due.at,
                certain: due.certain,
            }
        };
        match deadline.stage {
            Stage::Acknowledge => earliest(&mut known.acknowledge, by(&deadline.term)),
            Stage::Complete => {
                earliest(&mut known.complete, by(&deadline.term));
                if let Some(term) = &deadline.extended {
                    earliest(&mut known.extended, by(term));
                }
            }
        }
    }
}

fn earliest(known: &mut Option<DueBy>, due: DueBy) {
    if known.as_ref().is_none_or(|known| due.at < known.at) {
        *known = Some(due);
    }
}
