//! A process of the program, which is ended with the test.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

/// Runs the program to its end.
pub(crate) fn run(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mock-broker"));
    command.args(arguments).stdin(Stdio::null());
    command
}

const ANYWHERE: [&str; 2] = ["--listen", "127.0.0.1:0"];

/// Starts it on a port of the system's choice, and waits for its line.
pub(crate) fn start(arguments: &[&str]) -> Running {
    // What a command takes stands behind it.
    Running::start(&[arguments, &ANYWHERE].concat())
}

/// A folder that is gone with the test.
pub(crate) struct Folder(std::path::PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("nack-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn file(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left in a folder for temporary files harms nobody.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What it printed and how it ended, for a snapshot.
pub(crate) fn told(arguments: &[&str]) -> String {
    let output = run(arguments);
    let part = |name, bytes: &[u8]| match bytes {
        [] => String::new(),
        bytes => format!("--- {name}\n{}", String::from_utf8_lossy(bytes)),
    };
    format!(
        "$ mock-broker {}\n{}{}--- exit code {}\n",
        arguments.join(" "),
        part("stdout", &output.stdout),
        part("stderr", &output.stderr),
        output.status.code().unwrap()
    )
}

/// A broker that listens on a port of the system's choice.
pub(crate) struct Running {
    child: Child,
    stdout: BufReader<ChildStdout>,
    pub(crate) line: String,
}

impl Running {
    /// Starts it, and waits for the line that says where it listens.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut child = command(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        Self {
            child,
            stdout,
            line,
        }
    }

    /// The first address that it listens on.
    pub(crate) fn address(&self) -> SocketAddr {
        let url = self
            .line
            .split_whitespace()
            .find(|word| word.contains("://"));
        let address = url.unwrap().split("://").nth(1).unwrap();
        let address = address.trim_end_matches(',').split('/').next().unwrap();
        address.parse().unwrap()
    }

    pub(crate) fn connect(&self) -> Client {
        Client(TcpStream::connect(self.address()).unwrap())
    }

    /// Ends it as a terminal or an init system does.
    #[cfg(unix)]
    pub(crate) fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        let status = Command::new("kill").args([signal, &id]).status().unwrap();
        assert!(status.success());
    }

    /// The next line on stdout.
    pub(crate) fn next_line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line
    }

    /// Waits for its end: exit code, the rest of stdout, stderr.
    pub(crate) fn end(mut self) -> (i32, String, String) {
        let mut stdout = String::new();
        self.stdout.read_to_string(&mut stdout).unwrap();
        let mut stderr = String::new();
        let mut pipe = self.child.stderr.take().unwrap();
        pipe.read_to_string(&mut stderr).unwrap();
        let code = self.child.wait().unwrap().code().unwrap();
        (code, stdout, stderr)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended where the test went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A client that writes bytes and reads bytes.
pub(crate) struct Client(TcpStream);

impl Client {
    pub(crate) const CONNECT: &'static [u8] = b"\x10\x0F\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x02c1";

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).unwrap();
    }

    #[track_caller]
    pub(crate) fn expects(&mut self, bytes: &[u8]) {
        let mut read = vec![0; bytes.len()];
        self.0.read_exact(&mut read).unwrap();
        assert_eq!(read, bytes);
    }

    /// Reads until these bytes have come.
    pub(crate) fn read_until(&mut self, end: &[u8]) -> Vec<u8> {
        let mut read = Vec::new();
        while !read.ends_with(end) {
            let mut byte = [0];
            self.0.read_exact(&mut byte).unwrap();
            read.push(byte[0]);
        }
        read
    }

    /// Connects in MQTT 5.0, and is let in.
    pub(crate) fn let_in(&mut self) {
        self.send(Self::CONNECT);
        self.expects(b"\x20\x03\x00\x00\x00");
    }

    #[track_caller]
    pub(crate) fn expects_end(&mut self) {
        assert_eq!(self.0.read(&mut [0]).unwrap(), 0);
    }
}
