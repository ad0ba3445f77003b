//! Lists: bounded, newest first, with a cursor.

use serde::Deserialize;
use serde::Serialize;
use utoipa::IntoParams;
use utoipa::ToSchema;

const DEFAULT: u32 = 50;
const MOST: u32 = 200;

/// Which part of a list.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListQuery {
    /// How many entries at the most: 1 to 200, 50 unless told.
    pub(crate) limit: Option<u32>,
    /// Only entries with a smaller id than this.
    pub(crate) before: Option<i64>,
}

/// A part of a list.
#[derive(Serialize, ToSchema)]
pub(crate) struct Page<T> {
    /// The entries, newest first.
    pub(crate) items: Vec<T>,
    /// What to pass as `before` to go on; null at the end.
    pub(crate) next_before: Option<i64>,
}

impl<T> Page<T> {
    /// The part of `rows`, which come newest first, that is asked for.
    pub(crate) fn of<R>(
        rows: impl IntoIterator<Item = R>,
        (limit, before): (Option<u32>, Option<i64>),
        id: impl Fn(&R) -> i64,
        view: impl Fn(R) -> T,
    ) -> Self {
        let limit = usize::try_from(clamp(limit)).unwrap_or(usize::MAX);
        let rows: Vec<R> = rows
            .into_iter()
            .filter(|row| before.is_none_or(|before| id(row) < before))
            .take(limit)
            .collect();
        Self {
            next_before: rows.last().filter(|_| rows.len() == limit).map(id),
            items: rows.into_iter().map(view).collect(),
        }
    }
}

impl ListQuery {
    /// The two halves.
    pub(crate) const fn parts(self) -> (Option<u32>, Option<i64>) {
        (self.limit, self.before)
    }
}

/// Which part of a list that grows at its end.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct OnwardQuery {
    /// How many entries at the most: 1 to 200, 50 unless told.
    pub(crate) limit: Option<u32>,
    /// Only entries with a greater id than this.
    pub(crate) after: Option<i64>,
}

impl OnwardQuery {
    /// How many, and behind which.
    pub(crate) fn parts(self) -> (u32, Option<i64>) {
        (clamp(self.limit), self.after)
    }
}

/// A part of a list that grows at its end.
#[derive(Serialize, ToSchema)]
pub(crate) struct Onward<T> {
    /// The entries, oldest first.
    pub(crate) items: Vec<T>,
    /// What to pass as `after` to go on; null at the end.
    pub(crate) next_after: Option<i64>,
}

impl<T> Onward<T> {
    /// The part with these rows, which are no more than `limit`.
    pub(crate) fn of<R>(
        rows: Vec<R>,
        limit: u32,
        id: impl Fn(&R) -> i64,
        view: impl Fn(R) -> T,
    ) -> Self {
        let whole = u32::try_from(rows.len()).is_ok_and(|rows| rows == limit);
        Self {
            next_after: rows.last().filter(|_| whole).map(id),
            items: rows.into_iter().map(view).collect(),
        }
    }
}

/// How many entries a list has.
pub(crate) fn clamp(limit: Option<u32>) -> u32 {
    limit.unwrap_or(DEFAULT).clamp(1, MOST)
}

#[cfg(test)]
mod tests {
    use super::Page;

    #[test]
    fn pages_are_bounded_and_go_on() {
        for (limit, before, items, next) in [
            (
                None,
                None,
                (951..=1000).rev().collect::<Vec<i64>>(),
                Some(951),
            ),
            (Some(0), None, vec![1000], Some(1000)),
            (Some(2), Some(3), vec![2, 1], Some(1)),
            (Some(2), Some(1), vec![], None),
            (Some(3), Some(3), vec![2, 1], None),
            (
                Some(u32::MAX),
                None,
                (801..=1000).rev().collect(),
                Some(801),
            ),
        ] {
            let page = Page::of((1..=1000).rev(), (limit, before), |row| *row, |row| row);
            assert_eq!(
                (page.items, page.next_before),
                (items, next),
                "{limit:?} {before:?}"
            );
        }
    }
}
