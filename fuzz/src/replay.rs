//! Runs a check on files: on any compiler, without a fuzzer.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Runs the check on each file that the command line names.
pub fn replay(check: fn(&[u8])) -> ExitCode {
    let mut count = 0;
    for path in env::args_os().skip(1) {
        match fs::read(&path) {
            Ok(bytes) => check(&bytes),
            Err(error) => {
                eprintln!("error: cannot read {}: {error}", Path::new(&path).display());
                return ExitCode::FAILURE;
            }
        }
        count += 1;
    }
    if count == 0 {
        eprintln!("usage: name the files to run the check on");
        return ExitCode::from(2);
    }
    eprintln!("{count} inputs held");
    ExitCode::SUCCESS
}

/// The files of a target's corpus, by name.
///
/// # Errors
///
/// Where the folder cannot be read.
pub fn corpus(target: &str) -> io::Result<Vec<PathBuf>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(target);
    let entries = fs::read_dir(folder)?;
    let mut files = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<io::Result<Vec<_>>>()?;
    files.sort();
    Ok(files)
}
