//! What can go wrong between a broker and who controls it, in Rust and on the wire.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{NotConnected, SendError, Target, TooMuchWaits};

/// Why a broker did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ControlError {
    /// There is no such rule, or it has ended.
    #[error("there is no rule {id}")]
    NoSuchRule {
        /// What was asked for.
        id: u64,
    },
    /// There is no open connection to send something on.
    #[error(transparent)]
    NotConnected(#[from] NotConnected),
    /// The client does not read, or was to be sent too much later: nothing was done.
    #[error(transparent)]
    TooMuchWaits(#[from] TooMuchWaits),
    /// A step cannot be what it says: why not.
    #[error("{detail}")]
    BadStep {
        /// Why not.
        detail: String,
    },
    /// The system does not let the broker listen, or stop listening: why not.
    #[error("the broker cannot listen as it was told to: {detail}")]
    CannotListen {
        /// Why not.
        detail: String,
    },
    /// The server refused the request.
    #[error("the control server refused: {0}")]
    Refused(Problem),
    /// The server said what a server of this version does not say.
    #[error("the control server answered with something else: {detail}")]
    Nonsense {
        /// What is wrong with it.
        detail: String,
    },
    /// The server could not be reached, or the connection to it was lost.
    #[error("the control server at {authority} cannot be reached")]
    Unreachable {
        /// Where it should be.
        authority: String,
        /// Why not.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The server took too long.
    #[error("the control server at {authority} did not answer in time")]
    TimedOut {
        /// Where it is.
        authority: String,
    },
}

/// What an answer that is no success has for a body, of type `application/problem+json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Problem {
    /// What kind of problem this is, for programs.
    pub code: ProblemCode,
    /// The status of the answer.
    pub status: u16,
    /// What is wrong and what to do, for people.
    pub title: String,
    /// In which line of the body, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// In which column of that line, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    /// What was probably meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub did_you_mean: Option<String>,
}

/// The kinds of problems.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ProblemCode {
    /// The body is no JSON, or not of the right shape.
    BadBody,
    /// A parameter of the query or the path is wrong.
    BadParameter,
    /// The step is well written and cannot be done.
    BadStep,
    /// There is no such route.
    NoSuchRoute,
    /// The route has no such method.
    NoSuchMethod,
    /// There is no such rule.
    NoSuchRule,
    /// There is no such connection.
    NotConnected,
    /// The token is missing or wrong.
    NotAuthorized,
    /// The request comes from a page of another origin, or was sent to another name.
    Foreign,
    /// The body is larger than is taken.
    TooLarge,
    /// The body did not come in time.
    TooSlow,
    /// The body is of another type than JSON.
    WrongType,
    /// The system does not let the broker listen, or stop listening.
    CannotListen,
    /// As many requests as there may be wait for the journal already.
    TooManyWait,
    /// As much as there may be waits to be sent on the connection already.
    TooMuchWaits,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.title)?;
        if let (Some(line), Some(column)) = (self.line, self.column) {
            write!(f, " (line {line}, column {column})")?;
        }
        if let Some(meant) = &self.did_you_mean {
            write!(f, "; did you mean `{meant}`?")?;
        }
        Ok(())
    }
}

impl Problem {
    pub(crate) fn new(code: ProblemCode, title: impl Into<String>) -> Self {
        Self {
            code,
            status: code.status(),
            title: title.into(),
            line: None,
            column: None,
            did_you_mean: None,
        }
    }

    pub(crate) fn meant(mut self, name: Option<&str>) -> Self {
        self.did_you_mean = name.map(str::to_owned);
        self
    }

    /// The error that the server had, where it says so of the rule or the target that was asked
    /// for.
    pub(crate) fn into_error(self, rule: Option<u64>, target: Option<Target>) -> ControlError {
        match (self.code, rule, target) {
            (ProblemCode::NoSuchRule, Some(id), _) => ControlError::NoSuchRule { id },
            (ProblemCode::NotConnected, _, Some(target)) => {
                ControlError::NotConnected(NotConnected { target })
            }
            (ProblemCode::TooMuchWaits, _, Some(target)) => {
                ControlError::TooMuchWaits(TooMuchWaits { target })
            }
            // Where it stands in the body is of no use to who gave a step and no text.
            (ProblemCode::BadStep, ..) => ControlError::BadStep { detail: self.title },
            _ => ControlError::Refused(self),
        }
    }
}

impl From<SendError> for ControlError {
    fn from(error: SendError) -> Self {
        match error {
            SendError::NotConnected(error) => Self::NotConnected(error),
            SendError::TooMuchWaits(error) => Self::TooMuchWaits(error),
        }
    }
}

impl From<ControlError> for Problem {
    fn from(error: ControlError) -> Self {
        let code = match &error {
            ControlError::NoSuchRule { .. } => ProblemCode::NoSuchRule,
            ControlError::NotConnected(_) => ProblemCode::NotConnected,
            ControlError::TooMuchWaits(_) => ProblemCode::TooMuchWaits,
            ControlError::BadStep { .. } => ProblemCode::BadStep,
            ControlError::CannotListen { .. } => ProblemCode::CannotListen,
            ControlError::Refused(problem) => return problem.clone(),
            // A local broker is always reached.
            ControlError::Nonsense { .. }
            | ControlError::Unreachable { .. }
            | ControlError::TimedOut { .. } => ProblemCode::TooSlow,
        };
        Self::new(code, error.to_string())
    }
}

impl ProblemCode {
    #[cfg(test)]
    pub(crate) const ALL: [Self; 15] = [
        Self::BadBody,
        Self::BadParameter,
        Self::BadStep,
        Self::NoSuchRoute,
        Self::NoSuchMethod,
        Self::NoSuchRule,
        Self::NotConnected,
        Self::NotAuthorized,
        Self::Foreign,
        Self::TooLarge,
        Self::TooSlow,
        Self::WrongType,
        Self::CannotListen,
        Self::TooManyWait,
        Self::TooMuchWaits,
    ];

    pub(crate) const fn status(self) -> u16 {
        match self {
            Self::BadBody | Self::BadParameter => 400,
            Self::NotAuthorized => 401,
            Self::Foreign => 403,
            Self::NoSuchRoute | Self::NoSuchRule | Self::NotConnected => 404,
            Self::NoSuchMethod => 405,
            Self::TooSlow => 408,
            Self::TooLarge => 413,
            Self::WrongType => 415,
            Self::BadStep => 422,
            Self::CannotListen | Self::TooManyWait | Self::TooMuchWaits => 503,
        }
    }

    /// What it means, for the description of the API.
    pub(crate) const fn what(self) -> &'static str {
        match self {
            Self::BadBody | Self::BadParameter => "The body or a parameter is wrong.",
            Self::NotAuthorized => "The token is missing or wrong.",
            Self::Foreign => "The request comes from a page of another origin.",
            Self::NoSuchRoute => "There is no such route.",
            Self::NoSuchRule => "There is no such rule.",
            Self::NotConnected => "There is no such connection.",
            Self::NoSuchMethod => "The route has no such method.",
            Self::TooSlow => "The body did not come in time.",
            Self::TooLarge => "The body is too large.",
            Self::WrongType => "The body is not JSON.",
            Self::BadStep => "The step is well written and cannot be done.",
            Self::CannotListen => "The system does not let the broker listen.",
            Self::TooManyWait => "Too many requests wait for the journal already.",
            Self::TooMuchWaits => "Too much waits to be sent on the connection already.",
        }
    }
}
