//! Reads what a rule sets, by its kind.

use std::sync::Arc;

use domain::consent::EvidenceGrade;
use domain::law::Asking;
use domain::law::Hours;
use domain::law::Pause;
use domain::record_class::RecordClass;
use domain::record_class::RecordClasses;
use domain::request::RequestKind;
use domain::retention::Period;
use domain::retention::Starts;
use domain::time::Span;
use serde::Deserialize;
use serde::Deserializer;
use serde::de::DeserializeOwned;
use serde::de::Error as _;
use toml::Table;

use crate::deadline::Roll;
use crate::deadline::Term;
use crate::deadline::Unit;
use crate::fault::Problem;
use crate::kind::Deadline;
use crate::kind::Element;
use crate::kind::Kind;
use crate::kind::Quiet;
use crate::kind::Retention;
use crate::kind::Stage;
use crate::kind::Told;
use crate::kind::Value;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AgeRow {
    years: u8,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AskingRow {
    times: Option<u32>,
    after_refusal: Option<Ever>,
    after_refusal_days: Option<u16>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Ever {
    Ever,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BreachRow {
    tell: Told,
    amount: Option<u16>,
    unit: Option<Unit>,
    holidays: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DaysRow {
    days: u16,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeadlineRow {
    #[serde(deserialize_with = "request_kinds")]
    requests: Vec<RequestKind>,
    stage: Stage,
    amount: u16,
    unit: Unit,
    #[serde(default)]
    roll: Roll,
    holidays: Option<String>,
    extension: Option<u16>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GradeRow {
    grade: Grade,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Grade {
    Asserted,
    Confirmed,
    Direct,
    Recorded,
}

impl From<Grade> for EvidenceGrade {
    fn from(grade: Grade) -> Self {
        match grade {
            Grade::Asserted => Self::Asserted,
            Grade::Confirmed => Self::Confirmed,
            Grade::Direct => Self::Direct,
            Grade::Recorded => Self::Recorded,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoticeRow {
    required: Vec<Element>,
    #[serde(default)]
    if_applicable: Vec<Element>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct QuietRow {
    open: Vec<OpenRow>,
    holidays: Option<String>,
    waivable: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OpenRow {
    days: String,
    from: String,
    to: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RetentionRow {
    what: String,
    #[serde(default)]
    classes: Vec<String>,
    amount: u16,
    unit: Unit,
    #[serde(default)]
    to_year_end: bool,
    starts: Option<String>,
    #[serde(default)]
    proof: bool,
    sector: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SoftRow {
    allowed: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TermRow {
    amount: u16,
    unit: Unit,
    holidays: Option<String>,
}

/// What a rule of this kind sets.
pub(crate) fn read(kind: Kind, table: Table) -> Result<Value, Problem> {
    let wrong = |problem: &str| Problem::value(kind, problem);
    Ok(match kind {
        Kind::Age => Value::Age(row::<AgeRow>(kind, table)?.years),
        Kind::Asking => Value::Asking(asking(row(kind, table)?).map_err(wrong)?),
        Kind::BreachClock => breach(row(kind, table)?).map_err(wrong)?,
        Kind::Cleansing => {
            Value::Cleansing(days(row::<DaysRow>(kind, table)?.days).map_err(wrong)?)
        }
        Kind::ConsentGrade => Value::Grade(row::<GradeRow>(kind, table)?.grade.into()),
        Kind::ConsentLapse => Value::Lapse(days(row::<DaysRow>(kind, table)?.days).map_err(wrong)?),
        Kind::Notice => notice(row(kind, table)?).map_err(wrong)?,
        Kind::OptOutLatency => {
            let row: TermRow = row(kind, table)?;
            Value::Latency(term(row.amount, row.unit, Roll::None, row.holidays).map_err(wrong)?)
        }
        Kind::QuietHours => Value::Quiet(quiet(row(kind, table)?).map_err(wrong)?),
        Kind::RequestDeadline => Value::Deadline(deadline(row(kind, table)?).map_err(wrong)?),
        Kind::RetentionMax | Kind::RetentionMin if !table.is_empty() => {
            Value::Retention(retention(row(kind, table)?).map_err(wrong)?)
        }
        Kind::SoftOptIn => Value::SoftOptIn(row::<SoftRow>(kind, table)?.allowed),
        Kind::Special => Value::Special(row::<GradeRow>(kind, table)?.grade.into()),
        Kind::AutomatedDecision
        | Kind::Consent
        | Kind::Dpia
        | Kind::Marketing
        | Kind::Officer
        | Kind::Penalty
        | Kind::Records
        | Kind::RetentionMax
        | Kind::RetentionMin
        | Kind::Rights
        | Kind::Security
        | Kind::Transfer => {
            if !table.is_empty() {
                return Err(wrong("nothing acts on this kind, so it takes no value"));
            }
            Value::Data
        }
    })
}

fn row<T: DeserializeOwned>(kind: Kind, table: Table) -> Result<T, Problem> {
    T::deserialize(table).map_err(|error| Problem::value(kind, error.message()))
}

fn asking(row: AskingRow) -> Result<Asking, &'static str> {
    let after_refusal = match (row.after_refusal, row.after_refusal_days) {
        (Some(Ever::Ever), None) => Pause::Ever,
        (None, Some(days)) => Pause::For(Span::days(days.into())),
        _ => return Err("wants either `after_refusal = \"ever\"` or `after_refusal_days`"),
    };
    Ok(Asking {
        times: row.times,
        after_refusal,
    })
}

fn days(days: u16) -> Result<Span, &'static str> {
    if days == 0 {
        return Err("`days` is at least 1");
    }
    Ok(Span::days(days.into()))
}

fn term(
    amount: u16,
    unit: Unit,
    roll: Roll,
    holidays: Option<String>,
) -> Result<Term, &'static str> {
    if unit == Unit::BusinessDay && holidays.is_none() {
        return Err("business days want a `holidays` set");
    }
    if roll != Roll::None && (holidays.is_none() || unit == Unit::Hour) {
        return Err("a roll rule wants a `holidays` set and does not go with hours");
    }
    Ok(Term {
        amount,
        unit,
        roll,
        holidays: holidays.map(Arc::from),
    })
}

fn breach(row: BreachRow) -> Result<Value, &'static str> {
    let within = match (row.amount, row.unit) {
        (None, None) => None,
        (Some(amount), Some(unit)) => Some(term(amount, unit, Roll::None, row.holidays)?),
        _ => return Err("wants `amount` and `unit`, or neither for \"without undue delay\""),
    };
    Ok(Value::Breach {
        tell: row.tell,
        within,
    })
}

fn notice(row: NoticeRow) -> Result<Value, &'static str> {
    let NoticeRow {
        mut required,
        mut if_applicable,
    } = row;
    required.sort_unstable();
    if_applicable.sort_unstable();
    let twice = |list: &[Element]| list.windows(2).any(|pair| pair.first() == pair.last());
    if twice(&required)
        || twice(&if_applicable)
        || required.iter().any(|one| if_applicable.contains(one))
    {
        return Err("an element stands twice");
    }
    Ok(Value::Notice {
        required,
        if_applicable,
    })
}

/// The domain's words know nothing of files.
fn request_kinds<'a, D: Deserializer<'a>>(names: D) -> Result<Vec<RequestKind>, D::Error> {
    let names: Vec<String> = Deserialize::deserialize(names)?;
    let kinds = names.iter().map(|name| RequestKind::from_name(name));
    let kinds: Option<Vec<RequestKind>> = kinds.collect();
    kinds.ok_or_else(|| D::Error::custom("`requests` names a kind that there is not"))
}

fn deadline(row: DeadlineRow) -> Result<Deadline, &'static str> {
    let DeadlineRow { mut requests, .. } = row;
    requests.sort_unstable();
    if requests.is_empty() || requests.windows(2).any(|pair| pair.first() == pair.last()) {
        return Err("`requests` is empty or names one twice");
    }
    let term = term(row.amount, row.unit, row.roll, row.holidays)?;
    let extended = match row.extension {
        None => None,
        Some(more) => Some(Term {
            amount: row
                .amount
                .checked_add(more)
                .ok_or("`extension` is too long")?,
            ..term.clone()
        }),
    };
    if extended.is_some() && row.stage == Stage::Acknowledge {
        return Err("an acknowledgement is not extended");
    }
    Ok(Deadline {
        requests,
        stage: row.stage,
        term,
        extended,
    })
}

fn retention(row: RetentionRow) -> Result<Retention, &'static str> {
    let (months, days) = match row.unit {
        Unit::Month => (row.amount, 0),
        Unit::Day => (0, row.amount),
        Unit::Hour => (0, row.amount.div_ceil(24)),
        Unit::BusinessDay => {
            return Err("business days want a `holidays` set, and nothing is kept so shortly");
        }
    };
    let classes = row.classes.iter().map(|name| RecordClass::from_name(name));
    let classes: Option<RecordClasses> = classes.collect();
    let starts = row.starts.as_deref().map(Starts::from_name);
    let plain = |name: &String| {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        !name.is_empty() && name.len() <= 40 && name.chars().all(fits)
    };
    if !row.sector.as_ref().is_none_or(plain) {
        return Err("`sector` is a short name of small letters, digits and hyphens");
    }
    Ok(Retention {
        what: row.what,
        classes: classes.ok_or("`classes` names a record class that there is not")?,
        period: Period {
            months,
            days,
            to_year_end: row.to_year_end,
        },
        starts: starts
            .unwrap_or(Some(Starts::Received))
            .ok_or("`starts` is received, conversation-closed or contract-ended")?,
        proof: row.proof,
        sector: row.sector.map(Arc::from),
    })
}

fn quiet(row: QuietRow) -> Result<Quiet, &'static str> {
    let open: Result<Vec<Hours>, &'static str> = row.open.iter().map(hours).collect();
    Ok(Quiet {
        open: open?,
        holidays: row.holidays.map(Arc::from),
        waivable: row.waivable,
    })
}

fn hours(row: &OpenRow) -> Result<Hours, &'static str> {
    let days =
        days_of(&row.days).ok_or("`days` wants mon, tue … sun, or a range such as mon-fri")?;
    let from = minute(&row.from).ok_or("`from` wants a time such as 08:00")?;
    let to = minute(&row.to).ok_or("`to` wants a time such as 20:00")?;
    if to <= from {
        return Err("`to` lies after `from` on the same day");
    }
    Ok(Hours { days, from, to })
}

fn days_of(text: &str) -> Option<u8> {
    const NAMES: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let place = |name: &str| NAMES.iter().position(|day| *day == name);
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (place(first)?, place(last)?);
    (first <= last).then(|| (first..=last).fold(0, |days, day| days | 1 << day))
}

fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let two = |part: &str, most: u16| {
        let fits = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        let number: u16 = part.parse().ok().filter(|_| fits)?;
        (number <= most).then_some(number)
    };
    let at = two(hour, 24)? * 60 + two(minute, 59)?;
    (at <= 1440).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::days_of;
    use super::minute;

    #[test]
    fn days_and_minutes() {
        for (text, days) in [
            ("mon", Some(1)),
            ("sun", Some(64)),
            ("mon-fri", Some(31)),
            ("sat-sun", Some(96)),
            ("fri-mon", None),
            ("day", None),
            ("", None),
        ] {
            assert_eq!(days_of(text), days, "{text}");
        }
        for (text, at) in [
            ("00:00", Some(0)),
            ("08:30", Some(510)),
            ("24:00", Some(1440)),
            ("24:01", None),
            ("8:00", None),
            ("08:60", None),
            ("+8:00", None),
            ("noon", None),
        ] {
            assert_eq!(minute(text), at, "{text}");
        }
    }
}
