//! The wire shapes, private to the parser.

use serde::Deserialize;
use serde::Deserializer;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::text;
use crate::text::Text;

#[derive(Deserialize)]
pub(super) struct Envelope<'a, E> {
    #[serde(borrow, deserialize_with = "text::required")]
    pub(super) object: Text<'a>,
    pub(super) entry: Vec<E>,
}

#[derive(Deserialize)]
pub(super) struct Entry<'a, C> {
    #[serde(borrow, deserialize_with = "text::required")]
    pub(super) id: Text<'a>,
    // Only on fields about the account; of any type, so that an odd one costs nothing but itself.
    #[serde(borrow)]
    pub(super) time: Option<&'a RawValue>,
    pub(super) changes: Vec<C>,
}

#[derive(Deserialize)]
pub(super) struct Change<'a, V> {
    #[serde(borrow, deserialize_with = "text::required")]
    pub(super) field: Text<'a>,
    pub(super) value: V,
}

#[derive(Deserialize)]
pub(super) struct Value<'a> {
    #[serde(borrow)]
    pub(super) metadata: Option<Metadata<'a>>,
    #[serde(borrow)]
    pub(super) contacts: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    pub(super) messages: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    pub(super) statuses: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    pub(super) user_preferences: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    pub(super) calls: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    pub(super) groups: Option<Vec<&'a RawValue>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) initiated_by: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) message_echoes: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    pub(super) user_id_update: Option<Vec<&'a RawValue>>,
    /// A `value` within the value: what field `standby` really carries.
    #[serde(borrow)]
    pub(super) standby: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) errors: Option<&'a RawValue>,
}

#[derive(Deserialize)]
pub(super) struct Metadata<'a> {
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) display_phone_number: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) phone_number_id: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Contact<'a> {
    #[serde(borrow)]
    pub(super) profile: Option<Profile<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) wa_id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) user_id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) parent_user_id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) identity_key_hash: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Profile<'a> {
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) name: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) username: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Message<'a> {
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) from: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) from_user_id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) from_parent_user_id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) id: Option<Text<'a>>,
    #[serde(default)]
    pub(super) timestamp: Stamp,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) group_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) context: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) identity: Option<&'a RawValue>,
    pub(super) referral: Option<IgnoredAny>,
    #[serde(borrow, rename = "type", default, deserialize_with = "text::optional")]
    pub(super) kind: Option<Text<'a>>,
    // Only text, the most frequent, is read at once; of the others at most one is there, and
    // room for all of them would have to be moved with every message.
    #[serde(borrow)]
    pub(super) text: Option<Body<'a>>,
    #[serde(borrow)]
    pub(super) audio: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) button: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) contacts: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) document: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) edit: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) image: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) interactive: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) location: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) order: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) reaction: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) revoke: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) sticker: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) system: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) video: Option<&'a RawValue>,
}

#[derive(Deserialize)]
pub(super) struct Body<'a> {
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) body: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Button<'a> {
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) payload: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) text: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Media<'a> {
    #[serde(borrow, deserialize_with = "text::required")]
    pub(super) id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) mime_type: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) sha256: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) filename: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) caption: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) url: Option<Text<'a>>,
    #[serde(default, deserialize_with = "text::flag")]
    pub(super) voice: bool,
}

#[derive(Deserialize)]
pub(super) struct Interactive<'a> {
    #[serde(borrow, rename = "type", deserialize_with = "text::required")]
    pub(super) kind: Text<'a>,
    #[serde(borrow)]
    pub(super) button_reply: Option<Reply<'a>>,
    #[serde(borrow)]
    pub(super) list_reply: Option<Reply<'a>>,
    #[serde(borrow)]
    pub(super) nfm_reply: Option<Form<'a>>,
    #[serde(borrow)]
    pub(super) call_permission_reply: Option<CallPermission<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Reply<'a> {
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) title: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Form<'a> {
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) response_json: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct CallPermission<'a> {
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) response: Option<Text<'a>>,
    #[serde(default)]
    pub(super) expiration_timestamp: Stamp,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) response_source: Option<Text<'a>>,
    #[serde(default, deserialize_with = "text::flag")]
    pub(super) is_permanent: bool,
}

