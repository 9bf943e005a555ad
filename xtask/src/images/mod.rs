//! `cargo xtask images`: the container image that the tests need, made where no registry can be
//! reached: from the packages of the Debian, or a relative of it, that this machine runs.

mod engine;
mod packages;
mod tree;

use std::{fs, path::Path};

use crate::{failure::Failure, project};
use engine::Change;

/// Make the image of Mosquitto that the tests in containers run on, without a registry.
///
/// It is named nack/mosquitto:local and can be used like eclipse-mosquitto:2: the configuration
/// is /mosquitto/config/mosquitto.conf, the port 1883. It consists of Debian's mosquitto and the
/// libraries that it needs. Needs a Docker engine, apt and dpkg, and root for none of it but what
/// Docker itself demands. Where the image is there already, nothing is done.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Arguments {
    /// Make the image anew, for example after an update of the package.
    #[arg(long)]
    force: bool,
}

/// The name that `conformance/tests/it/containers` looks for.
const IMAGE: &str = "nack/mosquitto:local";

/// The package that is the program, and the user that the program runs as.
const PROGRAM: &str = "mosquitto";

/// What the official image starts.
const COMMAND: &[&str] = &[
    "/usr/sbin/mosquitto",
    "-c",
    "/mosquitto/config/mosquitto.conf",
];

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    engine::is_needed()?;
    let old = engine::image_id(IMAGE);
    if !arguments.force && old.is_some() {
        eprintln!("{IMAGE} is there already; --force makes it anew");
        return Ok(());
    }
    packages::tools_are_needed()?;

    let folder = project::root().join("target/images").join(PROGRAM);
    let debs = emptied(&folder.join("packages"))?;
    let root = emptied(&folder.join("root"))?;
    let archive = folder.join("root.tar");

    packages::download(&packages::with_libraries(PROGRAM)?, &debs)?;
    tree::unpack(&debs, &root)?;
    tree::complete(&root)?;
    tree::archive(&root, &archive)?;
    engine::import(
        &archive,
        IMAGE,
        &[
            Change::Command(COMMAND),
            Change::User(tree::USER_ID),
            Change::Port(1883),
        ],
    )?;
    if let Some(old) = old {
        engine::remove(&old);
    }
    let version = engine::first_line_of(IMAGE, &[COMMAND[0], "-h"])?;
    eprintln!("{IMAGE} is ready: {version}");
    Ok(())
}

/// The folder, made anew with nothing in it.
fn emptied(path: &Path) -> Result<std::path::PathBuf, Failure> {
    let failed = |source| Failure::File {
        path: path.to_owned(),
        source,
    };
    if path.exists() {
        fs::remove_dir_all(path).map_err(failed)?;
    }
    fs::create_dir_all(path).map_err(failed)?;
    Ok(path.to_owned())
}
