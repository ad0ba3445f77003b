//! What an administrator should hear of, and what changes nothing in sending.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Scope;
use super::Unreadable;
use super::parse;
use crate::text;
use crate::text::Raw;
use crate::text::Text;

/// Something to tell an administrator.
#[derive(Clone, Debug)]
pub struct AccountNotice<'a> {
    /// Which account; a number by its display form or its id, when it concerns one.
    pub scope: Scope<'a>,
    /// What.
    pub kind: NoticeKind<'a>,
    /// When it happened, Unix seconds.
    pub at: Option<i64>,
    /// The change's `value`. Of `security` it may hold the id of one of the staff.
    pub raw: Raw<'a>,
}

/// What there is to tell. The words are Meta's.
#[derive(Clone, Debug)]
pub enum NoticeKind<'a> {
    /// `account_alerts`.
    Alert {
        /// How bad.
        severity: Option<Text<'a>>,
        /// Whether it is over.
        status: Option<Text<'a>>,
        /// About what.
        kind: Option<Text<'a>>,
    },
    /// `phone_number_name_update`: the display name was judged.
    Name {
        /// `APPROVED`, `REJECTED` and others.
        decision: Text<'a>,
        /// Why not.
        reason: Option<Text<'a>>,
    },
    /// `account_review_update`: the account was judged.
    Review {
        /// `APPROVED`, `REJECTED` and others.
        decision: Text<'a>,
    },
    /// `security`: somebody changed the number's PIN, or wants to.
    Security {
        /// `PIN_CHANGED`, `PIN_RESET_REQUEST`, `PIN_RESET_SUCCESS`.
        event: Text<'a>,
    },
    /// `account_settings_update`: a number's settings were changed, by us or behind our back.
    Settings {
        /// `phone_number_settings` so far.
        kind: Option<Text<'a>>,
    },
    /// `business_username_updates`: the number's own username.
    Username {
        /// `approved`, `reserved`, `deleted`.
        status: Option<Text<'a>>,
    },
}

impl NoticeKind<'_> {
    /// The word for records and metrics.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Alert { .. } => "alert",
            Self::Name { .. } => "name",
            Self::Review { .. } => "review",
            Self::Security { .. } => "security",
            Self::Settings { .. } => "settings",
            Self::Username { .. } => "username",
        }
    }
}

/// Whether this field is a notice.
pub(super) fn is_notice(field: &str) -> bool {
    matches!(
        field,
        "account_alerts"
            | "account_review_update"
            | "account_settings_update"
            | "business_username_updates"
            | "phone_number_name_update"
            | "security"
    )
}

pub(super) fn read<'a>(
    mut scope: Scope<'a>,
    at: Option<i64>,
    field: &str,
    raw: &'a RawValue,
) -> Result<AccountNotice<'a>, Unreadable> {
    let wire: Wire<'a> = parse::piece(raw)?;
    let kind = match field {
        "account_alerts" => {
            let alert = wire.alert_info.ok_or(Unreadable::Shape)?;
            NoticeKind::Alert {
                severity: alert.severity,
                status: alert.status,
                kind: alert.kind,
            }
        }
        "account_review_update" => NoticeKind::Review {
            decision: wire.decision.ok_or(Unreadable::Shape)?,
        },
        "phone_number_name_update" => NoticeKind::Name {
            decision: wire.decision.ok_or(Unreadable::Shape)?,
            reason: wire.rejection_reason,
        },
        "security" => NoticeKind::Security {
            event: wire.event.ok_or(Unreadable::Shape)?,
        },
        "business_username_updates" => NoticeKind::Username {
            status: wire.status,
        },
        _ => NoticeKind::Settings { kind: wire.kind },
    };
    scope.display_phone_number = wire.display_phone_number;
    scope.phone_number_id = wire
        .phone_number_settings
        .and_then(|settings| settings.phone_number_id);
    Ok(AccountNotice {
        scope,
        kind,
        at,
        raw: Raw::new(raw.get()),
    })
}

/// All these fields share one shape, each using some members.
#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow)]
    alert_info: Option<Alert<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    decision: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    display_phone_number: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    event: Option<Text<'a>>,
    #[serde(borrow, rename = "type", default, deserialize_with = "text::optional")]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    phone_number_settings: Option<Settings<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    rejection_reason: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    status: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Alert<'a> {
    #[serde(
        borrow,
        rename = "alert_severity",
        default,
        deserialize_with = "text::optional"
    )]
    severity: Option<Text<'a>>,
    #[serde(
        borrow,
        rename = "alert_status",
        default,
        deserialize_with = "text::optional"
    )]
    status: Option<Text<'a>>,
    #[serde(
        borrow,
        rename = "alert_type",
        default,
        deserialize_with = "text::optional"
    )]
    kind: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Settings<'a> {
    #[serde(borrow, default, deserialize_with = "text::optional")]
    phone_number_id: Option<Text<'a>>,
}
