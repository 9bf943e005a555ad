//! Which crate may know which; above all, the broker never knows the client, so that it cannot
//! share the client's mistakes.

use super::file::Violation;
use crate::project::Package;

/// A crate of ours: what it may depend on, and what its tests may use besides.
struct Allowed {
    package: &'static str,
    normal: &'static [&'static str],
    tests: &'static [&'static str],
}

const ALLOWED: &[Allowed] = &[
    Allowed {
        package: "nack-codec",
        normal: &[],
        tests: &[],
    },
    Allowed {
        package: "nack-client",
        normal: &["nack-codec"],
        tests: &["nack-mock-broker"],
    },
    Allowed {
        package: "nack-mock-broker",
        normal: &["nack-codec"],
        tests: &[],
    },
    Allowed {
        package: "nack-conformance",
        normal: &["nack-mock-broker", "nack-client", "nack-codec"],
        tests: &[],
    },
    Allowed {
        package: "nack-benches",
        normal: &["nack-mock-broker", "nack-client", "nack-codec"],
        tests: &[],
    },
    // It runs programs and links nothing of ours, so that it is built in seconds.
    Allowed {
        package: "xtask",
        normal: &[],
        tests: &[],
    },
];

/// What would bring IO, a runtime or a clock into the codec.
const NOT_IN_THE_CODEC: &[&str] = &[
    "tokio",
    "tokio-util",
    "futures",
    "futures-core",
    "futures-util",
    "mio",
    "socket2",
    "async-io",
];

/// The dependencies that lead in a direction in which none may lead.
pub(crate) fn wrong_directions(packages: &[Package]) -> Vec<Violation> {
    let ours: Vec<_> = packages
        .iter()
        .map(|package| package.name.as_str())
        .collect();
    packages
        .iter()
        .flat_map(|package| wrong_dependencies(package, &ours))
        .collect()
}

fn wrong_dependencies(package: &Package, ours: &[&str]) -> Vec<Violation> {
    let violation = |what| Violation {
        path: package.name.clone(),
        line: 1,
        what,
    };
    let Some(allowed) = ALLOWED
        .iter()
        .find(|allowed| allowed.package == package.name)
    else {
        let what = "a new crate: say in xtask/src/tidy/dependencies.rs what it may know";
        return vec![violation(what.to_owned())];
    };
    let is_wrong = |name: &str, for_tests: bool| {
        if ours.contains(&name) {
            !(allowed.normal.contains(&name) || for_tests && allowed.tests.contains(&name))
        } else {
            package.name == "nack-codec" && !for_tests && NOT_IN_THE_CODEC.contains(&name)
        }
    };
    let dependencies = package.dependencies.iter();
    dependencies
        .filter(|dependency| is_wrong(&dependency.name, dependency.kind.as_deref() == Some("dev")))
        .map(|dependency| violation(format!("must not depend on {}", dependency.name)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::Dependency;

    fn package(name: &str, dependencies: &[(&str, Option<&str>)]) -> Package {
        let dependency = |(name, kind): &(&str, Option<&str>)| Dependency {
            name: (*name).to_owned(),
            kind: kind.map(str::to_owned),
        };
        Package {
            name: name.to_owned(),
            rust_version: None,
            features: Default::default(),
            dependencies: dependencies.iter().map(dependency).collect(),
            targets: Vec::new(),
        }
    }

    #[track_caller]
    fn check(name: &str, dependency: &str, kind: Option<&str>, violations: usize) {
        let others = [
            "nack-codec",
            "nack-client",
            "nack-mock-broker",
            "nack-conformance",
            "xtask",
        ];
        let mut packages = vec![package(name, &[(dependency, kind)])];
        packages.extend(
            others
                .iter()
                .filter(|o| **o != name)
                .map(|other| package(other, &[])),
        );
        assert_eq!(
            wrong_directions(&packages).len(),
            violations,
            "{name} -> {dependency}"
        );
    }

    #[test]
    fn broker_that_knows_the_client_is_found() {
        check("nack-mock-broker", "nack-client", None, 1);
        check("nack-mock-broker", "nack-client", Some("dev"), 1);
        check("nack-mock-broker", "nack-codec", None, 0);
    }

    #[test]
    fn client_knows_the_broker_in_its_tests_alone() {
        check("nack-client", "nack-mock-broker", Some("dev"), 0);
        check("nack-client", "nack-mock-broker", None, 1);
        check("nack-client", "nack-mock-broker", Some("build"), 1);
    }

    #[test]
    fn codec_that_knows_us_or_a_runtime_is_found() {
        check("nack-codec", "nack-client", Some("dev"), 1);
        check("nack-codec", "tokio", None, 1);
        check("nack-codec", "tokio", Some("dev"), 0);
        check("nack-codec", "bytes", None, 0);
    }

    #[test]
    fn crate_without_a_rule_is_found() {
        check("nack-bridge", "bytes", None, 1);
    }
}
