//! The real `portico-proxy`: what its commands print, make and refuse, and how a running one takes a changed file.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "whatever goes wrong here is a failed test"
)]

use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const ISSUER: &str = "https://partner.example";
const ORIGIN: &str = "https://app.partner.example";

fn proxy(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portico-proxy"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("PORTICO_") {
            command.env_remove(name);
        }
    }
    command.args(arguments).stdin(Stdio::null());
    command
}

fn run(arguments: &[&str]) -> Output {
    proxy(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{}", complaint(output));
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn complaint(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A folder with a key of each kind and a configuration that names some tenants.
struct Office {
    folder: TempDir,
}

impl Office {
    fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("secret"), "canary-secret").unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Makes a key; answers its block.
    fn issue(&self, name: &str, algorithm: &str) -> String {
        let path = self.path(name);
        let arguments = [
            "issue-key",
            "--alg",
            algorithm,
            "--out",
            path.to_str().unwrap(),
        ];
        said(&run(&arguments))
    }

    fn tenant(keys: &[&str]) -> String {
        format!(
            "[[tenants]]\nissuer = \"{ISSUER}\"\nname = \"Partner\"\norigins = [\"{ORIGIN}\"]\n\
             return_uris = [\"{ORIGIN}/return.html\"]\n{}",
            keys.concat()
        )
    }

    fn configure(&self, tenants: &str) -> PathBuf {
        let path = self.path("portico.toml");
        let text = format!(
            "base_url = \"http://localhost:0\"\nlisten = \"127.0.0.1:0\"\ndata_dir = \"data\"\n\
             [hubspot]\nclient_id = \"9b1d\"\nclient_secret_file = \"secret\"\n{tenants}"
        );
        fs::write(&path, text).unwrap();
        path
    }

    fn session(&self, key: &str, audience: &str, more: &[&str]) -> Output {
        let path = self.path(key);
        let mut arguments = vec![
            "sign-session",
            "--key",
            path.to_str().unwrap(),
            "--issuer",
            ISSUER,
            "--audience",
            audience,
            "--org",
            "acme",
            "--sub",
            "ada",
            "--origin",
            ORIGIN,
        ];
        arguments.extend(more);
        run(&arguments)
    }
}

/// A proxy that serves; ended by its own process id.
struct Serving {
    child: Child,
    base_url: String,
}

impl Serving {
    fn start(config: &Path, log: &Path) -> Self {
        let mut child = proxy(&["serve", "--config", config.to_str().unwrap()])
            .stdout(Stdio::piped())
            .stderr(fs::File::create(log).unwrap())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = lines
            .next()
            .unwrap_or_else(|| panic!("{}", fs::read_to_string(log).unwrap()))
            .unwrap();
        let base_url = line.strip_prefix("listening on ").unwrap().to_owned();
        Self { child, base_url }
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Status of `GET /v1/session`.
    fn status(&self, token: &str) -> u16 {
        let authority = self.base_url.strip_prefix("http://").unwrap();
        let port = authority
            .rsplit_once(':')
            .unwrap()
            .1
            .parse::<u16>()
            .unwrap();
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        write!(
            stream,
            "GET /v1/session HTTP/1.1\r\nhost: {authority}\r\norigin: {ORIGIN}\r\n\
             authorization: Bearer {token}\r\nconnection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split(' ').nth(1).unwrap().parse().unwrap()
    }

    fn until(&self, token: &str, wanted: u16) {
        let start = Instant::now();
        while self.status(token) != wanted {
            assert!(
                start.elapsed() < Duration::from_mins(1),
                "not {wanted} within a minute"
            );
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Build item 1: a pair for its owner alone; what is printed is what the configuration takes.
#[test]
fn a_key_is_issued_once_and_for_its_owner_alone() {
    let office = Office::open();
    for algorithm in ["EdDSA", "ES256"] {
        let block = office.issue(algorithm, algorithm);
        assert!(block.starts_with("[[tenants.keys]]\nkid = \""), "{block}");
        assert!(
            block.contains(&format!("\nalg = \"{algorithm}\"\n")),
            "{block}"
        );
        let path = office.path(algorithm);
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let pem = fs::read_to_string(&path).unwrap();
        assert!(pem.starts_with("-----BEGIN PRIVATE KEY-----\n"));
        let secret = pem.lines().nth(1).unwrap();
        assert!(!block.contains(secret));
        let again = run(&["issue-key", "--out", path.to_str().unwrap()]);
        assert!(!again.status.success());
        assert!(
            complaint(&again).contains("cannot be used"),
            "{}",
            complaint(&again)
        );
        assert_eq!(fs::read_to_string(&path).unwrap(), pem, "never overwritten");
    }
    let unknown = run(&["issue-key", "--alg", "HS256", "--out", "x"]);
    assert!(!unknown.status.success());
}

/// BI-3: `check` names what it found good; otherwise all faults at once, without a key, and a bad end.
#[test]
fn check_says_who_may_sign_in_or_all_that_is_wrong() {
    let office = Office::open();
    let (one, two) = (office.issue("one", "EdDSA"), office.issue("two", "ES256"));
    let config = office.configure(&Office::tenant(&[&one, &two]));
    let check = || run(&["check", "--config", config.to_str().unwrap()]);
    let good = said(&check());
    assert!(good.starts_with("the configuration is good\n"), "{good}");
    let kid = one.split('"').nth(1).unwrap();
    for part in [
        format!("tenant {ISSUER} (Partner): keys {kid} (EdDSA), "),
        "(ES256)".into(),
        ORIGIN.into(),
        "with a confirmation page".into(),
    ] {
        assert!(good.contains(&part), "{part}: {good}");
    }
    assert!(!good.contains("solo"), "{good}");
    let private = fs::read_to_string(office.path("one")).unwrap();
    let pasted = one.replace(
        &format!("public_key = \"{}\"", one.split('"').nth(5).unwrap()),
        &format!("public_key = \"\"\"{private}\"\"\""),
    );
    office.configure(&format!(
        "{}[limits]\norg_per_minute = 0\n",
        Office::tenant(&[&pasted, &two, &two])
    ));
    let bad = check();
    assert_eq!(bad.status.code(), Some(1));
    let complaint = complaint(&bad);
    for field in [
        "tenants[0].keys[0].public_key holds a private key",
        "tenants[0].keys[2].kid stands twice",
        "tenants[0].keys[2].public_key is the same as",
        "limits.org_per_minute",
    ] {
        assert!(complaint.contains(field), "{field}: {complaint}");
    }
    for secret in ["canary-secret", private.lines().nth(1).unwrap()] {
        assert!(!complaint.contains(secret), "{complaint}");
    }
    office.configure("");
    assert!(said(&check()).contains("solo: organization demo, user you"));
}

/// Build item 1: a partner's first hour, and JW-9: keys rotate by the file alone, by SIGHUP at once and by itself
/// within the minute; a faulty file leaves the former in force and is logged by field.
#[test]
fn a_running_proxy_follows_its_file() {
    let office = Office::open();
    let (old, new) = (office.issue("old", "EdDSA"), office.issue("new", "ES256"));
    let config = office.configure(&Office::tenant(&[&old]));
    let log = office.path("log");
    let serving = Serving::start(&config, &log);
    let sign = |key: &str| {
        said(&office.session(key, &serving.base_url, &[]))
            .trim()
            .to_owned()
    };
    let (with_old, with_new) = (sign("old"), sign("new"));
    assert_eq!(
        (serving.status(&with_old), serving.status(&with_new)),
        (200, 401)
    );

    office.configure(&Office::tenant(&[&old, &new]));
    serving.until(&with_new, 200);
    assert_eq!(
        serving.status(&with_old),
        200,
        "both work while they overlap"
    );

    office.configure(&Office::tenant(&[&new, &new]));
    serving.signal(Signal::HUP);
    let start = Instant::now();
    while !fs::read_to_string(&log)
        .unwrap()
        .contains("tenants[0].keys[1].kid stands twice")
    {
        assert!(
            start.elapsed() < Duration::from_mins(1),
            "the fault is not logged"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(
        (serving.status(&with_old), serving.status(&with_new)),
        (200, 200)
    );

    office.configure(&format!(
        "{}[limits]\nuser_per_minute = 7\n",
        Office::tenant(&[&new])
    ));
    serving.until(&with_old, 401);
    assert_eq!(serving.status(&with_new), 200);
    let log_now = fs::read_to_string(&log).unwrap();
    assert!(log_now.contains("field=\"limits\""), "{log_now}");

    // The last tenant goes, and no solo organization takes its place. Its origin goes too.
    office.configure("");
    serving.until(&with_new, 403);
    assert!(!fs::read_to_string(&log).unwrap().contains("canary-secret"));
    serving.signal(Signal::TERM);
    let mut serving = serving;
    assert!(serving.child.wait().unwrap().success());
}

/// Build item 1: `sign-session` refuses what no proxy would take, and keys that others can read.
#[test]
fn a_session_that_no_proxy_takes_is_not_signed() {
    let office = Office::open();
    office.issue("key", "EdDSA");
    let signed = |more: &[&str]| office.session("key", "https://portico.example", more);
    assert_eq!(said(&signed(&[])).trim().split('.').count(), 3);
    assert!(
        signed(&[
            "--role",
            "member",
            "--max-connections",
            "3",
            "--kid",
            "2026-11"
        ])
        .status
        .success()
    );
    for (more, named) in [
        (&["--role", "root"][..], "root"),
        (&["--max-connections", "100001"], "max-connections"),
        (&["--max-connections", "-1"], "-1"),
        (&["--kid", "a b"], "kid"),
    ] {
        let output = signed(more);
        assert!(!output.status.success());
        assert!(complaint(&output).contains(named), "{}", complaint(&output));
    }
    fs::set_permissions(office.path("key"), fs::Permissions::from_mode(0o644)).unwrap();
    let exposed = signed(&[]);
    assert!(
        complaint(&exposed).contains("0600"),
        "{}",
        complaint(&exposed)
    );
}
