//! Why a file is not a scenario, for people: where, what, and the line itself.

use std::fmt;
use std::io;

use super::fault::Fault;

/// Why a file is not a scenario.
///
/// Its `Display` says what is wrong and shows the line:
///
/// ```text
/// plant.toml:3:30: unknown key `raeson`, did you mean `reason`?
///   |
/// 3 | reply = { packet = "PUBACK", raeson = "quota-exceeded" }
///   |                              ^^^^^^
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadError {
    file: String,
    message: String,
    place: Option<Place>,
    /// What is wrong in the text; `None` where there is no text.
    fault: Option<Box<Fault>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    line: usize,
    column: usize,
    text: String,
    /// How many characters of the line are meant.
    width: usize,
}

impl LoadError {
    pub(super) fn unreadable(file: &str, error: io::Error) -> Self {
        Self {
            file: file.to_owned(),
            message: format!("cannot be read: {error}"),
            place: None,
            fault: None,
        }
    }

    pub(in crate::scenario) fn no_such_scenario(name: &str, near: Option<&str>) -> Self {
        let mut message = "there is no such file, and no such scenario ships".to_owned();
        match near {
            Some(near) => message.push_str(&format!(", did you mean `{near}`?")),
            None => message.push_str(" (`mock-broker list` tells them)"),
        }
        Self {
            file: name.to_owned(),
            message,
            place: None,
            fault: None,
        }
    }

    pub(super) fn empty(file: &str) -> Self {
        Self {
            file: file.to_owned(),
            message: "this says nothing: a scenario has steps (`[[step]]`), or sets the broker up \
                (`[base]`, `[[listen]]`)"
                .to_owned(),
            place: None,
            fault: None,
        }
    }

    pub(super) fn located(file: &str, text: &str, fault: Fault) -> Self {
        Self {
            file: file.to_owned(),
            message: fault.to_string(),
            place: fault.span.as_ref().map(|span| Place::of(text, span)),
            fault: Some(Box::new(fault)),
        }
    }

    /// The file, as it was named.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// What is wrong, in words.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The line, the first being 1; `None` where the file could not be read, or says nothing.
    pub fn line(&self) -> Option<usize> {
        self.place.as_ref().map(|place| place.line)
    }

    /// The character in the line, the first being 1; `None` where the file could not be read, or says nothing.
    pub fn column(&self) -> Option<usize> {
        self.place.as_ref().map(|place| place.column)
    }

    /// What there is to choose from, where nothing comes near to what was written.
    pub(crate) fn choice(&self) -> &'static [&'static str] {
        self.fault.as_ref().map_or(&[], |fault| fault.choice)
    }
}

/// What the control API tells apart.
#[cfg(feature = "control")]
impl LoadError {
    /// What kind of thing is wrong.
    pub(crate) fn kind(&self) -> super::FaultKind {
        let fault = self.fault.as_ref();
        fault.map_or(super::FaultKind::Form, |fault| fault.kind)
    }

    /// What is wrong, without what was meant.
    pub(crate) fn what(&self) -> &str {
        let fault = self.fault.as_ref();
        fault.map_or(&self.message, |fault| &fault.message)
    }

    /// What was probably meant.
    pub(crate) fn meant(&self) -> Option<&str> {
        self.fault.as_ref()?.meant.as_deref()
    }
}

impl Place {
    fn of(text: &str, span: &std::ops::Range<usize>) -> Self {
        // Where a document ends too early, its last line is shown, and not an empty one behind it.
        let start = span.start.min(text.trim_end().len());
        let start = (0..=start).rev().find(|at| text.is_char_boundary(*at));
        let start = start.unwrap_or_default();
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line = text[line_start..].lines().next().unwrap_or_default();
        let end = span
            .end
            .clamp(start, line_start + line.len().max(start - line_start));
        let width = text
            .get(start..end)
            .map_or(1, |meant| meant.chars().count());
        Self {
            line: text[..start].matches('\n').count() + 1,
            column: text[line_start..start].chars().count() + 1,
            text: line.replace('\t', " "),
            width: width.max(1),
        }
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(Place { line, column, .. }) = &self.place {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.message)?;
        let Some(place) = &self.place else {
            return Ok(());
        };
        let number = place.line.to_string();
        let margin = " ".repeat(number.len());
        let indent = " ".repeat(place.column - 1);
        let caret = "^".repeat(place.width);
        write!(f, "\n{margin} |\n{number} | {}", place.text)?;
        write!(f, "\n{margin} | {indent}{caret}")?;
        match self.choice() {
            [] => Ok(()),
            choice => write!(f, "\n{margin} = there are: {}", choice.join(", ")),
        }
    }
}

impl std::error::Error for LoadError {}
