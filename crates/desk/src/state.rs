//! What all pages share.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use jiff::tz::TimeZone;
use service::Service;

use crate::Settings;
use crate::SetupError;
use crate::asset::Assets;
use crate::form::Form;
use crate::language::Language;
use crate::language::Languages;
use crate::language::Text;
use crate::pace::Pace;
use crate::token::FormTokens;

/// What all pages share. Clones are the same desk.
#[derive(Clone)]
pub(crate) struct Desk(Arc<Shared>);

pub(crate) struct Shared {
    /// The verbs.
    pub(crate) service: Arc<Service>,
    /// The languages that are on.
    pub(crate) languages: Languages,
    /// The forms.
    pub(crate) forms: Vec<Form>,
    /// Style, script and mark.
    pub(crate) assets: Assets,
    /// Who may go on, and who has to wait.
    pub(crate) pace: Pace,
    /// What forms carry where no session vouches for them.
    pub(crate) tokens: FormTokens,
    /// The origin of this site, as browsers write it.
    pub(crate) origin: String,
    /// What stands before each path: empty, or where a proxy has put the site.
    pub(crate) base: String,
    /// Whether people come over TLS.
    pub(crate) secure: bool,
    organisation: Arc<str>,
    zone: TimeZone,
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").finish_non_exhaustive()
    }
}

impl Deref for Desk {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl Desk {
    pub(crate) fn new(service: Arc<Service>, settings: Settings) -> Result<Self, SetupError> {
        let secure = settings.address.scheme() == "https";
        if !crate::is_fit(&settings.address) {
            return Err(SetupError::Plain);
        }
        let keyring = service.store().keyring();
        Ok(Self(Arc::new(Shared {
            languages: Languages::load(&settings.languages, &settings.language)?,
            forms: settings.forms,
            assets: Assets::new(),
            pace: Pace::default(),
            // No token of an app or of staff looks like this, so none has this hash.
            tokens: FormTokens::new(keyring.token_hash("desk/forms/v1")),
            origin: settings.address.origin().ascii_serialization(),
            base: settings.address.path().trim_end_matches('/').to_owned(),
            secure,
            organisation: service.settings().organisation.as_str().into(),
            zone: settings.zone,
            service,
        })))
    }

    /// The texts of pages in this language.
    pub(crate) fn text(&self, language: &Arc<Language>) -> Text {
        let organisation = Arc::clone(&self.organisation);
        Text::new(Arc::clone(language), organisation, self.zone.clone())
    }

    /// Who writes to people.
    pub(crate) fn organisation(&self) -> &Arc<str> {
        &self.organisation
    }

    /// The form with this code.
    pub(crate) fn form(&self, code: &str) -> Option<&Form> {
        self.forms.iter().find(|form| form.code == code)
    }

    /// The present instant.
    pub(crate) fn now(&self) -> domain::time::Timestamp {
        self.service.store().clock().now()
    }
}
