//! Whose law may hold for a person, and which packs that brings in.
//!
//! Where a person lives counts before everything else, once it is declared or proved; without it
//! every sign counts, and they may point to several places. The law of the controller's own country
//! always joins. What is not known is never "no law": then the default pack joins.

use std::sync::Arc;

use domain::law::Confidence;
use domain::law::Evidence;
use domain::time::Timestamp;

use crate::deadline::local_date;
use crate::pack::DEFAULT;
use crate::pack::Pack;
use crate::place::PlaceId;
use crate::rulebook::Rulebook;

/// What points to a place.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Why {
    /// The country of a BSUID.
    Bsuid,
    /// The controller is established there.
    Establishment,
    /// The leading digits of a phone number.
    Phone,
    /// The person said so, or it is proved.
    Residence,
    /// Nothing points anywhere with more than low confidence.
    Unknown,
}

impl Why {
    /// What people are told.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bsuid => "BSUID",
            Self::Establishment => "establishment of the controller",
            Self::Phone => "phone prefix",
            Self::Residence => "residence",
            Self::Unknown => "nothing surer is known",
        }
    }
}

/// A place that may be a person's, or is the controller's.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Found {
    pub(crate) place: PlaceId,
    pub(crate) confidence: Confidence,
    pub(crate) why: Why,
}

impl Found {
    pub(crate) fn is_of_person(self) -> bool {
        self.why != Why::Establishment
    }

    /// As a number, for the key of compiled rules. What pointed to it changes no rule.
    pub(crate) fn code(self) -> u32 {
        u32::from(self.place.0) << 3
            | (self.confidence as u32) << 1
            | u32::from(self.is_of_person())
    }
}

/// Why a pack joins.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Joins {
    /// The controller is established where it holds.
    Establishment,
    /// The person may be where it holds.
    Person(Arc<str>),
    /// It stands in: there is no whole pack for this place, or it is not enforced, or nobody knows.
    StandsIn(Arc<str>),
}

/// A pack that holds, and why.
#[derive(Clone, Debug)]
pub(crate) struct Chosen<'a> {
    pub(crate) pack: &'a Pack,
    pub(crate) joins: Vec<Joins>,
    /// Where in it the person may be.
    pub(crate) here: Vec<PlaceId>,
}

impl Rulebook {
    /// Where a person may be, and where the controller is; sorted.
    pub(crate) fn resolve(&self, evidence: &Evidence) -> Vec<Found> {
        let mut found = Vec::with_capacity(8);
        let mut add = |place, confidence, why| {
            found.push(Found {
                place,
                confidence,
                why,
            });
        };
        let residence = evidence.residence.as_deref();
        if let Some(place) = residence.and_then(|code| self.places.of(code)) {
            add(place, Confidence::High, Why::Residence);
        } else {
            let countries = evidence.bsuid_countries.iter();
            for place in countries.filter_map(|code| self.places.of(code)) {
                add(place, Confidence::Medium, Why::Bsuid);
            }
            for digits in &evidence.phone_prefixes {
                for (place, confidence) in self.places.prefix(digits) {
                    add(*place, *confidence, Why::Phone);
                }
            }
        }
        if found.iter().all(|one| one.confidence == Confidence::Low) {
            found.push(Found {
                place: PlaceId::NOWHERE,
                confidence: Confidence::Low,
                why: Why::Unknown,
            });
        }
        // Of several signs for one place the surest counts.
        found.sort_unstable_by_key(|one| (one.place, std::cmp::Reverse(one.confidence), one.why));
        found.dedup_by_key(|one| one.place);
        found.push(Found {
            place: self.home,
            confidence: if self.home == PlaceId::NOWHERE {
                Confidence::Low
            } else {
                Confidence::High
            },
            why: Why::Establishment,
        });
        found
    }

    /// The packs that hold where somebody may be, in the order of their ids.
    pub(crate) fn choose(&self, found: &[Found], at: Timestamp) -> Vec<Chosen<'_>> {
        let mut chosen: Vec<Chosen<'_>> = Vec::new();
        for one in found {
            let mut is_whole = false;
            for pack in self.packs.values() {
                let whole = self.within(&pack.covers, one.place);
                if !whole && !self.within(&pack.touches, one.place) {
                    continue;
                }
                if !self.enforces(pack, local_date(at, &pack.zone.zone)) {
                    continue;
                }
                is_whole |= whole;
                let joins = if one.is_of_person() {
                    Joins::Person(self.places.code(one.place))
                } else {
                    Joins::Establishment
                };
                join(&mut chosen, pack, joins, *one);
            }
            if let Some(pack) = self.packs.get(DEFAULT).filter(|_| !is_whole) {
                let joins = Joins::StandsIn(self.places.code(one.place));
                join(&mut chosen, pack, joins, *one);
            }
        }
        chosen.sort_unstable_by(|one, other| one.pack.id.cmp(&other.pack.id));
        chosen
    }

    /// Whether a place, or its country, is listed.
    pub(crate) fn within(&self, list: &[PlaceId], place: PlaceId) -> bool {
        list.contains(&place) || list.contains(&self.places.country(place))
    }

    /// The packs for jurisdictions as [`domain::law::Rules::jurisdictions`] names them, or for packs
    /// by their ids. What is not known, or not enforced, has the default pack.
    pub(crate) fn packs_of(&self, jurisdictions: &[&str], at: Timestamp) -> Vec<&Pack> {
        let mut packs: Vec<&Pack> = Vec::new();
        for code in jurisdictions {
            let named = self.packs.get(*code);
            let named = named.filter(|pack| self.enforces(pack, local_date(at, &pack.zone.zone)));
            let found = Found {
                place: self.places.of(code).unwrap_or(PlaceId::NOWHERE),
                confidence: Confidence::High,
                why: Why::Residence,
            };
            match named {
                Some(pack) => packs.push(pack),
                None => packs.extend(self.choose(&[found], at).iter().map(|one| one.pack)),
            }
        }
        if packs.is_empty() {
            packs.extend(self.packs.get(DEFAULT));
        }
        packs.sort_unstable_by(|one, other| one.id.cmp(&other.id));
        packs.dedup_by(|one, other| one.id == other.id);
        packs
    }
}

fn join<'a>(chosen: &mut Vec<Chosen<'a>>, pack: &'a Pack, joins: Joins, one: Found) {
    let known = chosen.iter().position(|known| known.pack.id == pack.id);
    let here = one.is_of_person().then_some(one.place);
    match known.and_then(|known| chosen.get_mut(known)) {
        Some(known) => {
            known.joins.push(joins);
            known.here.extend(here);
        }
        None => chosen.push(Chosen {
            pack,
            joins: vec![joins],
            here: here.into_iter().collect(),
        }),
    }
}
