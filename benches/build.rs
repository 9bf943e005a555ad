//! Tells the crate by which compiler, for which target and in which profile it is built: figures
//! are worth nothing without these three.

use std::env;
use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let rustc = env::var_os("RUSTC").expect("cargo sets RUSTC");
    let output = Command::new(rustc)
        .arg("--version")
        .output()
        .expect("the compiler runs");
    let compiler = String::from_utf8(output.stdout).expect("the version is text");
    println!("cargo::rustc-env=NACK_COMPILER={}", compiler.trim());
    println!(
        "cargo::rustc-env=NACK_TARGET={}",
        env::var("TARGET").expect("cargo sets TARGET")
    );
    // PROFILE says "release" for every profile that inherits from it; the directory has its name:
    // target/<profile>/build/<crate>/out.
    let out = env::var_os("OUT_DIR").expect("cargo sets OUT_DIR");
    let profile = Path::new(&out).ancestors().nth(3).and_then(Path::file_name);
    let profile = profile.expect("OUT_DIR lies in the directory of a profile");
    println!(
        "cargo::rustc-env=NACK_PROFILE={}",
        profile.to_string_lossy()
    );
}
