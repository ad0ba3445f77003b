//! Values on their way into a database and out of it: integers, text, bytes, nothing.

use std::borrow::Cow;

use crate::dialect::error::DbError;
use crate::dialect::error::DbResult;

/// A value of a row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Integer(i64),
    /// No column is declared to hold it, but SQLite would take it.
    Real(f64),
    Text(String),
    Blob(Vec<u8>),
}

/// A value that belongs to somebody else.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ValueRef<'a> {
    Null,
    Integer(i64),
    Real(f64),
    Text(&'a str),
    Blob(&'a [u8]),
}

impl Value {
    fn by_ref(&self) -> ValueRef<'_> {
        match self {
            Self::Null => ValueRef::Null,
            Self::Integer(number) => ValueRef::Integer(*number),
            Self::Real(number) => ValueRef::Real(*number),
            Self::Text(text) => ValueRef::Text(text),
            Self::Blob(blob) => ValueRef::Blob(blob),
        }
    }
}

/// Text as every database takes it: PostgreSQL has no U+0000 in text, so it is kept as U+FFFD
/// everywhere.
pub(crate) fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') {
        Cow::Owned(text.replace('\0', "\u{fffd}"))
    } else {
        Cow::Borrowed(text)
    }
}

impl ValueRef<'_> {
    pub(super) fn to_owned(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Integer(number) => Value::Integer(number),
            Self::Real(number) => Value::Real(number),
            Self::Text(text) => Value::Text(storable(text).into_owned()),
            Self::Blob(blob) => Value::Blob(blob.to_vec()),
        }
    }
}

/// What can be a parameter.
pub(crate) trait AsValue {
    fn as_value(&self) -> ValueRef<'_>;
}

impl AsValue for Value {
    fn as_value(&self) -> ValueRef<'_> {
        self.by_ref()
    }
}

impl AsValue for ValueRef<'_> {
    fn as_value(&self) -> ValueRef<'_> {
        *self
    }
}

impl AsValue for str {
    fn as_value(&self) -> ValueRef<'_> {
        ValueRef::Text(self)
    }
}

impl AsValue for String {
    fn as_value(&self) -> ValueRef<'_> {
        ValueRef::Text(self)
    }
}

impl AsValue for [u8] {
    fn as_value(&self) -> ValueRef<'_> {
        ValueRef::Blob(self)
    }
}

impl AsValue for Vec<u8> {
    fn as_value(&self) -> ValueRef<'_> {
        ValueRef::Blob(self)
    }
}

impl<const N: usize> AsValue for [u8; N] {
    fn as_value(&self) -> ValueRef<'_> {
        ValueRef::Blob(self)
    }
}

impl<T: AsValue + ?Sized> AsValue for &T {
    fn as_value(&self) -> ValueRef<'_> {
        (**self).as_value()
    }
}

impl<T: AsValue> AsValue for Option<T> {
    fn as_value(&self) -> ValueRef<'_> {
        self.as_ref().map_or(ValueRef::Null, AsValue::as_value)
    }
}

macro_rules! integers {
    ($($integer:ty),+) => {$(
        impl AsValue for $integer {
            fn as_value(&self) -> ValueRef<'_> {
                ValueRef::Integer(i64::from(*self))
            }
        }
    )+};
}

integers!(i64, i32, u8, u16, u32);

