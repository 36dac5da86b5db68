//! A list that draws only the rows in sight, whatever its length.
//! Owns scrolling and the keyboard within it; knows nothing of what a row shows.
//!
//! Positions are set through the CSSOM, because the policy allows no style attribute.

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{HtmlElement, KeyboardEvent, ResizeObserver};
use yew::prelude::*;

/// Rows drawn above and below the visible ones.
const OVERSCAN: usize = 12;

#[derive(PartialEq, Properties)]
pub(crate) struct VirtualListProps {
    pub(crate) count: usize,
    /// Height of each row, in CSS pixels, as the style sheet has it.
    pub(crate) row_height: u32,
    /// Draws one row; in a list box it gets `id`, `role` and `aria-selected` from the given index.
    pub(crate) row: Callback<usize, Html>,
    pub(crate) label: AttrValue,
    #[prop_or_default]
    pub(crate) class: Classes,
    #[prop_or_default]
    pub(crate) selected: Option<usize>,
    /// Makes it a list box: rows can be chosen by click and key.
    #[prop_or_default]
    pub(crate) on_select: Option<Callback<usize>>,
    /// Another value goes back to the top.
    #[prop_or_default]
    pub(crate) version: u32,
}

/// The DOM id of a row, for `aria-activedescendant`.
pub(crate) fn row_id(index: usize) -> String {
    format!("row-{index}")
}

#[component]
pub(crate) fn VirtualList(props: &VirtualListProps) -> Html {
    let scroller = use_node_ref();
    let space = use_node_ref();
    let rows = use_node_ref();
    let top = use_state_eq(|| 0_i32);
    let height = use_state_eq(|| 600_i32);
    let row_height = i32::try_from(props.row_height).unwrap_or(20).max(1);

    {
        let (scroller, height) = (scroller.clone(), height.clone());
        use_effect_with((), move |()| {
            observe_height(scroller.cast::<HtmlElement>(), height)
        });
    }
    {
        let scroller = scroller.clone();
        use_effect_with(props.version, move |_| {
            if let Some(scroller) = scroller.cast::<HtmlElement>() {
                scroller.set_scroll_top(0);
            }
        });
    }
    {
        let scroller = scroller.clone();
        use_effect_with((props.selected, props.version), move |(selected, _)| {
            if let (Some(scroller), Some(selected)) = (scroller.cast::<HtmlElement>(), *selected) {
                bring_into_view(&scroller, selected, row_height);
            }
        });
    }
    let first = usize::try_from(*top / row_height)
        .unwrap_or(0)
        .saturating_sub(OVERSCAN);
    let visible = usize::try_from(*height / row_height).unwrap_or(0) + 2 * OVERSCAN + 2;
    let last = (first + visible).min(props.count);
    {
        let (space, rows) = (space.clone(), rows.clone());
        let pixels = usize::try_from(row_height).unwrap_or(20);
        use_effect_with(
            (props.count, first, pixels),
            move |(count, first, row_height)| {
                let set = |node: &NodeRef, name: &str, value: String| {
                    if let Some(element) = node.cast::<HtmlElement>() {
                        // A property name and a length of ours are always accepted.
                        let _ = element.style().set_property(name, &value);
                    }
                };
                set(
                    &space,
                    "height",
                    format!("{}px", count.saturating_mul(*row_height)),
                );
                set(
                    &rows,
                    "transform",
                    format!("translateY({}px)", first.saturating_mul(*row_height)),
                );
            },
        );
    }

    let on_scroll = {
        let top = top.clone();
        Callback::from(move |event: Event| {
            top.set(event.target_unchecked_into::<HtmlElement>().scroll_top());
        })
    };
    let on_key = {
        let (on_select, selected, count) = (props.on_select.clone(), props.selected, props.count);
        let page = usize::try_from(*height / row_height).unwrap_or(1).max(1);
        Callback::from(move |event: KeyboardEvent| {
            let Some(on_select) = &on_select else { return };
            if let Some(next) = next_index(&event.key(), selected, count, page) {
                event.prevent_default();
                on_select.emit(next);
            }
        })
    };
    let listbox = props.on_select.is_some();
    html! {
        <div ref={scroller} class={classes!("virtual", props.class.clone())} tabindex="0" aria-label={props.label.clone()}
            role={if listbox { "listbox" } else { "region" }} onscroll={on_scroll} onkeydown={on_key}
            aria-activedescendant={props.selected.filter(|at| listbox && (first..last).contains(at)).map(row_id)}>
            <div ref={space} class="virtual-space" role="presentation">
                <div ref={rows} class="virtual-rows" role="presentation">
                    { for (first..last).map(|index| props.row.emit(index)) }
                </div>
            </div>
        </div>
    }
}

/// Where a key leads, if it is one of the list's.
fn next_index(key: &str, selected: Option<usize>, count: usize, page: usize) -> Option<usize> {
    let last = count.checked_sub(1)?;
    let here = selected.unwrap_or(0);
    match key {
        "ArrowDown" => Some(selected.map_or(0, |here| (here + 1).min(last))),
        "ArrowUp" => Some(here.saturating_sub(1)),
        "PageDown" => Some((here + page).min(last)),
        "PageUp" => Some(here.saturating_sub(page)),
        "Home" => Some(0),
        "End" => Some(last),
        _ => None,
    }
}

fn bring_into_view(scroller: &HtmlElement, index: usize, row_height: i32) {
    let start = i32::try_from(index)
        .unwrap_or(i32::MAX)
        .saturating_mul(row_height);
    let (top, height) = (scroller.scroll_top(), scroller.client_height());
    if start < top {
        scroller.set_scroll_top(start);
    } else if start + row_height > top + height {
        scroller.set_scroll_top(start + row_height - height);
    }
}

/// Keeps the height true while the window changes; ends with the list.
fn observe_height(element: Option<HtmlElement>, height: UseStateHandle<i32>) -> Box<dyn FnOnce()> {
    let Some(element) = element else {
        return Box::new(|| ());
    };
    height.set(element.client_height());
    let watched = element.clone();
    let closure = Closure::<dyn Fn()>::new(move || height.set(watched.client_height()));
    match ResizeObserver::new(closure.as_ref().unchecked_ref()) {
        Ok(observer) => {
            observer.observe(&element);
            Box::new(move || {
                observer.disconnect();
                drop(closure);
            })
        }
        Err(_) => Box::new(|| ()),
    }
}

#[cfg(test)]
mod tests {
    use super::next_index;

    #[test]
    fn keys_stay_within_the_list() {
        for (key, selected, count, want) in [
            ("ArrowDown", None, 3, Some(0)),
            ("ArrowDown", Some(2), 3, Some(2)),
            ("ArrowUp", Some(0), 3, Some(0)),
            ("PageDown", Some(0), 100, Some(10)),
            ("PageUp", Some(5), 100, Some(0)),
            ("End", None, 3, Some(2)),
            ("Home", Some(2), 3, Some(0)),
            ("ArrowDown", None, 0, None),
            ("a", Some(1), 3, None),
        ] {
            assert_eq!(
                next_index(key, selected, count, 10),
                want,
                "{key} {selected:?} {count}"
            );
        }
    }
}
