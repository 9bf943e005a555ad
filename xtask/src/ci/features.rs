//! Each crate by itself: in the workspace's one build, a feature that another crate switches on
//! hides that this one does not build without it.

use crate::{failure::Failure, process, project::Package};

pub(crate) fn check(packages: &[Package]) -> Result<(), Failure> {
    for package in packages {
        let features: Vec<_> = package.features.keys().map(String::as_str).collect();
        for choice in choices(&features) {
            // clippy and not `check` with RUSTFLAGS, which would build all dependencies again.
            let arguments = ["clippy", "--quiet", "--package", &package.name];
            let mut command = process::cargo(arguments);
            process::run(command.args(choice).args(["--", "-D", "warnings"]))?;
        }
    }
    Ok(())
}

/// The arguments for none, the default, each, and all of these features.
fn choices(features: &[&str]) -> Vec<Vec<String>> {
    let named: Vec<_> = features
        .iter()
        .filter(|feature| **feature != "default")
        .collect();
    let mut choices = vec![Vec::new()];
    if named.is_empty() {
        return choices;
    }
    let none = || vec!["--no-default-features".to_owned()];
    choices.push(none());
    for feature in &named {
        let mut one = none();
        one.extend(["--features".to_owned(), (**feature).to_owned()]);
        choices.push(one);
    }
    if named.len() > 1 {
        choices.push(vec!["--all-features".to_owned()]);
    }
    choices
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(features: &[&str]) -> Vec<String> {
        choices(features)
            .iter()
            .map(|arguments| arguments.join(" "))
            .collect()
    }

    #[test]
    fn crate_without_features_is_built_once() {
        assert_eq!(shown(&[]), [""]);
    }

    #[test]
    fn features_are_built_as_none_default_each_and_all() {
        let expected = [
            "",
            "--no-default-features",
            "--no-default-features --features tls",
            "--no-default-features --features websocket",
            "--all-features",
        ];
        assert_eq!(shown(&["default", "tls", "websocket"]), expected);
    }
}
