//! The journal's page (P12): a component of its own, so that it can be loaded when somebody opens it.
//! Owns what is listed and what is being verified; the chain's rules and all words are the core's.

use crate::shell::calendar::day_begins;
use crate::shell::download::{self, Saved};
use crate::shell::proxy::Proxy;
use crate::shell::task::Task;
use crate::shell::visible::{Visible, on_visible};
use crate::view;
use portico_core::error::ErrorCode;
use portico_core::journal::check::{Beside, Broken, FileCheck, beside, last_seq};
use portico_core::journal::query::JournalQuery;
use portico_core::journal::{JournalEntry, JournalHead, JournalPage as Page, Verified};
use portico_core::wire::{Problem, Role};
use std::rc::Rc;
use web_sys::Blob;
use yew::prelude::*;

/// What the page needs of the app.
#[derive(Clone, Properties)]
pub(crate) struct JournalProps {
    pub(crate) proxy: Proxy,
    /// The filters of the address.
    pub(crate) query: JournalQuery,
    /// Id and name of every connection, so that entries can name them.
    pub(crate) portals: Rc<Vec<(String, String)>>,
    pub(crate) role: Role,
    pub(crate) org: String,
    /// Goes to the page with other filters.
    pub(crate) go: Callback<JournalQuery>,
}

impl PartialEq for JournalProps {
    /// Proxy and callback are the app's own for as long as the page stands.
    fn eq(&self, other: &Self) -> bool {
        (&self.query, &self.portals, self.role, &self.org)
            == (&other.query, &other.portals, other.role, &other.org)
    }
}

/// Verifying, and what came of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Check {
    /// The export is on its way.
    Fetching,
    /// Under examination.
    Working { percent: u32, entries: usize },
    /// The chain holds; of a file, also how it stands to the journal of today.
    Holds {
        file: Option<String>,
        verified: Box<Verified>,
        beside: Option<Beside>,
    },
    /// It does not.
    Broken {
        file: Option<String>,
        broken: Box<Broken>,
    },
    /// There was nothing to examine.
    Failed(Box<Problem>),
}

pub(crate) enum JournalMsg {
    Filter(JournalQuery),
    Refresh,
    More,
    /// Which reading, whether it is a further page, and what came.
    Listed(u32, bool, Result<Page, Box<Problem>>),
    Toggle(u64),
    Export,
    Exported(Result<Saved, Box<Problem>>),
    Verify,
    VerifyFile(String, Blob),
    Checked(Check),
}

pub(crate) struct JournalPage {
    pub(crate) entries: Vec<JournalEntry>,
    pub(crate) head: Option<JournalHead>,
    pub(crate) next: Option<String>,
    /// The filters changed: what is listed next takes the place of what was.
    replace: bool,
    pub(crate) loading: bool,
    pub(crate) exporting: bool,
    pub(crate) problem: Option<Box<Problem>>,
    /// Numbers of the entries that are unfolded.
    pub(crate) open: Vec<u64>,
    pub(crate) check: Option<Check>,
    /// Counts the readings; an answer of an older one is dropped.
    turn: u32,
    list: Option<Task>,
    export: Option<Task>,
    verifying: Option<Task>,
    saved: Option<Saved>,
    _visible: Visible,
}

impl Component for JournalPage {
    type Message = JournalMsg;
    type Properties = JournalProps;

    fn create(ctx: &Context<Self>) -> Self {
        let mut page = Self {
            entries: Vec::new(),
            head: None,
            next: None,
            replace: false,
            loading: false,
            exporting: false,
            problem: None,
            open: Vec::new(),
            check: None,
            turn: 0,
            list: None,
            export: None,
            verifying: None,
            saved: None,
            _visible: on_visible(ctx.link().callback(|()| JournalMsg::Refresh)),
        };
        page.read(ctx, None);
        page
    }

    fn changed(&mut self, ctx: &Context<Self>, before: &JournalProps) -> bool {
        if ctx.props().query != before.query {
            self.next = None;
            self.replace = true;
            self.read(ctx, None);
        }
        true
    }

    fn update(&mut self, ctx: &Context<Self>, message: JournalMsg) -> bool {
        match message {
            JournalMsg::Filter(query) => ctx.props().go.emit(query),
            JournalMsg::Refresh => self.read(ctx, None),
            JournalMsg::More => {
                let after = self.next.clone();
                self.read(ctx, after.as_deref());
            }
            JournalMsg::Listed(turn, further, result) => {
                if turn != self.turn {
                    return false;
                }
                self.loading = false;
                match result {
                    Ok(page) => self.listed(further, page),
                    Err(problem) => self.problem = Some(problem),
                }
            }
            JournalMsg::Toggle(seq) => match self.open.iter().position(|open| *open == seq) {
                Some(at) => drop(self.open.swap_remove(at)),
                None => self.open.push(seq),
            },
            JournalMsg::Export => self.save(ctx),
            JournalMsg::Exported(result) => {
                self.exporting = false;
                match result {
                    Ok(saved) => self.saved = Some(saved),
                    Err(problem) => self.problem = Some(problem),
                }
            }
            JournalMsg::Verify => self.verify(ctx, None),
            JournalMsg::VerifyFile(name, blob) => self.verify(ctx, Some((name, blob))),
            JournalMsg::Checked(check) => self.check = Some(check),
        }
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        view::journal::page(self, ctx.props(), ctx.link())
    }
}

