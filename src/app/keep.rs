//! What this browser holds of a portal, as a file for whoever wants to keep it before a removal (D33).
//! Owns the file's form; the records in it are as the provider sent them.

use super::{App, Msg, Ready};
use crate::shell::download::{self, Saved};
use crate::shell::store::Store;
use crate::shell::timer::breathe;
use portico_core::error::ErrorCode;
use portico_core::ids::{ConnectionId, PortalId};
use portico_core::wire::Problem;
use wasm_bindgen_futures::spawn_local;
use yew::Context;

impl Ready {
    /// Gathers the file and offers it.
    pub(super) fn keep(&mut self, ctx: &Context<App>, id: &ConnectionId) {
        let Some(portal) = self.connection(id).map(|known| known.account.portal_id) else {
            return;
        };
        let (link, store) = (ctx.link().clone(), self.booted.store.clone());
        spawn_local(async move {
            link.send_message(Msg::Kept(saved(&store, portal).await));
        });
    }

    pub(super) fn kept(&mut self, result: Result<Saved, Box<Problem>>) {
        match result {
            Ok(saved) => {
                self.saved = Some(saved);
                self.toast = Some("Downloaded what this browser holds of the portal.".into());
            }
            Err(problem) => self.problem = Some(problem),
        }
    }
}

async fn saved(store: &Store, portal: PortalId) -> Result<Saved, Box<Problem>> {
    let Some(stored) = store.load_portal(portal).await? else {
        let mut problem = Problem::of(ErrorCode::NotFound);
        problem.title = "Nothing to download".into();
        problem.detail = "This browser holds no metadata of this portal.".into();
        problem.action = "Retrieve it first, or go on without.".into();
        return Err(Box::new(problem));
    };
    // Written by hand: the contents are JSON as they came, and parsing them only to print them again would change them.
    let mut text = format!("{{\"portal_id\":{portal},\"parts\":[");
    let mut between = "";
    for part in &stored.parts {
        let Some(content) = store.content(&part.hash).await? else {
            continue;
        };
        text.push_str(between);
        between = ",";
        let name = serde_json::Value::from(part.part.as_str());
        text.push_str("\n{\"kind\":\"");
        text.push_str(part.kind.slug());
        text.push_str("\",\"part\":");
        text.push_str(&name.to_string());
        text.push_str(",\"content\":");
        text.push_str(&content);
        text.push('}');
        breathe().await;
    }
    text.push_str("\n]}\n");
    download::save_text(
        &format!("portico-portal-{portal}.json"),
        "application/json",
        &text,
    )
}
