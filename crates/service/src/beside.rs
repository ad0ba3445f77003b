//! What webhooks tell beside messages and statuses: calls, echoes, the health of numbers, ids made
//! anew. What each field does is written in `docs/webhooks.md`.

use domain::health::HealthAspect;
use domain::health::HealthNotice;
use domain::health::Told;
use domain::subject::IdentifierKind;
use domain::time::Timestamp;
use seal::Zeroizing;
use store::Registry;
use store::echo::EchoSource;
use store::operation::Echo;
use store::operation::Health;
use store::operation::Item;
use store::operation::Message;
use store::operation::Succession;
use store::registry::Number;
use whatsapp::webhook;
use whatsapp::webhook::HealthEffect;
use whatsapp::webhook::MessagingLimit;
use whatsapp::webhook::NoticeKind;
use whatsapp::webhook::Restriction;
use whatsapp::webhook::Scope;

use crate::Service;
use crate::intake::name;
use crate::intake::read_identifiers;
use crate::render;
use crate::sessions::Description;

impl Service {
    /// A person's call, as a message of theirs. Its end is told, too, and opens nothing.
    pub(crate) fn ring(
        &self,
        call: &webhook::Call<'_>,
        now: Timestamp,
    ) -> Result<Item, &'static str> {
        let ours = match call.direction {
            webhook::CallDirection::Person => false,
            webhook::CallDirection::Business if self.settings.calls => true,
            _ => return Err("call of the business"),
        };
        let registry = self.store.registry();
        let number = number(&registry, &call.scope).ok_or("number not ours")?;
        let identifiers = read_identifiers(
            call.phone.as_deref(),
            call.user_id.as_deref(),
            call.parent_user_id.as_deref(),
        );
        if identifiers.is_empty() {
            return Err("caller not readable");
        }
        if let Some(session) = call.session.as_ref().filter(|_| self.settings.calls) {
            let description = Description {
                is_answer: session.is_answer,
                sdp: Zeroizing::new(session.sdp.as_str().to_owned()),
            };
            let event = (call.id.as_str(), call.event.as_str());
            self.sessions.hold(event, description, now);
        }
        let at = call.timestamp.filter(|_| !call.timestamp_odd);
        let parts: [&[u8]; 4] = [
            b"call",
            number.phone_number_id.as_bytes(),
            call.id.as_bytes(),
            call.event.as_str().as_bytes(),
        ];
        Ok(Item::Message(Box::new(Message {
            number: number.id,
            identifiers,
            name: call
                .profile_name
                .as_deref()
                .filter(|_| !ours)
                .map(str::to_owned),
            kind: render::CALL,
            meta_at: at.map(Timestamp::from_seconds),
            dedup: self.dedup(&parts, at, now),
            wamid: call.id.as_str().to_owned(),
            content: [br#"{"message":"#, call.raw.as_str().as_bytes(), b"}"].concat(),
            opens_window: call.opens_window(),
            relayed: true,
            said: None,
            media: None,
            successor: None,
        })))
    }

    /// A message of the business that did not go through the gateway.
    pub(crate) fn echo(
        &self,
        echo: &webhook::Echo<'_>,
        now: Timestamp,
    ) -> Result<Item, &'static str> {
        if echo.group_id.is_some() {
            return Err("echo to a group");
        }
        let registry = self.store.registry();
        let number = number(&registry, &echo.scope).ok_or("number not ours")?;
        let identifiers = read_identifiers(
            echo.to.as_deref(),
            echo.to_user_id.as_deref(),
            echo.to_parent_user_id.as_deref(),
        );
        if identifiers.is_empty() {
            return Err("recipient not readable");
        }
        let at = echo.timestamp.filter(|_| !echo.timestamp_odd);
        let parts: [&[u8]; 3] = [
            b"echo",
            number.phone_number_id.as_bytes(),
            echo.id.as_bytes(),
        ];
        Ok(Item::Echo(Box::new(Echo {
            number: number.id,
            identifiers,
            kind: name(echo.kind),
            source: match echo.source {
                webhook::EchoSource::BusinessApp => EchoSource::BusinessApp,
                webhook::EchoSource::OtherApp => EchoSource::OtherApp,
                webhook::EchoSource::ThreadOwner => EchoSource::ThreadOwner,
            },
            meta_at: at.map(Timestamp::from_seconds),
            dedup: self.dedup(&parts, at, now),
            wamid: echo.id.as_str().to_owned(),
            content: [br#"{"message":"#, echo.raw.as_str().as_bytes(), b"}"].concat(),
        })))
    }

