//! A table of which only the rows in sight are drawn, all of one height.
//! Owns scrolling and the room above and below; knows nothing of what a row shows.
//!
//! Heights are set through the CSSOM, because the policy allows no style attribute.

use crate::app::Sight;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, HtmlElement, ResizeObserver};
use yew::prelude::*;

/// Rows drawn above and below those in sight.
const OVERSCAN: usize = 10;
/// Another piece is drawn once the sight has moved by this many rows.
const STEP: usize = 5;

#[derive(PartialEq, Properties)]
pub(crate) struct WindowProps {
    pub(crate) head: Html,
    /// Of all rows.
    pub(crate) count: usize,
    /// Which rows are drawn.
    pub(crate) sight: Sight,
    /// These rows.
    pub(crate) rows: Html,
    /// Others are in sight now.
    pub(crate) on_sight: Callback<Sight>,
    /// Another value goes back to the top.
    pub(crate) version: u32,
    pub(crate) caption: AttrValue,
}

#[component]
pub(crate) fn Window(props: &WindowProps) -> Html {
    let scroller = use_node_ref();
    let (above, below) = (use_node_ref(), use_node_ref());
    let (first, last) = props.sight.within(props.count);
    {
        let scroller = scroller.clone();
        use_effect_with(props.version, move |_| {
            if let Some(scroller) = scroller.cast::<HtmlElement>() {
                scroller.set_scroll_top(0);
            }
        });
    }
    {
        let (scroller, on_sight, sight) = (scroller.clone(), props.on_sight.clone(), props.sight);
        use_effect_with((), move |()| {
            observe(&scroller, move |scroller| {
                on_sight.emit(in_sight(scroller, sight));
            })
        });
    }
    {
        let (above, below) = (above.clone(), below.clone());
        let room = (first, props.count - last, props.sight.row_height);
        use_effect_with(room, move |(first, rest, row_height)| {
            for (node, rows) in [(&above, *first), (&below, *rest)] {
                if let Some(element) = node.cast::<HtmlElement>() {
                    let pixels = rows.saturating_mul(*row_height as usize).to_string() + "px";
                    // A property name and a length of ours are always accepted.
                    let _ = element.style().set_property("height", &pixels);
                }
            }
        });
    }
    let on_scroll = {
        let (on_sight, sight) = (props.on_sight.clone(), props.sight);
        Callback::from(move |event: Event| {
            let now = in_sight(&event.target_unchecked_into(), sight);
            let moved = now.first.abs_diff(sight.first) >= STEP;
            if moved || now.row_height != sight.row_height || now.rows != sight.rows {
                on_sight.emit(now);
            }
        })
    };
    html! {
        <div ref={scroller} class="window" tabindex="0" role="region" aria-label={props.caption.clone()} onscroll={on_scroll}>
            <table class="table compact" part="table" aria-rowcount={(props.count + 1).to_string()}>
                <caption class="visually-hidden">{ &props.caption }</caption>
                <thead>{ props.head.clone() }</thead>
                <tbody>
                    <tr key="above" class="room" aria-hidden="true"><td ref={above} colspan="4"></td></tr>
                    { props.rows.clone() }
                    <tr key="below" class="room" aria-hidden="true"><td ref={below} colspan="4"></td></tr>
                </tbody>
            </table>
        </div>
    }
}

/// Which rows are in sight, by the height that a drawn row has now.
fn in_sight(scroller: &HtmlElement, before: Sight) -> Sight {
    let pixels = |length: i32| usize::try_from(length).unwrap_or(0);
    let row = scroller.query_selector("tr[data-portal]").ok().flatten();
    let height = row.as_ref().and_then(|row| row.dyn_ref::<HtmlElement>());
    let row_height = height.map_or(before.row_height as usize, |row| {
        pixels(row.offset_height())
    });
    let row_height = row_height.max(1);
    Sight {
        first: (pixels(scroller.scroll_top()) / row_height).saturating_sub(OVERSCAN),
        rows: pixels(scroller.client_height()) / row_height + 2 * OVERSCAN + 2,
        row_height: u32::try_from(row_height).unwrap_or(u32::MAX),
    }
}

/// Tells of the first picture and of every change of size; ends with the table.
fn observe(scroller: &NodeRef, tell: impl Fn(&HtmlElement) + 'static) -> Box<dyn FnOnce()> {
    let Some(element) = scroller.cast::<HtmlElement>() else {
        return Box::new(|| ());
    };
    let watched = element.clone();
    let closure = Closure::<dyn Fn()>::new(move || tell(&watched));
    match ResizeObserver::new(closure.as_ref().unchecked_ref()) {
        Ok(observer) => {
            observer.observe(element.unchecked_ref::<Element>());
            Box::new(move || {
                observer.disconnect();
                drop(closure);
            })
        }
        Err(_) => Box::new(|| ()),
    }
}
