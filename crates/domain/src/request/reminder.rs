//! When somebody is reminded of a request: at half of its time, three days before it is due, and every
//! day once it is overdue.

use super::Request;
use crate::time::Span;
use crate::time::Timestamp;

/// How long before it is due the second reminder comes.
const BEFORE: Span = Span::days(3);

vocabulary! {
    /// Of what somebody is reminded.
    Reminder {
        /// Half of its time is over.
        HalfTime = 1 "half-time",
        /// It is due in three days.
        Soon = 2 "soon",
        /// It is overdue.
        Overdue = 3 "overdue",
    }
}

/// What somebody has to be reminded of now, if they were last at `reminded_at`. A request whose clock
/// stands still is waited for; the letter of the law may still count on, so it is never overdue unseen.
pub fn reminder(
    request: &Request,
    reminded_at: Option<Timestamp>,
    now: Timestamp,
) -> Option<Reminder> {
    if !request.is_open() {
        return None;
    }
    let (reached, reminder) = reached(request, now)?;
    let told = reminded_at.is_some_and(|told| reached <= told);
    (!told).then_some(reminder)
}

/// The last point that lies behind.
fn reached(request: &Request, now: Timestamp) -> Option<(Timestamp, Reminder)> {
    let due = request.due_at;
    if due <= now {
        let days = now.since(due).as_micros() / Span::days(1).as_micros();
        let days = u32::try_from(days).unwrap_or(u32::MAX);
        return Some((due + Span::days(days), Reminder::Overdue));
    }
    let whole = due.since(request.received_at).as_micros();
    let half = request.received_at + Span::micros(whole / 2);
    let soon = due - BEFORE;
    let points = [(half, Reminder::HalfTime), (soon, Reminder::Soon)];
    // A short deadline may have its half time within the last three days.
    let behind = points.into_iter().filter(|(at, _)| *at <= now);
    behind.max_by_key(|(at, _)| *at)
}

#[cfg(test)]
mod tests {
    use super::Reminder;
    use super::reminder;
    use crate::request::Assurance;
    use crate::request::Request;
    use crate::request::RequestKind;
    use crate::request::Terms;
    use crate::time::Span;
    use crate::time::Timestamp;

    const START: Timestamp = Timestamp::from_seconds(1_795_000_000);

    fn check(told: Option<u32>, day: u32, wanted: Option<Reminder>) {
        let terms = Terms::plain(START);
        let request = Request::new(RequestKind::Access, Assurance::Channel, START, &terms);
        let told = told.map(|day| START + Span::days(day));
        let found = reminder(&request, told, START + Span::days(day));
        assert_eq!(found, wanted, "told {told:?}, day {day}");
    }

    #[test]
    fn each_point_once_and_every_day_when_overdue() {
        check(None, 14, None);
        check(None, 15, Some(Reminder::HalfTime));
        check(Some(15), 26, None);
        check(Some(15), 27, Some(Reminder::Soon));
        check(None, 28, Some(Reminder::Soon));
        check(Some(27), 29, None);
        check(Some(27), 30, Some(Reminder::Overdue));
        check(Some(30), 30, None);
        check(Some(30), 31, Some(Reminder::Overdue));
        check(Some(31), 40, Some(Reminder::Overdue));
    }
}
