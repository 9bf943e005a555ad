//! How the programs of this crate say what went wrong.

use std::error::Error;

/// The error with its causes, in one line behind the name of the program.
pub fn report(program: &str, error: &dyn Error) -> String {
    let mut text = format!("{program}: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        text += ": ";
        text += &error.to_string();
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the broker did not start")]
    struct NotStarted(#[source] std::fmt::Error);

    #[test]
    fn causes_stand_behind_what_they_caused() {
        let text = report("broker", &NotStarted(std::fmt::Error));
        let cause = std::fmt::Error.to_string();
        assert_eq!(text, format!("broker: the broker did not start: {cause}"));
    }
}
