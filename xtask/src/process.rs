//! Runs other programs: quietly into a log with ticks of progress, or for their answer.
//!
//! Owns the children of one step. Long-lived children belong to `demo`.

use std::env;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{IsTerminal, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::place;
use crate::say::{self, Failure, OrSay, Outcome};

/// Lines of a failed step's log that are worth seeing at once.
const TAIL_LINES: usize = 120;

/// Cargo, in the repository, as if typed by a person: without what `cargo run` put around xtask.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    in_repository(&mut command);
    command
}

/// Sets the folder and drops the variables that `cargo run` set for xtask alone.
pub(crate) fn in_repository(command: &mut Command) {
    command.current_dir(place::root()).stdin(Stdio::null());
    for (name, _) in env::vars_os() {
        let own = name.to_str().is_some_and(|name| {
            [
                "CARGO_PKG_",
                "CARGO_MANIFEST_",
                "CARGO_BIN_",
                "CARGO_CRATE_",
            ]
            .iter()
            .any(|prefix| name.starts_with(prefix))
        });
        if own {
            command.env_remove(name);
        }
    }
}

/// `PATH` with `first` in front of it.
pub(crate) fn path_with(first: &[&Path]) -> Outcome<OsString> {
    let old = env::var_os("PATH").unwrap_or_default();
    let dirs = first
        .iter()
        .map(|dir| dir.to_path_buf())
        .chain(env::split_paths(&old));
    env::join_paths(dirs).or_say("a folder cannot stand in PATH")
}

/// The first line that a program prints to stdout, if it runs and ends well.
pub(crate) fn first_line(command: &mut Command) -> Option<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .ok()
        .filter(|out| out.status.success())?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().next().map(|line| line.trim().to_owned())
}

/// Runs `command` with its output in `log`, says `title` and ticks while it lasts.
///
/// Errors: it cannot be started, or it ends badly; then the log's end is in the message.
pub(crate) fn run(title: &str, command: &mut Command, log: &Path) -> Outcome<Duration> {
    let (passed, time) = attempt(title, command, log)?;
    if passed {
        return Ok(time);
    }
    Err(Failure::new(format!(
        "{}\n\n{title}: failed after {}. The whole log: {}",
        tail(log, TAIL_LINES),
        say::duration(time),
        log.display()
    )))
}

/// As [`run`], but a bad end is an answer and not an error.
pub(crate) fn attempt(title: &str, command: &mut Command, log: &Path) -> Outcome<(bool, Duration)> {
    if let Some(dir) = log.parent() {
        fs::create_dir_all(dir).or_say(dir.display())?;
    }
    let file = File::create(log).or_say(log.display())?;
    let same = file.try_clone().or_say(log.display())?;
    let program = command.get_program().to_string_lossy().into_owned();
    let start = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(file)
        .stderr(same)
        .spawn()
        .or_say(format!("{program} cannot be started"))?;
    let mut ticker = Ticker::new(title);
    let status = loop {
        if let Some(status) = child.try_wait().or_say(&program)? {
            break status;
        }
        thread::sleep(Duration::from_millis(100));
        ticker.tick(start.elapsed(), log);
    };
    ticker.end(start.elapsed());
    Ok((status.success(), start.elapsed()))
}

/// Lets one run at a time do `what` in the folder `dir`; the next waits. Released on drop.
pub(crate) fn lock(dir: &Path, what: &str) -> Outcome<File> {
    fs::create_dir_all(dir).or_say(dir.display())?;
    let path = dir.join(".lock");
    let file = File::create(&path).or_say(path.display())?;
    if file.try_lock().is_err() {
        say::progress(format_args!("another run is {what}; waiting for it"));
        file.lock().or_say(path.display())?;
    }
    Ok(file)
}

/// The last `count` lines of a log.
pub(crate) fn tail(log: &Path, count: usize) -> String {
    let Ok(text) = fs::read(log) else {
        return String::new();
    };
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

/// Progress of one step: a line that rewrites itself on a terminal, a line now and then elsewhere.
struct Ticker {
    title: String,
    terminal: bool,
    next: Duration,
}

impl Ticker {
    fn new(title: &str) -> Self {
        let terminal = std::io::stderr().is_terminal();
        if !terminal {
            say::progress(format_args!("{title} …"));
        }
        let next = Duration::from_secs(if terminal { 0 } else { 20 });
        Self {
            title: title.to_owned(),
            terminal,
            next,
        }
    }

    fn tick(&mut self, elapsed: Duration, log: &Path) {
        if elapsed < self.next {
            return;
        }
        let last = last_line(log);
        if self.terminal {
            let line = format!("{} … {} {last}", self.title, say::duration(elapsed));
            let short: String = line.chars().take(100).collect();
            eprint!("\r\x1b[2K{short}");
            // A lost tick is no loss.
            let _ = std::io::stderr().flush();
            self.next = elapsed + Duration::from_millis(500);
        } else {
            say::progress(format_args!("  … {} {last}", say::duration(elapsed)));
            self.next = elapsed + Duration::from_secs(20);
        }
    }

    fn end(&self, elapsed: Duration) {
        let clear = if self.terminal { "\r\x1b[2K" } else { "" };
        eprintln!("{clear}{}: {}", self.title, say::duration(elapsed));
    }
}

/// The last line with something in it, from the log's last few hundred bytes.
fn last_line(log: &Path) -> String {
    let read = || -> std::io::Result<String> {
        let mut file = File::open(log)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(400)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let line = text
            .lines()
            .rev()
            .map(str::trim)
            .find(|line| !line.is_empty());
        Ok(line.unwrap_or_default().to_owned())
    };
    read().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_step_shows_the_end_of_its_log() {
        let log = env::temp_dir().join(format!("xtask-{}.log", crate::random::token(9).unwrap()));
        let mut command = Command::new("sh");
        command.args(["-c", "echo what went wrong >&2; exit 3"]);
        let failure = run("a step", &mut command, &log).unwrap_err().to_string();
        fs::remove_file(&log).unwrap();
        assert!(failure.contains("what went wrong"), "{failure}");
        assert!(failure.contains("a step: failed"), "{failure}");
    }

    #[test]
    fn a_program_that_is_missing_is_named() {
        let log = env::temp_dir().join(format!("xtask-{}.log", crate::random::token(9).unwrap()));
        let failure = run("a step", &mut Command::new("no-such-program"), &log).unwrap_err();
        fs::remove_file(&log).unwrap();
        assert!(
            failure
                .to_string()
                .starts_with("no-such-program cannot be started")
        );
    }
}
