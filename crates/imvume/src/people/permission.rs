//! `imvume people permission`.

use anyhow::Context as _;
use domain::audit::Actor;
use domain::campaign::CampaignKind;
use domain::confirmation::Route;
use domain::ids::CampaignId;
use domain::ids::ImportId;
use serde_json::json;
use store::Store;
use store::campaign::CampaignView;
use store::campaign::NewAsking;

use super::Permission;
use crate::Verdict;
use crate::config::Config;
use crate::instance;
use crate::output;

pub(super) fn run(arguments: &Permission) -> anyhow::Result<Verdict> {
    let config = Config::load(&arguments.config)?;
    let portal = &config.settings.portal;
    anyhow::ensure!(
        portal.public_url.is_some(),
        "people have no address to come to with their answer; set listen.public_url"
    );
    let (kind, sends, section) = match arguments.by {
        Route::Sms => (CampaignKind::AskBySms, config.sms.is_some(), "sms"),
        Route::Email | Route::Chat => (CampaignKind::AskByEmail, config.mail.is_some(), "mail"),
    };
    anyhow::ensure!(sends, "nothing is set up to carry it; see [{section}]");
    let store = instance::open_existing(&config).context(
        "while the gateway runs, use the admin API: POST /api/v1/imports/{id}/permission",
    )?;
    let registry = store.registry();
    let purpose = registry
        .purpose_by_code(&arguments.purpose)
        .context("--purpose: there is no such purpose")?;
    let new = NewAsking {
        import: ImportId(arguments.import),
        about: purpose.purpose.id,
        kind,
        language: arguments.language.clone(),
        hours: portal.confirm_hours,
        pace: arguments.pace,
        stop_permille: arguments.stop_permille,
    };
    let begun = begin(&store, new);
    store.close();
    let begun = begun?;
    if arguments.json {
        output::json(&json!({"campaign": begun.id.0, "people": begun.people}));
    } else {
        output::line(format_args!(
            "Campaign {}: {} people of the list are looked at from when the gateway runs, {} a minute at \
             the most are asked.",
            begun.id, begun.people, arguments.pace
        ));
    }
    Ok(Verdict::Held)
}

fn begin(store: &Store, new: NewAsking) -> anyhow::Result<CampaignView> {
    let runtime = instance::runtime()?;
    let id: CampaignId = runtime.block_on(store.begin_asking(Actor::System, new))?;
    let campaign = store.read_now(|reader| reader.campaign(id))?;
    campaign.context("the campaign is not there")
}
