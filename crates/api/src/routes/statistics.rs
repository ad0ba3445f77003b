//! Counts that outlive what was counted, shown without telling of single people.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use axum::Json;
use axum::http::header;
use axum::response::IntoResponse as _;
use axum::response::Response;
use domain::ids::PurposeId;
use domain::statistic;
use domain::statistic::Counted;
use domain::time::Timestamp;
use serde::Serialize;
use store::Registry;
use store::statistics;
use store::statistics::Count;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Allowed;
use crate::access::perm;
use crate::problem::Kind;
use crate::problem::Problem;
use crate::query::StatisticsQuery;
use crate::state::ApiState;

/// The longest time one answer is about, in days.
const MOST_DAYS: i64 = 3_660;

const DAY: i64 = 86_400;

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::default().routes(routes!(show_statistics))
}

/// The statistics of some days.
#[derive(Serialize, ToSchema)]
pub(crate) struct StatisticsView {
    /// The first day, in UTC.
    from: String,
    /// The last day.
    to: String,
    /// What is counted, one table each.
    tables: Vec<TableView>,
}

/// What is counted of one kind.
#[derive(Serialize, ToSchema)]
pub(crate) struct TableView {
    /// What is counted.
    counted: &'static str,
    /// The cells, in order; those without any are left out.
    cells: Vec<CellView>,
    /// Their sum: a number, `<5`, or `withheld` where it would give away a small cell.
    total: String,
}

/// A cell of a table.
#[derive(Serialize, ToSchema)]
pub(crate) struct CellView {
    /// What it is counted by, and the value of each.
    by: BTreeMap<&'static str, String>,
    /// How many: a number, `<5`, or `withheld` where it would give away a smaller cell.
    count: String,
}

/// By what cells are told apart. Codes are those of the query.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum By {
    Day,
    Month,
    Number,
    Purpose,
    Outcome,
}

impl By {
    const ALL: [Self; 5] = [
        Self::Day,
        Self::Month,
        Self::Number,
        Self::Purpose,
        Self::Outcome,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Month => "month",
            Self::Number => "number",
            Self::Purpose => "purpose",
            Self::Outcome => "outcome",
        }
    }

    fn value(self, registry: &Registry, count: &Count) -> String {
        match self {
            Self::Day => date(count.day),
            Self::Month => date(count.day).get(..7).unwrap_or_default().to_owned(),
            Self::Number if count.number == 0 => String::new(),
            Self::Number => count.number.to_string(),
            Self::Purpose => registry
                .purpose(PurposeId(count.purpose))
                .map_or_else(String::new, |entry| entry.purpose.code.clone()),
            Self::Outcome => statistics::outcome(count.counted, count.outcome),
        }
    }
}

/// A day since 1970 as a date.
fn date(day: i64) -> String {
    let instant = Timestamp::from_seconds(day * DAY).to_string();
    instant.get(..10).unwrap_or_default().to_owned()
}

/// Counts by day, number, purpose and outcome: messages, decisions, consent, requests, erasures.
///
/// A count from 1 to 4 is told as `<5`; where it could be had from the sum, others are withheld.
#[utoipa::path(
    get,
    path = "/statistics",
    tag = "statistics",
    params(StatisticsQuery),
    responses((
        status = 200,
        description = "The counts, as JSON or CSV",
        content((StatisticsView = "application/json"), (String = "text/csv"))
    )),
    security(("staff" = ["view-statistics"]))
)]
pub(crate) async fn show_statistics(
    allowed: Allowed<perm::ViewStatistics, StatisticsQuery>,
) -> Result<Response, Problem> {
    let query = &allowed.query;
    let (from, to) = (day("from", &query.from)?, day("to", &query.to)?);
    if to < from || MOST_DAYS <= to - from {
        let detail = "`to` is not before `from`, and at most 3660 days behind it";
        return Err(Problem::new(Kind::Query, detail));
    }
    let by = by(query.by.as_deref().unwrap_or("outcome"))?;
    let csv = match query.format.as_deref() {
        None | Some("json") => false,
        Some("csv") => true,
        Some(_) => return Err(Problem::new(Kind::Query, "`format` is json or csv")),
    };
    let registry = allowed.registry();
    let counts = allowed
        .read(move |reader| reader.statistics(from, to))
        .await?;
    let view = StatisticsView {
        from: date(from),
        to: date(to),
        tables: tables(&registry, &by, &counts),
    };
    if csv {
        let kind = [(header::CONTENT_TYPE, "text/csv; charset=utf-8")];
        return Ok((kind, view.csv(&by)).into_response());
    }
    Ok(Json(view).into_response())
}

fn day(name: &'static str, text: &str) -> Result<i64, Problem> {
    let wrong = || {
        Problem::new(
            Kind::Query,
            format!("`{name}` is a date such as 2026-11-21"),
        )
    };
    if text.len() != 10 {
        return Err(wrong());
    }
    let at: Timestamp = format!("{text}T00:00:00Z").parse().map_err(|_| wrong())?;
    Ok(at.day())
}

fn by(text: &str) -> Result<Vec<By>, Problem> {
    let named = |name: &str| By::ALL.into_iter().find(|by| by.name() == name);
    let list: Option<Vec<By>> = text.split(',').map(|name| named(name.trim())).collect();
    let mut list = list.ok_or_else(|| {
        let detail = "`by` lists day, month, number, purpose and outcome, parted by commas";
        Problem::new(Kind::Query, detail)
    })?;
    list.sort_unstable();
    list.dedup();
    Ok(list)
}

fn tables(registry: &Registry, by: &[By], counts: &[Count]) -> Vec<TableView> {
    let mut tables = Vec::new();
    for counted in Counted::ALL {
        let mut cells: BTreeMap<Vec<String>, u64> = BTreeMap::new();
        for count in counts.iter().filter(|count| count.counted == counted) {
            let place = by.iter().map(|by| by.value(registry, count)).collect();
            *cells.entry(place).or_default() += count.many;
        }
        let many: Vec<u64> = cells.values().copied().collect();
        let (shown, total) = statistic::shown(&many);
        let cells = cells.into_keys().zip(shown);
        let cells = cells.map(|(values, shown)| CellView {
            by: by.iter().map(|by| by.name()).zip(values).collect(),
            count: shown.to_string(),
        });
        tables.push(TableView {
            counted: counted.name(),
            cells: cells.collect(),
            total: total.to_string(),
        });
    }
    tables
}

impl StatisticsView {
    fn csv(&self, by: &[By]) -> String {
        let names: Vec<&str> = by.iter().map(|by| by.name()).collect();
        let mut text = format!("counted,{},count\r\n", names.join(","));
        for table in &self.tables {
            for cell in &table.cells {
                // Values are codes, dates and numbers: nothing in them has to be quoted.
                let values: Vec<&str> = names
                    .iter()
                    .filter_map(|name| cell.by.get(name).map(String::as_str))
                    .collect();
                let values = values.join(",");
                let _ = write!(text, "{},{values},{}\r\n", table.counted, cell.count);
            }
        }
        text
    }
}
