//! Owns everything the sandbox remembers: apps, portals, grants, codes, tokens, windows, switches, faults, recorded calls.
//! Changes only through [`crate::handle`] and the controls in `control/`; does no IO and reads no clock.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::activity::{self, Activity};
use crate::app_resources::AppResources;
use crate::control::Control;
use crate::credentials::Credentials;
use crate::github::model::GitHub;
use crate::lag::Lag;
use crate::model::Portal;
use crate::quota::Quota;
use crate::rng::Rng;
use crate::scopes;
use crate::shared::Shared;
use crate::time::millis;

/// Client id of [`AppConfig::demo`].
pub const DEMO_CLIENT_ID: &str = "5a4db0c5-7e57-4000-8000-00000000de30";
/// Client secret of [`AppConfig::demo`]: no secret at all, and named so.
pub const DEMO_CLIENT_SECRET: &str = "sandbox-demo-secret-that-protects-nothing";
/// How many calls are remembered.
pub const CALLS_KEPT: usize = 10_000;

/// An app as its developer configured it (platform 1.6).
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AppConfig {
    /// Shown on the consent page.
    pub name: String,
    /// UUID.
    pub client_id: String,
    /// Sent with every token call.
    pub client_secret: String,
    /// Numeric app id.
    #[serde(default)]
    pub app_id: u64,
    /// Compared byte for byte.
    pub redirect_urls: Vec<String>,
    /// Must all be in `scope`.
    pub required_scopes: Vec<String>,
    /// May be in `optional_scope`.
    #[serde(default)]
    pub optional_scopes: Vec<String>,
    /// May be in `scope`.
    #[serde(default)]
    pub conditionally_required_scopes: Vec<String>,
    /// Portals that may hold the app; `None` when unlimited (platform 1.2: 25, 10 or 100 by distribution).
    #[serde(default)]
    pub install_limit: Option<usize>,
    /// A user-level app, which may not ask for `client_credentials`.
    #[serde(default)]
    pub user_level: bool,
    /// Who may install it, which decides its limits (platform 4).
    #[serde(default)]
    pub distribution: Distribution,
}

/// `distribution` of an app's configuration (platform 1.6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Distribution {
    /// Anybody: 110 calls in ten seconds per account.
    #[default]
    Marketplace,
    /// Accounts its developer chose: the limits of private apps.
    Private,
}

impl AppConfig {
    /// The demo app: four required scopes and every other one of the catalogue optional.
    pub fn demo(redirect_uris: Vec<String>) -> Self {
        let required = scopes::DEMO_REQUIRED.map(str::to_owned).to_vec();
        let optional = scopes::CATALOGUE
            .iter()
            .map(|scope| scope.name.to_owned())
            .filter(|name| !required.contains(name))
            .collect();
        Self {
            name: "Portico".to_owned(),
            client_id: DEMO_CLIENT_ID.to_owned(),
            client_secret: DEMO_CLIENT_SECRET.to_owned(),
            app_id: 5_550_001,
            redirect_urls: redirect_uris,
            required_scopes: required,
            optional_scopes: optional,
            conditionally_required_scopes: Vec::new(),
            install_limit: None,
            user_level: false,
            distribution: Distribution::Marketplace,
        }
    }
}

