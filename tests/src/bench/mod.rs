//! What measuring programs share: servers bound to a core, the load generator, what the system says of a process.
//! Owns the processes it starts, by their ids. Judges nothing.

#![allow(clippy::print_stdout, reason = "a measurement is printed")]

pub mod ground;

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// What a measurement answers, or why it cannot be made.
pub type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// The core of what is measured, and the core of all else.
pub const MEASURED: &str = "0";
/// See [`MEASURED`].
pub const AROUND: &str = "1";

/// A command bound to one core, so that server and load do not take each other's.
pub fn on_core(core: &str) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", core]).stdin(Stdio::null());
    command
}

/// A program that the environment names, set by `cargo xtask bench`.
pub fn program(variable: &str) -> Outcome<PathBuf> {
    let path = std::env::var_os(variable)
        .ok_or_else(|| format!("{variable} names no program; `cargo xtask bench` sets it"))?;
    Ok(path.into())
}

/// A loopback port that nobody has just now.
pub fn free_port() -> Outcome<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// A server that is stopped when this is dropped.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub base: String,
    /// Kept open, for it has more to say than its first lines.
    stdout: Option<BufReader<ChildStdout>>,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// A program of ours, whose first line is `listening on …`.
    pub fn start(mut command: Command) -> Outcome<Self> {
        let child = command.stdout(Stdio::piped()).spawn()?;
        let mut server = Self {
            child,
            base: String::new(),
            stdout: None,
        };
        server.stdout = server.child.stdout.take().map(BufReader::new);
        server.base = server.line_after("listening on ")?;
        Ok(server)
    }

    /// The rest of its next line, which must begin with `prefix`.
    pub fn line_after(&mut self, prefix: &str) -> Outcome<String> {
        let stdout = self.stdout.as_mut().ok_or("it has no stdout")?;
        let mut line = String::new();
        stdout.read_line(&mut line)?;
        let rest = line.trim().strip_prefix(prefix);
        Ok(rest.ok_or_else(|| format!("it said {line:?}"))?.to_owned())
    }

    /// nginx with the inside of an `http` block; `port` is one on which it listens, `folder` is its own.
    pub fn nginx(core: &str, folder: &Path, port: u16, http: &str) -> Outcome<Self> {
        let here = folder.display();
        let mut temporary = String::new();
        for name in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"] {
            let _ = write!(temporary, "{name}_temp_path {here}/{name};");
        }
        let configuration = format!(
            "worker_processes 1;\nmaster_process off;\ndaemon off;\npid {here}/nginx.pid;\nerror_log {here}/error.log;\n\
             events {{ worker_connections 4096; }}\n\
             http {{ access_log off; keepalive_requests 100000000; default_type application/json;\n{temporary}\n{http}\n}}\n"
        );
        let file = folder.join("nginx.conf");
        fs::write(&file, configuration)?;
        // One process without a master, so that stopping it leaves nothing behind.
        let child = on_core(core)
            .args(["nginx", "-c"])
            .arg(&file)
            .arg("-p")
            .arg(folder)
            .arg("-e")
            .arg(folder.join("start.log"))
            .spawn()?;
        let server = Self {
            child,
            base: format!("http://127.0.0.1:{port}"),
            stdout: None,
        };
        let until = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if Instant::now() > until {
                return Err("nginx does not answer".into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(server)
    }

    /// Memory that it holds, in MiB.
    pub fn resident_mib(&self) -> Outcome<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let kib = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .ok_or("no VmRSS")?;
        Ok(kib.trim().trim_end_matches("kB").trim().parse::<f64>()? / 1_024.0)
    }

    /// Time that its threads have had on a core so far.
    pub fn cpu(&self) -> Outcome<Duration> {
        let mut nanoseconds = 0;
        for task in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            let told = fs::read_to_string(task?.path().join("schedstat"))?;
            let first = told.split(' ').next().unwrap_or_default();
            nanoseconds += first.parse::<u64>()?;
        }
        Ok(Duration::from_nanos(nanoseconds))
    }
}

/// What the load generator saw.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Requests a second.
    pub per_second: f64,
    /// 99 of 100 requests took no longer, in milliseconds.
    pub p99_ms: f64,
    /// Time of the measured server for one request, in microseconds; 0 where nobody looked.
    pub cpu_us: f64,
}

impl Load {
    /// A line for people.
    pub fn print(&self, name: &str) {
        print!(
            "  {name}: {:.0} requests/s, p99 {:.2} ms",
            self.per_second, self.p99_ms
        );
        if self.cpu_us > 0.0 {
            print!(", {:.0} µs of its core a request", self.cpu_us);
        }
        println!();
    }
}

/// Runs wrk with one thread on the core around, for `seconds` over `connections`; `more` are its further arguments.
pub fn load(url: &str, connections: usize, seconds: u32, more: &[&str]) -> Outcome<Load> {
    let output = on_core(AROUND)
        .args(["wrk", "-t1", "--latency", "-c"])
        .arg(connections.to_string())
        .args(["-d", &format!("{seconds}s")])
        .args(more)
        .arg(url)
        .output()?;
    let text = String::from_utf8(output.stdout)?;
    if text.contains("Non-2xx") || text.contains("Socket errors") {
        return Err(format!("not every answer was good:\n{text}").into());
    }
    let after = |name: &str| {
        let line = text
            .lines()
            .map(str::trim)
            .find_map(|line| line.strip_prefix(name));
        line.map(|rest| rest.trim().to_owned())
            .ok_or_else(|| format!("wrk said no {name}:\n{text}"))
    };
    Ok(Load {
        per_second: after("Requests/sec:")?.parse()?,
        p99_ms: milliseconds(&after("99%")?)?,
        cpu_us: 0.0,
    })
}

/// As [`load`], with what it cost the server in time on its core.
pub fn load_on(
    server: &Server,
    url: &str,
    connections: usize,
    seconds: u32,
    more: &[&str],
) -> Outcome<Load> {
    let before = server.cpu()?;
    let mut seen = load(url, connections, seconds, more)?;
    let spent = (server.cpu()?.saturating_sub(before)).as_secs_f64();
    seen.cpu_us = spent * 1_000_000.0 / (seen.per_second * f64::from(seconds));
    Ok(seen)
}

fn milliseconds(text: &str) -> Outcome<f64> {
    for (unit, factor) in [("us", 0.001), ("ms", 1.0), ("s", 1_000.0)] {
        if let Some(number) = text.strip_suffix(unit) {
            return Ok(number.parse::<f64>()? * factor);
        }
    }
    Err(format!("{text} is no time").into())
}

/// The round in the middle, by requests a second.
pub fn median(mut loads: Vec<Load>) -> Load {
    loads.sort_by(|a, b| a.per_second.total_cmp(&b.per_second));
    loads.swap_remove(loads.len() / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_the_units_that_wrk_writes() {
        for (text, want) in [("812.00us", 0.812), ("1.52ms", 1.52), ("1.10s", 1_100.0)] {
            assert!((milliseconds(text).unwrap() - want).abs() < 1e-9, "{text}");
        }
        assert!(milliseconds("5 parsecs").is_err());
    }

    #[test]
    fn the_median_is_the_round_in_the_middle() {
        let round = |per_second| Load {
            per_second,
            p99_ms: 0.0,
            cpu_us: 0.0,
        };
        let middle = median([9.0, 1.0, 5.0].map(round).into()).per_second;
        assert!((middle - 5.0).abs() < 1e-9);
    }
}
