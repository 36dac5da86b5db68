//! A server that the demo started: its lines, its end, its stop.
//!
//! Owns processes by their handles; ends only those.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use crate::process;
use crate::say::{Failure, OrSay, Outcome};

/// How long a child may take to end by itself when asked to.
const GRACE: Duration = Duration::from_secs(5);

/// A running server. Dropping it ends it at once; [`Child::stop`] asks first.
pub(crate) struct Child {
    name: &'static str,
    process: std::process::Child,
    lines: Receiver<String>,
    log: PathBuf,
}

impl Child {
    /// Starts `command`; what it says goes into a log in `dir` and, from stdout, to [`Child::answer`].
    pub(crate) fn start(name: &'static str, mut command: Command, dir: &Path) -> Outcome<Self> {
        let log = dir.join(format!("{name}.log"));
        let mut file = File::create(&log).or_say(log.display())?;
        let errors = file.try_clone().or_say(log.display())?;
        let mut process = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(errors)
            .spawn()
            .or_say(format!("the {name} cannot be started"))?;
        let (send, lines) = mpsc::channel();
        if let Some(stdout) = process.stdout.take() {
            // Reads to the end, or a talkative child would stop at a full pipe.
            thread::spawn(move || {
                for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                    let _ = writeln!(file, "{line}");
                    let _ = send.send(line);
                }
            });
        }
        Ok(Self {
            name,
            process,
            lines,
            log,
        })
    }

    /// The rest of the first line on stdout that begins with `prefix`.
    ///
    /// Errors: the child ends or stays silent, or the person pressed Ctrl-C.
    pub(crate) fn answer(
        &mut self,
        prefix: &str,
        patience: Duration,
        interrupted: &Receiver<()>,
    ) -> Outcome<String> {
        let start = Instant::now();
        while start.elapsed() < patience {
            match self.lines.recv_timeout(Duration::from_millis(100)) {
                Ok(line) => {
                    if let Some(rest) = line.strip_prefix(prefix) {
                        return Ok(rest.trim().to_owned());
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if interrupted.try_recv().is_ok() {
                return Err(Failure::new("Stopped before it was ready."));
            }
        }
        Err(self.complaint(&format!(
            "did not print a line that begins with \"{}\"",
            prefix.trim()
        )))
    }

    /// Asks the child to end, waits a little, then ends it.
    pub(crate) fn stop(mut self) {
        if cfg!(unix) && self.process.try_wait().ok().flatten().is_none() {
            // SIGTERM has no place in std; the command has been in every Unix for ever.
            let id = self.process.id().to_string();
            let _ = Command::new("kill")
                .args(["-TERM", &id])
                .stderr(Stdio::null())
                .status();
            let start = Instant::now();
            while start.elapsed() < GRACE && self.process.try_wait().ok().flatten().is_none() {
                thread::sleep(Duration::from_millis(50));
            }
        }
    }

    fn complaint(&self, what: &str) -> Failure {
        let said = process::tail(&self.log, 30);
        Failure::new(format!("The {} {what}. It said:\n\n{said}", self.name))
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // Both fail only where it has already ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Waits for Ctrl-C. Errors: one of the children ends by itself.
pub(super) fn wait(children: &mut [&mut Child], interrupted: &Receiver<()>) -> Outcome {
    loop {
        if interrupted.recv_timeout(Duration::from_millis(200)).is_ok() {
            return Ok(());
        }
        for child in &mut *children {
            let ended = child.process.try_wait().or_say(child.name)?;
            if let Some(status) = ended {
                // Ctrl-C reaches the children too, perhaps before us.
                if interrupted.recv_timeout(Duration::from_millis(300)).is_ok() {
                    return Ok(());
                }
                return Err(child.complaint(&format!("ended by itself ({status})")));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::scratch::Scratch;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_childs_answer_is_what_follows_the_prefix() {
        let scratch = Scratch::create().unwrap();
        let (_keep, never) = mpsc::channel();
        let command = shell("echo noise; echo 'listening on http://127.0.0.1:9'; exec sleep 60");
        let mut child = Child::start("sandbox", command, scratch.path()).unwrap();
        let address = child
            .answer("listening on ", Duration::from_secs(20), &never)
            .unwrap();
        assert_eq!(address, "http://127.0.0.1:9");
        let id = child.process.id();
        child.stop();
        let alive = Command::new("kill")
            .args(["-0", &id.to_string()])
            .stderr(Stdio::null())
            .status();
        assert!(!alive.unwrap().success(), "a stopped child is gone");
    }

    #[test]
    fn a_child_that_ends_is_quoted() {
        let scratch = Scratch::create().unwrap();
        let (_keep, never) = mpsc::channel();
        let command = shell("echo 'base_url is missing' >&2; exit 2");
        let mut child = Child::start("proxy", command, scratch.path()).unwrap();
        let failure = child
            .answer("launch: ", Duration::from_secs(20), &never)
            .unwrap_err();
        assert!(
            failure.to_string().contains("base_url is missing"),
            "{failure}"
        );
        let failure = wait(&mut [&mut child], &never).unwrap_err();
        assert!(failure.to_string().contains("ended by itself"), "{failure}");
    }

    #[test]
    fn an_interrupt_ends_the_wait_well() {
        let scratch = Scratch::create().unwrap();
        let (interrupt, interrupted) = mpsc::channel();
        let mut child = Child::start("proxy", shell("exec sleep 60"), scratch.path()).unwrap();
        interrupt.send(()).unwrap();
        wait(&mut [&mut child], &interrupted).unwrap();
    }
}
