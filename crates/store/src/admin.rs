//! Configuration and the record of a subject: everything staff change.

use domain::access::AppScopes;
use domain::audit::Action;
use domain::audit::Actor;
use domain::consent::EvidenceGrade;
use domain::ids::AppId;
use domain::ids::NoticeId;
use domain::ids::NumberId;
use domain::ids::PurposeId;
use domain::ids::SubjectId;
use domain::ids::TokenId;
use domain::message::IdentityMode;
use domain::purpose::LegalBasis;
use domain::purpose::PurposeClass;
use domain::time::Timestamp;
use seal::RecordKind;
use seal::Zeroizing;

use crate::error::Refusal;
use crate::error::StoreError;
use crate::registry::NoticeChange;
use crate::rows::v;
use crate::tables;
use crate::tx::Tx;
use crate::tx::place;

/// A number to make known.
#[derive(Clone, Debug)]
pub struct NewNumber {
    /// Its id at Meta.
    pub phone_number_id: String,
    /// The account it belongs to.
    pub waba_id: String,
    /// The number as people see it.
    pub display: String,
    /// The verified name.
    pub verified_name: String,
}

/// An app to let in.
#[derive(Clone, Debug)]
pub struct NewApp {
    /// Its name.
    pub name: String,
    /// The one number it may use, or all.
    pub number: Option<NumberId>,
    /// What it may know of people.
    pub identity: IdentityMode,
    /// Where its webhooks go.
    pub relay_url: Option<String>,
}

/// A token to issue.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// The app it is for; none for staff.
    pub app: Option<AppId>,
    /// What it is called.
    pub name: String,
    /// What it may be used for.
    pub scopes: AppScopes,
    /// Until when.
    pub expires: Timestamp,
}

/// A purpose to add.
#[derive(Clone, Debug)]
pub struct NewPurpose {
    /// Its short name.
    pub code: String,
    /// Its title.
    pub title: String,
    /// What it demands.
    pub class: PurposeClass,
    /// The legal ground it rests on.
    pub basis: LegalBasis,
    /// The weakest evidence of consent it accepts.
    pub grade: EvidenceGrade,
    /// Whether messages for it have to name the person's identity key.
    pub identity_check: bool,
}

/// A notice to publish.
#[derive(Clone, Debug)]
pub struct NewNotice {
    /// The notice's name.
    pub code: String,
    /// Its language.
    pub language: String,
    /// Its title.
    pub title: String,
    /// Its text.
    pub body: String,
    /// What it means for consent under earlier versions.
    pub change: NoticeChange,
}

/// A secret that is shown once.
#[derive(Debug)]
pub struct Issued<Id> {
    /// The thing it belongs to.
    pub id: Id,
    /// The secret.
    pub secret: Zeroizing<String>,
}

/// Makes a number known, or brings its names up to date.
pub(crate) fn put_number(tx: &mut Tx<'_>, new: &NewNumber) -> Result<NumberId, StoreError> {
    let registry = tx.registry();
    let told = (
        Actor::System,
        Action::NumberChanged,
        &["number/configured"] as &[&str],
    );
    if let Some(held) = registry.number_by_phone_number_id(&new.phone_number_id) {
        if held.display != new.display || held.verified_name != new.verified_name {
            let sql = "UPDATE numbers SET display = $1, verified_name = $2 WHERE id = $3";
            let parameters = (&new.display, &new.verified_name, held.id.0);
            tx.update_one(&tables::NUMBERS, sql, parameters)?;
            tx.note(None, &format!("number {}", held.id), told)?;
            tx.effects.registry = true;
        }
        return Ok(held.id);
    }
    let id = NumberId(tx.id(&tables::NUMBERS));
    let row = [
        v(id),
        v(new.phone_number_id.as_str()),
        v(new.waba_id.as_str()),
        v(new.display.as_str()),
        v(new.verified_name.as_str()),
        v(tx.now()),
        v(None::<Vec<u8>>),
    ];
    tx.record(&tables::NUMBERS, row, told)?;
    tx.effects.registry = true;
    tx.flush()?;
    Ok(id)
}

/// Lets an app in, with the secret its webhooks will be signed with.
pub(crate) fn add_app(
    tx: &mut Tx<'_>,
    actor: Actor,
    new: &NewApp,
) -> Result<Issued<AppId>, StoreError> {
    let registry = tx.registry();
    if registry.apps.iter().any(|app| app.name == new.name) {
        return Err(Refusal::Exists("app").into());
    }
    if new
        .number
        .is_some_and(|number| registry.number(number).is_none())
    {
        return Err(Refusal::Missing("number").into());
    }
    let id = AppId(tx.id(&tables::APPS));
    let secret = seal::new_token("imvume_secret_", tx.random())?;
    let place = place(RecordKind::Setting, 1, id.0, 0);
    let sealed = tx
        .keyring()
        .setting_key()
        .seal(tx.random(), &place, secret.as_bytes())?;
    let row = [
        v(id),
        v(new.name.as_str()),
        v(new.number),
        v(new.identity.code()),
        v(new.relay_url.as_deref()),
        v(sealed),
        v(tx.now()),
        v(None::<i64>),
        v(None::<i64>),
    ];
    tx.record(
        &tables::APPS,
        row,
        (actor, Action::AppChanged, &["app/created"]),
    )?;
    tx.effects.registry = true;
    tx.flush()?;
    Ok(Issued { id, secret })
}

