//! One template: compiled, with bounds on what it may do.

use std::sync::Arc;

use minijinja::Environment;
use minijinja::Error;
use minijinja::ErrorKind;
use minijinja::Output;
use minijinja::State;
use minijinja::UndefinedBehavior;
use minijinja::Value;

use crate::document::MARK;

/// So many steps a template may take: some hundred times what the longest one needs.
const FUEL: u64 = 100_000;
/// A longer template is none, in bytes.
pub(crate) const LONGEST: usize = 64 * 1024;

/// A compiled template.
#[derive(Clone, Debug)]
pub(crate) struct Template(Arc<Environment<'static>>);

const NAME: &str = "letter";

impl Template {
    pub(crate) fn compile(source: &str) -> Result<Self, Error> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        environment.set_formatter(format);
        environment.add_template_owned(NAME, source.to_owned())?;
        Ok(Self(Arc::new(environment)))
    }

    pub(crate) fn fill(&self, context: &Value) -> Result<String, Error> {
        self.0.get_template(NAME)?.render(context.clone())
    }
}

/// Writes a value on one line, behind a mark that keeps it from being read as markup. What is not
/// there cannot be written.
fn format(out: &mut Output<'_>, _: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    if value.is_undefined() || value.is_none() {
        let why = "what is not there cannot be written; ask for it with `if`";
        return Err(Error::new(ErrorKind::UndefinedError, why));
    }
    let text = value.to_string();
    let text = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let line: String = std::iter::once(MARK).chain(text).collect();
    out.write_str(&line).map_err(Error::from)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use minijinja::Value;
    use minijinja::value::Serde;

    use super::Template;

    fn fill(source: &str) -> Result<String, Option<usize>> {
        let template = Template::compile(source).map_err(|error| error.line())?;
        let context = Value::from(Serde(BTreeMap::from([
            ("name", Some("a\nb")),
            ("gone", None),
        ])));
        template.fill(&context).map_err(|error| error.line())
    }

    #[test]
    fn templates_are_strict_and_bounded() {
        for (source, expected) in [
            ("{{ name }}", Ok("\u{1}a b")),
            ("{% if gone %}x{% endif %}y", Ok("y")),
            ("\n{{ gone }}", Err(Some(2))),
            ("\n\n{{ nmae }}", Err(Some(3))),
            ("{% if nmae %}{% endif %}", Err(Some(1))),
            ("{% if name %}", Err(Some(1))),
            (
                "{% for x in range(9999) %}{% for y in range(9999) %}{% endfor %}{% endfor %}",
                Err(Some(1)),
            ),
            ("{% include 'letter' %}", Err(Some(1))),
        ] {
            let found = fill(source);
            let found = found.as_deref().map_err(|line| *line);
            assert_eq!(found, expected, "{source}");
        }
    }
}
