//! A view in both themes and three widths: pictures for people, and what a machine can say against it.
//! Owns how a view is shown and judged; which views there are is the tests'. A test whose path holds `looks` is part of
//! `cargo xtask test --only gallery`, which makes one page of all that is shown.

use std::collections::BTreeMap;
use std::io::Write as _;

use serde_json::{Value, json};

use super::axe::Axe;
use super::page::{Page, Theme};
use super::variable;

/// A desk, a tablet, a phone.
const SIZES: [(u32, u32); 3] = [(1440, 900), (768, 1024), (390, 844)];
/// Axe-core looks at the widest and the narrowest: what lies between is laid out like one of them.
const JUDGED: [u32; 2] = [1440, 390];

/// Where the page is wider than its window, and where a button's or badge's words do not fit it.
const MISFITS: &str = "
    const found = [];
    const page = document.scrollingElement;
    // Without the scroll bar, which the page cannot use.
    const wider = page.scrollWidth - page.clientWidth;
    if (wider > 0) found.push(`the page is ${wider} px wider than its window`);
    const words = 'button, [role=button], [role=tab], .button, summary, .badge, .status, .tag';
    for (const e of $$(words).filter(seen)) {
        const over = e.scrollWidth - e.clientWidth;
        // What is laid out inline has no width of its own; a pixel is rounding.
        if (e.clientWidth > 0 && over > 1)
            found.push(`${e.tagName.toLowerCase()} \"${said(e).slice(0, 60)}\" is cut off: its words are ${over} px wider than it`);
    }
    return found;
";

/// Shows views, and keeps what is wrong with them.
#[derive(Debug)]
pub struct Gallery<'a> {
    page: &'a Page,
    axe: Option<Axe>,
    /// Each fault with the pictures that have it.
    faults: BTreeMap<String, Vec<String>>,
}

impl<'a> Gallery<'a> {
    /// Of the present window; without axe-core what is wrong with accessibility stays unseen.
    pub fn new(page: &'a Page, axe: Option<Axe>) -> Self {
        let faults = BTreeMap::new();
        Self { page, axe, faults }
    }

    /// Pictures of the present view from its top, under this name, and what is wrong with it. The name is to be the
    /// view's and state's own: `panel-yellow`. Leaves the window wide and light.
    pub async fn show(&mut self, view: &str) {
        self.page.js("scrollTo(0, 0)", &[]).await;
        self.show_all(view, None).await;
    }

    /// The same of one element, whole, however tall it is.
    pub async fn show_element(&mut self, view: &str, selector: &str) {
        self.page.see(selector).await;
        self.show_all(view, Some(selector)).await;
    }

    /// Each fault so far, with the pictures that have it.
    pub fn faults(&self) -> &BTreeMap<String, Vec<String>> {
        &self.faults
    }

    /// Fails the test if anything is wrong with what was shown.
    pub fn assert_faultless(&self) {
        assert!(self.faults.is_empty(), "{:#?}", self.faults);
    }

    async fn show_all(&mut self, view: &str, element: Option<&str>) {
        for theme in Theme::ALL {
            self.page.emulate(theme).await;
            for (width, height) in SIZES {
                self.page.resize(width, height).await;
                let name = format!("{view}-{width}-{}", theme.name());
                match element {
                    Some(selector) => self.page.picture_of(&name, selector).await,
                    None => self.page.picture(&name).await,
                };
                let misfits = self.page.js(MISFITS, &[]).await;
                let mut found = lines(&misfits);
                if JUDGED.contains(&width)
                    && let Some(axe) = &self.axe
                {
                    found.extend(axe.violations(self.page).await);
                }
                list(&json!({
                    "view": view, "width": width, "theme": theme.name(), "file": format!("{name}.png"), "faults": found,
                }));
                for fault in found {
                    self.faults.entry(fault).or_default().push(name.clone());
                }
            }
        }
        self.page.emulate(Theme::Light).await;
        let (width, height) = SIZES[0];
        self.page.resize(width, height).await;
    }
}

fn lines(found: &Value) -> Vec<String> {
    let lines = found.as_array().into_iter().flatten();
    lines.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Adds a picture to the list from which the gallery's page is made, where one is wanted.
fn list(picture: &Value) {
    let Some(path) = variable("PORTICO_GALLERY") else {
        return;
    };
    let file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(path);
    let written = file.and_then(|mut file| writeln!(file, "{picture}"));
    written.expect("the list that PORTICO_GALLERY names can be written");
}