/// Ends an app's contract: its tokens are worth nothing, nothing more is relayed to it.
pub(crate) fn end_app(tx: &mut Tx<'_>, actor: Actor, app: AppId) -> Result<(), StoreError> {
    let registry = tx.registry();
    let held = registry.app(app).ok_or(Refusal::Missing("app"))?;
    if held.ended_at.is_some() {
        return Err(Refusal::Ended("app").into());
    }
    let now = tx.now().micros();
    let sql = "UPDATE apps SET ended_at = $1 WHERE id = $2";
    tx.update_one(&tables::APPS, sql, (now, app.0))?;
    tx.connection.execute(
        "UPDATE tokens SET revoked_at = $1 WHERE app_id = $2 AND revoked_at IS NULL",
        (now, app.0),
    )?;
    tx.effects.registry = true;
    tx.note(
        None,
        &format!("app {app}"),
        (actor, Action::AppChanged, &["app/ended"]),
    )?;
    tx.flush()
}

/// Issues a token. The token is returned once; its keyed hash is kept.
pub(crate) fn issue_token(
    tx: &mut Tx<'_>,
    actor: Actor,
    new: &NewToken,
) -> Result<Issued<TokenId>, StoreError> {
    let registry = tx.registry();
    if let Some(app) = new.app {
        let held = registry.app(app).ok_or(Refusal::Missing("app"))?;
        if held.ended_at.is_some() {
            return Err(Refusal::Ended("app").into());
        }
    }
    let prefix = if new.app.is_some() {
        "imvume_app_"
    } else {
        "imvume_staff_"
    };
    let secret = seal::new_token(prefix, tx.random())?;
    let id = TokenId(tx.id(&tables::TOKENS));
    let row = [
        v(id),
        v(new.app),
        v(new.name.as_str()),
        v(tx.keyring().token_hash(&secret)),
        v(new.scopes.bits()),
        v(tx.now()),
        v(new.expires),
        v(None::<i64>),
    ];
    tx.record(
        &tables::TOKENS,
        row,
        (actor, Action::TokenIssued, &["token/issued"]),
    )?;
    tx.effects.registry = true;
    tx.flush()?;
    Ok(Issued { id, secret })
}

/// Revokes a token, at once.
pub(crate) fn revoke_token(
    tx: &mut Tx<'_>,
    actor: Actor,
    token: TokenId,
) -> Result<(), StoreError> {
    let sql = "UPDATE tokens SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL";
    let touched = tx.connection.execute(sql, (tx.now().micros(), token.0))?;
    if touched == 0 {
        return Err(Refusal::Missing("token in force").into());
    }
    tx.effects.registry = true;
    let detail = format!("token {token}");
    tx.note(
        None,
        &detail,
        (actor, Action::TokenRevoked, &["token/revoked"]),
    )?;
    tx.flush()
}

/// Adds a purpose.
pub(crate) fn add_purpose(
    tx: &mut Tx<'_>,
    actor: Actor,
    new: &NewPurpose,
) -> Result<PurposeId, StoreError> {
    if tx.registry().purpose_by_code(&new.code).is_some() {
        return Err(Refusal::Exists("purpose").into());
    }
    let id = PurposeId(tx.id(&tables::PURPOSES));
    let row = [
        v(id),
        v(new.code.as_str()),
        v(new.title.as_str()),
        v(new.class.code()),
        v(new.basis.code()),
        v(new.grade.code()),
        v(tx.now()),
        v(i64::from(new.identity_check)),
    ];
    tx.record(
        &tables::PURPOSES,
        row,
        (actor, Action::PurposeChanged, &["purpose/added"]),
    )?;
    tx.effects.registry = true;
    tx.flush()?;
    Ok(id)
}

