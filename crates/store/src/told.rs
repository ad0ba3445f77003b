//! What an event says, by name: ids and codes, and where to read more.

use domain::campaign::CampaignState;
use domain::confirmation::ConfirmationState;
use domain::consent::ConsentState;
use domain::event::EventKind;
use domain::health::HealthAspect;
use domain::hold::Due;
use domain::message::MessageState;
use domain::request::RequestState;
use domain::request::reminder::Reminder;
use domain::suppression::SuppressionScope;
use serde_json::Map;
use serde_json::Value;

use crate::event::EventView;
use crate::registry::Registry;

/// Where the admin API stands.
const API: &str = "/api/v1";

impl EventView {
    /// Its members by name, the relative link to the admin API among them (`docs/events.md` lists
    /// them). What is not known is left out; an event of a kind this program does not know says only
    /// whom it is about.
    pub fn members(&self, registry: &Registry) -> Map<String, Value> {
        let about = &self.about;
        let purpose = about.purpose.and_then(|id| registry.purpose(id));
        let code = purpose.map(|entry| Value::from(entry.purpose.code.as_str()));
        let thing = self.thing().zip(about.thing.map(Value::from));
        let named = [
            ("subject", about.subject.map(|id| id.0.into())),
            ("number", about.number.map(|id| id.0.into())),
            ("app", about.app.map(|id| id.0.into())),
            ("purpose", code),
            ("link", self.link().map(Value::from)),
        ];
        named
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .chain(thing)
            .chain(self.detail())
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }

    /// Whom it is about, as a path below the admin API; none for a whole account.
    pub fn subject(&self) -> Option<String> {
        let subject = self.about.subject.map(|id| format!("subjects/{id}"));
        subject.or_else(|| self.about.number.map(|id| format!("numbers/{id}")))
    }

    /// What the thing is that it tells of.
    fn thing(&self) -> Option<&'static str> {
        Some(match self.kind? {
            EventKind::ConsentChanged => "consent_event",
            EventKind::Suppressed | EventKind::SuppressionLifted => "suppression",
            EventKind::DecisionRefused => "decision",
            EventKind::MessageReceived | EventKind::MessageStatus | EventKind::MessageOutside => {
                "message"
            }
            EventKind::ConfirmationChanged => "confirmation",
            EventKind::BlockRegistryDue => "block_registry",
            EventKind::CampaignChanged => "campaign",
            EventKind::RequestChanged | EventKind::RequestDue => "request",
            EventKind::ErasureAcknowledged | EventKind::ErasureDue => "erasure",
            EventKind::HoldDue => "hold",
            EventKind::BackupChanged | EventKind::NumberHealth => return None,
        })
    }

    fn detail(&self) -> Option<(&'static str, Value)> {
        let detail = self.about.detail?;
        let code = u8::try_from(detail).ok();
        match self.kind? {
            EventKind::ConsentChanged => {
                let state = ConsentState::from_code(code?)?;
                Some(("state", state.name().into()))
            }
            EventKind::Suppressed => {
                let scope = SuppressionScope::from_code(code?, self.about.purpose)?;
                Some(("scope", scope.name().into()))
            }
            EventKind::DecisionRefused => Some(("code", detail.into())),
            EventKind::MessageStatus => {
                let state = MessageState::from_code(code?)?;
                Some(("state", state.name().into()))
            }
            EventKind::MessageOutside => Some(("opted_out", (detail != 0).into())),
            EventKind::ConfirmationChanged => {
                let state = ConfirmationState::from_code(code?)?;
                Some(("state", state.name().into()))
            }
            EventKind::CampaignChanged => {
                let state = CampaignState::from_code(code?)?;
                Some(("state", state.name().into()))
            }
            EventKind::RequestChanged => {
                let state = RequestState::from_code(code?)?;
                Some(("state", state.name().into()))
            }
            EventKind::RequestDue => {
                let reminder = Reminder::from_code(code?)?;
                Some(("reminder", reminder.name().into()))
            }
            // A subject that is erased is about nobody; its number says whom to erase.
            EventKind::ErasureAcknowledged | EventKind::ErasureDue => {
                Some(("subject", detail.into()))
            }
            EventKind::HoldDue => Some(("missing", Due::from_code(code?)?.name().into())),
            EventKind::BackupChanged => Some(("reached", (detail != 0).into())),
            EventKind::BlockRegistryDue => Some(("due", (detail != 0).into())),
            EventKind::NumberHealth => {
                let aspect = HealthAspect::from_code(code?)?;
                Some(("aspect", aspect.name().into()))
            }
            EventKind::MessageReceived | EventKind::SuppressionLifted => None,
        }
    }

    fn link(&self) -> Option<String> {
        let below = |part: &str| {
            let subject = self.about.subject?;
            Some(format!("{API}/subjects/{subject}{part}"))
        };
        match self.kind? {
            EventKind::ConsentChanged => below("/consent"),
            EventKind::Suppressed | EventKind::SuppressionLifted => below("/suppressions"),
            EventKind::DecisionRefused => {
                let decision = self.about.thing?;
                Some(format!("{API}/decisions/{decision}"))
            }
            EventKind::MessageReceived | EventKind::MessageStatus => below(""),
            EventKind::MessageOutside => Some(format!("{API}/outside-messages")),
            EventKind::ConfirmationChanged => below("/confirmations"),
            EventKind::BlockRegistryDue => Some(format!("{API}/block-registries")),
            EventKind::CampaignChanged => {
                let campaign = self.about.thing?;
                Some(format!("{API}/campaigns/{campaign}"))
            }
            EventKind::BackupChanged => Some(format!("{API}/backups")),
            EventKind::NumberHealth => Some(format!("{API}/numbers")),
            EventKind::ErasureAcknowledged | EventKind::ErasureDue => {
                let erasure = self.about.thing?;
                Some(format!("{API}/erasures/{erasure}"))
            }
            EventKind::HoldDue => {
                let hold = self.about.thing?;
                Some(format!("{API}/holds/{hold}"))
            }
            EventKind::RequestChanged | EventKind::RequestDue => {
                let request = self.about.thing?;
                Some(format!("{API}/requests/{request}"))
            }
        }
    }
}
