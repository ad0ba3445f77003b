//! Legal holds: placed as a whole, changed by whoever has seen how they stand, released with a reason.

mod cover;
mod row;

use domain::audit::Actor;
use domain::hold::Due;
use domain::hold::Scope;
use domain::ids::HoldId;
use domain::record_class::RecordClasses;
use domain::time::Timestamp;

pub(crate) use self::cover::on;
use crate::dialect::Connection;
use crate::error::StoreError;
use crate::read::Reader;
use crate::store::Store;

/// The most people one hold may name.
pub const MOST_PEOPLE: usize = 50_000;

/// A hold to place.
#[derive(Clone, Debug)]
pub struct NewHold {
    /// Its short name.
    pub code: String,
    /// The matter it is for: no personal data.
    pub matter: String,
    /// Who answers for it.
    pub owner: String,
    /// What it covers.
    pub scope: Scope,
    /// When somebody has to look at it again: at most half a year ahead.
    pub review_at: Timestamp,
}

/// What to change of a hold. What is not said stays.
#[derive(Clone, Debug, Default)]
pub struct HoldChange {
    /// Who answers for it from now on; empty where nobody does any more.
    pub owner: Option<String>,
    /// When somebody has to look at it again.
    pub review_at: Option<Timestamp>,
}

/// A hold.
#[derive(Clone, Debug)]
pub struct HoldView {
    /// Its id.
    pub id: HoldId,
    /// Its short name.
    pub code: String,
    /// The matter it is for.
    pub matter: String,
    /// Who answers for it; empty where nobody does any more.
    pub owner: String,
    /// What was asked for when it was placed, as canonical JSON.
    pub query: String,
    /// Whether it covers whoever matches, later ones too.
    pub everybody: bool,
    /// The classes it covers.
    pub classes: RecordClasses,
    /// From when on.
    pub from: Option<Timestamp>,
    /// Until when; not included.
    pub to: Option<Timestamp>,
    /// How many people it names.
    pub people: u64,
    /// When it was placed.
    pub created_at: Timestamp,
    /// When somebody has to look at it again.
    pub review_at: Timestamp,
    /// When it was released.
    pub released_at: Option<Timestamp>,
    /// How often it was changed, counted from 1: whoever changes it says which they have seen.
    pub version: u32,
}

impl HoldView {
    /// What is to be seen to.
    pub fn due(&self, now: Timestamp) -> Option<Due> {
        if self.released_at.is_some() {
            return None;
        }
        Due::of(&self.owner, self.review_at, now)
    }
}

/// How many holds there are.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct HoldCounts {
    /// In force.
    pub in_force: u64,
    /// Of those, past their review.
    pub review_due: u64,
    /// Of those, without an owner.
    pub ownerless: u64,
}

/// How many holds there are.
pub(crate) fn counts(connection: &Connection, now: Timestamp) -> Result<HoldCounts, StoreError> {
    row::counts(connection, now)
}

impl Store {
    /// Places a hold: all of it, or nothing.
    ///
    /// # Errors
    /// [`crate::Refusal::Hold`] for one that cannot be, [`crate::Refusal::Exists`] for a name that is
    /// taken, [`crate::Refusal::Missing`] for a person or a number that there is not.
    pub async fn place_hold(&self, actor: Actor, new: NewHold) -> Result<HoldId, StoreError> {
        self.write(move |tx| row::place(tx, actor, &new)).await
    }

    /// Gives a hold another owner, or another review.
    ///
    /// # Errors
    /// [`crate::Refusal::Changed`] if somebody else has changed it since `seen`,
    /// [`crate::Refusal::Ended`] if it was released.
    pub async fn change_hold(
        &self,
        actor: Actor,
        (id, seen): (HoldId, u32),
        change: HoldChange,
    ) -> Result<(), StoreError> {
        self.write(move |tx| row::change(tx, actor, (id, seen), &change))
            .await
    }

    /// Releases a hold. What waited for that is decided anew: returns of how many classes of erased
    /// people something went at once.
    ///
    /// # Errors
    /// As [`Store::change_hold`]; [`crate::Refusal::Hold`] without a reason.
    pub async fn release_hold(
        &self,
        actor: Actor,
        (id, seen): (HoldId, u32),
        reason: String,
    ) -> Result<u64, StoreError> {
        self.write(move |tx| row::release(tx, actor, (id, seen), &reason))
            .await
    }

    /// Tells of every hold that has no owner or is past its review, once a day. Returns how many.
    pub async fn tell_of_holds(&self) -> Result<u64, StoreError> {
        self.write(row::tell).await
    }
}

impl Reader<'_> {
    /// Holds, newest first, from below `before`; only those in force if wanted.
    pub fn holds(
        &self,
        in_force: bool,
        before: Option<HoldId>,
        limit: u32,
    ) -> Result<Vec<HoldView>, StoreError> {
        row::list(self.connection, in_force, before, limit)
    }

    /// A hold.
    pub fn hold(&self, id: HoldId) -> Result<Option<HoldView>, StoreError> {
        row::one(self.connection, id)
    }

    /// The hold with this name.
    pub fn hold_by_code(&self, code: &str) -> Result<Option<HoldView>, StoreError> {
        row::by_code(self.connection, code)
    }

    /// How many holds there are.
    pub fn hold_counts(&self, now: Timestamp) -> Result<HoldCounts, StoreError> {
        row::counts(self.connection, now)
    }
}
