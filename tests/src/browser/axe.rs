//! axe-core in the page: what a machine can say about accessibility. Owns running it and its report's words.

use serde_json::{Value, json};

use super::page::Page;
use super::variable;

/// WCAG 2.2, A and AA, and what axe-core thinks good besides. By name: its rule of target sizes (2.5.8) is off otherwise.
const RULES: [&str; 6] = [
    "wcag2a",
    "wcag2aa",
    "wcag21a",
    "wcag21aa",
    "wcag22aa",
    "best-practice",
];

/// axe-core's own code.
pub struct Axe(String);

impl std::fmt::Debug for Axe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Axe({} bytes)", self.0.len())
    }
}

impl Axe {
    /// Reads the file that `PORTICO_AXE` names; nothing, if it names none, which a build machine may not do.
    pub fn load() -> Option<Self> {
        let Some(path) = variable("PORTICO_AXE") else {
            assert!(
                std::env::var_os("CI").is_none(),
                "PORTICO_AXE names no file"
            );
            return None;
        };
        let code = std::fs::read_to_string(&path);
        Some(Self(code.expect("the file of PORTICO_AXE can be read")))
    }

    /// One line per violation on the present page, with the first elements concerned.
    pub async fn violations(&self, page: &Page) -> Vec<String> {
        let there = page.js("return !!window.axe", &[]).await;
        if there != json!(true) {
            page.js(&self.0, &[]).await;
        }
        let script = "return axe.run(document, { resultTypes: ['violations'], runOnly: arguments[0] }).then((found) => found.violations.map(
            (rule) => `${rule.id} (${rule.impact}): ${rule.help} — `
                + rule.nodes.slice(0, 3).map((n) => n.target.flat(9).join(' ') + ' ' + n.html.slice(0, 160)
                + ' ' + (n.any[0]?.message ?? n.all[0]?.message ?? '')).join(' | ')))";
        let found = page.js(script, &[json!(RULES)]).await;
        let lines = found.as_array().into_iter().flatten();
        lines.filter_map(Value::as_str).map(str::to_owned).collect()
    }
}
