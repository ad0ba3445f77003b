//! From packs to the rules that hold for one person.

use std::sync::Arc;
use std::sync::PoisonError;

use domain::law::Confidence;
use domain::law::Evidence;
use domain::law::Law;
use domain::law::QuietHours;
use domain::law::Ruled;
use domain::law::Rules;
use domain::law::Zone;
use domain::record_class::RecordClasses;
use domain::request::Clock;
use domain::request::RequestKind;
use domain::request::Terms;
use domain::retention::Duty;
use domain::retention::Keeping;
use domain::time::Timestamp;

use crate::deadline::local_date;
use crate::kind::Kind;
use crate::kind::Quiet;
use crate::kind::Value;
use crate::pack::Pack;
use crate::place::PlaceId;
use crate::resolve::Chosen;
use crate::resolve::Found;
use crate::rule::Applies;
use crate::rule::Channel;
use crate::rule::PurposeClass;
use crate::rule::Rule;
use crate::rule::State;
use crate::rulebook::Rulebook;

/// The packs under which only law of their own goes before erasure (Art 17(3)(b) GDPR and UK GDPR).
const UNION: [&str; 2] = ["eu", "uk"];

/// How many compiled sets are kept.
const KEPT: usize = 4096;

impl Law for Rulebook {
    fn rules(&self, evidence: &Evidence, at: Timestamp) -> Arc<Rules> {
        let found = self.resolve(evidence);
        let mut key = Vec::with_capacity(found.len() + 1);
        key.push(self.stretch(at));
        key.extend(found.iter().map(|one| one.code()));
        {
            let compiled = self.compiled.read();
            let compiled = compiled.unwrap_or_else(PoisonError::into_inner);
            if let Some(rules) = compiled.get(&key) {
                return Arc::clone(rules);
            }
        }
        let rules = Arc::new(self.compile(&found, at));
        let compiled = self.compiled.write();
        let mut compiled = compiled.unwrap_or_else(PoisonError::into_inner);
        if KEPT <= compiled.len() {
            compiled.clear();
        }
        compiled.insert(key, Arc::clone(&rules));
        rules
    }

    fn caps(&self) -> RecordClasses {
        self.classes_of(Kind::RetentionMax)
    }

    fn keeps(&self) -> RecordClasses {
        self.classes_of(Kind::RetentionMin)
    }

    fn zone(&self, name: &str) -> Option<Zone> {
        self.places.zone(name)
    }

    fn request_terms(&self, kind: RequestKind, jurisdictions: &[&str], clock: Clock) -> Terms {
        self.due_terms(kind, jurisdictions, clock)
    }

    fn authority(&self, rule: &str) -> Option<Zone> {
        self.zone_of(rule)
    }

    fn provision(&self, rule: &str) -> Option<String> {
        self.provision_of(rule)
    }
}

/// What is known of the message and the person when the gate's rules are compiled.
#[derive(Clone, Copy)]
pub(crate) struct Case<'a> {
    book: &'a Rulebook,
    /// Where the person may be.
    residence: &'a [PlaceId],
    /// Whether the controller is established where the pack holds.
    established: bool,
    /// What the messages are for, if that is known.
    purpose: Option<PurposeClass>,
}