    /// A change to what a number, or all numbers of an account, may send.
    pub(crate) fn health(
        &self,
        health: &webhook::Health<'_>,
        now: Timestamp,
    ) -> Result<Item, &'static str> {
        let at = health.at.map_or(now, Timestamp::from_seconds);
        let effects = health.effects.iter().copied();
        let told = effects.flat_map(|effect| told(effect, at)).collect();
        let raw = health.raw.as_str().as_bytes();
        let item = self.told((&health.scope, told), (health.at, raw), now)?;
        tracing::warn!(
            field = health.field.as_str(),
            effects = ?health.effects,
            "Meta tells of what a number or an account may send"
        );
        Ok(item)
    }

    /// Something for an administrator to look at.
    pub(crate) fn notice(
        &self,
        notice: &webhook::AccountNotice<'_>,
        now: Timestamp,
    ) -> Result<Item, &'static str> {
        let kind = match notice.kind {
            NoticeKind::Alert { .. } => HealthNotice::Alert,
            NoticeKind::Name { .. } => HealthNotice::Name,
            NoticeKind::Review { .. } => HealthNotice::Review,
            NoticeKind::Security { .. } => HealthNotice::Security,
            NoticeKind::Settings { .. } => HealthNotice::Settings,
            NoticeKind::Username { .. } => HealthNotice::Username,
        };
        let told = vec![Told {
            aspect: HealthAspect::Notice,
            value: i64::from(kind.code()),
            until: None,
            at: notice.at.map_or(now, Timestamp::from_seconds),
        }];
        let raw = notice.raw.as_str().as_bytes();
        let item = self.told((&notice.scope, told), (notice.at, raw), now)?;
        tracing::warn!(
            kind = notice.kind.as_str(),
            "Meta has something to tell an administrator; see WhatsApp Manager"
        );
        Ok(item)
    }

    fn told(
        &self,
        (scope, told): (&Scope<'_>, Vec<Told>),
        (at, raw): (Option<i64>, &[u8]),
        now: Timestamp,
    ) -> Result<Item, &'static str> {
        let registry = self.store.registry();
        let waba_id = scope.waba_id.as_str();
        let mut numbers = registry.numbers.iter();
        if !numbers.any(|number| number.waba_id == waba_id) {
            return Err("account not ours");
        }
        let named = scope.phone_number_id.is_some() || scope.display_phone_number.is_some();
        let number = number(&registry, scope).or_else(|| displayed(&registry, scope));
        if named && number.is_none() {
            return Err("number not ours");
        }
        let seconds = at.unwrap_or_default().to_be_bytes();
        let parts: [&[u8]; 4] = [b"health", waba_id.as_bytes(), &seconds, raw];
        Ok(Item::Health(Health {
            waba_id: waba_id.to_owned(),
            number: number.map(|number| number.id),
            told,
            dedup: Some(self.dedup(&parts, at, now)),
        }))
    }

    /// A person's id was made anew. The phone number that comes along says nothing: it may be the one
    /// before or the one after.
    pub(crate) fn succession(
        &self,
        change: &webhook::IdentityChange<'_>,
        now: Timestamp,
    ) -> Result<Item, &'static str> {
        let account = |ids: Vec<_>| {
            let kind = |id: &domain::subject::Identifier| id.kind() == IdentifierKind::Bsuid;
            ids.into_iter().find(kind)
        };
        let old = read_identifiers(None, Some(&change.old_user_id), None);
        let old = account(old).ok_or("identity not readable")?;
        let new = read_identifiers(
            None,
            Some(&change.new_user_id),
            change.new_parent_user_id.as_deref(),
        );
        if new
            .first()
            .is_none_or(|first| first.kind() != IdentifierKind::Bsuid)
        {
            return Err("identity not readable");
        }
        let at = change.timestamp.filter(|_| !change.timestamp_odd);
        let parts: [&[u8]; 3] = [
            b"identity",
            change.old_user_id.as_bytes(),
            change.new_user_id.as_bytes(),
        ];
        let dedup = self.dedup(&parts, at, now);
        Ok(Item::Succession(Box::new(Succession { old, new, dedup })))
    }
}

/// The number an item came to, by its id.
pub(crate) fn number<'r>(registry: &'r Registry, scope: &Scope<'_>) -> Option<&'r Number> {
    registry.number_by_phone_number_id(scope.phone_number_id.as_deref()?)
}

/// The number of the account with these digits: its form varies.
fn displayed<'r>(registry: &'r Registry, scope: &Scope<'_>) -> Option<&'r Number> {
    let digits = |text: &str| -> String { text.chars().filter(char::is_ascii_digit).collect() };
    let wanted = digits(scope.display_phone_number.as_deref()?);
    registry.numbers.iter().find(|number| {
        number.waba_id == scope.waba_id.as_str()
            && !wanted.is_empty()
            && digits(&number.display) == wanted
    })
}

/// What an effect means for each aspect of health.
fn told(effect: HealthEffect, at: Timestamp) -> Vec<Told> {
    let one = |aspect, value| {
        vec![Told {
            aspect,
            value,
            until: None,
            at,
        }]
    };
    match effect {
        HealthEffect::Banned => one(HealthAspect::Account, 1),
        HealthEffect::BanScheduled => one(HealthAspect::BanScheduled, 1),
        HealthEffect::Flagged => one(HealthAspect::Quality, 1),
        HealthEffect::Gone => one(HealthAspect::Account, 2),
        HealthEffect::Limit(MessagingLimit::People(people)) => {
            one(HealthAspect::Limit, i64::from(people))
        }
        HealthEffect::Limit(MessagingLimit::Unlimited) => one(HealthAspect::Limit, -1),
        HealthEffect::Limit(MessagingLimit::Unknown) => Vec::new(),
        // Whoever is let in again starts without what was held against the account.
        HealthEffect::Reinstated => [
            HealthAspect::Account,
            HealthAspect::BanScheduled,
            HealthAspect::BusinessInitiated,
            HealthAspect::Everything,
        ]
        .into_iter()
        .flat_map(|aspect| one(aspect, 0))
        .collect(),
        HealthEffect::Restricted { what, until } => {
            let aspect = match what {
                Restriction::AddNumbers => HealthAspect::NewNumbers,
                Restriction::BusinessInitiated => HealthAspect::BusinessInitiated,
                // Whoever may not answer may send nothing; what is not known counts as anything.
                Restriction::CustomerInitiated | Restriction::Other => HealthAspect::Everything,
            };
            vec![Told {
                aspect,
                value: 1,
                until: until.map(Timestamp::from_seconds),
                at,
            }]
        }
        HealthEffect::ThroughputHigh => one(HealthAspect::Throughput, 1),
        HealthEffect::Unflagged => one(HealthAspect::Quality, 0),
        HealthEffect::Violation => one(HealthAspect::Violation, 1),
    }
}
