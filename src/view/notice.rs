//! Notices: what happened, why, and what to do now.

use super::icon::Icon;
use portico_core::error::ErrorCode;
use portico_core::help::anchor_of;
use portico_core::wire::Problem;
use yew::prelude::*;

/// A problem with its code for support.
pub(crate) fn problem(problem: &Problem) -> Html {
    html! {
        <div class="notice bad" role="alert">
            { Icon::TriangleAlert.svg() }
            <div>
                <strong>{ &problem.title }</strong>
                <p>{ &problem.detail }{ " " }{ &problem.action }</p>
                <p class="small muted">
                    { "Code " }<code>{ problem.code.entry().support_code }</code>
                    if let Some(id) = &problem.correlation_id {
                        { " · reference " }<code class="break">{ id }</code>
                    }
                    { " · " }{ help(problem.code) }
                </p>
            </div>
        </div>
    }
}

/// Leads to what help says of a code.
pub(crate) fn help(code: ErrorCode) -> Html {
    let href = ["#/help/", &anchor_of(code)].concat();
    html! { <a class="help-link" {href}>{ "What helps" }</a> }
}

/// One sentence.
pub(crate) fn line(tone: &'static str, icon: Icon, text: &str) -> Html {
    html! {
        <div class={classes!("notice", tone)} role="status">
            { icon.svg() }<div><p>{ text }</p></div>
        </div>
    }
}
