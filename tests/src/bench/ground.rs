//! A release build of the proxy, a HubSpot whose measured answers are files, and portals that are connected.
//! Owns which core runs what: the measured server has one to itself, all else shares the other.

use super::{AROUND, MEASURED, Outcome, Server, free_port, on_core, program};
use crate::caller::Caller;
use crate::database::Database;
use crate::device::launch;
use crate::person::Person;
use crate::replica::written;
use portico_proxy::config::{Config, HubSpot};
use portico_sandbox::{AppConfig, DEMO_CLIENT_ID, DEMO_CLIENT_SECRET};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Portals of the `agency` fixture that may be connected. Several, for each has ten calls at once at most.
const PORTALS: [u64; 4] = [26_104_388, 25_733_019, 4_418_276, 8_801_542];

/// A relayed read whose answer is a file of a given size.
#[derive(Clone, Copy, Debug)]
pub struct Read {
    /// For people.
    pub name: &'static str,
    /// Our operation.
    pub operation: &'static str,
    /// What it asks HubSpot for, and the peer likewise.
    pub path: &'static str,
    bytes: usize,
}

/// The reads that are measured.
pub const READS: [Read; 2] = [
    Read {
        name: "1 KB",
        operation: "account.details",
        path: "/account-info/2026-03/details",
        bytes: 1_000,
    },
    Read {
        name: "200 KB",
        operation: "schemas.list",
        path: "/crm-object-schemas/2026-09/schemas",
        bytes: 200_000,
    },
];

/// All that runs.
pub struct Ground {
    /// The proxy, while it runs.
    pub proxy: Option<Server>,
    /// The HubSpot of both peers: nginx, which answers [`READS`] from files and asks the sandbox for all else.
    pub upstream: Server,
    /// What the proxy runs with.
    pub config: Config,
    /// Its rows.
    pub database: Database,
    /// Ids of the connected portals.
    pub connections: Vec<String>,
    file: PathBuf,
    _sandbox: Server,
    folder: TempDir,
}

impl Ground {
    /// Starts everything and connects the portals.
    pub async fn open() -> Outcome<Self> {
        let folder = tempfile::tempdir()?;
        let port = free_port()?;
        let base_url = format!("http://localhost:{port}");
        let mut command = on_core(AROUND);
        command
            .arg(program("PORTICO_SANDBOX")?)
            .args(["--listen", "127.0.0.1:0", "--fixture", "agency"])
            .args(["--redirect-uri", &format!("{base_url}/callback/hubspot")]);
        let sandbox = Server::start(command)?;
        let upstream = upstream(&folder.path().join("upstream"), &sandbox)?;

        let app = AppConfig::demo(Vec::new());
        let mut hubspot = HubSpot::new(DEMO_CLIENT_ID, DEMO_CLIENT_SECRET.to_owned().into());
        hubspot.authorize_base.clone_from(&sandbox.base);
        hubspot.api_base.clone_from(&upstream.base);
        hubspot.required_scopes.clone_from(&app.required_scopes);
        let offered = &app.optional_scopes;
        hubspot
            .optional_scopes
            .retain(|scope| offered.contains(scope));
        let secret_file = folder.path().join("hubspot-client-secret");
        fs::write(&secret_file, DEMO_CLIENT_SECRET)?;
        hubspot.client_secret_file = Some(secret_file);
        let data = folder.path().join("data");
        let database = Database::fresh(&data).await;
        let mut config = Config::loopback(data, hubspot);
        config.base_url = base_url;
        config.listen.set_port(port);
        config.limits.user_per_minute = 100_000;
        config.limits.org_per_minute = 100_000;
        let file = folder.path().join("portico.toml");
        fs::write(&file, written(&config, &database))?;
        let mut ground = Self {
            proxy: None,
            upstream,
            config,
            database,
            connections: Vec::new(),
            file,
            _sandbox: sandbox,
            folder,
        };
        let caller = ground.start_proxy().await?;
        for portal in PORTALS {
            let flow = caller.start_connect().await;
            let claim = Person::new().consent(&flow, portal).await;
            let answer = caller.complete(&flow, &claim).await;
            let id = answer.json()["connection"]["id"]
                .as_str()
                .map(str::to_owned);
            ground
                .connections
                .push(id.ok_or_else(|| format!("not connected: {}", answer.text))?);
        }
        // From now on the measured reads are files.
        for read in READS {
            let path = ground.www().join(&read.path[1..]);
            fs::create_dir_all(path.parent().ok_or("a path has a folder")?)?;
            fs::write(path, body(read.bytes))?;
        }
        Ok(ground)
    }