#[derive(Deserialize)]
pub(super) struct Order<'a> {
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) text: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Reaction<'a> {
    #[serde(borrow, deserialize_with = "text::required")]
    pub(super) message_id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) emoji: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Original<'a> {
    #[serde(borrow, deserialize_with = "text::required")]
    pub(super) original_message_id: Text<'a>,
    #[serde(borrow)]
    pub(super) message: Option<&'a RawValue>,
}

#[derive(Deserialize)]
pub(super) struct System<'a> {
    #[serde(borrow, rename = "type", default, deserialize_with = "text::optional")]
    pub(super) kind: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) wa_id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) new_wa_id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) user_id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) parent_user_id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) previous_user_id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) previous_parent_user_id: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Identity<'a> {
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) hash: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Context<'a> {
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) from: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) id: Option<Text<'a>>,
    #[serde(default, deserialize_with = "text::flag")]
    pub(super) forwarded: bool,
    #[serde(default, deserialize_with = "text::flag")]
    pub(super) frequently_forwarded: bool,
}

#[derive(Deserialize)]
pub(super) struct Status<'a> {
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow, rename = "status", deserialize_with = "text::required")]
    pub(super) kind: Text<'a>,
    #[serde(default)]
    pub(super) timestamp: Stamp,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) recipient_id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) recipient_user_id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) recipient_parent_user_id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) recipient_identity_key_hash: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) recipient_type: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) recipient_participant_id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) participant_recipient_id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) recipient_participant_user_id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) recipient_participant_parent_user_id: Option<Text<'a>>,
    #[serde(borrow, rename = "type", default, deserialize_with = "text::optional")]
    pub(super) about: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) biz_opaque_callback_data: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) pricing: Option<Pricing<'a>>,
    #[serde(borrow)]
    pub(super) errors: Option<Vec<Fault<'a>>>,
}

#[derive(Deserialize)]
pub(super) struct Pricing<'a> {
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) category: Option<Text<'a>>,
    #[serde(borrow, rename = "type", default, deserialize_with = "text::optional")]
    pub(super) kind: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Fault<'a> {
    #[serde(default, deserialize_with = "text::number")]
    pub(super) code: Option<u64>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) title: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) message: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) error_data: Option<FaultData<'a>>,
}

#[derive(Deserialize)]
pub(super) struct FaultData<'a> {
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) details: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Preference<'a> {
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) wa_id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) user_id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) parent_user_id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) category: Option<Text<'a>>,
    #[serde(borrow, deserialize_with = "text::required")]
    pub(super) value: Text<'a>,
    #[serde(default)]
    pub(super) timestamp: Stamp,
}

/// All template fields share one shape, each using some members.
#[derive(Deserialize)]
pub(super) struct Template<'a> {
    #[serde(default, deserialize_with = "text::number")]
    pub(super) message_template_id: Option<u64>,
    #[serde(borrow, deserialize_with = "text::required")]
    pub(super) message_template_name: Text<'a>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) message_template_language: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) message_template_category: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) event: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) reason: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) correct_category: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) new_category: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) previous_category: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) new_quality_score: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) previous_quality_score: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) message_template_element: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) message_template_title: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) message_template_footer: Option<Text<'a>>,
    #[serde(default)]
    pub(super) category_update_timestamp: Stamp,
    #[serde(borrow)]
    pub(super) other_info: Option<OtherInfo<'a>>,
}

#[derive(Deserialize)]
pub(super) struct OtherInfo<'a> {
    #[serde(borrow, default, deserialize_with = "text::optional")]
    pub(super) title: Option<Text<'a>>,
}

/// A time in Unix seconds, written as a string or an integer.
#[derive(Clone, Copy, Default)]
pub(super) struct Stamp {
    pub(super) seconds: Option<i64>,
    /// Something was there and it was no believable time.
    pub(super) odd: bool,
}

/// 2009-01-01 (the year WhatsApp began) to 2100-01-01.
const BELIEVABLE: std::ops::Range<i64> = 1_230_768_000..4_102_444_800;

impl<'de> Deserialize<'de> for Stamp {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let Some(text) = text::optional(from)? else {
            return Ok(Self::default());
        };
        let seconds = text
            .parse()
            .ok()
            .filter(|seconds| BELIEVABLE.contains(seconds));
        Ok(Self {
            seconds,
            odd: seconds.is_none(),
        })
    }
}
