//! The small tables that every operation looks at, held in memory: numbers, apps, tokens,
//! purposes, notices, templates, the emergency stop.

use std::collections::HashMap;
use std::fmt;

use crate::dialect::Connection;
use crate::dialect::Row;
use domain::access::AppScopes;
use domain::consent::EvidenceGrade;
use domain::event::EventKinds;
use domain::health::Health;
use domain::ids::AppId;
use domain::ids::EventEndpointId;
use domain::ids::NoticeId;
use domain::ids::NumberId;
use domain::ids::PurposeId;
use domain::ids::TemplateId;
use domain::ids::TokenId;
use domain::message::IdentityMode;
use domain::purpose::LegalBasis;
use domain::purpose::Purpose;
use domain::purpose::PurposeClass;
use domain::purpose::Terms;
use domain::template::Category;
use domain::template::TemplateStatus;
use domain::time::Timestamp;
use seal::Keyring;
use seal::RecordKind;
use seal::Zeroizing;

use crate::dialect::DbResult;
use crate::error::StoreError;
use crate::event;
use crate::number;
use crate::tx::place;

mod terms;

pub use self::terms::BlockRegistry;
pub use self::terms::NoticeLayers;
pub use self::terms::PurposeTerms;
pub(crate) use self::terms::block_registries;

/// What is configured, as of the last commit.
#[derive(Debug, Default)]
pub struct Registry {
    /// The numbers, by id.
    pub numbers: Vec<Number>,
    /// The apps, by id.
    pub apps: Vec<App>,
    /// The tokens of apps and staff.
    pub tokens: Vec<Token>,
    /// The purposes, by id.
    pub purposes: Vec<PurposeEntry>,
    /// All versions of all notices, by id.
    pub notices: Vec<Notice>,
    /// The template catalogue.
    pub templates: Vec<Template>,
    /// Where events go, by id.
    pub event_endpoints: Vec<EventEndpoint>,
    /// The external registries of people whom promotion must not reach, by id.
    pub block_registries: Vec<BlockRegistry>,
    /// Whether all sending is stopped.
    pub emergency_stop: bool,
    by_phone_number_id: HashMap<String, usize>,
    by_token: HashMap<Vec<u8>, usize>,
    by_template: HashMap<(String, String, String), usize>,
}

/// A WhatsApp business number.
#[derive(Clone)]
pub struct Number {
    /// Its id here.
    pub id: NumberId,
    /// Its id at Meta.
    pub phone_number_id: String,
    /// The WhatsApp Business Account it belongs to.
    pub waba_id: String,
    /// The number as people see it.
    pub display: String,
    /// The verified name.
    pub verified_name: String,
    /// Since when it is known here.
    pub created_at: Timestamp,
    /// The token for calls to Meta, where it is kept here and not in the configuration.
    pub access_token: Option<Zeroizing<String>>,
    /// What Meta says of it.
    pub health: Health,
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Number")
            .field("id", &self.id)
            .field("phone_number_id", &self.phone_number_id)
            .finish_non_exhaustive()
    }
}

/// Client software.
#[derive(Clone)]
pub struct App {
    /// Its id.
    pub id: AppId,
    /// Its name.
    pub name: String,
    /// The one number it may use, or all.
    pub number: Option<NumberId>,
    /// What it may know of people.
    pub identity: IdentityMode,
    /// Where its webhooks go.
    pub relay_url: Option<String>,
    /// The secret its webhooks are signed with.
    pub secret: Zeroizing<String>,
    /// Since when.
    pub created_at: Timestamp,
    /// When its contract ended.
    pub ended_at: Option<Timestamp>,
    /// The purpose to which people have to consent before it may have their data.
    pub sharing: Option<PurposeId>,
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App")
            .field("id", &self.id)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// An access token. The token itself is nowhere kept.
#[derive(Clone)]
pub struct Token {
    /// Its id.
    pub id: TokenId,
    /// The app it belongs to; none for staff.
    pub app: Option<AppId>,
    /// What it is called.
    pub name: String,
    /// What it may be used for.
    pub scopes: AppScopes,
    /// Since when.
    pub created_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    hash: Vec<u8>,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("id", &self.id)
            .field("app", &self.app)
            .finish_non_exhaustive()
    }
}

/// A purpose with what people see of it.
#[derive(Clone, Debug)]
pub struct PurposeEntry {
    /// As the gate sees it.
    pub purpose: Purpose,
    /// Its title.
    pub title: String,
    /// What people read of it beside.
    pub terms: PurposeTerms,
}

