//! Which of the distribution's packages a program needs to run, and where to get them: from apt,
//! with the sources that this machine has.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::Command,
};

use crate::{failure::Failure, process};

/// apt and dpkg are there, and the program that makes archives.
pub(super) fn tools_are_needed() -> Result<(), Failure> {
    for (tool, package) in [
        ("apt-get", "apt"),
        ("apt-cache", "apt"),
        ("dpkg-deb", "dpkg"),
        ("tar", "tar"),
    ] {
        if process::answer(Command::new(tool).arg("--version")).is_none() {
            return Err(Failure::Missing {
                what: format!("{tool} (images are made on Debian and its relatives)"),
                how: format!("sudo apt-get install {package}"),
            });
        }
    }
    Ok(())
}

/// The package and all libraries that it needs, and those that they need.
///
/// Scripts of the packages are not run, so what those need (a shell, perl, the programs that make
/// users) is left out: a package counts as a library if its name begins with `lib`, as Debian's
/// policy has it.
pub(super) fn with_libraries(package: &str) -> Result<BTreeSet<String>, Failure> {
    let mut question = Command::new("apt-cache");
    question.args(["depends", "--recurse", "--important", package]);
    // The words that are looked for are translated.
    question.env("LC_ALL", "C");
    match process::output(&mut question) {
        Ok(answer) => Ok(libraries(package, &answer)),
        Err(Failure::Unsuccessful { .. }) => Err(Failure::UnknownPackage(package.to_owned())),
        Err(failure) => Err(failure),
    }
}

/// Downloads the packages into the folder.
pub(super) fn download(packages: &BTreeSet<String>, folder: &Path) -> Result<(), Failure> {
    let mut command = Command::new("apt-get");
    // Root's downloads are done by a user who may not write here, and root is told so at length.
    command.args(["-o", "APT::Sandbox::User=root", "download"]);
    process::run(command.args(packages).current_dir(folder))
}

/// Reads the answer of `apt-cache depends`: a line a package, and indented below it what it needs.
fn libraries(package: &str, answer: &str) -> BTreeSet<String> {
    let mut needs: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut of = "";
    let mut is_alternative = false;
    for line in answer.lines() {
        if !line.starts_with(' ') {
            of = line;
            is_alternative = false;
            continue;
        }
        // Lines without a colon name who provides the package of the line above.
        let Some((relation, name)) = line.split_once(": ") else {
            continue;
        };
        // A bar: the next line is an alternative to this one, and the first is taken.
        let first_of_all = !is_alternative;
        is_alternative = relation.trim_start().starts_with('|');
        let relation = relation.trim_start_matches([' ', '|']);
        if first_of_all && matches!(relation, "Depends" | "PreDepends") && name.starts_with("lib") {
            needs.entry(of).or_default().push(name);
        }
    }
    let mut found = BTreeSet::new();
    let mut open = vec![package];
    while let Some(package) = open.pop() {
        if found.insert(package.to_owned()) {
            open.extend(needs.get(package).into_iter().flatten());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_of_libraries_are_found_and_programs_are_not() {
        let answer = "\
mosquitto
  Depends: adduser
  Depends: libssl3
  Depends: libsystemd0
    libelogind0
adduser
  Depends: libpam0g
libssl3
  PreDepends: libc6
 |Depends: libold
  Depends: libother
 |Depends: debconf
  Depends: libdebconf
libsystemd0
  Depends: libc6
libc6
  Depends: libgcc-s1
libgcc-s1
  Depends: gcc-12-base
  Depends: libc6
libold
libother
";
        let found = libraries("mosquitto", answer);
        let expected = [
            "libc6",
            "libgcc-s1",
            "libold",
            "libssl3",
            "libsystemd0",
            "mosquitto",
        ];
        assert_eq!(found.into_iter().collect::<Vec<_>>(), expected);
    }
}
