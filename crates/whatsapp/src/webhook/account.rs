//! Preferences, calls, and what concerns templates, numbers and accounts.

use serde_json::value::RawValue;

use super::ReportedError;
use super::Scope;
use super::Unreadable;
use super::parse;
use super::wire;
use crate::text::Raw;
use crate::text::Text;

/// A person used WhatsApp's own switch for a business's marketing messages.
#[derive(Clone, Debug)]
pub struct Preference<'a> {
    /// Which number it concerns; Meta's scope is the portfolio.
    pub scope: Scope<'a>,
    /// The person's phone number, bare digits.
    pub wa_id: Option<Text<'a>>,
    /// The person's business-scoped id.
    pub user_id: Option<Text<'a>>,
    /// The person's id under a parent portfolio.
    pub parent_user_id: Option<Text<'a>>,
    /// `marketing_messages` so far.
    pub category: Option<Text<'a>>,
    /// What the person chose.
    pub value: PreferenceValue,
    /// Unix seconds.
    pub timestamp: Option<i64>,
    /// There was a timestamp and it was not believable.
    pub timestamp_odd: bool,
    /// The preference, as it came.
    pub raw: Raw<'a>,
}

/// What a person chose.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum PreferenceValue {
    /// Not known here.
    Other,
    /// `resume`.
    Resume,
    /// `signup`: by an in-app sign-up.
    Signup,
    /// `stop`.
    Stop,
}

/// A person calls the number. Refreshes the customer service window.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    /// Which number is called.
    pub scope: Scope<'a>,
    /// The call's id.
    pub id: Text<'a>,
    /// The person's phone number, bare digits.
    pub from: Option<Text<'a>>,
    /// The person's business-scoped id.
    pub user_id: Option<Text<'a>>,
    /// Unix seconds.
    pub timestamp: Option<i64>,
    /// There was a timestamp and it was not believable.
    pub timestamp_odd: bool,
    /// The call, as it came. Its session description holds the person's IP addresses.
    pub raw: Raw<'a>,
}

/// Errors reported beside or instead of messages.
#[derive(Clone, Debug)]
pub struct ValueErrors<'a> {
    /// Which number they concern.
    pub scope: Scope<'a>,
    /// The errors.
    pub errors: Vec<ReportedError<'a>>,
    /// The list, as it came.
    pub raw: Raw<'a>,
}

/// Something about a template changed.
#[derive(Clone, Debug)]
pub struct TemplateChange<'a> {
    /// Which account owns it.
    pub scope: Scope<'a>,
    /// Meta's id.
    pub id: Option<u64>,
    /// Its name.
    pub name: Text<'a>,
    /// Its language code.
    pub language: Option<Text<'a>>,
    /// What changed.
    pub event: TemplateEvent<'a>,
    /// The change's `value`.
    pub raw: Raw<'a>,
}

/// What changed about a template.
#[derive(Clone, Debug)]
pub enum TemplateEvent<'a> {
    /// The category was changed.
    CategoryChanged {
        /// Before.
        previous: Option<Text<'a>>,
        /// Now.
        new: Text<'a>,
    },
    /// Meta holds the category to be wrong and will change it.
    CategoryPending {
        /// Now.
        current: Option<Text<'a>>,
        /// What it is to be.
        correct: Option<Text<'a>>,
    },
    /// The text was changed.
    Components {
        /// The new body text.
        body: Option<Text<'a>>,
    },
    /// The quality score was changed.
    Quality {
        /// Before.
        previous: Option<Text<'a>>,
        /// Now: `GREEN`, `YELLOW`, `RED`, `UNKNOWN`.
        new: Option<Text<'a>>,
    },
    /// Approved, rejected, paused, disabled and so on.
    Status {
        /// The new status.
        status: Text<'a>,
        /// Meta's reason.
        reason: Option<Text<'a>>,
        /// The category, when told.
        category: Option<Text<'a>>,
    },
}

/// A number's limit or throughput changed.
#[derive(Clone, Debug)]
pub struct NumberQuality<'a> {
    /// Which account owns it; the number is told by its display form only.
    pub scope: Scope<'a>,
    /// `ONBOARDING`, `THROUGHPUT_UPGRADE`, `FLAGGED` and others.
    pub event: Text<'a>,
    /// The limit now, e.g. `TIER_2K`.
    pub limit: Option<Text<'a>>,
    /// The change's `value`.
    pub raw: Raw<'a>,
}

