//! The examples of `docs/partners.md`, each run as it stands there and shown to a running proxy.
//!
//! Owns which block is whose. What a session must say is the proxy's.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::mpsc;
use std::time::Duration;

use super::Note;
use crate::demo::binary;
use crate::demo::children::Child;
use crate::demo::scratch::{Scratch, write_private};
use crate::say::{self, Failure, OrSay, Outcome};
use crate::tools::languages::{self, Runtime};
use crate::{place, process};

const DOCUMENT: &str = "docs/partners.md";
const PATIENCE: Duration = Duration::from_mins(1);
/// Where the document's page stands.
const ORIGIN: &str = "https://app.partner.example";
/// Each language's heading, and how a file of it ends.
const EXAMPLES: [(&str, &str); 4] = [
    ("Node.js", "mjs"),
    ("Python", "py"),
    ("Ruby", "rb"),
    ("PHP", "php"),
];

/// Runs every example whose language is there.
pub(super) fn check() -> Outcome<Note> {
    let document = place::root().join(DOCUMENT);
    let text = fs::read_to_string(&document).or_say(DOCUMENT)?;
    let (runtimes, missing) = languages::ensure(&place::root().join("tests/partners"))?;
    let mut build = process::cargo();
    build.args(["build", "-p", "portico-proxy", "--bin", "portico-proxy"]);
    process::run("compiling the proxy", &mut build, &place::log("proxy"))?;

    let scratch = Scratch::create()?;
    let key = scratch.path().join("key.pem");
    let mut issue = binary("portico-proxy");
    issue.arg("issue-key").arg("--out").arg(&key);
    let issued = answer(&mut issue, "issue-key")?;
    let kid = issued
        .lines()
        .find_map(|line| line.strip_prefix("kid = \"")?.strip_suffix('"'))
        .ok_or_else(|| Failure::new("issue-key printed no kid."))?
        .to_owned();

    // The document's own section, with a key whose private half is at hand.
    let section = block(&text, "## 2. Become a tenant")?;
    let (tenant, _) = section
        .split_once("[[tenants.keys]]")
        .ok_or_else(|| Failure::new(format!("{DOCUMENT} shows no [[tenants.keys]].")))?;
    write_private(&scratch.path().join("secret"), "unused")?;
    let config = scratch.path().join("portico.toml");
    let configuration = format!(
        "base_url = \"http://localhost:0\"\nlisten = \"127.0.0.1:0\"\ndata_dir = \"data\"\n\
         [hubspot]\nclient_id = \"unused\"\nclient_secret_file = \"secret\"\n{tenant}{issued}\n"
    );
    write_private(&config, &configuration)?;
    let (_keep, never) = mpsc::channel();
    let mut command = binary("portico-proxy");
    command.arg("serve").arg("--config").arg(&config);
    let mut proxy = Child::start("proxy", command, scratch.path())?;
    let url = proxy.answer("listening on ", PATIENCE, &never)?;

    let given = Given {
        folder: scratch.path(),
        key: &key,
        kid: &kid,
        url: &url,
    };
    let mut wrong = Vec::new();
    for runtime in &runtimes {
        match run(&text, runtime, &given).and_then(|token| accepted(&url, &token)) {
            Ok(()) => say::progress(format_args!("{}: 200 from the proxy", runtime.name)),
            Err(failure) => wrong.push(format!("{}: {failure}", runtime.name)),
        }
    }
    proxy.stop();
    if !wrong.is_empty() {
        return Err(Failure::new(wrong.join("\n")));
    }
    Ok(if missing.is_empty() {
        ""
    } else {
        "without languages that are not there; what to do stands above"
    })
}

/// What an example is handed.
struct Given<'a> {
    folder: &'a Path,
    key: &'a Path,
    kid: &'a str,
    url: &'a str,
}