/// What a new version of a notice means for consent under earlier ones.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NoticeChange {
    /// A matter of wording: consent stays.
    Editorial,
    /// People have to be told: consent stays.
    Told,
    /// Consent is needed anew.
    ConsentAnew,
}

impl NoticeChange {
    /// The stable code it has in the database.
    pub const fn code(self) -> u8 {
        match self {
            Self::Editorial => 1,
            Self::Told => 2,
            Self::ConsentAnew => 3,
        }
    }

    /// The change with this code; one this program does not know needs consent anew.
    pub const fn from_code(code: u8) -> Self {
        match code {
            1 => Self::Editorial,
            2 => Self::Told,
            _ => Self::ConsentAnew,
        }
    }

    /// The name it has in the admin API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Editorial => "editorial",
            Self::Told => "told",
            Self::ConsentAnew => "consent-anew",
        }
    }
}

/// One version of a notice in one language.
#[derive(Clone, Debug)]
pub struct Notice {
    /// Its id.
    pub id: NoticeId,
    /// The notice's name; all versions share it.
    pub code: String,
    /// Its version, counted from 1.
    pub version: u32,
    /// Its language, a BCP 47 tag.
    pub language: String,
    /// Its title.
    pub title: String,
    /// Its text.
    pub body: String,
    /// SHA-256 of the text.
    pub hash: Vec<u8>,
    /// What it means for consent under earlier versions.
    pub change: NoticeChange,
    /// When it was published.
    pub published_at: Timestamp,
    /// Its other layers, if it has any.
    pub layers: Option<NoticeLayers>,
}

/// A template of the synced catalogue.
#[derive(Clone, Debug)]
pub struct Template {
    /// Its id here.
    pub id: TemplateId,
    /// The account it belongs to.
    pub waba_id: String,
    /// Its name.
    pub name: String,
    /// Its language.
    pub language: String,
    /// Its id at Meta.
    pub meta_id: String,
    /// Its category.
    pub category: Category,
    /// Whether Meta lets it out.
    pub status: TemplateStatus,
    /// Its body with placeholders.
    pub body: String,
    /// The catalogue's entry as Meta gave it.
    pub raw: String,
    /// The purpose it is bound to, where that is not its category's own.
    pub purpose: Option<PurposeId>,
    /// When it was last synced.
    pub synced_at: Timestamp,
}

/// Where events of some kinds go.
#[derive(Clone)]
pub struct EventEndpoint {
    /// Its id.
    pub id: EventEndpointId,
    /// Its name.
    pub name: String,
    /// Where events are posted to.
    pub url: String,
    /// Which kinds.
    pub kinds: EventKinds,
    /// What they are signed with.
    pub secret: Zeroizing<String>,
    /// Since when.
    pub created_at: Timestamp,
    /// When it was ended.
    pub ended_at: Option<Timestamp>,
}

impl fmt::Debug for EventEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventEndpoint")
            .field("id", &self.id)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Notice {
    /// What consent is pinned to: the hash over all layers, or over the text where there is no other.
    pub fn pinned(&self) -> &[u8] {
        self.layers
            .as_ref()
            .map_or(&self.hash, |layers| &layers.hash)
    }
}

impl Registry {
    pub(crate) fn load(connection: &Connection, keyring: &Keyring) -> Result<Self, StoreError> {
        let mut registry = Self {
            numbers: number::load(connection, keyring)?,
            apps: apps(connection, keyring)?,
            tokens: all(
                connection,
                "SELECT id, app_id, name, scopes, created_at, expires_at, revoked_at, hash FROM tokens ORDER BY id",
                token,
            )?,
            purposes: all(
                connection,
                "SELECT id, code, title, class, basis, grade, identity_check FROM purposes ORDER BY id",
                purpose,
            )?,
            notices: all(
                connection,
                "SELECT id, code, version, language, title, body, hash, change, published_at FROM notices ORDER BY id",
                notice,
            )?,
            templates: all(
                connection,
                "SELECT id, waba_id, name, language, meta_id, category, status, body, raw, purpose_id, synced_at FROM templates ORDER BY id",
                template,
            )?,
            event_endpoints: event_endpoints(connection, keyring)?,
            block_registries: block_registries(connection)?,
            emergency_stop: all(
                connection,
                "SELECT value FROM settings WHERE name = 'emergency-stop'",
                |row| row.get::<i64>(0),
            )?
            .first()
            .is_some_and(|value| *value != 0),
            ..Self::default()
        };
        terms::load(connection, &mut registry)?;
        registry.by_phone_number_id = places(&registry.numbers, |n| n.phone_number_id.clone());
        registry.by_token = places(&registry.tokens, |token| token.hash.clone());
        registry.by_template = places(&registry.templates, |template| {
            (
                template.waba_id.clone(),
                template.name.clone(),
                template.language.clone(),
            )
        });
        Ok(registry)
    }

