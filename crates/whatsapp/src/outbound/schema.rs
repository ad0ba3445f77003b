//! A small language for tables of fields.

use serde_json::Map;
use serde_json::Value;

use super::fault::BodyError;
use super::fault::Fault;
use super::link::check_link;

/// A JSON object.
pub(super) type Object = Map<String, Value>;

/// What a member may be.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    /// Anything; it is passed on as it is, and no part of it is read here.
    Any,
    Bool,
    /// What the function says.
    By(fn(&Value, &'static str) -> Result<(), BodyError>),
    /// An integer, or its digits in a string, up to the bound.
    Integer(u64),
    Link,
    /// A list of least to most entries.
    List(usize, usize, &'static Self),
    /// An object with `id` or `link`, never both, and these members.
    Media(&'static [Field]),
    /// A number, or a number in a string, between minus and plus the bound.
    Number(f64),
    Object(&'static [Field]),
    OneOf(&'static [&'static str]),
    /// A string of least to most characters.
    Text(usize, usize),
}

/// A member of an object.
#[derive(Clone, Copy)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) path: &'static str,
    pub(super) required: bool,
    pub(super) shape: Shape,
}

/// A member that must be there.
pub(super) const fn must(name: &'static str, path: &'static str, shape: Shape) -> Field {
    Field {
        name,
        path,
        required: true,
        shape,
    }
}

/// A member that may be there.
pub(super) const fn may(name: &'static str, path: &'static str, shape: Shape) -> Field {
    Field {
        name,
        path,
        required: false,
        shape,
    }
}

/// The object at `path`, or what is wrong.
pub(super) fn object<'v>(value: &'v Value, path: &'static str) -> Result<&'v Object, BodyError> {
    value
        .as_object()
        .ok_or_else(|| BodyError::new(path, Fault::Type("an object")))
}

/// Checks that `object` has the members of `fields` and no others.
pub(super) fn check_object(
    object: &Object,
    path: &'static str,
    fields: &[Field],
) -> Result<(), BodyError> {
    if object
        .keys()
        .any(|key| fields.iter().all(|field| field.name != key))
    {
        return Err(BodyError::new(path, Fault::Unknown));
    }
    for field in fields {
        match object.get(field.name) {
            Some(value) => check(value, field.path, field.shape)?,
            None if field.required => return Err(BodyError::new(field.path, Fault::Missing)),
            None => {}
        }
    }
    Ok(())
}

/// Checks one value.
pub(super) fn check(value: &Value, path: &'static str, shape: Shape) -> Result<(), BodyError> {
    let fail = |fault| Err(BodyError::new(path, fault));
    match shape {
        Shape::Any => Ok(()),
        Shape::Bool if value.is_boolean() => Ok(()),
        Shape::Bool => fail(Fault::Type("true or false")),
        Shape::By(function) => function(value, path),
        Shape::Integer(most) => match integer(value) {
            Some(number) if number <= most => Ok(()),
            Some(_) => fail(Fault::Range),
            None => fail(Fault::Type("an integer")),
        },
        Shape::Link => check_link(text(value, path)?).or_else(|error| fail(Fault::Link(error))),
        Shape::List(least, most, of) => {
            let Some(list) = value.as_array() else {
                return fail(Fault::Type("a list"));
            };
            if !(least..=most).contains(&list.len()) {
                return fail(Fault::Count(least, most));
            }
            list.iter().try_for_each(|entry| check(entry, path, *of))
        }
        Shape::Media(fields) => {
            let media = object(value, path)?;
            check_object(media, path, fields)?;
            match (media.contains_key("id"), media.contains_key("link")) {
                (true, false) | (false, true) => Ok(()),
                (true, true) => fail(Fault::Conflict("id, link")),
                (false, false) => fail(Fault::Missing),
            }
        }
        Shape::Number(bound) => match number(value) {
            Some(number) if (-bound..=bound).contains(&number) => Ok(()),
            Some(_) => fail(Fault::Range),
            None => fail(Fault::Type("a number")),
        },
        Shape::Object(fields) => check_object(object(value, path)?, path, fields),
        Shape::OneOf(words) if words.contains(&text(value, path)?) => Ok(()),
        Shape::OneOf(_) => fail(Fault::Value),
        Shape::Text(least, most) => {
            let length = text(value, path)?.chars().count();
            if (least..=most).contains(&length) {
                Ok(())
            } else {
                fail(Fault::Length(least, most))
            }
        }
    }
}

/// The string at `path`, or what is wrong.
pub(super) fn text<'v>(value: &'v Value, path: &'static str) -> Result<&'v str, BodyError> {
    value
        .as_str()
        .ok_or_else(|| BodyError::new(path, Fault::Type("a string")))
}

fn integer(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            digits.parse().ok()
        }
        _ => None,
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(digits) => digits
            .parse()
            .ok()
            .filter(|number: &f64| number.is_finite()),
        _ => None,
    }
}