/// Behaviours that HubSpot's own pages leave open, or that a test wants otherwise. Plain data; change at will.
/// Over HTTP the names are camel case and a duration `x` is `xMs` in milliseconds: give each its `#[serde(…)]` line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches")]
pub struct Switches {
    /// `true`: Cancel redirects with `error=access_denied`; `false`: a page, no redirect (platform 1.2).
    pub denial_redirects: bool,
    /// Replaces `error_description` of a denial, to try hostile ones (CB-6).
    pub denial_description: Option<String>,
    /// Accept any code verifier (EX-2).
    pub ignore_pkce: bool,
    /// Answer a refresh with a new refresh token and kill the old one.
    pub rotate_refresh_tokens: bool,
    /// A new code exchange kills the portal's earlier refresh tokens of the app.
    pub reinstall_kills_refresh_tokens: bool,
    /// A refresh answers `BAD_SCOPES` while the grant lacks a scope that the app now requires.
    pub refuse_refresh_on_scope_lag: bool,
    /// Send `Cross-Origin-Opener-Policy: same-origin` on authorize pages (EM-3).
    pub consent_coop: bool,
    /// Accept redirect URIs that name an IP address, which HubSpot does not.
    pub ip_redirect_uris: bool,
    /// Mint codes that hold `+`, `&`, `=`, `%` and a space (EX-5).
    pub awkward_codes: bool,
    /// Show sensitive-data scopes in tokens with the suffix `.v2` (platform 8.3).
    pub sensitive_scope_suffix: bool,
    /// `schemas/batch/read` accepts standard types; unverified at HubSpot (platform 6.6).
    pub batch_read_standard_schemas: bool,
    /// How long reads of CRM metadata show what stood before a write (platform 11, row 16).
    #[serde(rename = "readLagMs", with = "millis")]
    pub read_lag: Duration,
    /// How long schema reads leave out a custom object that was just made; about 70 s at HubSpot (platform 6.2).
    #[serde(rename = "schemaLagMs", with = "millis")]
    pub schema_lag: Duration,
    /// `validate…BeforeDelete=false` lets a pipeline or stage that records use be deleted on dated paths, as documented;
    /// a live account refused all the same. On v3 paths the flags are `false` unless given, and always honoured.
    pub honour_delete_flags: bool,
    /// An installer's bearer at an app-level endpoint: `true` 401, `false` 403 (platform 6.3 saw both).
    pub app_level_answers_401: bool,
    /// v1 takes `client_credentials`, as its guide says; live it answered `BAD_GRANT_TYPE` (platform 1.3).
    pub v1_client_credentials: bool,
    /// `BAD_REFRESH_TOKEN` says `invalid_request`, as seen live, not the documented `invalid_grant` (platform 1.5).
    pub bad_refresh_is_invalid_request: bool,
    /// A migrating account's token calls answer 477 too, not only its data calls.
    pub migration_refuses_tokens: bool,
    /// `api-usage` tells the limit of an account without private apps; unverified at HubSpot (platform 3.1).
    pub usage_without_private_apps: bool,
    /// `fetchStatus` of `api-usage`.
    pub usage_fetch_status: FetchStatus,
    /// Bytes of path and query from which on a URL is too long: 414.
    pub url_limit: usize,
    /// Searches see records as they were this long ago; HubSpot names no time (platform 4), so none by default.
    #[serde(rename = "searchLagMs", with = "millis")]
    pub search_lag: Duration,
    /// A create must carry what the page says it should: name, stage, and pipeline where there are several
    /// (platform 7).
    pub require_on_create: bool,
    /// A record write must keep the portal's validation rules; the page says so "since 2026-09", which may mean that
    /// path version or that month (platform 7), so by default every path does.
    pub enforce_property_rules: bool,
    /// List search wants `listIds`, `offset` and `processingTypes`, which the specification calls mandatory
    /// (platform 6.3).
    pub strict_list_search: bool,
    /// Life of an authorization code.
    #[serde(rename = "codeLifetimeMs", with = "millis")]
    pub code_lifetime: Duration,
    /// Life of an access token.
    #[serde(rename = "accessTokenLifetimeMs", with = "millis")]
    pub access_token_lifetime: Duration,
    /// Extra time before token endpoints answer.
    #[serde(rename = "tokenLatencyMs", with = "millis")]
    pub token_latency: Duration,
    /// Extra time before data endpoints answer.
    #[serde(rename = "apiLatencyMs", with = "millis")]
    pub api_latency: Duration,
    /// `iss` parameter added to every redirect (CB-5).
    pub iss: Option<String>,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            denial_redirects: true,
            denial_description: None,
            ignore_pkce: false,
            rotate_refresh_tokens: false,
            reinstall_kills_refresh_tokens: false,
            refuse_refresh_on_scope_lag: false,
            consent_coop: false,
            ip_redirect_uris: false,
            awkward_codes: false,
            sensitive_scope_suffix: true,
            batch_read_standard_schemas: true,
            read_lag: Duration::ZERO,
            schema_lag: Duration::ZERO,
            honour_delete_flags: false,
            app_level_answers_401: false,
            v1_client_credentials: false,
            bad_refresh_is_invalid_request: false,
            migration_refuses_tokens: false,
            usage_without_private_apps: true,
            usage_fetch_status: FetchStatus::Success,
            url_limit: 16 * 1024,
            search_lag: Duration::ZERO,
            require_on_create: true,
            enforce_property_rules: true,
            strict_list_search: true,
            code_lifetime: Duration::from_mins(10),
            access_token_lifetime: Duration::from_mins(30),
            token_latency: Duration::ZERO,
            api_latency: Duration::ZERO,
            iss: None,
        }
    }
}

