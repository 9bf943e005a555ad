//! The files of the image: those of the packages, and the few that a bare system needs besides.

use std::{
    ffi::OsStr,
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{failure::Failure, process};

/// The user that the broker runs as; the number is that of the official image.
pub(super) const USER_ID: u32 = 1883;

/// Folders that some packages put their files into directly, and that are links into `/usr` for
/// all others.
const MERGED: [&str; 4] = ["bin", "sbin", "lib", "lib64"];

/// Nothing in it is read by a program that runs.
const LEFT_OUT: [&str; 3] = ["./usr/share/doc", "./usr/share/man", "./usr/share/locale"];

/// What belongs to the broker.
const BROKERS: &str = "./mosquitto";

/// Unpacks all packages of a folder, and runs none of their scripts.
pub(super) fn unpack(packages: &Path, root: &Path) -> Result<(), Failure> {
    let mut packages = entries(packages)?;
    packages.retain(|path| path.extension() == Some(OsStr::new("deb")));
    eprintln!("unpacking {} packages …", packages.len());
    for package in packages {
        let mut command = Command::new("dpkg-deb");
        process::output(command.arg("--extract").arg(package).arg(root))?;
    }
    Ok(())
}

/// Adds what no package brings: links, users, and the folders of the official image.
pub(super) fn complete(root: &Path) -> Result<(), Failure> {
    for name in MERGED {
        let link = root.join(name);
        let target = Path::new("usr").join(name);
        if !link.exists() && root.join(&target).exists() {
            link_to(&target, &link)?;
        }
    }
    link_plugins(&root.join("usr/lib"))?;
    let write = |path: &str, text: &str| {
        let path = root.join(path);
        let folder = path.parent().expect("it is below the root");
        let written = fs::create_dir_all(folder).and_then(|()| fs::write(&path, text));
        written.map_err(|source| failed(&path, source))
    };
    let user = "mosquitto:x:1883";
    write(
        "etc/passwd",
        &format!("root:x:0:0::/:/sbin/nologin\n{user}:1883::/mosquitto:/sbin/nologin\n"),
    )?;
    write("etc/group", &format!("root:x:0:\n{user}:\n"))?;
    write(
        "mosquitto/config/mosquitto.conf",
        "# Nothing is set: Mosquitto then listens on the container's own loopback interface alone.\n\
         # Copy or mount a file over this one.\n",
    )?;
    for name in ["data", "log"] {
        let folder = root.join("mosquitto").join(name);
        fs::create_dir_all(&folder).map_err(|source| failed(&folder, source))?;
    }
    Ok(())
}

/// Debian has plugins in a folder of the architecture's, the official image in `/usr/lib`: a
/// configuration that names one there shall do for both.
fn link_plugins(libraries: &Path) -> Result<(), Failure> {
    for folder in entries(libraries)? {
        if !folder.is_dir() {
            continue;
        }
        for plugin in entries(&folder)? {
            let name = plugin.file_name().unwrap_or_default();
            let is_plugin = name.to_string_lossy().starts_with("mosquitto_");
            if let (true, Ok(target)) = (is_plugin, plugin.strip_prefix(libraries)) {
                link_to(target, &libraries.join(name))?;
            }
        }
    }
    Ok(())
}

/// Puts the files into one archive, in which they belong to root, and those of the broker to the
/// broker; who owns them on this machine does not matter.
pub(super) fn archive(root: &Path, archive: &Path) -> Result<(), Failure> {
    let tar = |mode: &str, owner: u32| {
        let mut command = Command::new("tar");
        command.arg(mode).arg("--file").arg(archive);
        command.arg("--directory").arg(root);
        command.args(["--numeric-owner", "--sort=name"]);
        command.args([format!("--owner={owner}"), format!("--group={owner}")]);
        command
    };
    let mut system = tar("--create", 0);
    // A path that is in an archive twice is refused by the engine.
    for path in LEFT_OUT.iter().chain([&BROKERS]) {
        system.arg(format!("--exclude={path}"));
    }
    process::run(system.arg("."))?;
    process::run(tar("--append", USER_ID).arg(BROKERS))
}

/// What is in the folder, in the order of the names.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let entries = entries.map_err(|source| failed(folder, source))?;
    let mut paths: Vec<_> = entries.into_iter().map(|entry| entry.path()).collect();
    paths.sort();
    Ok(paths)
}

fn link_to(target: &Path, link: &Path) -> Result<(), Failure> {
    symbolic_link(target, link).map_err(|source| failed(link, source))
}

#[cfg(unix)]
fn symbolic_link(target: &Path, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

/// There is no dpkg elsewhere, and this is not reached.
#[cfg(not(unix))]
fn symbolic_link(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

fn failed(path: &Path, source: io::Error) -> Failure {
    Failure::File {
        path: path.to_owned(),
        source,
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::project;

    /// The root of an image with one plugin, in the architecture's folder.
    fn root(name: &str) -> io::Result<PathBuf> {
        let root = project::root().join("target/images-of-tests").join(name);
        if root.exists() {
            fs::remove_dir_all(&root)?;
        }
        fs::create_dir_all(root.join("usr/lib/any-linux-gnu"))?;
        fs::write(root.join("usr/lib/any-linux-gnu/mosquitto_a.so"), "a")?;
        Ok(root)
    }

    #[test]
    fn folders_of_merged_systems_are_linked_and_others_are_left() {
        let root = root("merged").unwrap();
        fs::create_dir_all(root.join("usr/lib64")).unwrap();
        fs::create_dir_all(root.join("lib")).unwrap();
        complete(&root).unwrap();
        let link = fs::read_link(root.join("lib64")).unwrap();
        assert_eq!(link, Path::new("usr/lib64"));
        assert!(!root.join("lib").is_symlink());
        assert!(!root.join("sbin").exists(), "there is none to link to");
    }

    #[test]
    fn plugin_is_found_where_the_official_image_has_it() {
        let root = root("plugin").unwrap();
        complete(&root).unwrap();
        let plugin = fs::read_to_string(root.join("usr/lib/mosquitto_a.so")).unwrap();
        assert_eq!(plugin, "a");
    }

    #[test]
    fn nothing_is_in_the_archive_twice_and_the_brokers_folders_are_the_brokers() {
        let root = root("archive").unwrap();
        fs::create_dir_all(root.join("usr/share/doc/a")).unwrap();
        complete(&root).unwrap();
        let archive_file = root.with_extension("tar");
        archive(&root, &archive_file).unwrap();
        let mut list = Command::new("tar");
        list.args(["--list", "--verbose", "--numeric-owner", "--file"]);
        let list = process::output(list.arg(&archive_file)).unwrap();
        let mut paths: Vec<_> = list
            .lines()
            .map(|line| line.split_whitespace().nth(5).unwrap())
            .collect();
        let count = paths.len();
        paths.sort_unstable();
        paths.dedup();
        assert_eq!(paths.len(), count, "{list}");
        assert!(!list.contains("usr/share/doc"), "{list}");
        let data = list
            .lines()
            .find(|line| line.ends_with("./mosquitto/data/"));
        assert!(data.unwrap().contains(" 1883/1883 "), "{list}");
        let passwd = list.lines().find(|line| line.ends_with("./etc/passwd"));
        assert!(passwd.unwrap().contains(" 0/0 "), "{list}");
    }
}
