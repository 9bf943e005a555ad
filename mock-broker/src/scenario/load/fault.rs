//! What is wrong with a document, and where in it.

use std::fmt;
use std::ops::Range;

use serde::de::{Error, Expected, Unexpected};

use crate::scenario::name::nearest;

/// What is wrong, in words, and where: the range of bytes, once somebody has said it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) message: String,
    pub(super) span: Option<Range<usize>>,
    pub(super) kind: FaultKind,
    /// What was probably meant.
    pub(super) meant: Option<String>,
    /// What there is to choose from, where nothing comes near to what was written.
    pub(super) choice: &'static [&'static str],
}

/// What kind of thing is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultKind {
    /// It is not written as it must be, or a key, a word or a value is not what belongs there.
    Form,
    /// It is well written, and what it says cannot be: a number out of its range.
    Value,
}

impl Fault {
    pub(super) const fn new(message: String, span: Range<usize>) -> Self {
        Self {
            message,
            span: Some(span),
            kind: FaultKind::Form,
            meant: None,
            choice: &[],
        }
    }

    /// What is well written here cannot be.
    pub(super) fn of_value(message: String, span: Range<usize>) -> Self {
        Self {
            kind: FaultKind::Value,
            ..Self::new(message, span)
        }
    }

    /// Says where, if nobody nearer has.
    pub(super) fn at(mut self, span: &Range<usize>) -> Self {
        self.span.get_or_insert_with(|| span.clone());
        self
    }

    fn unknown(what: &str, found: &str, expected: &'static [&'static str]) -> Self {
        let near = nearest(found, expected.iter().copied());
        let mut fault = Self::custom(format!("unknown {what} `{found}`"));
        match near {
            Some(near) => fault.meant = Some(near.to_owned()),
            None => fault.choice = expected,
        }
        fault
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.meant {
            Some(meant) => write!(f, ", did you mean `{meant}`?"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Fault {}

impl Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Self {
        let message = message.to_string();
        // Of a name that is none, serde hands on what it says and not what it is.
        let said = message.strip_suffix("`?");
        let (message, meant) = match said.and_then(|said| said.rsplit_once(", did you mean `")) {
            Some((message, meant)) => (message.to_owned(), Some(meant.to_owned())),
            None => (message, None),
        };
        Self {
            message,
            span: None,
            kind: FaultKind::Form,
            meant,
            choice: &[],
        }
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::custom(format!(
            "expected {}, found {}",
            wanted(expected),
            said(found)
        ))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self {
            kind: FaultKind::Value,
            ..Self::invalid_type(found, expected)
        }
    }

    fn unknown_variant(found: &str, expected: &'static [&'static str]) -> Self {
        Self::unknown("word", found, expected)
    }

    fn unknown_field(found: &str, expected: &'static [&'static str]) -> Self {
        Self::unknown("key", found, expected)
    }

    fn missing_field(field: &'static str) -> Self {
        Self::custom(format!("the key `{field}` is missing"))
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::custom(format!("the key `{field}` stands here twice"))
    }
}

/// What was expected, in the words of people who write files and not Rust.
fn wanted(expected: &dyn Expected) -> String {
    let text = expected.to_string();
    match text.as_str() {
        "u8" => "a number from 0 to 255".to_owned(),
        "u16" => "a number from 0 to 65535".to_owned(),
        "u32" => "a number from 0 to 4294967295".to_owned(),
        "u64" | "usize" => "a whole number, 0 or more".to_owned(),
        "a string" => "a text".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a sequence" => "a list in brackets".to_owned(),
        _ => match text.strip_prefix("struct ") {
            Some(_) => "a table in braces".to_owned(),
            None => text,
        },
    }
}

fn said(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Bool(value) => value.to_string(),
        Unexpected::Unsigned(value) => value.to_string(),
        Unexpected::Signed(value) => value.to_string(),
        Unexpected::Float(value) => value.to_string(),
        Unexpected::Str(text) => format!("\"{text}\""),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "a table".to_owned(),
        Unexpected::Unit => "null".to_owned(),
        other => other.to_string(),
    }
}
