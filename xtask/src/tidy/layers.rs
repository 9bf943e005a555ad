//! What each layer keeps out on purpose: the codec all that acts, the session runtime and clock,
//! the handle everything that the driver does, the conformance cases our own client.

use super::{
    file::{SourceFile, Violation},
    imports,
    rust_text::lines_with_word,
};

/// The codec has no IO, no async and no clock.
pub(crate) fn codec_is_pure(file: &SourceFile) -> Vec<Violation> {
    if !file.is_in("codec/src") {
        return Vec::new();
    }
    let paths = [
        "std::io",
        "std::net",
        "std::fs",
        "std::thread",
        "std::process",
        "std::time",
        "tokio",
    ];
    let mut found = uses(
        file,
        &file.code,
        &paths,
        "the codec has no IO, no async, no clock",
    );
    for word in ["async", "await", "Instant", "SystemTime"] {
        let what = format!("`{word}`: the codec has no IO, no async, no clock");
        found.extend(file.violations(lines_with_word(&file.code, word), &what));
    }
    found
}

/// The session has no runtime and no sockets, its tests included, and never asks for the time.
pub(crate) fn session_is_sans_io(file: &SourceFile) -> Vec<Violation> {
    if !file.is_in("client/src/session") {
        return Vec::new();
    }
    let paths = ["tokio", "std::net", "std::thread"];
    let mut found = uses(
        file,
        &file.code,
        &paths,
        "the session does no IO and knows no runtime",
    );
    // A test must begin at some moment: `Instant` cannot be made in another way.
    if !file.is_test() {
        for call in ["Instant::now", "SystemTime", ".elapsed("] {
            let what = format!("`{call}`: the session is told the time, it never asks");
            found.extend(file.violations(lines_with_word(&file.product, call), &what));
        }
    }
    found
}

/// Only the driver spawns tasks, sleeps or touches a stream.
pub(crate) fn only_the_driver_acts(file: &SourceFile) -> Vec<Violation> {
    let in_driver = file.is_in("client/src/driver") || file.path == "client/src/driver.rs";
    if !file.is_in("client/src") || in_driver || file.is_test() {
        return Vec::new();
    }
    // `AsyncRead` and `AsyncWrite` alone are bounds of what a caller hands over.
    let paths = [
        "tokio::time",
        "tokio::net",
        "tokio::task",
        "tokio::spawn",
        "tokio::io::AsyncReadExt",
        "tokio::io::AsyncWriteExt",
        "std::net::TcpStream",
        "std::thread",
    ];
    let rule = "only client/src/driver spawns, sleeps or touches a stream";
    let mut found = uses(file, &file.product, &paths, rule);
    for word in [".spawn(", "sleep(", "sleep_until("] {
        let what = format!("`{word}…)`: {rule}");
        found.extend(file.violations(lines_with_word(&file.product, word), &what));
    }
    found
}

/// Above the codec no module exists twice for two protocol versions.
pub(crate) fn no_module_twice_for_two_versions(file: &SourceFile) -> Vec<Violation> {
    let above = ["client/src", "mock-broker/src", "conformance/src"];
    if !file.is_rust() || !above.iter().any(|folder| file.is_in(folder)) {
        return Vec::new();
    }
    let of_one_version = |part: &str| {
        let stem = part.strip_suffix(".rs").unwrap_or(part);
        stem.split('_').any(|word| {
            let number = word.strip_prefix("mqtt").or_else(|| word.strip_prefix('v'));
            number.is_some_and(|n| matches!(n, "3" | "311" | "4" | "5" | "50"))
        })
    };
    if file.path.split('/').any(of_one_version) {
        let what = "a module of one protocol version: above the codec a difference is one `match` \
                    on `Version`";
        return vec![file.violation(1, what)];
    }
    Vec::new()
}

/// Conformance cases know the wire and the subject's interface, not our client.
pub(crate) fn cases_use_the_subject_alone(file: &SourceFile) -> Vec<Violation> {
    if !file.is_in("conformance/src/cases") {
        return Vec::new();
    }
    let what = "`nack_client`: a case uses the wire and the subject's interface alone";
    file.violations(lines_with_word(&file.code, "nack_client"), what)
}