/// Runs the example; answers the token that it prints.
fn run(document: &str, runtime: &Runtime, given: &Given<'_>) -> Outcome<String> {
    let ending = EXAMPLES
        .iter()
        .find(|(name, _)| *name == runtime.name)
        .map_or("txt", |(_, ending)| *ending);
    let code = block(document, &format!("### {}", runtime.name))?;
    let file = given.folder.join(format!("example.{ending}"));
    write_private(&file, code)?;
    let mut command = Command::new(&runtime.program);
    command
        .arg(&file)
        .current_dir(given.folder)
        .env("PORTICO_KEY", given.key)
        .env("PORTICO_KID", given.kid)
        .env("PORTICO_URL", given.url)
        .envs(
            runtime
                .environment
                .iter()
                .map(|(name, value)| (name, value)),
        );
    let printed = answer(&mut command, "the example")?;
    let token = printed.trim();
    if token.split('.').count() == 3 && !token.contains(char::is_whitespace) {
        Ok(token.to_owned())
    } else {
        Err(Failure::new(format!(
            "the example printed no token but: {token}"
        )))
    }
}

fn answer(command: &mut Command, what: &str) -> Outcome<String> {
    let output = command.output().or_say(what)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    Err(Failure::new(format!("{what} failed: {complaint}")))
}

/// The token opens a session with what the example says; changed, it does not.
fn accepted(url: &str, token: &str) -> Outcome {
    let (status, body) = session(url, token)?;
    let said: serde_json::Value = serde_json::from_str(&body).unwrap_or_default();
    let of = |name: &str| said[name].as_str().unwrap_or_default().to_owned();
    let who = (of("iss"), of("org"), of("sub"), of("role"));
    let wanted = ("https://partner.example", "acme", "ada", "admin");
    if status != 200 || (&*who.0, &*who.1, &*who.2, &*who.3) != wanted {
        return Err(Failure::new(format!("the proxy answered {status} {body}")));
    }
    let mut parts: Vec<&str> = token.split('.').collect();
    let changed: String = parts[2].chars().rev().collect();
    parts[2] = &changed;
    let (status, _) = session(url, &parts.join("."))?;
    if status == 401 {
        Ok(())
    } else {
        Err(Failure::new(format!(
            "a changed token was answered with {status}"
        )))
    }
}

/// `GET /v1/session`: status and body.
fn session(url: &str, token: &str) -> Outcome<(u16, String)> {
    let authority = url.trim_start_matches("http://");
    let port = authority
        .rsplit_once(':')
        .and_then(|(_, port)| port.parse::<u16>().ok())
        .ok_or_else(|| Failure::new(format!("{url} names no port.")))?;
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).or_say("the proxy")?;
    stream
        .set_read_timeout(Some(PATIENCE))
        .or_say("the proxy")?;
    let request = format!(
        "GET /v1/session HTTP/1.1\r\nHost: {authority}\r\nOrigin: {ORIGIN}\r\n\
         Authorization: Bearer {token}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).or_say("the proxy")?;
    let mut text = String::new();
    stream.read_to_string(&mut text).or_say("the proxy")?;
    let status = text.split(' ').nth(1).and_then(|code| code.parse().ok());
    let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    Ok((status.unwrap_or_default(), body.to_owned()))
}

/// The first fenced block after a heading, before the next heading of any kind.
fn block<'a>(document: &'a str, heading: &str) -> Outcome<&'a str> {
    let missing = || {
        Failure::new(format!(
            "{DOCUMENT} has no block of code under {heading:?}."
        ))
    };
    let (_, after) = document
        .split_once(&format!("\n{heading}\n"))
        .ok_or_else(missing)?;
    let (before, fenced) = after.split_once("\n```").ok_or_else(missing)?;
    if before.lines().any(|line| line.starts_with('#')) {
        return Err(missing());
    }
    let (_, code) = fenced.split_once('\n').ok_or_else(missing)?;
    let (code, _) = code.split_once("\n```").ok_or_else(missing)?;
    Ok(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_found_under_its_own_heading_only() {
        let text = "# T\n\n### A\n\nwords\n\n```js\none\n\ntwo\n```\n\n### B\n\n### C\n\n```\nthree\n```\n";
        assert_eq!(block(text, "### A").unwrap(), "one\n\ntwo");
        assert_eq!(block(text, "### C").unwrap(), "three");
        assert!(block(text, "### B").is_err() && block(text, "### D").is_err());
    }

    #[test]
    fn the_document_has_an_example_of_each_language_in_about_ten_lines() {
        let text = fs::read_to_string(place::root().join(DOCUMENT)).unwrap();
        for (name, _) in EXAMPLES {
            let code = block(&text, &format!("### {name}")).unwrap();
            assert!((8..=14).contains(&code.lines().count()), "{name}");
        }
    }
}