impl JournalPage {
    /// Reads the first page, or the one behind a cursor. Members are not asked for: a refused try would be written down.
    fn read(&mut self, ctx: &Context<Self>, after: Option<&str>) {
        let props = ctx.props();
        if props.role != Role::Admin {
            return;
        }
        self.turn = self.turn.wrapping_add(1);
        self.loading = true;
        self.problem = None;
        let (turn, further) = (self.turn, after.is_some());
        let query = props.query.request(after, &mut day_begins);
        let (proxy, link) = (props.proxy.clone(), ctx.link().clone());
        self.list = Some(Task::spawn(async move {
            let result = proxy.journal(&query).await;
            link.send_message(JournalMsg::Listed(turn, further, result));
        }));
    }

    fn listed(&mut self, further: bool, page: Page) {
        // Nothing new: the pages that were added by hand stay.
        let same = !further
            && !std::mem::take(&mut self.replace)
            && self.entries.len() > page.entries.len()
            && page
                .entries
                .iter()
                .eq(self.entries.iter().take(page.entries.len()));
        self.head = Some(page.head);
        if same {
            return;
        }
        if further {
            self.entries.extend(page.entries);
        } else {
            self.entries = page.entries;
        }
        self.next = page.next;
    }

    fn save(&mut self, ctx: &Context<Self>) {
        self.exporting = true;
        self.problem = None;
        let props = ctx.props();
        let (proxy, link) = (props.proxy.clone(), ctx.link().clone());
        // As the proxy names it: a colon does not belong in the name of a file.
        let name = ["portico-journal-", &props.org.replace(':', "_"), ".jsonl"].concat();
        self.export = Some(Task::spawn(async move {
            let exported = proxy.journal_export("").await;
            let saved = exported.and_then(|blob| download::save(&name, &blob));
            link.send_message(JournalMsg::Exported(saved));
        }));
    }

    fn verify(&mut self, ctx: &Context<Self>, file: Option<(String, Blob)>) {
        self.check = Some(if file.is_some() {
            Check::Working {
                percent: 0,
                entries: 0,
            }
        } else {
            Check::Fetching
        });
        let (proxy, link) = (ctx.props().proxy.clone(), ctx.link().clone());
        self.verifying = Some(Task::spawn(async move {
            let report = link.callback(JournalMsg::Checked);
            let check = examine(&proxy, file, &report).await;
            report.emit(check.unwrap_or_else(Check::Failed));
        }));
    }
}

/// Reads a file, or the proxy's whole export, through the verifier.
async fn examine(
    proxy: &Proxy,
    file: Option<(String, Blob)>,
    report: &Callback<Check>,
) -> Result<Check, Box<Problem>> {
    let (file, blob) = match file {
        Some((name, blob)) => (Some(name), blob),
        None => (None, proxy.journal_export("").await?),
    };
    let whole = u64::from(download::bytes_of(&blob)).max(1);
    let check = std::cell::RefCell::new(FileCheck::default());
    let progress = |done| {
        let percent = u64::from(done) * 100 / whole;
        report.emit(Check::Working {
            percent: u32::try_from(percent).unwrap_or(100),
            entries: check.borrow().entries(),
        });
    };
    let mut take = |bytes: &[u8]| check.borrow_mut().push(bytes);
    download::read_in_slices(&blob, &mut take, &progress).await?;
    let verified = match check.into_inner().finish() {
        Ok(verified) => verified,
        Err(broken) => {
            let broken = Box::new(broken);
            return Ok(Check::Broken { file, broken });
        }
    };
    let beside = match &file {
        Some(_) if verified.entries > 0 => today(proxy, &verified).await,
        _ => None,
    };
    Ok(Check::Holds {
        file,
        verified: Box::new(verified),
        beside,
    })
}

/// How a verified file stands to the journal at the proxy; nothing where that cannot be told just now.
async fn today(proxy: &Proxy, verified: &Verified) -> Option<Beside> {
    let last = last_seq(verified).to_string();
    match proxy
        .journal_part(&["?first=", &last, "&last=", &last].concat())
        .await
    {
        Ok(text) => beside(verified, Some(&text)),
        // It has fewer entries than the file.
        Err(problem) if problem.code == ErrorCode::InvalidRequest => {
            // Its first entry, which every journal has, tells whose journal it is.
            let first = proxy.journal_part("?first=1&last=1").await.ok()?;
            match beside(verified, Some(&first)) {
                Some(Beside::Foreign) => Some(Beside::Foreign),
                _ => beside(verified, None),
            }
        }
        Err(_) => None,
    }
}