/// The lines of `code` that import or name one of these paths.
fn uses(file: &SourceFile, code: &str, paths: &[&str], rule: &str) -> Vec<Violation> {
    let imports = imports::of(code);
    let mut found = Vec::new();
    for path in paths {
        let is_it = |import: &str| {
            import
                .strip_prefix(path)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
        };
        let mut lines = lines_with_word(code, path);
        lines.extend(
            imports
                .iter()
                .filter(|import| is_it(&import.path))
                .map(|import| import.line),
        );
        lines.sort_unstable();
        lines.dedup();
        found.extend(file.violations(lines, &format!("`{path}`: {rule}")));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many violations the check finds in this text at this path.
    fn count(check: fn(&SourceFile) -> Vec<Violation>, path: &str, text: &str) -> usize {
        check(&SourceFile::new(path, text)).len()
    }

    #[test]
    fn codec_that_reads_a_socket_or_a_clock_is_found() {
        let count = |text| count(codec_is_pure, "codec/src/decode.rs", text);
        assert_eq!(count("use std::{fmt, io};"), 1);
        assert_eq!(count("fn f() -> std::io::Result<()> {}"), 1);
        assert_eq!(count("use std::net::TcpStream;"), 1);
        assert_eq!(count("use tokio::io::AsyncRead;"), 1);
        assert_eq!(count("fn f(now: Instant) {}"), 1);
        assert_eq!(count("pub async fn f() {}"), 1);
        assert_eq!(
            count("/// For `std::io` and async readers.\nfn f() -> std::fmt::Result {}"),
            0
        );
    }

    #[test]
    fn rules_of_a_layer_end_at_its_folder() {
        assert_eq!(
            count(codec_is_pure, "codec/tests/it/peers.rs", "use std::io;"),
            0
        );
        assert_eq!(
            count(codec_is_pure, "codec/src_other/a.rs", "use std::io;"),
            0
        );
    }

    #[test]
    fn session_with_a_runtime_or_a_clock_is_found() {
        let path = "client/src/session/timers.rs";
        assert_eq!(count(session_is_sans_io, path, "use tokio::sync::mpsc;"), 1);
        assert_eq!(
            count(session_is_sans_io, path, "let now = Instant::now();"),
            1
        );
        assert_eq!(
            count(session_is_sans_io, path, "if start.elapsed() > limit {}"),
            1
        );
        assert_eq!(
            count(
                session_is_sans_io,
                path,
                "fn handle_timeout(now: Instant) {}"
            ),
            0
        );
        let tests = "client/src/session/tests/pair.rs";
        assert_eq!(
            count(session_is_sans_io, tests, "let now = Instant::now();"),
            0
        );
        assert_eq!(
            count(session_is_sans_io, tests, "#[tokio::test]\nasync fn a() {}"),
            1
        );
    }

    #[test]
    fn handle_that_acts_itself_is_found() {
        let count = |text| count(only_the_driver_acts, "client/src/client.rs", text);
        assert_eq!(count("tokio::spawn(async {});"), 1);
        assert_eq!(count("tasks.spawn(async {});"), 1);
        assert_eq!(count("use tokio::{net::TcpStream, sync::mpsc};"), 1);
        assert_eq!(count("sleep(wait).await;"), 1);
        assert_eq!(count("use tokio::io::{AsyncReadExt};"), 1);
        assert_eq!(count("use tokio::io::{AsyncRead, AsyncWrite};"), 0);
        assert_eq!(count("let driver = driver::spawn(stream);"), 0);
        assert_eq!(count("#[cfg(test)]\nmod tests { fn a() { sleep(1) } }"), 0);
    }

    #[test]
    fn driver_may_act() {
        let text = "use tokio::time;\ntokio::spawn(x);";
        assert_eq!(
            count(only_the_driver_acts, "client/src/driver/mod.rs", text),
            0
        );
    }

    #[test]
    fn module_of_one_version_above_the_codec_is_found() {
        let count = |path| count(no_module_twice_for_two_versions, path, "");
        assert_eq!(count("client/src/session/v5/state.rs"), 1);
        assert_eq!(count("mock-broker/src/base/connect_v3.rs"), 1);
        assert_eq!(count("client/src/mqtt311.rs"), 1);
        assert_eq!(count("client/src/session/state.rs"), 0);
        assert_eq!(count("conformance/src/cases/s3_01_connect.rs"), 0);
        assert_eq!(count("codec/src/reason/v3.rs"), 0);
    }

    #[test]
    fn case_that_knows_our_client_is_found() {
        let text = "use nack_client::Client;";
        assert_eq!(
            count(
                cases_use_the_subject_alone,
                "conformance/src/cases/mod.rs",
                text
            ),
            1
        );
        assert_eq!(
            count(
                cases_use_the_subject_alone,
                "conformance/src/subject/mod.rs",
                text
            ),
            0
        );
    }
}