impl Case<'_> {
    /// Whether a rule may hold: nothing that is known speaks against it.
    pub(crate) fn may(self, applies: &Applies) -> bool {
        let Applies {
            residence,
            establishment,
            purpose,
            channel,
            customer: _,
            person: _,
            data: _,
        } = applies;
        let purpose_fits =
            purpose.is_none_or(|wanted| self.purpose.is_none_or(|known| known == wanted));
        let channel_fits = channel.is_empty() || channel.contains(&Channel::Whatsapp);
        let here = |code: &String| {
            let listed = self.book.places.of(code);
            listed
                .is_some_and(|listed| self.residence.iter().any(|place| self.near(*place, listed)))
        };
        let residence_fits = residence.is_empty() || residence.iter().any(here);
        let established = establishment.is_none_or(|wanted| wanted == self.established);
        purpose_fits && channel_fits && residence_fits && established
    }

    /// Whether a permission certainly holds. Its customers, persons and data are left to whoever uses
    /// it: they are what it is a permission for.
    fn must(self, applies: &Applies) -> bool {
        let listed: Vec<PlaceId> = applies
            .residence
            .iter()
            .filter_map(|code| self.book.places.of(code))
            .collect();
        let inside = |place: &PlaceId| self.book.within(&listed, *place);
        self.may(applies) && (listed.is_empty() || self.residence.iter().all(inside))
    }

    /// Whether a place is another, lies in it, or contains it.
    fn near(self, place: PlaceId, listed: PlaceId) -> bool {
        let places = &self.book.places;
        place == listed || places.country(place) == listed || places.country(listed) == place
    }
}