/// Something about the account changed.
#[derive(Clone, Debug)]
pub struct AccountUpdate<'a> {
    /// Which account.
    pub scope: Scope<'a>,
    /// `DISABLED_UPDATE`, `ACCOUNT_RESTRICTION` and others.
    pub event: Text<'a>,
    /// The number concerned.
    pub phone_number: Option<Text<'a>>,
    /// `DISABLE`, `REINSTATE`, `SCHEDULE_FOR_DISABLE`.
    pub ban_state: Option<Text<'a>>,
    /// The change's `value`.
    pub raw: Raw<'a>,
}

pub(super) fn preference<'a>(
    scope: &Scope<'a>,
    raw: &'a RawValue,
) -> Result<Preference<'a>, Unreadable> {
    let wire: wire::Preference<'a> = parse::piece(raw)?;
    if wire.wa_id.is_none() && wire.user_id.is_none() {
        return Err(Unreadable::Sender);
    }
    Ok(Preference {
        scope: scope.clone(),
        wa_id: wire.wa_id,
        user_id: wire.user_id,
        parent_user_id: wire.parent_user_id,
        category: wire.category,
        value: match wire.value.as_str() {
            "resume" => PreferenceValue::Resume,
            "signup" => PreferenceValue::Signup,
            "stop" => PreferenceValue::Stop,
            _ => PreferenceValue::Other,
        },
        timestamp: wire.timestamp.seconds,
        timestamp_odd: wire.timestamp.odd,
        raw: Raw::new(raw.get()),
    })
}

/// A call that a person begins; `None` for any other event of a call.
pub(super) fn call<'a>(
    scope: &Scope<'a>,
    raw: &'a RawValue,
) -> Result<Option<Call<'a>>, Unreadable> {
    let wire: wire::Call<'a> = parse::piece(raw)?;
    let connects = wire.event.is_some_and(|event| event == "connect");
    let by_person = wire
        .direction
        .is_some_and(|direction| direction == "USER_INITIATED");
    if !(connects && by_person) {
        return Ok(None);
    }
    if wire.from.is_none() && wire.from_user_id.is_none() {
        return Err(Unreadable::Sender);
    }
    Ok(Some(Call {
        scope: scope.clone(),
        id: parse::id(wire.id)?,
        from: wire.from,
        user_id: wire.from_user_id,
        timestamp: wire.timestamp.seconds,
        timestamp_odd: wire.timestamp.odd,
        raw: Raw::new(raw.get()),
    }))
}

pub(super) fn template<'a>(
    scope: Scope<'a>,
    field: &str,
    raw: &'a RawValue,
) -> Result<TemplateChange<'a>, Unreadable> {
    let wire: wire::Template<'a> = parse::piece(raw)?;
    let event = match field {
        "message_template_status_update" => TemplateEvent::Status {
            status: wire.event.ok_or(Unreadable::Shape)?,
            reason: wire.reason,
            category: wire.message_template_category,
        },
        "message_template_quality_update" => TemplateEvent::Quality {
            previous: wire.previous_quality_score,
            new: wire.new_quality_score,
        },
        "message_template_components_update" => TemplateEvent::Components {
            body: wire.message_template_element,
        },
        // `template_category_update` is two events told apart by their members, and
        // `template_correct_category_detection` is the first of them.
        _ if wire.correct_category.is_some() || wire.new_category.is_none() => {
            TemplateEvent::CategoryPending {
                current: wire.new_category,
                correct: wire.correct_category,
            }
        }
        _ => TemplateEvent::CategoryChanged {
            previous: wire.previous_category,
            new: wire.new_category.ok_or(Unreadable::Shape)?,
        },
    };
    Ok(TemplateChange {
        scope,
        id: wire.message_template_id,
        name: wire.message_template_name,
        language: wire.message_template_language,
        event,
        raw: Raw::new(raw.get()),
    })
}

pub(super) fn number<'a>(
    mut scope: Scope<'a>,
    raw: &'a RawValue,
) -> Result<NumberQuality<'a>, Unreadable> {
    let wire: wire::Quality<'a> = parse::piece(raw)?;
    scope.display_phone_number = wire.display_phone_number;
    Ok(NumberQuality {
        scope,
        event: wire.event,
        limit: wire
            .max_daily_conversations_per_business
            .or(wire.current_limit),
        raw: Raw::new(raw.get()),
    })
}

pub(super) fn update<'a>(
    scope: Scope<'a>,
    raw: &'a RawValue,
) -> Result<AccountUpdate<'a>, Unreadable> {
    let wire: wire::Account<'a> = parse::piece(raw)?;
    Ok(AccountUpdate {
        scope,
        event: wire.event,
        phone_number: wire.phone_number,
        ban_state: wire.ban_info.and_then(|ban| ban.waba_ban_state),
        raw: Raw::new(raw.get()),
    })
}
