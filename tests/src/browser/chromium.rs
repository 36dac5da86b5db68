//! One ChromeDriver and one Chromium with an empty profile per test.
//! Owns both processes: they are killed by their ids when the test ends, in whichever way.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fantoccini::ClientBuilder;
use fantoccini::wd::Capabilities;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::page::Page;
use super::variable;

/// What this Chromium does with windows that no click asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Popups {
    /// ChromeDriver's way: they open.
    Allowed,
    /// As people have it: they are blocked (J31).
    Blocked,
}

/// A running browser. Dropping it ends it.
#[derive(Debug)]
pub struct Browser {
    /// The first window.
    pub page: Page,
    driver: Child,
    port: u16,
    session: String,
    chromium: Option<u64>,
    /// Profile and everything else that the two write.
    folder: PathBuf,
}

impl Browser {
    /// Starts one; `name` names its pictures.
    pub async fn start(name: &str) -> Self {
        Self::start_with(name, Popups::Allowed).await
    }

    /// The same, with a pop-up blocker or without.
    pub async fn start_with(name: &str, popups: Popups) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the profile");
        let program = variable("PORTICO_CHROMEDRIVER").unwrap_or_else(|| "chromedriver".into());
        let mut driver = Command::new(&program)
            .args(["--port=0", "--log-level=SEVERE"])
            .env("TMPDIR", folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{} does not start: {error}", program.display()));
        let port = bound_port(&mut driver);
        let mut browser = Guard(Some(driver));
        let client = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
            .capabilities(capabilities(&folder, popups))
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("ChromeDriver opens a session");
        let chromium = client
            .capabilities()
            .and_then(|all| all.get("goog:processID"))
            .and_then(Value::as_u64);
        let session = client.session_id().await.ok().flatten();
        let page = Page::new(client, name).await;
        let driver = browser.0.take().expect("the driver is still guarded");
        Self {
            page,
            driver,
            port,
            session: session.unwrap_or_default(),
            chromium,
            folder: folder.keep(),
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if self.quit().is_err()
            && let Some(id) = self.chromium
        {
            let _ = Command::new("kill")
                .args(["-KILL", &id.to_string()])
                .stderr(Stdio::null())
                .status();
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
        // Its last children may still write for a moment.
        for _ in 0..20 {
            let _ = std::fs::remove_dir_all(&self.folder);
            if !self.folder.exists() {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Browser {
    /// Ends the session, which waits for Chromium to leave. By hand, for a drop cannot await.
    fn quit(&self) -> io::Result<()> {
        let mut driver = TcpStream::connect(("127.0.0.1", self.port))?;
        driver.set_read_timeout(Some(Duration::from_secs(10)))?;
        let session = &self.session;
        write!(
            driver,
            "DELETE /session/{session} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
        )?;
        let mut answer = [0; 12];
        driver.read_exact(&mut answer)?;
        if answer.ends_with(b"200") {
            Ok(())
        } else {
            Err(io::ErrorKind::Other.into())
        }
    }
}

/// Ends the driver when the session cannot be had.
struct Guard(Option<Child>);

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(driver) = &mut self.0 {
            let _ = driver.kill();
            let _ = driver.wait();
        }
    }
}

/// The port that ChromeDriver says it listens on.
fn bound_port(driver: &mut Child) -> u16 {
    let output = driver.stdout.take().expect("its output is piped");
    let mut lines = BufReader::new(output).lines();
    let port = lines
        .by_ref()
        .map_while(Result::ok)
        .find_map(|line| {
            let (_, port) = line.split_once("successfully on port ")?;
            port.trim_end_matches('.').parse().ok()
        })
        .expect("ChromeDriver names its port");
    // Read on, or a full pipe would stop it.
    std::thread::spawn(move || lines.for_each(drop));
    port
}

fn capabilities(folder: &TempDir, popups: Popups) -> Capabilities {
    let mut args = vec![
        "--headless=new".to_owned(),
        "--disable-gpu".to_owned(),
        "--disable-quic".to_owned(),
        "--no-first-run".to_owned(),
        "--disable-background-networking".to_owned(),
        "--disable-component-update".to_owned(),
        "--disable-sync".to_owned(),
        // The window below a pop-up is in sight for people, but not for a browser without a screen.
        "--disable-backgrounding-occluded-windows".to_owned(),
        "--force-prefers-reduced-motion".to_owned(),
        "--lang=en-US".to_owned(),
        "--window-size=1440,900".to_owned(),
        format!(
            "--user-data-dir={}",
            folder.path().join("profile").display()
        ),
    ];
    if is_root() {
        args.push("--no-sandbox".to_owned());
    }
    let mut options = json!({ "args": args });
    if let Some(chrome) = variable("PORTICO_CHROME") {
        options["binary"] = json!(chrome);
    }
    if popups == Popups::Blocked {
        options["excludeSwitches"] = json!(["disable-popup-blocking"]);
    }
    let all = json!({
        "browserName": "chrome",
        "goog:chromeOptions": options,
        "goog:loggingPrefs": { "browser": "ALL" },
        "timeouts": { "script": 60_000, "pageLoad": 60_000 },
    });
    match all {
        Value::Object(all) => all,
        _ => Capabilities::new(),
    }
}

/// Chromium's own sandbox does not work for root.
fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output();
    output.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