    /// Starts the proxy anew; answers a page with a session, which lives for ten minutes.
    pub async fn start_proxy(&mut self) -> Outcome<Caller> {
        let mut command = on_core(MEASURED);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("PORTICO_") {
                command.env_remove(name);
            }
        }
        command.env("PORTICO_LOG", "error");
        command
            .arg(program("PORTICO_PROXY_BIN")?)
            .arg("serve")
            .arg("--config")
            .arg(&self.file);
        let mut proxy = Server::start(command)?;
        let link = proxy.line_after("launch: ")?;
        self.proxy = Some(proxy);
        let token = launch(&link).await;
        Ok(Caller::new(
            self.config.clone(),
            token,
            self.config.base_url.clone(),
        ))
    }

    /// The proxy, which runs.
    pub fn running(&self) -> Outcome<&Server> {
        Ok(self.proxy.as_ref().ok_or("the proxy does not run")?)
    }

    /// nginx on the measured core, which passes on what it is asked with one header added, as our proxy does.
    pub fn peer(&self) -> Outcome<Server> {
        let folder = self.folder.path().join("peer");
        fs::create_dir(&folder)?;
        let port = free_port()?;
        let upstream = self.upstream.base.trim_start_matches("http://");
        // Buffers hold the largest answer, so that no file is written.
        let header = bearer();
        let http = format!(
            "upstream hubspot {{ server {upstream}; keepalive 64; }}\n\
             server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://hubspot; proxy_http_version 1.1;\n\
             proxy_buffer_size 16k; proxy_buffers 32 16k; proxy_busy_buffers_size 128k; proxy_max_temp_file_size 0;\n\
             proxy_set_header Connection \"\"; proxy_set_header Authorization \"{header}\"; }} }}"
        );
        Server::nginx(MEASURED, &folder, port, &http)
    }

    /// On the measured core too, what our libraries do by themselves.
    pub fn plain_relay(&self) -> Outcome<Server> {
        let mut command = on_core(MEASURED);
        command.arg(program("PORTICO_PLAIN_RELAY")?);
        command.args([&self.upstream.base, &bearer()]);
        Server::start(command)
    }

    /// wrk's script for our side: the relay's `POST`, each time on the next connection.
    pub fn script(&self, caller: &Caller, read: Read) -> Outcome<PathBuf> {
        let ids: Vec<String> = self
            .connections
            .iter()
            .map(|id| format!("\"{id}\""))
            .collect();
        let text = format!(
            "local ids = {{ {} }}\nlocal requests = {{}}\nlocal count = 0\n\
             init = function(args)\n  local headers = {{ [\"Authorization\"] = \"Bearer {}\", [\"Origin\"] = \"{}\",\n    \
             [\"Content-Type\"] = \"application/json\" }}\n  for index, id in ipairs(ids) do\n    \
             requests[index] = wrk.format(\"POST\", \"/v1/connections/\" .. id .. \"/relay/{}\", headers, \"{{}}\")\n  \
             end\nend\nrequest = function()\n  count = count + 1\n  return requests[count % #ids + 1]\nend\n",
            ids.join(", "),
            caller.token,
            caller.origin,
            read.operation
        );
        let path = self.folder.path().join(format!("{}.lua", read.operation));
        fs::write(&path, text)?;
        Ok(path)
    }

    fn www(&self) -> PathBuf {
        self.folder.path().join("upstream/www")
    }
}

/// As long as with an access token of HubSpot's.
fn bearer() -> String {
    format!("Bearer {}", "x".repeat(200))
}

fn upstream(folder: &Path, sandbox: &Server) -> Outcome<Server> {
    let www = folder.join("www");
    fs::create_dir_all(&www)?;
    let port = free_port()?;
    let behind = sandbox.base.trim_start_matches("http://");
    let http = format!(
        "open_file_cache max=10 inactive=1h; open_file_cache_errors off;\n\
         upstream sandbox {{ server {behind}; keepalive 16; }}\n\
         server {{ listen 127.0.0.1:{port}; root {}; location / {{ try_files $uri @sandbox; }}\n\
         location @sandbox {{ proxy_pass http://sandbox; proxy_http_version 1.1; proxy_set_header Connection \"\"; }} }}",
        www.display()
    );
    Server::nginx(AROUND, folder, port, &http)
}

/// JSON of about so many bytes, of rows as HubSpot's lists have them.
fn body(bytes: usize) -> String {
    let row = |number: usize| -> Value {
        json!({
            "name": format!("property_{number}"), "label": format!("Property {number}"), "type": "enumeration",
            "fieldType": "select", "groupName": "contactinformation", "hidden": false, "displayOrder": number,
            "description": "What sales knows of them, as it was agreed upon.", "hasUniqueValue": false,
            "options": [{ "label": "Yes", "value": "yes", "hidden": false }],
        })
    };
    let length = row(100).to_string().len() + 1;
    let rows: Vec<Value> = (0..bytes / length).map(row).collect();
    let text = json!({ "results": rows }).to_string();
    // JSON may end in blanks.
    let rest = " ".repeat(bytes.saturating_sub(text.len()));
    text + &rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_json_of_the_size_asked_for() {
        for read in READS {
            let text = body(read.bytes);
            assert_eq!(text.len(), read.bytes);
            let parsed: Value = serde_json::from_str(&text).unwrap();
            assert!(parsed["results"].as_array().unwrap().len() >= 3);
        }
    }
}