/// `fetchStatus` of `api-usage` (platform 3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum FetchStatus {
    /// Counted now.
    #[default]
    Success,
    /// Counted a while ago.
    Cached,
    /// Not counted.
    Failure,
    /// No such account.
    NotFound,
    /// Not counted in time.
    Timeout,
}

/// Who acts in which portal for which app, with which scopes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The app.
    pub client_id: String,
    /// The portal.
    pub portal: u64,
    /// The authorising user's id in that portal.
    pub user_id: u64,
    /// Their address.
    pub email: String,
    /// Granted scopes in catalogue order.
    pub scopes: Vec<String>,
}

/// An authorization code (platform 1.2).
#[derive(Clone, Debug)]
pub struct Code {
    /// For whom.
    pub holder: Holder,
    /// The redirect URI of the authorization request.
    pub redirect_uri: String,
    /// The S256 challenge, if one was sent.
    pub challenge: Option<String>,
    /// Unix milliseconds.
    pub expires_at: u64,
}

/// A refresh token's record.
#[derive(Clone, Debug)]
pub struct RefreshToken {
    /// For whom.
    pub holder: Holder,
    /// Unix milliseconds.
    pub issued_at: u64,
}

/// An access token's record.
#[derive(Clone, Debug)]
pub struct AccessToken {
    /// For whom.
    pub holder: Holder,
    /// Unix milliseconds.
    pub expires_at: u64,
}

/// An app in a portal, from the first exchange of a code until its removal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Install {
    /// What the portal approved last; anybody may ask for these again.
    pub scopes: Vec<String>,
    /// Unix milliseconds.
    pub since: u64,
}

/// What a fault answers with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultAnswer {
    /// This status with HubSpot's envelope; 521 to 526 are the front's own, with its web page.
    Status(u16),
    /// 502 with an HTML page.
    Html502,
    /// 200 with bytes that are no JSON.
    Garbage,
    /// 429 of `TEN_SECONDLY_ROLLING`, `SECONDLY` or `DAILY`.
    TooManyRequests {
        /// The policy's name.
        policy: String,
    },
    /// 477 with `Retry-After`.
    Migration477 {
        /// Seconds.
        retry_after: u32,
    },
    /// An OAuth error with this `status` code, HTTP 400.
    OAuth(String),
    /// The right answer, later.
    Slow(Duration),
    /// This status without a body (platform 9.2 knows a 404 like that).
    Empty(u16),
    /// The right answer, cut off: the connection ends after this many bytes of the body.
    Drop {
        /// Bytes of the body that still arrive.
        after_bytes: usize,
    },
}

/// Something that goes wrong for the next calls of some routes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Calls whose path starts so.
    pub path_prefix: String,
    /// And have this method, if given.
    pub method: Option<String>,
    /// How many calls it still hits.
    pub remaining: u32,
    /// What they get.
    pub answer: FaultAnswer,
}

