//! Who may do what: a closed matrix, deny by default.

/// One thing one may be allowed to do. A handler's argument type names its permission.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Permission {
    /// Take messages that wait out of the queue.
    CancelQueued,
    /// Erase people, and see erasures.
    EraseSubjects,
    /// Have copies of people's data made, decide what is left out of them, and hand them out.
    ExportSubjects,
    /// Create and change apps and endpoints of the event channel, issue and revoke apps' tokens.
    ManageApps,
    /// Roll the epoch key.
    ManageKeys,
    /// Place, change and release legal holds, and see them.
    ManageHolds,
    /// Change, preview and run the retention schedule, decide its cases, take single messages out.
    ManageRetention,
    /// See statistics: counts, and none of a few people.
    ViewStatistics,
    /// Change what Meta keeps of a number's messages, and where.
    ManageNumbers,
    /// Change purposes and publish notices.
    ManagePurposes,
    /// Stop all sending, and let it go on.
    ManageEmergencyStop,
    /// Take in requests of people, and take their steps.
    ManageRequests,
    /// Record consent events and suppressions for a subject.
    RecordConsent,
    /// Restrict a subject, or lift the restriction.
    RestrictSubjects,
    /// Replay deliveries to apps and events to endpoints.
    ReplayDeliveries,
    /// See which snapshots there are, and how far the key bundle is at each place.
    ViewBackups,
    /// See numbers, apps, purposes, notices, templates and deliveries: no personal data.
    ViewConfiguration,
    /// See decisions and ask for a preview of one.
    ViewDecisions,
    /// See log entries and checkpoints.
    ViewLog,
    /// See requests of people, where they stand and when they are due; not what they say.
    ViewRequests,
    /// Look up subjects and see their record, masked.
    ViewSubjects,
    /// See a person's messages and identifiers in clear, with a reason, logged.
    RevealSubjects,
}

impl Permission {
    /// All permissions.
    pub const ALL: [Self; 22] = [
        Self::CancelQueued,
        Self::EraseSubjects,
        Self::ExportSubjects,
        Self::ManageApps,
        Self::ManageKeys,
        Self::ManageHolds,
        Self::ManageRetention,
        Self::ViewStatistics,
        Self::ManageNumbers,
        Self::ManagePurposes,
        Self::ManageEmergencyStop,
        Self::ManageRequests,
        Self::RecordConsent,
        Self::RestrictSubjects,
        Self::ReplayDeliveries,
        Self::ViewBackups,
        Self::ViewConfiguration,
        Self::ViewDecisions,
        Self::ViewLog,
        Self::ViewRequests,
        Self::ViewSubjects,
        Self::RevealSubjects,
    ];

    /// The name it has in the admin API and its errors.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CancelQueued => "cancel-queued",
            Self::EraseSubjects => "erase-subjects",
            Self::ExportSubjects => "export-subjects",
            Self::ManageApps => "manage-apps",
            Self::ManageKeys => "manage-keys",
            Self::ManageHolds => "manage-holds",
            Self::ManageRetention => "manage-retention",
            Self::ViewStatistics => "view-statistics",
            Self::ManageNumbers => "manage-numbers",
            Self::ManagePurposes => "manage-purposes",
            Self::ManageEmergencyStop => "manage-emergency-stop",
            Self::ManageRequests => "manage-requests",
            Self::RecordConsent => "record-consent",
            Self::RestrictSubjects => "restrict-subjects",
            Self::ReplayDeliveries => "replay-deliveries",
            Self::ViewBackups => "view-backups",
            Self::ViewConfiguration => "view-configuration",
            Self::ViewDecisions => "view-decisions",
            Self::ViewLog => "view-log",
            Self::ViewRequests => "view-requests",
            Self::ViewSubjects => "view-subjects",
            Self::RevealSubjects => "reveal-subjects",
        }
    }
}

/// What a member of staff is.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Role {
    /// The holder of the token from the first start. Until staff have accounts of their own it may
    /// do everything the admin API offers.
    Bootstrap,
}

/// Whether a role has a permission. Total; deny by default.
pub fn permits(role: Role, permission: Permission) -> bool {
    match role {
        Role::Bootstrap => Permission::ALL.contains(&permission),
    }
}

/// What an app's token may be used for at the gateway.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum AppScope {
    /// Send messages, mark as read, show typing.
    Send,
    /// Upload, read and delete media.
    Media,
    /// Read templates, numbers and the business profile.
    Read,
    /// Register a customer key with a number and get an alias.
    Mint,
    /// Create, edit and delete templates: they belong to all numbers of an account.
    Templates,
    /// Block and unblock people, and see who is blocked. Whoever is blocked cannot write in, not even
    /// to stop.
    Block,
    /// Delete people from the contact book at Meta, for all numbers and for good.
    Contacts,
    /// Ask people for consent: a confirmation goes out to them.
    Consent,
    /// Take in what people ask for by right, for a person the app names.
    Requests,
}

impl AppScope {
    /// All scopes in the order of their bits.
    pub const ALL: [Self; 9] = [
        Self::Send,
        Self::Media,
        Self::Read,
        Self::Mint,
        Self::Templates,
        Self::Block,
        Self::Contacts,
        Self::Consent,
        Self::Requests,
    ];

    /// Its bit in a stored set.
    pub const fn bit(self) -> i64 {
        match self {
            Self::Send => 1,
            Self::Media => 2,
            Self::Read => 4,
            Self::Mint => 8,
            Self::Templates => 16,
            Self::Block => 32,
            Self::Contacts => 64,
            Self::Consent => 128,
            Self::Requests => 256,
        }
    }

    /// The name it has in the admin API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::Media => "media",
            Self::Read => "read",
            Self::Mint => "mint",
            Self::Templates => "templates",
            Self::Block => "block",
            Self::Contacts => "contacts",
            Self::Consent => "consent",
            Self::Requests => "requests",
        }
    }

    /// The scope with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }
}

/// A set of app scopes.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct AppScopes(i64);

impl AppScopes {
    /// The set with these bits; unknown bits are dropped.
    pub fn from_bits(bits: i64) -> Self {
        Self(AppScope::ALL.into_iter().map(AppScope::bit).sum::<i64>() & bits)
    }

    /// The bits to store.
    pub const fn bits(self) -> i64 {
        self.0
    }

    /// Whether the scope is in the set.
    pub const fn has(self, scope: AppScope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// The names of the scopes in the set.
    pub fn names(self) -> Vec<&'static str> {
        AppScope::ALL
            .into_iter()
            .filter(|scope| self.has(*scope))
            .map(AppScope::name)
            .collect()
    }
}

impl FromIterator<AppScope> for AppScopes {
    fn from_iter<I: IntoIterator<Item = AppScope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | scope.bit()))
    }
}
