//! Drives the core's flow machine: makes the secrets inside the click, runs the effects, reports back.
//! Owns the verifier, the state and the window of the one open flow; decides nothing itself.

use crate::shell::clock::{monotonic_ms, now_seconds};
use crate::shell::proxy::Proxy;
use crate::shell::random;
use crate::shell::returns::{self, ReturnListener, Returned};
use crate::shell::timer::{self, Interval};
use crate::shell::window::{self, Popup};
use portico_core::authorize::AuthorizationRequest;
use portico_core::error::ErrorCode;
use portico_core::flow::{Attempt, Effect, Event, Phase, step};
use portico_core::ids::FlowId;
use portico_core::pkce::{CodeVerifier, State};
use portico_core::trace::{Trace, TraceEntry, trace};
use portico_core::wire::{CompleteFlow, FlowStarted, Problem, StartFlow};
use std::cell::RefCell;
use std::rc::{Rc, Weak};
use wasm_bindgen_futures::spawn_local;
use yew::Callback;

/// Size of the provider's window, in CSS pixels.
const WINDOW: (u32, u32) = (760, 820);
/// The window is looked at every second; the proxy is asked every fifth.
const TICK_MS: u32 = 1_000;
const ASK_EVERY: u32 = 5;

/// One flow at a time.
#[derive(Clone)]
pub(crate) struct FlowDriver {
    inner: Rc<Inner>,
}

struct Inner {
    proxy: Proxy,
    on_change: Callback<()>,
    state: RefCell<DriverState>,
}

#[derive(Default)]
struct DriverState {
    phase: Phase,
    attempt: Attempt,
    secrets: Option<(CodeVerifier, State)>,
    request: Option<StartFlow>,
    started: Option<FlowStarted>,
    url: Option<String>,
    popup: Option<Popup>,
    listener: Option<ReturnListener>,
    clock: Option<Interval>,
    ticks: u32,
    trace: Trace,
}

impl FlowDriver {
    pub(crate) fn new(proxy: Proxy, on_change: Callback<()>) -> Self {
        Self {
            inner: Rc::new(Inner {
                proxy,
                on_change,
                state: RefCell::default(),
            }),
        }
    }

    pub(crate) fn phase(&self) -> Phase {
        self.inner.state.borrow().phase.clone()
    }

    /// The plain link for a blocked window, once the flow is registered.
    pub(crate) fn url(&self) -> Option<String> {
        self.inner.state.borrow().url.clone()
    }

    /// The steps of the last flow, redacted.
    pub(crate) fn trace(&self) -> Vec<TraceEntry> {
        self.inner.state.borrow().trace.of_last_flow().to_vec()
    }

    /// Starts a flow. Must be called inside the click: the window is opened before this returns.
    pub(crate) fn start(&self, mut request: StartFlow) {
        if self.inner.state.borrow().phase.is_busy() {
            return;
        }
        let secrets = random::bytes32().and_then(|verifier| {
            Ok((
                CodeVerifier::from_random(verifier),
                State::from_random(random::bytes32()?),
            ))
        });
        let (verifier, state) = match secrets {
            Ok(secrets) => secrets,
            Err(problem) => {
                self.inner.state.borrow_mut().phase = Phase::Failed(problem);
                self.inner.on_change.emit(());
                return;
            }
        };
        request.code_challenge = verifier.sha256();
        "S256".clone_into(&mut request.code_challenge_method);
        request.state_hash = state.sha256();
        let attempt = {
            let mut driver = self.inner.state.borrow_mut();
            driver.attempt += 1;
            driver.secrets = Some((verifier, state));
            driver.request = Some(request.clone());
            driver.started = None;
            driver.url = None;
            driver.attempt
        };
        self.dispatch(Event::Requested {
            attempt,
            request: Box::new(request),
        });
    }

    /// Opens the window again, inside a click.
    pub(crate) fn reopen(&self) {
        let (attempt, url) = {
            let driver = self.inner.state.borrow();
            (driver.attempt, driver.url.clone())
        };
        let Some(url) = url else { return };
        let popup = window::open_blank(WINDOW.0, WINDOW.1);
        let opened = popup.is_some();
        if let Some(popup) = &popup {
            popup.navigate(&url);
        }
        self.inner.state.borrow_mut().popup = popup;
        self.listen();
        self.dispatch(Event::WindowOpened { attempt, opened });
    }

    /// Feeds the machine and runs what it asks for.
    pub(crate) fn dispatch(&self, event: Event) {
        let effects = {
            let mut driver = self.inner.state.borrow_mut();
            let before = std::mem::take(&mut driver.phase);
            let (phase, effects) = step(before.clone(), event.clone());
            if let Some(entry) = trace(&before, &event, &phase, &effects, monotonic_ms()) {
                driver.trace.note(entry);
            }
            driver.phase = phase;
            effects
        };
        for effect in effects {
            self.run(effect);
        }
        self.inner.on_change.emit(());
    }

