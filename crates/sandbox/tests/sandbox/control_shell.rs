//! The control interface over a real socket: a connection that is cut for real, and the program's `--control`.

use std::io::{BufRead as _, BufReader, Lines, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};

/// The program at its address, ended when dropped. Keeps reading open: the program prints to the end.
struct Program {
    child: Child,
    address: String,
    _said: Lines<BufReader<ChildStdout>>,
}

impl Program {
    fn start(arguments: &[&str]) -> (Self, Vec<String>) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_portico-sandbox"))
            .args([
                "--listen",
                "127.0.0.1:0",
                "--redirect-uri",
                "http://localhost:4000/cb",
            ])
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .expect("started");
        let mut said = BufReader::new(child.stdout.take().expect("piped")).lines();
        let lines: Vec<String> = said.by_ref().map_while(Result::ok).take(2).collect();
        let address = lines[0]
            .strip_prefix("listening on http://")
            .expect("the address")
            .to_owned();
        let program = Self {
            child,
            address,
            _said: said,
        };
        (program, lines)
    }

    /// Everything that arrives before the connection ends, and whether it ended in order.
    fn exchange(&self, request: &str) -> (String, bool) {
        let mut stream = TcpStream::connect(&self.address).expect("the sandbox listens");
        stream.write_all(request.as_bytes()).expect("sent");
        let mut answer = Vec::new();
        let whole = stream.read_to_end(&mut answer).is_ok();
        (String::from_utf8_lossy(&answer).into_owned(), whole)
    }

    fn send(&self, method: &str, path: &str, body: &str) -> String {
        let length = body.len();
        self.exchange(&format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
             Connection: close\r\n\r\n{body}"
        ))
        .0
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Both fail only where it has already ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `--control` serves the interface, and says where on the second line; without it there is none.
#[test]
fn control_is_served_only_when_asked_for() {
    let (program, lines) = Program::start(&["--control"]);
    assert_eq!(
        lines[1],
        format!("control at http://{}/_sandbox", program.address)
    );
    assert!(
        program
            .send("GET", "/_sandbox", "")
            .contains("Portico sandbox")
    );
    let (program, lines) = Program::start(&[]);
    assert!(!lines[1].contains("control"));
    assert!(
        program
            .send("GET", "/_sandbox", "")
            .starts_with("HTTP/1.1 404")
    );
}

/// The head promises the whole body, some of it arrives, and then the connection ends.
#[test]
fn a_dropped_connection_ends_in_the_middle_of_the_body() {
    let (program, _) = Program::start(&["--control"]);
    let fault = r#"{"path":"/oauth/authorize","answer":"drop","afterBytes":15}"#;
    assert!(
        program
            .send("POST", "/_sandbox/actions/fault", fault)
            .starts_with("HTTP/1.1 200")
    );
    let request = "GET /oauth/authorize HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let (cut, _) = program.exchange(request);
    let (head, body) = cut.split_once("\r\n\r\n").expect("a head");
    let promised: usize = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .and_then(|length| length.parse().ok())
        .expect("a length");
    assert_eq!(body, "<!doctype html>");
    assert!(promised > body.len(), "{head}");
    let (whole, ended) = program.exchange(request);
    let body = whole.split_once("\r\n\r\n").map(|(_, body)| body.len());
    assert!(ended && body == Some(promised), "the next one is whole");
}

/// The clock of the program moves by the interface.
#[test]
fn the_programs_clock_moves() {
    let (program, _) = Program::start(&["--control"]);
    let set = program.send(
        "POST",
        "/_sandbox/actions/set-clock",
        r#"{"at":"2031-05-04T00:00:00Z"}"#,
    );
    assert!(set.contains("2031-05-04T00:00:00Z"), "{set}");
    assert!(
        program
            .send("GET", "/_sandbox/state", "")
            .contains("2031-05-04T")
    );
}
