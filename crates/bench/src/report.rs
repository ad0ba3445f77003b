//! What a measurement found: a small table for people, a document for machines.

use std::io;
use std::io::Write as _;

use serde_json::Value;
use serde_json::json;

/// What a figure should be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Goal {
    /// This or more.
    AtLeast(f64),
    /// This or less.
    AtMost(f64),
}

/// What a measurement found.
#[derive(Debug)]
pub(crate) struct Report {
    title: String,
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    name: String,
    value: f64,
    unit: &'static str,
    goal: Option<Goal>,
}

impl Goal {
    const fn is_met(self, value: f64) -> bool {
        match self {
            Self::AtLeast(least) => least <= value,
            Self::AtMost(most) => value <= most,
        }
    }
}

impl Report {
    /// An empty one.
    pub(crate) fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            rows: Vec::new(),
        }
    }

    /// Adds a figure.
    pub(crate) fn figure(&mut self, name: impl Into<String>, value: f64, unit: &'static str) {
        self.rows.push(Row {
            name: name.into(),
            value,
            unit,
            goal: None,
        });
    }

    /// Adds a figure that has a goal.
    pub(crate) fn against(
        &mut self,
        name: impl Into<String>,
        value: f64,
        unit: &'static str,
        goal: Goal,
    ) {
        self.rows.push(Row {
            name: name.into(),
            value,
            unit,
            goal: Some(goal),
        });
    }

    /// Prints it.
    pub(crate) fn tell(&self, as_json: bool) {
        let mut out = io::stdout().lock();
        // A reader that has gone away is not an error.
        let _ = if as_json {
            writeln!(out, "{}", self.json())
        } else {
            write!(out, "{}", self.table())
        };
    }

    fn table(&self) -> String {
        let width = self.rows.iter().map(|row| row.name.len()).max();
        let width = width.unwrap_or_default();
        let lines = self.rows.iter().map(|row| {
            let goal = row.goal.map(|goal| {
                let (word, wanted) = match goal {
                    Goal::AtLeast(least) => ("at least", least),
                    Goal::AtMost(most) => ("at most", most),
                };
                let met = if goal.is_met(row.value) {
                    "met"
                } else {
                    "missed"
                };
                format!("   goal: {word} {}, {met}", number(wanted))
            });
            format!(
                "  {:<width$}  {:>12} {}{}\n",
                row.name,
                number(row.value),
                row.unit,
                goal.unwrap_or_default()
            )
        });
        format!("{}\n{}", self.title, lines.collect::<String>())
    }

    fn json(&self) -> Value {
        let rows = self.rows.iter().map(|row| {
            let mut figure = json!({"name": row.name, "value": row.value, "unit": row.unit});
            if let (Some(goal), Some(members)) = (row.goal, figure.as_object_mut()) {
                let (word, wanted) = match goal {
                    Goal::AtLeast(least) => ("at_least", least),
                    Goal::AtMost(most) => ("at_most", most),
                };
                members.insert(word.to_owned(), json!(wanted));
                members.insert("met".to_owned(), json!(goal.is_met(row.value)));
            }
            figure
        });
        json!({"measurement": self.title, "figures": rows.collect::<Vec<_>>()})
    }
}

/// Says beside the figures what is being done.
pub(crate) fn note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Three digits that count, thousands apart.
fn number(value: f64) -> String {
    if value.abs() < 100.0 {
        let decimals = if value.abs() < 1.0 { 3 } else { 2 };
        return format!("{value:.decimals$}");
    }
    let digits = format!("{value:.0}");
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        let between = grouped.ends_with(|before: char| before.is_ascii_digit());
        if between && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::Goal;
    use super::Report;
    use super::number;

    #[test]
    fn numbers_are_short() {
        for (value, expected) in [
            (0.0, "0.000"),
            (0.0417, "0.042"),
            (4.179, "4.18"),
            (-295.4, "-295"),
            (-12_345.0, "-12,345"),
            (417.9, "418"),
            (1234.0, "1,234"),
            (1_234_567.0, "1,234,567"),
        ] {
            assert_eq!(number(value), expected);
        }
    }

    #[test]
    fn a_goal_is_said_to_be_met_or_missed() {
        let mut report = Report::new("decision");
        report.figure("floor", 1.5, "µs");
        report.against("decide", 2.0, "µs", Goal::AtMost(5.0));
        report.against("rate", 2.0, "/s", Goal::AtLeast(5.0));
        assert_eq!(
            report.table(),
            "decision\n  floor           1.50 µs\n  decide          2.00 µs   goal: at most 5.00, met\n  \
             rate            2.00 /s   goal: at least 5.00, missed\n"
        );
        assert_eq!(
            report.json()["figures"][1],
            serde_json::json!({"name": "decide", "value": 2.0, "unit": "µs", "at_most": 5.0, "met": true})
        );
    }
}