    fn run(&self, effect: Effect) {
        match effect {
            Effect::OpenWindow(attempt) => {
                let popup = window::open_blank(WINDOW.0, WINDOW.1);
                let opened = popup.is_some();
                self.inner.state.borrow_mut().popup = popup;
                self.dispatch(Event::WindowOpened { attempt, opened });
            }
            Effect::Register(attempt, request) => {
                let this = self.weak();
                let proxy = self.inner.proxy.clone();
                spawn_local(async move {
                    let result = proxy.start_flow(&request).await;
                    let Some(this) = upgrade(&this) else { return };
                    let result = result.map(|started| {
                        let registered = (started.flow_id.clone(), started.expires_at);
                        let mut driver = this.inner.state.borrow_mut();
                        if driver.attempt == attempt {
                            driver.started = Some(started);
                        }
                        registered
                    });
                    this.dispatch(Event::Registered { attempt, result });
                });
            }
            Effect::AwaitReturn(_, flow) => self.await_return(&flow),
            Effect::Complete(attempt, flow, claim, after) => {
                self.complete(attempt, flow, claim, after);
            }
            Effect::CancelFlow(flow) => {
                let proxy = self.inner.proxy.clone();
                spawn_local(async move {
                    // Given up either way: the flow ends by itself after ten minutes.
                    let _ = proxy.cancel_flow(&flow).await;
                });
            }
            Effect::AskFlow(flow) => {
                let this = self.weak();
                let proxy = self.inner.proxy.clone();
                spawn_local(async move {
                    let Ok(seen) = proxy.flow(&flow).await else {
                        return;
                    };
                    if let Some(this) = upgrade(&this) {
                        this.dispatch(Event::FlowSeen(seen));
                    }
                });
            }
            Effect::CleanUp => {
                let mut driver = self.inner.state.borrow_mut();
                if let Some(popup) = driver.popup.take() {
                    popup.close();
                }
                // The listener stays until the next flow: news from the proxy may end a flow before its
                // return page is there, and that page closes once somebody acknowledges it.
                driver.clock = None;
                driver.secrets = None;
                driver.url = None;
            }
        }
    }

    fn await_return(&self, flow: &FlowId) {
        let Some(url) = self.authorization_url() else {
            let code = ErrorCode::ConfigFault;
            self.dispatch(Event::FlowFailed {
                flow: flow.clone(),
                code,
            });
            return;
        };
        {
            let mut driver = self.inner.state.borrow_mut();
            if let Some(popup) = &driver.popup {
                popup.navigate(&url);
            }
            driver.url = Some(url);
        }
        self.listen();
        let this = self.weak();
        let clock = Interval::new(TICK_MS, move || {
            if let Some(this) = upgrade(&this) {
                this.tick();
            }
        });
        self.inner.state.borrow_mut().clock = Some(clock);
    }

    fn authorization_url(&self) -> Option<String> {
        let driver = self.inner.state.borrow();
        let (started, request) = (driver.started.as_ref()?, driver.request.as_ref()?);
        let (_, state) = driver.secrets.as_ref()?;
        let authorization = AuthorizationRequest {
            authorize_endpoint: &started.authorize_endpoint,
            client_id: &started.client_id,
            redirect_uri: &started.redirect_uri,
            scope: &request.scopes,
            optional_scope: &request.optional_scopes,
            state,
            code_challenge: &request.code_challenge,
        };
        authorization.url().ok()
    }

    fn listen(&self) {
        let Some(flow) = self.inner.state.borrow().phase.flow().cloned() else {
            return;
        };
        let this = self.weak();
        let of = flow.clone();
        let on_return = Callback::from(move |returned: Returned| {
            let Some(this) = upgrade(&this) else { return };
            let flow = of.clone();
            this.dispatch(match returned {
                Returned::Claim(claim) => Event::ClaimReceived { flow, claim },
                Returned::Failed(code) => Event::FlowFailed { flow, code },
            });
        });
        let listener = {
            let driver = self.inner.state.borrow();
            returns::listen(&flow, driver.popup.as_ref(), on_return)
        };
        // Without a channel the flow still ends: by the opener's message or by its time.
        self.inner.state.borrow_mut().listener = listener.ok();
    }

    fn tick(&self) {
        let (closed, ask) = {
            let mut driver = self.inner.state.borrow_mut();
            driver.ticks = driver.ticks.wrapping_add(1);
            (
                driver.popup.as_ref().map(Popup::is_closed),
                driver.ticks.is_multiple_of(ASK_EVERY),
            )
        };
        if let Some(closed) = closed {
            self.dispatch(Event::WindowSeen { closed });
        }
        if ask {
            self.dispatch(Event::Tick(now_seconds()));
        }
    }

    fn complete(&self, attempt: Attempt, flow: FlowId, claim: String, after: u32) {
        let verifier = self
            .inner
            .state
            .borrow()
            .secrets
            .as_ref()
            .map(|(v, _)| v.expose().to_owned());
        let this = self.weak();
        let proxy = self.inner.proxy.clone();
        spawn_local(async move {
            if after > 0 {
                timer::sleep(after).await;
            }
            let result = match verifier {
                Some(code_verifier) => {
                    proxy
                        .complete_flow(
                            &flow,
                            &CompleteFlow {
                                claim,
                                code_verifier,
                            },
                        )
                        .await
                }
                None => Err(Box::new(Problem::of(ErrorCode::FlowFinished))),
            };
            if let Some(this) = upgrade(&this) {
                this.dispatch(Event::Completed {
                    attempt,
                    result: result.map(Box::new),
                });
            }
        });
    }

    fn weak(&self) -> Weak<Inner> {
        Rc::downgrade(&self.inner)
    }
}

/// A removed widget has no driver any more, and a late answer then has nobody to go to.
fn upgrade(weak: &Weak<Inner>) -> Option<FlowDriver> {
    weak.upgrade().map(|inner| FlowDriver { inner })
}

impl Drop for Inner {
    fn drop(&mut self) {
        let driver = self.state.get_mut();
        if let (Some(flow), true) = (driver.phase.flow().cloned(), driver.phase.is_busy()) {
            let proxy = self.proxy.clone();
            spawn_local(async move {
                let _ = proxy.cancel_flow(&flow).await;
            });
        }
        if let Some(popup) = driver.popup.take() {
            popup.close();
        }
    }
}