    /// The number with this id at Meta.
    pub fn number_by_phone_number_id(&self, phone_number_id: &str) -> Option<&Number> {
        self.by_phone_number_id
            .get(phone_number_id)
            .and_then(|place| self.numbers.get(*place))
    }

    /// The number with this id.
    pub fn number(&self, id: NumberId) -> Option<&Number> {
        self.numbers.iter().find(|number| number.id == id)
    }

    /// The app with this id.
    pub fn app(&self, id: AppId) -> Option<&App> {
        self.apps.iter().find(|app| app.id == id)
    }

    /// The token whose keyed hash this is, if it is in force at `now`.
    pub fn token(&self, hash: &[u8; 32], now: Timestamp) -> Option<&Token> {
        self.by_token
            .get(hash.as_slice())
            .and_then(|place| self.tokens.get(*place))
            .filter(|token| token.revoked_at.is_none() && now < token.expires_at)
    }

    /// The purpose with this id.
    pub fn purpose(&self, id: PurposeId) -> Option<&PurposeEntry> {
        self.purposes.iter().find(|entry| entry.purpose.id == id)
    }

    /// The purpose with this code.
    pub fn purpose_by_code(&self, code: &str) -> Option<&PurposeEntry> {
        self.purposes
            .iter()
            .find(|entry| entry.purpose.code == code)
    }

    /// The first purpose of a class: the one a category or a free-form message is bound to unless
    /// something says otherwise.
    pub fn default_purpose(&self, class: PurposeClass) -> Option<&PurposeEntry> {
        self.purposes
            .iter()
            .find(|entry| entry.purpose.class == class)
    }

    /// The template under this name and language.
    pub fn template(&self, waba_id: &str, name: &str, language: &str) -> Option<&Template> {
        let key = (waba_id.to_owned(), name.to_owned(), language.to_owned());
        self.by_template
            .get(&key)
            .and_then(|place| self.templates.get(*place))
    }

    /// The notice version with this id.
    pub fn notice(&self, id: NoticeId) -> Option<&Notice> {
        self.notices.iter().find(|notice| notice.id == id)
    }

    /// The newest version of a notice, in `language` if it exists in it.
    pub fn newest_notice(&self, code: &str, language: &str) -> Option<&Notice> {
        let versions = || self.notices.iter().filter(|notice| notice.code == code);
        let newest = versions().map(|notice| notice.version).max()?;
        let of_newest = || versions().filter(|notice| notice.version == newest);
        of_newest()
            .find(|notice| notice.language == language)
            .or_else(|| of_newest().next())
    }

    /// Whether consent under this notice version still stands: no later version of the same notice
    /// needs consent anew. Consent under no notice stands as long as its evidence does.
    pub fn notice_valid(&self, id: Option<NoticeId>) -> bool {
        let Some(under) = id.and_then(|id| self.notice(id)) else {
            return id.is_none();
        };
        !self.notices.iter().any(|notice| {
            notice.code == under.code
                && notice.version > under.version
                && notice.change == NoticeChange::ConsentAnew
        })
    }
}

fn places<T, K: std::hash::Hash + Eq>(list: &[T], key: impl Fn(&T) -> K) -> HashMap<K, usize> {
    list.iter()
        .enumerate()
        .map(|(place, entry)| (key(entry), place))
        .collect()
}

fn all<T>(
    connection: &Connection,
    sql: &str,
    read: impl Fn(&Row<'_>) -> DbResult<T>,
) -> Result<Vec<T>, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map((), |row| read(row))?;
    Ok(rows)
}

fn instant(row: &Row<'_>, column: usize) -> DbResult<Timestamp> {
    row.get(column).map(Timestamp::from_micros)
}