/// A call as received, for assertions. Holds secrets: it is test data and never printed by the sandbox.
#[derive(Clone, Debug)]
pub struct RecordedCall {
    /// Unix milliseconds.
    pub at: u64,
    /// Method.
    pub method: String,
    /// Path, percent-encoded.
    pub path: String,
    /// Raw query.
    pub query: String,
    /// `Content-Type` as sent.
    pub content_type: Option<String>,
    /// All headers as sent.
    pub headers: Vec<(String, String)>,
    /// Names of the form's fields, in order.
    pub form_fields: Vec<String>,
    /// The body as text, at most 64 KiB of it.
    pub body: String,
    /// What was answered.
    pub status: u16,
}

/// The whole sandbox. `Clone` is a snapshot.
#[derive(Clone, Debug)]
pub struct State {
    /// Apps.
    pub apps: Vec<AppConfig>,
    /// Portals by id.
    pub portals: BTreeMap<u64, Shared<Portal>>,
    /// Live installs by client id and portal.
    pub installs: BTreeMap<(String, u64), Install>,
    /// Unused codes.
    pub codes: HashMap<String, Code>,
    /// Live refresh tokens.
    pub refresh_tokens: HashMap<String, RefreshToken>,
    /// Access tokens, expired ones included for a day.
    pub access_tokens: HashMap<String, AccessToken>,
    /// Private apps, service keys and the developer's own credentials (platform 2).
    pub credentials: Credentials,
    /// Activity logs by account (platform 3).
    pub activity: BTreeMap<u64, Activity>,
    /// What developers configured per app id; made when first asked for.
    pub app_resources: BTreeMap<u64, AppResources>,
    /// What was counted against which limit.
    pub(crate) quota: Quota,
    /// Behaviours.
    pub switches: Switches,
    /// Faults; the first that fits is used.
    pub faults: Vec<Fault>,
    /// The last [`CALLS_KEPT`] calls; snapshots share them.
    pub calls: VecDeque<Shared<RecordedCall>>,
    /// Added to the shell's clock, in milliseconds.
    pub clock_offset_ms: i64,
    /// The control interface, off unless allowed, and what it set going.
    pub control: Control,
    /// What lagging reads still see.
    pub(crate) lag: Lag,
    /// GitHub, which shares nothing with the portals.
    pub github: GitHub,
    pub(crate) rng: Rng,
}

impl State {
    /// A sandbox of these portals and apps; `seed` decides every token and id.
    pub fn new(seed: u64, portals: Vec<Portal>, apps: Vec<AppConfig>) -> Self {
        let portals: BTreeMap<u64, Shared<Portal>> = portals
            .into_iter()
            .map(|portal| (portal.id, portal.into()))
            .collect();
        let credentials = Credentials::seeded(seed, &portals);
        let activity = activity::seeded(seed, &portals);
        Self {
            apps,
            portals,
            installs: BTreeMap::new(),
            codes: HashMap::new(),
            refresh_tokens: HashMap::new(),
            access_tokens: HashMap::new(),
            credentials,
            activity,
            app_resources: BTreeMap::new(),
            quota: Quota::default(),
            switches: Switches::default(),
            faults: Vec::new(),
            calls: VecDeque::new(),
            clock_offset_ms: 0,
            control: Control::default(),
            lag: Lag::default(),
            github: GitHub::new(seed),
            rng: Rng::fork(seed, "tokens"),
        }
    }

    /// The app of that client id.
    pub fn app(&self, client_id: &str) -> Option<&AppConfig> {
        self.apps.iter().find(|app| app.client_id == client_id)
    }

    /// Calls whose path starts with `prefix`, oldest first.
    pub fn calls_to(&self, prefix: &str) -> Vec<&RecordedCall> {
        self.calls
            .iter()
            .map(|call| &**call)
            .filter(|call| call.path.starts_with(prefix))
            .collect()
    }

    pub(crate) fn record(&mut self, call: RecordedCall) {
        if self.calls.len() == CALLS_KEPT {
            self.calls.pop_front();
        }
        self.calls.push_back(call.into());
        self.control.calls_seen += 1;
    }
}
