//! What is wrong with a template, and why a letter cannot be written.

use std::fmt;

/// Something wrong with a file of one's own; the built-in template stays in force.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fault {
    /// The file, below the folder of templates.
    pub file: String,
    /// The line, counted from 1, where it is known.
    pub line: Option<usize>,
    /// What is wrong.
    pub cause: String,
}

impl Fault {
    pub(crate) fn new(file: &str, line: Option<usize>, cause: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            line,
            cause: cause.into(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "`{}`, line {line}: {}", self.file, self.cause),
            None => write!(f, "`{}`: {}", self.file, self.cause),
        }
    }
}

/// Why a letter cannot be written. It tells nothing of what the letter says.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum WriteError {
    /// The template does not come out with these facts.
    #[error("the template `{template}` cannot be filled{}", at(*line))]
    Template {
        /// Its language and name.
        template: String,
        /// The line, counted from 1, where it is known.
        line: Option<usize>,
    },
    /// There is no template of that name.
    #[error("there is no template `{0}`")]
    Unknown(String),
}

fn at(line: Option<usize>) -> String {
    line.map_or_else(String::new, |line| format!(" at line {line}"))
}
