//! Asks the proxy for the page until it answers, so that the printed link works when printed.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use crate::say::{Failure, Outcome};

/// Returns once `GET /` answers 200 with a page.
pub(super) fn wait_for_page(port: u16, patience: Duration) -> Outcome {
    let start = Instant::now();
    let mut last = String::from("no answer");
    while start.elapsed() < patience {
        match page(port) {
            Ok(head)
                if head.starts_with("HTTP/1.1 200")
                    && head.to_ascii_lowercase().contains("text/html") =>
            {
                return Ok(());
            }
            Ok(head) => head
                .lines()
                .next()
                .unwrap_or_default()
                .clone_into(&mut last),
            Err(cause) => last = cause.to_string(),
        }
        thread::sleep(Duration::from_millis(100));
    }
    Err(Failure::new(format!(
        "The proxy is up, but its page does not come: {last}."
    )))
}

/// The answer's head; the body is the app's and is not read.
fn page(port: u16) -> std::io::Result<String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let request = format!(
        "GET / HTTP/1.1\r\nHost: localhost:{port}\r\nAccept: text/html\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes())?;
    let mut head = Vec::new();
    let mut buffer = [0; 1024];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") && head.len() < 64 * 1024 {
        match stream.read(&mut buffer)? {
            0 => break,
            count => head.extend_from_slice(&buffer[..count]),
        }
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn a_page_that_comes_later_is_waited_for() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = thread::spawn(move || {
            for status in ["503 Service Unavailable", "200 OK"] {
                let (mut stream, _) = listener.accept().unwrap();
                let mut buffer = [0; 1024];
                let _ = stream.read(&mut buffer).unwrap();
                write!(
                    stream,
                    "HTTP/1.1 {status}\r\nContent-Type: text/html\r\n\r\n"
                )
                .unwrap();
            }
        });
        wait_for_page(port, Duration::from_secs(20)).unwrap();
        server.join().unwrap();
    }
}
