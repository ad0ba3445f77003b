//! The withdrawn field `user_id_update`: read if seen, not relied on. Changes of number and id come
//! as `system` messages.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Scope;
use super::Unreadable;
use super::parse;
use super::wire::Stamp;
use crate::text;
use crate::text::Raw;
use crate::text::Text;

/// A person's business-scoped id was made anew, because their number changed.
#[derive(Clone, Debug)]
pub struct IdentityChange<'a> {
    /// Which number was told.
    pub scope: Scope<'a>,
    /// The person's phone number. Meta does not say whether it is the old or the new one: it
    /// identifies nobody by itself.
    pub wa_id: Option<Text<'a>>,
    /// The id before.
    pub old_user_id: Text<'a>,
    /// The id now.
    pub new_user_id: Text<'a>,
    /// The parent portfolio's id before.
    pub old_parent_user_id: Option<Text<'a>>,
    /// The parent portfolio's id now.
    pub new_parent_user_id: Option<Text<'a>>,
    /// Unix seconds.
    pub timestamp: Option<i64>,
    /// There was a timestamp and it was not believable.
    pub timestamp_odd: bool,
    /// The change, as it came.
    pub raw: Raw<'a>,
}

pub(super) fn read<'a>(
    scope: &Scope<'a>,
    raw: &'a RawValue,
) -> Result<IdentityChange<'a>, Unreadable> {
    let wire: Wire<'a> = parse::piece(raw)?;
    let parent = wire.parent_user_id.unwrap_or_default();
    let (Some(old), Some(new)) = (wire.user_id.previous, wire.user_id.current) else {
        return Err(Unreadable::Sender);
    };
    Ok(IdentityChange {
        scope: scope.clone(),
        wa_id: wire.wa_id,
        old_user_id: parse::id(Some(old))?,
        new_user_id: parse::id(Some(new))?,
        old_parent_user_id: parent.previous,
        new_parent_user_id: parent.current,
        timestamp: wire.timestamp.seconds,
        timestamp_odd: wire.timestamp.odd,
        raw: Raw::new(raw.get()),
    })
}

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow, default, deserialize_with = "text::optional")]
    wa_id: Option<Text<'a>>,
    #[serde(borrow)]
    user_id: Change<'a>,
    #[serde(borrow)]
    parent_user_id: Option<Change<'a>>,
    #[serde(default)]
    timestamp: Stamp,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Change<'a> {
    #[serde(borrow, deserialize_with = "text::optional")]
    previous: Option<Text<'a>>,
    #[serde(borrow, deserialize_with = "text::optional")]
    current: Option<Text<'a>>,
}
