//! Whether, and how much, numbers may send: limits, flags, restrictions, bans.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Scope;
use super::Unreadable;
use super::parse;
use super::wire::Stamp;
use crate::text;
use crate::text::Raw;
use crate::text::Text;

/// A change to what a number, or all numbers of an account, may send.
#[derive(Clone, Debug)]
pub struct Health<'a> {
    /// Which account; `display_phone_number` is there when it concerns one number only. The number's
    /// id is not: Meta tells these numbers by their display form.
    pub scope: Scope<'a>,
    /// Which field told.
    pub field: HealthField,
    /// Meta's word, e.g. `DISABLED_UPDATE`; `business_capability_update` has none.
    pub event: Option<Text<'a>>,
    /// What it means for sending. Empty for events that mean nothing for it.
    pub effects: Vec<HealthEffect>,
    /// When it happened, Unix seconds. Deliveries come in any order: an older one must not undo a
    /// newer one.
    pub at: Option<i64>,
    /// The change's `value`.
    pub raw: Raw<'a>,
}

/// The fields that tell about health.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum HealthField {
    /// `account_update`.
    Account,
    /// `business_capability_update`.
    Capability,
    /// `phone_number_quality_update`.
    NumberQuality,
}

/// One thing that changed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum HealthEffect {
    /// The account is off: nothing can be sent from it (`DISABLED_UPDATE` with `DISABLE`).
    Banned,
    /// It will be off at a day that Meta names in words.
    BanScheduled,
    /// People block or report this number too often; its limit will fall.
    Flagged,
    /// The account is no longer there, or no longer ours.
    Gone,
    /// The new limit: of one number, or of the whole portfolio.
    Limit(MessagingLimit),
    /// The account is back (`REINSTATE`, or connected again).
    Reinstated,
    /// Something may not be done.
    Restricted {
        /// What.
        what: Restriction,
        /// Until when, Unix seconds.
        until: Option<i64>,
    },
    /// The number sends up to 1000 messages a second from now on.
    ThroughputHigh,
    /// No longer flagged.
    Unflagged,
    /// Meta holds a rule to be broken. Restrictions follow by themselves.
    Violation,
}

/// How many people may be written to first within 24 hours.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum MessagingLimit {
    /// So many.
    People(u32),
    /// As many as one likes.
    Unlimited,
    /// Meta wrote something that is not known here.
    Unknown,
}

/// What a restricted account may not do (Meta's `restriction_type`).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Restriction {
    /// `RESTRICTED_ADD_PHONE_NUMBER_ACTION`: no new numbers.
    AddNumbers,
    /// `RESTRICTED_BIZ_INITIATED_MESSAGING`: no messages outside the customer service window.
    BusinessInitiated,
    /// `RESTRICTED_CUSTOMER_INITIATED_MESSAGING`: no answers either.
    CustomerInitiated,
    /// Not known here.
    Other,
}

impl HealthField {
    /// The word for records and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Capability => "capability",
            Self::NumberQuality => "number_quality",
        }
    }
}

impl MessagingLimit {
    /// Reads `TIER_2K`, `2000` and `-1` alike.
    fn of(name: &str) -> Self {
        let tier = name.strip_prefix("TIER_").unwrap_or(name);
        if matches!(tier, "UNLIMITED" | "-1") {
            return Self::Unlimited;
        }
        let (digits, factor) = match tier.strip_suffix('K') {
            Some(digits) => (digits, 1000),
            None => (tier, 1),
        };
        let people = digits
            .parse::<u32>()
            .ok()
            .and_then(|count| count.checked_mul(factor));
        people.map_or(Self::Unknown, Self::People)
    }
}

impl Restriction {
    fn of(name: Option<&str>) -> Self {
        match name {
            Some("RESTRICTED_ADD_PHONE_NUMBER_ACTION") => Self::AddNumbers,
            Some("RESTRICTED_BIZ_INITIATED_MESSAGING") => Self::BusinessInitiated,
            Some("RESTRICTED_CUSTOMER_INITIATED_MESSAGING") => Self::CustomerInitiated,
            Some(_) | None => Self::Other,
        }
    }
}

pub(super) fn quality<'a>(
    mut scope: Scope<'a>,
    at: Option<i64>,
    raw: &'a RawValue,
) -> Result<Health<'a>, Unreadable> {
    let wire: Quality<'a> = parse::piece(raw)?;
    scope.display_phone_number = wire.display_phone_number;
    let mut effects = Vec::new();
    match wire.event.as_str() {
        "FLAGGED" => effects.push(HealthEffect::Flagged),
        "THROUGHPUT_UPGRADE" => effects.push(HealthEffect::ThroughputHigh),
        "UNFLAGGED" => effects.push(HealthEffect::Unflagged),
        _ => {}
    }
    let limit = wire
        .max_daily_conversations_per_business
        .or(wire.current_limit);
    effects.extend(limit.map(|limit| HealthEffect::Limit(MessagingLimit::of(&limit))));
    Ok(Health {
        scope,
        field: HealthField::NumberQuality,
        event: Some(wire.event),
        effects,
        at,
        raw: Raw::new(raw.get()),
    })
}

