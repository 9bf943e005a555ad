//! HTTP of a few lines, which sends what it is told, right or wrong.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::patience::in_time;

/// What came back.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// A request with the headers that a right one has.
pub(super) async fn ask(address: SocketAddr, line: &str, body: &str) -> Answer {
    let headers = match body {
        "" => "",
        _ => "Content-Type: application/json\r\n",
    };
    ask_with(address, line, headers, body).await
}

/// A request with these headers besides Host and Content-Length.
pub(super) async fn ask_with(address: SocketAddr, line: &str, headers: &str, body: &str) -> Answer {
    let length = body.len();
    let request = format!(
        "{line} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
    );
    send(address, request.as_bytes()).await
}

/// Any bytes.
pub(super) async fn send(address: SocketAddr, request: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let (mut reader, mut writer) = stream.split();
    let mut answer = Vec::new();
    // A server that has heard enough answers before it has read all, and may then be gone.
    let write = async {
        let _ = writer.write_all(request).await;
    };
    let read = async {
        let _ = reader.read_to_end(&mut answer).await;
    };
    let answered = in_time(async { tokio::join!(write, read) }).await;
    assert!(answered.is_some(), "the server does not answer");
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n");
    let Some(end) = end else {
        panic!("no answer: {:?}", answer.escape_ascii().to_string());
    };
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer {
        status,
        head,
        body: answer[end + 4..].to_vec(),
    }
}