impl Rulebook {
    /// What is known when a rule of a chosen pack is looked at.
    pub(crate) fn case<'a>(
        &'a self,
        chosen: &'a Chosen<'_>,
        purpose: Option<PurposeClass>,
    ) -> Case<'a> {
        let Pack {
            covers, touches, ..
        } = chosen.pack;
        let home = |place| self.within(covers, place) || self.within(touches, place);
        Case {
            book: self,
            residence: &chosen.here,
            established: home(self.home),
            purpose,
        }
    }

    fn compile(&self, found: &[Found], at: Timestamp) -> Rules {
        let mut rules = Rules {
            jurisdictions: self.jurisdictions(found),
            zones: self.zones(found),
            ..Rules::default()
        };
        let chosen = self.choose(found, at);
        self.keep(&mut rules, &chosen, at);
        for chosen in chosen {
            rules.packs.push(Arc::from(chosen.pack.versioned()));
            let case = self.case(&chosen, Some(PurposeClass::Promotion));
            for rule in &chosen.pack.rules {
                if self.state(chosen.pack, rule, at) == State::Enforced {
                    self.apply(&mut rules, rule, case, (chosen.pack, at));
                }
            }
        }
        rules
    }

    /// The classes of which any rule of this kind says how long they are kept.
    fn classes_of(&self, kind: Kind) -> RecordClasses {
        let rules = self.packs.values().flat_map(|pack| &pack.rules);
        let of_kind = rules.filter(|rule| rule.kind == kind);
        let classes = of_kind.filter_map(|rule| match &rule.value {
            Value::Retention(retention) => Some(retention.classes),
            _ => None,
        });
        classes.flat_map(RecordClasses::iter).collect()
    }

    /// What has to be kept, and what not for longer. What the controller says it is bound by holds for
    /// everybody, wherever they are.
    fn keep(&self, rules: &mut Rules, chosen: &[Chosen<'_>], at: Timestamp) {
        // Whose right to erasure yields to law of their own only.
        let own: Vec<&str> = chosen
            .iter()
            .filter(|one| !one.here.is_empty())
            .map(|one| &*one.pack.id)
            .filter(|id| UNION.contains(id))
            .collect();
        for pack in self.packs.values() {
            let case = chosen.iter().find(|one| one.pack.id == pack.id);
            let case = case.map(|one| self.case(one, None));
            for rule in &pack.rules {
                let Value::Retention(retention) = &rule.value else {
                    continue;
                };
                let bound = rule.sector().is_some();
                let may = bound || case.is_some_and(|case| case.may(&rule.applies));
                if !may || self.state(pack, rule, at) != State::Enforced {
                    continue;
                }
                let foreign = !own.is_empty() && !own.contains(&&*pack.id);
                let keeping = Keeping {
                    classes: retention.classes,
                    period: retention.period,
                    starts: retention.starts,
                    duty: match (retention.proof, foreign) {
                        (true, _) => Duty::Proof,
                        (false, true) => Duty::Foreign,
                        (false, false) => Duty::Statute,
                    },
                    regime: rule.regime.to_string(),
                };
                let list = if rule.kind == Kind::RetentionMax {
                    &mut rules.maxima
                } else {
                    &mut rules.minima
                };
                list.push(ruled(rule.id.clone(), keeping));
            }
        }
    }

    fn jurisdictions(&self, found: &[Found]) -> Vec<(Arc<str>, Confidence)> {
        let mut all: Vec<(Arc<str>, Confidence)> = found
            .iter()
            .map(|one| (self.places.code(one.place), one.confidence))
            .collect();
        all.sort_unstable_by(|one, other| one.0.cmp(&other.0).then(other.1.cmp(&one.1)));
        all.dedup_by(|one, other| one.0 == other.0);
        all
    }

    /// The clocks a person may go by: of the parts of a country where those are known, else of the
    /// whole; without any sign of the person's, those of the controller.
    fn zones(&self, found: &[Found]) -> Vec<Zone> {
        let people = found.iter().filter(|one| one.is_of_person());
        let people: Vec<PlaceId> = people.map(|one| one.place).collect();
        let is_split = |country: PlaceId| {
            let mut parts = people.iter().filter(|place| **place != country);
            parts.any(|place| self.places.country(*place) == country)
        };
        let mut zones: Vec<Zone> = Vec::new();
        let mut add = |place: PlaceId| {
            for zone in self.places.place(place).into_iter().flat_map(|p| &p.zones) {
                if !zones.iter().any(|known| known.name == zone.name) {
                    zones.push(zone.clone());
                }
            }
        };
        people
            .iter()
            .filter(|place| !is_split(**place))
            .for_each(|place| add(*place));
        if people.iter().all(|place| *place == PlaceId::NOWHERE) {
            add(self.home);
        }
        zones
    }

    fn apply(&self, rules: &mut Rules, rule: &Rule, case: Case<'_>, within: (&Pack, Timestamp)) {
        let applies = match &rule.value {
            Value::SoftOptIn(true) => case.must(&rule.applies),
            _ => case.may(&rule.applies),
        };
        if !applies {
            return;
        }
        let id = rule.id.clone();
        match &rule.value {
            Value::Age(years) => rules.ages.push(ruled(id, *years)),
            Value::Asking(asking) => rules.asking.push(ruled(id, *asking)),
            Value::Cleansing(every) => rules.cleansing.push(ruled(id, *every)),
            Value::Grade(grade) => rules.grades.push(ruled(id, *grade)),
            Value::Lapse(after) => rules.lapses.push(ruled(id, *after)),
            Value::Quiet(quiet) => rules.quiet.push(ruled(id, self.quiet(quiet, within))),
            Value::SoftOptIn(allowed) => rules.soft_opt_in.push(ruled(id, *allowed)),
            Value::Special(grade) => rules.special.push(ruled(id, *grade)),
            Value::Breach { .. }
            | Value::Data
            | Value::Deadline(_)
            | Value::Latency(_)
            | Value::Notice { .. }
            | Value::Retention(_) => {}
        }
    }

    /// Where the calendar does not know the year, nothing is open.
    fn quiet(&self, quiet: &Quiet, (pack, at): (&Pack, Timestamp)) -> QuietHours {
        let set = quiet.holidays.as_ref().and_then(|id| self.holidays.get(id));
        let on = local_date(at, &pack.zone.zone);
        let is_known = set.is_none_or(|set| set.covers(on));
        QuietHours {
            open: if is_known {
                quiet.open.clone()
            } else {
                Vec::new()
            },
            holidays: set.map_or_else(|| Arc::from([]), |set| Arc::clone(&set.closed)),
            waivable: quiet.waivable,
        }
    }
}

fn ruled<T>(rule: domain::law::RuleId, value: T) -> Ruled<T> {
    Ruled { rule, value }
}
