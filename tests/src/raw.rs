//! A bare socket to the proxy, for requests that no client would send.

use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Sends bytes as they are and answers all that comes until the proxy closes.
pub async fn raw(address: std::net::SocketAddr, bytes: &[u8]) -> String {
    let mut socket = TcpStream::connect(address).await.unwrap();
    // The proxy may close while we still send.
    let _ = socket.write_all(bytes).await;
    rest(&mut socket).await
}

/// All that still comes. A proxy that never closes fails the test.
pub async fn rest(socket: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let read = timeout(Duration::from_secs(45), socket.read_to_end(&mut answer));
    let _ = read.await.expect("the proxy closes the connection");
    String::from_utf8_lossy(&answer).into_owned()
}

/// Status codes of the answers in what came.
pub fn statuses(answer: &str) -> Vec<u16> {
    answer
        .split("HTTP/1.1 ")
        .skip(1)
        .map(|part| part[..3].parse().unwrap())
        .collect()
}
