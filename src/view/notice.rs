//! Notices: what happened, why, and what to do now.

use super::Scene;
use super::icon::Icon;
use crate::app::Action;
use portico_core::error::ErrorCode;
use portico_core::help::anchor_of;
use portico_core::wire::Problem;
use yew::prelude::*;

/// A problem with its code for support.
pub(crate) fn problem(problem: &Problem) -> Html {
    told(problem, Html::default(), Html::default())
}

/// A problem with the bundle that was gathered of it, and the code that names the bundle (S16).
pub(crate) fn supported(scene: &Scene<'_>, problem: &Problem) -> Html {
    let Some(bundle) = scene.ready.support_for(problem) else {
        return self::problem(problem);
    };
    let code = html! { <>{ " · support code " }<code id="support-code" class="nowrap">{ &bundle.code }</code></> };
    let save = html! {
        <div class="buttons">
            <button id="download-support" type="button" class="button small" onclick={scene.click(Action::DownloadSupport)}>
                { Icon::Download.svg() }{ "Download support bundle" }
            </button>
        </div>
    };
    told(problem, code, save)
}

fn told(problem: &Problem, code: Html, more: Html) -> Html {
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
                    { code }
                    { " · " }{ help(problem.code) }
                </p>
                { more }
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
