//! The gallery's own eyes: a fault that it cannot see would be missed in every view.

use portico_tests::browser::{Axe, Browser, Gallery, Page};

const HEAD: &str =
    "data:text/html,<!doctype html><html lang=en><title>A page</title><main><h1>A page</h1>";
const SOUND: &str = "<button>Words</button><p style='height: 3000px'>More words";
const FAULTY: &str = "<p><button style='width: 60px; overflow: hidden; white-space: nowrap'>Words that do not fit</button>\
    <p><button aria-label=one style='width: 12px; height: 12px; padding: 0'></button>\
    <button aria-label=two style='width: 12px; height: 12px; padding: 0'></button><p style='width: 1450px'>More words";

/// Mission section 4, 22: what the tests of looks rely on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_kind_of_fault_is_seen_and_none_where_there_is_none() {
    let browser = Browser::start("gallery").await;
    let page = &browser.page;
    let axe = Axe::load();
    let judged = axe.is_some();
    let mut gallery = Gallery::new(page, axe);
    page.open(&format!("{HEAD}{SOUND}")).await;
    gallery.show("sound").await;
    gallery.assert_faultless();
    assert!(height(page, "window", None).await <= 900);
    assert!(height(page, "whole", Some("main")).await > 3000);

    page.open(&format!("{HEAD}{FAULTY}")).await;
    gallery.show("faulty").await;
    let seen = |words: &str| {
        let mut faults = gallery.faults().iter();
        faults.any(|(fault, pictures)| {
            fault.contains(words) && pictures.iter().any(|name| name == "faulty-390-dark")
        })
    };
    assert!(seen("wider than its window"), "{:?}", gallery.faults());
    assert!(seen("Words that do not fit"), "{:?}", gallery.faults());
    assert!(!judged || seen("target-size"), "{:?}", gallery.faults());
}

/// Of a picture, in pixels, as its file says.
async fn height(page: &Page, name: &str, element: Option<&str>) -> u32 {
    let name = format!("gallery-{name}");
    let path = match element {
        Some(selector) => page.picture_of(&name, selector).await,
        None => page.picture(&name).await,
    };
    let bytes = std::fs::read(path).unwrap();
    u32::from_be_bytes(bytes[20..24].try_into().unwrap())
}