fn apps(connection: &Connection, keyring: &Keyring) -> Result<Vec<App>, StoreError> {
    let sql = "SELECT id, name, number_id, identity, relay_url, sealed_secret, created_at, ended_at, \
               sharing_purpose_id FROM apps ORDER BY id";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(())?;
    let mut apps = Vec::new();
    while let Some(row) = rows.next()? {
        let id: i64 = row.get(0)?;
        let damaged = |column| StoreError::Damaged {
            table: "apps",
            column,
            id,
        };
        let secret = keyring
            .setting_key()
            .open(
                &place(RecordKind::Setting, 1, id, 0),
                &row.get::<Vec<u8>>(5)?,
            )
            .map_err(|_| damaged("sealed_secret"))?;
        let secret = String::from_utf8(secret.to_vec()).map_err(|_| damaged("sealed_secret"))?;
        apps.push(App {
            id: AppId(id),
            name: row.get(1)?,
            number: row.get::<Option<i64>>(2)?.map(NumberId),
            identity: IdentityMode::from_code(row.get(3)?).ok_or_else(|| damaged("identity"))?,
            relay_url: row.get(4)?,
            secret: Zeroizing::new(secret),
            created_at: instant(&row, 6)?,
            ended_at: row.get::<Option<i64>>(7)?.map(Timestamp::from_micros),
            sharing: row.get::<Option<i64>>(8)?.map(PurposeId),
        });
    }
    Ok(apps)
}

fn event_endpoints(
    connection: &Connection,
    keyring: &Keyring,
) -> Result<Vec<EventEndpoint>, StoreError> {
    let sql = "SELECT id, name, url, sealed_secret, kinds, created_at, ended_at \
               FROM event_endpoints ORDER BY id";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(())?;
    let mut endpoints = Vec::new();
    while let Some(row) = rows.next()? {
        let id: i64 = row.get(0)?;
        let place = place(RecordKind::Setting, event::SECRET, id, 0);
        let secret = keyring
            .setting_key()
            .open(&place, row.blob(3).unwrap_or_default())
            .ok()
            .and_then(|secret| String::from_utf8(secret.to_vec()).ok())
            .ok_or(StoreError::Damaged {
                table: "event_endpoints",
                column: "sealed_secret",
                id,
            })?;
        endpoints.push(EventEndpoint {
            id: EventEndpointId(id),
            name: row.get(1)?,
            url: row.get(2)?,
            secret: Zeroizing::new(secret),
            kinds: EventKinds::from_bits(row.get(4)?),
            created_at: instant(&row, 5)?,
            ended_at: row.get::<Option<i64>>(6)?.map(Timestamp::from_micros),
        });
    }
    Ok(endpoints)
}

fn token(row: &Row<'_>) -> DbResult<Token> {
    Ok(Token {
        id: TokenId(row.get(0)?),
        app: row.get::<Option<i64>>(1)?.map(AppId),
        name: row.get(2)?,
        scopes: AppScopes::from_bits(row.get(3)?),
        created_at: instant(row, 4)?,
        expires_at: instant(row, 5)?,
        revoked_at: row.get::<Option<i64>>(6)?.map(Timestamp::from_micros),
        hash: row.get(7)?,
    })
}

fn purpose(row: &Row<'_>) -> DbResult<PurposeEntry> {
    // A code this program does not know counts as the strictest there is.
    let class = PurposeClass::from_code(row.get(3)?).unwrap_or(PurposeClass::Promotional);
    let basis = LegalBasis::from_code(row.get(4)?).unwrap_or(LegalBasis::Consent);
    let grade = EvidenceGrade::from_code(row.get(5)?).unwrap_or(EvidenceGrade::Confirmed);
    let purpose = Purpose {
        id: PurposeId(row.get(0)?),
        code: row.get(1)?,
        class,
        basis,
        grade,
        identity_check: row.get::<i64>(6)? != 0,
        terms: Terms::default(),
    };
    Ok(PurposeEntry {
        purpose,
        title: row.get(2)?,
        terms: PurposeTerms::default(),
    })
}

fn notice(row: &Row<'_>) -> DbResult<Notice> {
    Ok(Notice {
        id: NoticeId(row.get(0)?),
        code: row.get(1)?,
        version: row.get(2)?,
        language: row.get(3)?,
        title: row.get(4)?,
        body: row.get(5)?,
        hash: row.get(6)?,
        change: NoticeChange::from_code(row.get(7)?),
        published_at: instant(row, 8)?,
        layers: None,
    })
}

fn template(row: &Row<'_>) -> DbResult<Template> {
    Ok(Template {
        id: TemplateId(row.get(0)?),
        waba_id: row.get(1)?,
        name: row.get(2)?,
        language: row.get(3)?,
        meta_id: row.get(4)?,
        category: Category::from_code(row.get(5)?).unwrap_or(Category::Marketing),
        status: TemplateStatus::from_code(row.get(6)?),
        body: row.get(7)?,
        raw: row.get(8)?,
        purpose: row.get::<Option<i64>>(9)?.map(PurposeId),
        synced_at: instant(row, 10)?,
    })
}