pub(super) fn capability<'a>(
    scope: Scope<'a>,
    at: Option<i64>,
    raw: &'a RawValue,
) -> Result<Health<'a>, Unreadable> {
    let wire: Capability<'a> = parse::piece(raw)?;
    let limit = wire.max_daily_conversations_per_business;
    let limit = limit.map(|limit| HealthEffect::Limit(MessagingLimit::of(&limit)));
    Ok(Health {
        scope,
        field: HealthField::Capability,
        event: None,
        effects: limit.into_iter().collect(),
        at,
        raw: Raw::new(raw.get()),
    })
}

pub(super) fn account<'a>(
    mut scope: Scope<'a>,
    at: Option<i64>,
    raw: &'a RawValue,
) -> Result<Health<'a>, Unreadable> {
    let wire: Account<'a> = parse::piece(raw)?;
    let mut effects = Vec::new();
    match wire.event.as_str() {
        "ACCOUNT_DELETED" | "ACCOUNT_OFFBOARDED" => effects.push(HealthEffect::Gone),
        "ACCOUNT_RECONNECTED" => effects.push(HealthEffect::Reinstated),
        "ACCOUNT_VIOLATION" => effects.push(HealthEffect::Violation),
        // Not told what: it counts as anything.
        "ACCOUNT_RESTRICTION" if wire.restriction_info.as_deref().is_none_or(<[_]>::is_empty) => {
            effects.push(HealthEffect::Restricted {
                what: Restriction::Other,
                until: None,
            });
        }
        _ => {}
    }
    let restrictions = wire.restriction_info.into_iter().flatten();
    effects.extend(restrictions.map(|restriction| HealthEffect::Restricted {
        what: Restriction::of(restriction.restriction_type.as_deref()),
        until: restriction.expiration.seconds,
    }));
    let ban = wire.ban_info.and_then(|ban| ban.waba_ban_state);
    effects.extend(ban.and_then(|state| match state.as_str() {
        "DISABLE" => Some(HealthEffect::Banned),
        "REINSTATE" => Some(HealthEffect::Reinstated),
        "SCHEDULE_FOR_DISABLE" => Some(HealthEffect::BanScheduled),
        _ => None,
    }));
    scope.display_phone_number = wire.phone_number;
    Ok(Health {
        scope,
        field: HealthField::Account,
        event: Some(wire.event),
        effects,
        at,
        raw: Raw::new(raw.get()),
    })
}

#[derive(Deserialize)]
struct Quality<'a> {
    #[serde(borrow, default, deserialize_with = "text::optional")]
    display_phone_number: Option<Text<'a>>,
    #[serde(borrow, deserialize_with = "text::required")]
    event: Text<'a>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    current_limit: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    max_daily_conversations_per_business: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Capability<'a> {
    #[serde(borrow, default, deserialize_with = "text::optional")]
    max_daily_conversations_per_business: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Account<'a> {
    #[serde(borrow, deserialize_with = "text::required")]
    event: Text<'a>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    phone_number: Option<Text<'a>>,
    #[serde(borrow)]
    ban_info: Option<Ban<'a>>,
    #[serde(borrow)]
    restriction_info: Option<Vec<Restricted<'a>>>,
}

#[derive(Deserialize)]
struct Ban<'a> {
    #[serde(borrow, default, deserialize_with = "text::optional")]
    waba_ban_state: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Restricted<'a> {
    #[serde(borrow, default, deserialize_with = "text::optional")]
    restriction_type: Option<Text<'a>>,
    #[serde(default)]
    expiration: Stamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits() {
        for (written, expected) in [
            ("TIER_250", MessagingLimit::People(250)),
            ("TIER_2K", MessagingLimit::People(2_000)),
            ("TIER_100K", MessagingLimit::People(100_000)),
            ("10000", MessagingLimit::People(10_000)),
            ("TIER_UNLIMITED", MessagingLimit::Unlimited),
            ("-1", MessagingLimit::Unlimited),
            ("TIER_NOT_SET", MessagingLimit::Unknown),
            ("99999999K", MessagingLimit::Unknown),
            ("", MessagingLimit::Unknown),
        ] {
            assert_eq!(MessagingLimit::of(written), expected, "{written}");
        }
    }
}
