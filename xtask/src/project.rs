//! The workspace as cargo sees it: where it is, its packages, their features and dependencies.

use std::{
    collections::BTreeMap,
    env,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use crate::{failure::Failure, process};

/// The workspace's root folder.
pub(crate) fn root() -> PathBuf {
    // Cargo says it when it runs us; the folder we were compiled in serves a binary that was started by hand.
    let manifest =
        env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&manifest)
        .parent()
        .expect("xtask is a folder of the workspace")
        .to_owned()
}

/// The part of `cargo metadata` that we use.
#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    pub(crate) packages: Vec<Package>,
}

/// A member of the workspace.
#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) rust_version: Option<String>,
    pub(crate) features: BTreeMap<String, Vec<String>>,
    pub(crate) dependencies: Vec<Dependency>,
    pub(crate) targets: Vec<Target>,
}

/// What a package depends on.
#[derive(Debug, Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// `None` for a normal dependency, else `dev` or `build`.
    pub(crate) kind: Option<String>,
}

/// A library, a program, a test of a package.
#[derive(Debug, Deserialize)]
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) kind: Vec<String>,
}

/// The members of the workspace.
pub(crate) fn metadata() -> Result<Metadata, Failure> {
    metadata_of(&root().join("Cargo.toml"))
}

/// The members of the workspace that this manifest is the root of.
pub(crate) fn metadata_of(manifest: &Path) -> Result<Metadata, Failure> {
    let mut command = process::cargo(["metadata", "--no-deps", "--format-version=1"]);
    command.arg("--manifest-path").arg(manifest);
    let text = process::output(&mut command)?;
    serde_json::from_str(&text).map_err(|source| Failure::Unreadable {
        command: process::shown(&command),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_of_the_workspace_are_known() {
        let packages = metadata().unwrap().packages;
        let names: Vec<_> = packages
            .iter()
            .map(|package| package.name.as_str())
            .collect();
        assert!(
            names.contains(&"nack-codec") && names.contains(&"xtask"),
            "{names:?}"
        );
    }
}
