//! Between the proxy and the sandbox: passes calls on as they are, but plays a provider gone wrong where told.
//! Owns what the sandbox cannot play, because no HubSpot would answer so: other hosts, broken transport.

use portico_proxy::config::Config;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What a call gets instead of the sandbox's answer.
#[derive(Clone, Debug)]
pub enum Play {
    /// These bytes, then the end of the connection.
    Raw(Vec<u8>),
    /// These bytes, one a second.
    Dribble(Vec<u8>),
    /// These bytes at once, then a space a second for ever.
    Pour(Vec<u8>),
    /// The end of the connection at once, by a reset.
    Reset,
    /// Nothing, for ever.
    Silence,
}

impl Play {
    /// A whole answer with these header lines.
    pub fn answer(status: &str, headers: &str, body: &[u8]) -> Self {
        let length = body.len();
        let mut bytes = format!(
            "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n"
        )
        .into_bytes();
        bytes.extend_from_slice(body);
        Self::Raw(bytes)
    }
}

type Scripts = Arc<Mutex<VecDeque<(String, Play)>>>;

/// Stands in front of the sandbox.
pub struct Front {
    scripts: Scripts,
}

impl Front {
    /// Goes between: to be called before the proxy starts.
    pub fn between(config: &mut Config) -> Self {
        let sandbox = config
            .hubspot
            .api_base
            .replace("http://localhost", "127.0.0.1");
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        config.hubspot.api_base =
            format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let listener = TcpListener::from_std(listener).unwrap();
        let scripts = Scripts::default();
        let known = Arc::clone(&scripts);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(stream, sandbox.clone(), Arc::clone(&known)));
            }
        });
        Self { scripts }
    }

    /// The next call whose path starts so gets this.
    pub fn play(&self, path: &str, play: Play) {
        self.scripts
            .lock()
            .unwrap()
            .push_back((path.to_owned(), play));
    }

    /// How many are still to be played.
    pub fn left(&self) -> usize {
        self.scripts.lock().unwrap().len()
    }
}

async fn serve(mut stream: TcpStream, sandbox: String, scripts: Scripts) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = stream.read_u8().await else {
            return;
        };
        head.push(byte);
    }
    let text = String::from_utf8(head).unwrap();
    let path = text.split(' ').nth(1).unwrap();
    let play = {
        let mut scripts = scripts.lock().unwrap();
        let found = scripts
            .iter()
            .position(|(prefix, _)| path.starts_with(prefix.as_str()));
        found.and_then(|index| scripts.remove(index))
    };
    let Some((_, play)) = play else {
        let mut onward = TcpStream::connect(sandbox).await.unwrap();
        // One call a connection, so that each is looked at.
        let once = text.replacen("\r\n\r\n", "\r\nconnection: close\r\n\r\n", 1);
        onward.write_all(once.as_bytes()).await.unwrap();
        let _ = tokio::io::copy_bidirectional(&mut stream, &mut onward).await;
        return;
    };
    let length: usize = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |length| length.parse().unwrap());
    stream.read_exact(&mut vec![0; length]).await.unwrap();
    match play {
        Play::Raw(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
        }
        Play::Dribble(bytes) => {
            for byte in bytes {
                if stream.write_all(&[byte]).await.is_err() {
                    return;
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
        Play::Pour(bytes) => {
            let mut next = bytes.as_slice();
            while stream.write_all(next).await.is_ok() {
                next = b" ";
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
        Play::Reset => stream.set_zero_linger().unwrap(),
        Play::Silence => {
            let _ = stream.read_u8().await;
        }
    }
}

/// Somebody else's host, which must never hear of us.
pub struct Stranger {
    /// Its address as a URL.
    pub url: String,
    heard: Arc<AtomicUsize>,
}

impl Stranger {
    /// Begins to listen.
    pub async fn listening() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let heard = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&heard);
        tokio::spawn(async move {
            while listener.accept().await.is_ok() {
                count.fetch_add(1, Ordering::SeqCst);
            }
        });
        Self { url, heard }
    }

    /// How many connections came in.
    pub fn heard(&self) -> usize {
        self.heard.load(Ordering::SeqCst)
    }
}