/// The parameters of a statement, in order.
pub(crate) trait Params {
    /// Hands each of them over.
    fn bind(self, to: &mut dyn FnMut(ValueRef<'_>) -> DbResult<()>) -> DbResult<()>;
}

impl Params for () {
    fn bind(self, _: &mut dyn FnMut(ValueRef<'_>) -> DbResult<()>) -> DbResult<()> {
        Ok(())
    }
}

impl<T: AsValue, const N: usize> Params for [T; N] {
    fn bind(self, to: &mut dyn FnMut(ValueRef<'_>) -> DbResult<()>) -> DbResult<()> {
        self.iter().try_for_each(|value| to(value.as_value()))
    }
}

impl<T: AsValue> Params for &[T] {
    fn bind(self, to: &mut dyn FnMut(ValueRef<'_>) -> DbResult<()>) -> DbResult<()> {
        self.iter().try_for_each(|value| to(value.as_value()))
    }
}

/// Parameters that come one after the other.
#[derive(Debug)]
pub(crate) struct Each<I>(pub(crate) I);

impl<I> Params for Each<I>
where
    I: Iterator,
    I::Item: AsValue,
{
    fn bind(mut self, to: &mut dyn FnMut(ValueRef<'_>) -> DbResult<()>) -> DbResult<()> {
        self.0.try_for_each(|value| to(value.as_value()))
    }
}

/// Parameters that come two by two.
#[derive(Debug)]
pub(crate) struct Pairs<'p, A, B>(pub(crate) &'p [(A, B)]);

impl<A: AsValue, B: AsValue> Params for Pairs<'_, A, B> {
    fn bind(self, to: &mut dyn FnMut(ValueRef<'_>) -> DbResult<()>) -> DbResult<()> {
        self.0.iter().try_for_each(|(first, second)| {
            to(first.as_value())?;
            to(second.as_value())
        })
    }
}

/// Values that fill so many places, the last as often as it takes.
#[derive(Debug)]
pub(crate) struct Padded<'p, T>(pub(crate) &'p [T], pub(crate) usize);

impl<'p, T> Padded<'p, T> {
    /// The values, place by place.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &'p T> + use<'p, T> {
        let rest = self.1.saturating_sub(self.0.len());
        let last = self.0.last().into_iter().cycle();
        self.0.iter().chain(last.take(rest))
    }
}

impl<T: AsValue> Params for Padded<'_, T> {
    fn bind(self, to: &mut dyn FnMut(ValueRef<'_>) -> DbResult<()>) -> DbResult<()> {
        self.iter().try_for_each(|value| to(value.as_value()))
    }
}

macro_rules! tuples {
    ($(($($name:ident),+))+) => {$(
        impl<$($name: AsValue),+> Params for ($($name,)+) {
            fn bind(self, to: &mut dyn FnMut(ValueRef<'_>) -> DbResult<()>) -> DbResult<()> {
                #[expect(non_snake_case, reason = "one name for the type and its value")]
                let ($($name,)+) = self;
                $(to($name.as_value())?;)+
                Ok(())
            }
        }
    )+};
}

tuples! {
    (A)
    (A, B)
    (A, B, C)
    (A, B, C, D)
    (A, B, C, D, E)
    (A, B, C, D, E, F)
    (A, B, C, D, E, F, G)
    (A, B, C, D, E, F, G, H)
    (A, B, C, D, E, F, G, H, I)
    (A, B, C, D, E, F, G, H, I, J)
}

/// What a column can be read as.
pub(crate) trait FromValue: Sized {
    /// Reads it.
    ///
    /// # Errors
    /// [`DbError::Type`] where the column holds something else.
    fn from_value(value: ValueRef<'_>) -> DbResult<Self>;
}

impl FromValue for i64 {
    fn from_value(value: ValueRef<'_>) -> DbResult<Self> {
        match value {
            ValueRef::Integer(number) => Ok(number),
            _ => Err(DbError::Type),
        }
    }
}

macro_rules! narrow {
    ($($integer:ty),+) => {$(
        impl FromValue for $integer {
            fn from_value(value: ValueRef<'_>) -> DbResult<Self> {
                Self::try_from(i64::from_value(value)?).map_err(|_| DbError::Type)
            }
        }
    )+};
}

narrow!(u8, u16, u32, i32);

impl FromValue for bool {
    fn from_value(value: ValueRef<'_>) -> DbResult<Self> {
        i64::from_value(value).map(|number| number != 0)
    }
}

impl FromValue for String {
    fn from_value(value: ValueRef<'_>) -> DbResult<Self> {
        match value {
            ValueRef::Text(text) => Ok(text.to_owned()),
            _ => Err(DbError::Type),
        }
    }
}

impl FromValue for Vec<u8> {
    fn from_value(value: ValueRef<'_>) -> DbResult<Self> {
        match value {
            ValueRef::Blob(blob) => Ok(blob.to_vec()),
            _ => Err(DbError::Type),
        }
    }
}

impl<const N: usize> FromValue for [u8; N] {
    fn from_value(value: ValueRef<'_>) -> DbResult<Self> {
        match value {
            ValueRef::Blob(blob) => blob.try_into().map_err(|_| DbError::Type),
            _ => Err(DbError::Type),
        }
    }
}

impl FromValue for Value {
    fn from_value(value: ValueRef<'_>) -> DbResult<Self> {
        Ok(value.to_owned())
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: ValueRef<'_>) -> DbResult<Self> {
        match value {
            ValueRef::Null => Ok(None),
            value => T::from_value(value).map(Some),
        }
    }
}
