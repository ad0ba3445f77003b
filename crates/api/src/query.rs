//! The queries of lists that can be narrowed.

use serde::Deserialize;
use utoipa::IntoParams;

use crate::words::DeliveryState;
use crate::words::RequestKind;
use crate::words::RequestState;
use crate::words::RestrictedUse;

/// For what something is read of somebody who may be restricted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct RestrictedQuery {
    /// For what it is read although the person is restricted; it stands in the log. Without it nothing of a
    /// restricted person is shown.
    pub(crate) restricted_use: Option<RestrictedUse>,
}

/// Which decisions.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct DecisionQuery {
    /// Only those about this subject.
    pub(crate) subject: Option<i64>,
    /// How many entries at the most: 1 to 200, 50 unless told.
    pub(crate) limit: Option<u32>,
    /// Only entries with a smaller id than this.
    pub(crate) before: Option<i64>,
}

/// Which deliveries.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeliveryQuery {
    /// Only those of this app.
    pub(crate) app: Option<i64>,
    /// Only those in this state.
    pub(crate) state: Option<DeliveryState>,
    /// How many entries at the most: 1 to 200, 50 unless told.
    pub(crate) limit: Option<u32>,
    /// Only entries with a smaller id than this.
    pub(crate) before: Option<i64>,
}

/// Which messages that went out beside the gateway.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct OutsideQuery {
    /// `true`: only those to people who had said stop.
    pub(crate) opted_out: Option<bool>,
    /// How many entries at the most: 1 to 200, 50 unless told.
    pub(crate) limit: Option<u32>,
    /// Only entries with a smaller id than this.
    pub(crate) before: Option<i64>,
}

/// Which deliveries of events.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventDeliveryQuery {
    /// Only those to this endpoint.
    pub(crate) endpoint: Option<i64>,
    /// Only those in this state.
    pub(crate) state: Option<DeliveryState>,
    /// How many entries at the most: 1 to 200, 50 unless told.
    pub(crate) limit: Option<u32>,
    /// Only entries with a smaller id than this.
    pub(crate) before: Option<i64>,
}

/// Which erasures.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ErasureQuery {
    /// `true`: only those of which a recipient has not acknowledged in time.
    pub(crate) overdue: Option<bool>,
    /// `true`: only those that left something about which somebody has to decide.
    pub(crate) undecided: Option<bool>,
    /// How many entries at the most: 1 to 200, 50 unless told.
    pub(crate) limit: Option<u32>,
    /// Only entries with a smaller id than this.
    pub(crate) before: Option<i64>,
}

/// Which requests of people.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct RequestQuery {
    /// Only those in this state.
    pub(crate) state: Option<RequestState>,
    /// Only those that ask for this.
    pub(crate) kind: Option<RequestKind>,
    /// Only those of this subject, and whoever is linked as the same person.
    pub(crate) subject: Option<i64>,
    /// `true`: only those that are not done.
    pub(crate) open: Option<bool>,
    /// `true`: only those that are not done and whose time is over.
    pub(crate) overdue: Option<bool>,
    /// `true`: only those with a letter of which nobody knows whether it went out.
    pub(crate) untold: Option<bool>,
    /// How many entries at the most: 1 to 200, 50 unless told.
    pub(crate) limit: Option<u32>,
    /// Only entries with a smaller id than this.
    pub(crate) before: Option<i64>,
}

/// Which part of the log.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogQuery {
    /// The position of the first entry, 0 unless told.
    pub(crate) from: Option<u32>,
    /// How many entries at the most: 1 to 200, 50 unless told.
    pub(crate) limit: Option<u32>,
}

/// Which consent record.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecordQuery {
    /// The code of the purpose; it has to be there.
    pub(crate) purpose: Option<String>,
}

/// Which legal holds.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct HoldQuery {
    /// `true`: only those in force.
    pub(crate) in_force: Option<bool>,
    /// How many entries at the most: 1 to 200, 50 unless told.
    pub(crate) limit: Option<u32>,
    /// Only entries with a smaller id than this.
    pub(crate) before: Option<i64>,
}

/// Which cases of the retention schedule.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReviewQuery {
    /// `true`: only those that nobody has decided.
    pub(crate) open: Option<bool>,
    /// How many entries at the most: 1 to 200, 50 unless told.
    pub(crate) limit: Option<u32>,
    /// Only entries with a smaller id than this.
    pub(crate) before: Option<i64>,
}

/// Which statistics.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct StatisticsQuery {
    /// The first day, in UTC.
    #[param(format = Date)]
    pub(crate) from: String,
    /// The last day, in UTC.
    #[param(format = Date)]
    pub(crate) to: String,
    /// By what cells are told apart: day, month, number, purpose, outcome, parted by commas; by outcome
    /// unless told.
    pub(crate) by: Option<String>,
    /// json, unless told, or csv.
    pub(crate) format: Option<String>,
}
