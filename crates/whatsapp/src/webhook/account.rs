//! Preferences, templates, and errors beside messages.

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
        /// When, Unix seconds.
        at: Option<i64>,
    },
    /// The text was changed.
    Components {
        /// The new header text.
        title: Option<Text<'a>>,
        /// The new body text.
        body: Option<Text<'a>>,
        /// The new footer text.
        footer: Option<Text<'a>>,
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
        /// Which pause it is: `FIRST_PAUSE` (3 hours), `SECOND_PAUSE` (6 hours),
        /// `RATE_LIMITING_PAUSE`, `UNPAUSE`, `DISABLED`.
        pause: Option<Text<'a>>,
        /// The category, when told.
        category: Option<Text<'a>>,
    },
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
            pause: wire.other_info.and_then(|info| info.title),
            category: wire.message_template_category,
        },
        "message_template_quality_update" => TemplateEvent::Quality {
            previous: wire.previous_quality_score,
            new: wire.new_quality_score,
        },
        "message_template_components_update" => TemplateEvent::Components {
            title: wire.message_template_title,
            body: wire.message_template_element,
            footer: wire.message_template_footer,
        },
        // `template_category_update` is two events told apart by their members, and
        // `template_correct_category_detection` is the first of them.
        _ if wire.correct_category.is_some() || wire.new_category.is_none() => {
            TemplateEvent::CategoryPending {
                current: wire.new_category,
                correct: wire.correct_category,
                at: wire.category_update_timestamp.seconds,
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
