//! axe-core in the page: what a machine can say about accessibility. Owns running it and its report's words.

use serde_json::{Value, json};

use super::page::Page;
use super::variable;

/// axe-core's own code.
#[derive(Debug)]
pub struct Axe(String);

impl Axe {
    /// Reads the file that `PORTICO_AXE` names; nothing, if it names none.
    pub fn load() -> Option<Self> {
        let path = variable("PORTICO_AXE")?;
        let code = std::fs::read_to_string(&path);
        Some(Self(code.expect("the file of PORTICO_AXE can be read")))
    }

    /// One line per violation on the present page, with the first elements concerned.
    pub async fn violations(&self, page: &Page) -> Vec<String> {
        let there = page.js("return !!window.axe", &[]).await;
        if there != json!(true) {
            page.js(&self.0, &[]).await;
        }
        let script = "return axe.run(document, { resultTypes: ['violations'] }).then((found) => found.violations.map(
            (rule) => `${rule.id} (${rule.impact}): ${rule.help} — `
                + rule.nodes.slice(0, 3).map((n) => n.target.flat(9).join(' ') + ' ' + n.html.slice(0, 160)
                + ' ' + (n.any[0]?.message ?? n.all[0]?.message ?? '')).join(' | ')))";
        let found = page.js(script, &[]).await;
        let lines = found.as_array().into_iter().flatten();
        lines.filter_map(Value::as_str).map(str::to_owned).collect()
    }
}