/// Changes whether messages for a purpose have to name the person's identity key.
pub(crate) fn set_identity_check(
    tx: &mut Tx<'_>,
    actor: Actor,
    purpose: PurposeId,
    wanted: bool,
) -> Result<(), StoreError> {
    let registry = tx.registry();
    registry
        .purpose(purpose)
        .ok_or(Refusal::Missing("purpose"))?;
    let sql = "UPDATE purposes SET identity_check = $1 WHERE id = $2";
    tx.update_one(&tables::PURPOSES, sql, (i64::from(wanted), purpose.0))?;
    let rule = if wanted {
        "purpose/identity-check"
    } else {
        "purpose/no-identity-check"
    };
    let detail = format!("purpose {purpose}");
    tx.note(None, &detail, (actor, Action::PurposeChanged, &[rule]))?;
    tx.effects.registry = true;
    tx.flush()
}

/// Publishes a notice: the next version of its code, or the same version in another language.
pub(crate) fn publish_notice(
    tx: &mut Tx<'_>,
    actor: Actor,
    new: &NewNotice,
) -> Result<(NoticeId, u32), StoreError> {
    let registry = tx.registry();
    let versions = || {
        registry
            .notices
            .iter()
            .filter(|notice| notice.code == new.code)
    };
    let newest = versions().map(|notice| notice.version).max().unwrap_or(0);
    let has_language =
        versions().any(|notice| notice.version == newest && notice.language == new.language);
    let version = if newest == 0 || has_language {
        newest + 1
    } else {
        newest
    };
    let id = NoticeId(tx.id(&tables::NOTICES));
    let row = [
        v(id),
        v(new.code.as_str()),
        v(version),
        v(new.language.as_str()),
        v(new.title.as_str()),
        v(new.body.as_str()),
        v(seal::sha256(new.body.as_bytes())),
        v(new.change.code()),
        v(tx.now()),
    ];
    let told = (
        actor,
        Action::NoticePublished,
        &["notice/published"] as &[&str],
    );
    tx.record(&tables::NOTICES, row, told)?;
    tx.effects.registry = true;
    tx.flush()?;
    Ok((id, version))
}

/// Stops all sending, or lets it go on.
pub(crate) fn set_emergency_stop(
    tx: &mut Tx<'_>,
    actor: Actor,
    stop: bool,
    reason: &str,
) -> Result<(), StoreError> {
    tx.connection.execute(
        "INSERT INTO settings (name, value) VALUES ('emergency-stop', $1)
         ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        [i64::from(stop)],
    )?;
    tx.effects.registry = true;
    let rule = if stop {
        "emergency-stop/set"
    } else {
        "emergency-stop/cleared"
    };
    tx.note(None, reason, (actor, Action::EmergencyStopChanged, &[rule]))?;
    tx.flush()
}

/// Restricts a person, or lifts the restriction: the subject, and everybody linked as the same person.
pub(crate) fn set_restriction(
    tx: &mut Tx<'_>,
    actor: Actor,
    (subject, restricted): (SubjectId, bool),
    reason: &str,
) -> Result<(), StoreError> {
    // Who was erased, or is about to be, stays restricted.
    crate::people::exists(tx.connection, subject)?;
    let circle = crate::erase::same_person(tx.connection, subject)?;
    for own in &circle {
        if !restricted && crate::erase::waits(tx.connection, *own)? {
            return Err(Refusal::Ended("restriction").into());
        }
    }
    let (sql, rule) = if restricted {
        let sql = "UPDATE subjects SET restricted_at = coalesce(restricted_at, $1) WHERE id = $2";
        (sql, "restriction/set")
    } else {
        let sql = "UPDATE subjects SET restricted_at = $1 WHERE id = $2";
        (sql, "restriction/lifted")
    };
    let since = restricted.then(|| tx.now().micros());
    for own in circle {
        tx.update_one(&tables::SUBJECTS, sql, (since, own.0))?;
        let told = (actor, Action::RestrictionChanged, &[rule] as &[&str]);
        tx.note(Some(own), reason, told)?;
    }
    tx.flush()
}

/// The alias under which an app knows a subject; drawn at random on first use.
pub(crate) fn alias(
    tx: &mut Tx<'_>,
    (app, subject): (AppId, SubjectId),
    country: &str,
) -> Result<String, StoreError> {
    if let Some(alias) = crate::read::alias(tx.connection, app, subject)? {
        return Ok(alias);
    }
    tx.registry().app(app).ok_or(Refusal::Missing("app"))?;
    crate::people::exists(tx.connection, subject)?;
    let mut alias = format!("{country}.");
    while alias.len() < country.len() + 21 {
        let [byte] = tx.random().array::<1>()?;
        // 250 is the largest multiple of ten a byte holds: every digit is as likely as another.
        if byte < 250 {
            alias.push(char::from(b'0' + byte % 10));
        }
    }
    let id = tx.id(&tables::ALIASES);
    let row = [v(id), v(app), v(subject), v(alias.as_str()), v(tx.now())];
    tx.record(
        &tables::ALIASES,
        row,
        (Actor::App(app), Action::AliasMinted, &["alias/minted"]),
    )?;
    tx.flush()?;
    Ok(alias)
}
