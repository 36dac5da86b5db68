//! Raw JSON: only the lines in sight are drawn, whatever the document's length (D19).

use super::virtual_list::VirtualList;
use portico_core::explorer::{Lines, TokenClass, tokens};
use std::rc::Rc;
use yew::prelude::*;

const LINE_HEIGHT: u32 = 20;
/// Indentation of one level, in characters.
const INDENT: usize = 2;
/// Deeper levels stand no further in, or the text would leave the view for good.
const MAX_INDENT: usize = 60;

pub(crate) fn view(lines: &Rc<Lines>, version: u32) -> Html {
    let drawn = lines.clone();
    let row = Callback::from(move |index: usize| line(&drawn, index));
    html! {
        <VirtualList count={lines.lines.len()} row_height={LINE_HEIGHT} {row} {version}
            label="Raw JSON" class={classes!("code")} />
    }
}

fn line(lines: &Lines, index: usize) -> Html {
    let depth = lines
        .lines
        .get(index)
        .map_or(0, |line| usize::from(line.depth))
        .min(MAX_INDENT);
    let indent = " ".repeat(depth * INDENT);
    html! {
        <div key={index} class="code-line">
            <span class="code-number" aria-hidden="true">{ index + 1 }</span>
            <span>
                { indent }
                { for tokens(lines.line(index)).map(|(class, text)| html! { <span class={token_class(class)}>{ text }</span> }) }
            </span>
        </div>
    }
}

fn token_class(class: TokenClass) -> &'static str {
    match class {
        TokenClass::Key => "k",
        TokenClass::String => "s",
        TokenClass::Number => "n",
        TokenClass::Literal => "l",
        TokenClass::Punctuation => "p",
    }
}
