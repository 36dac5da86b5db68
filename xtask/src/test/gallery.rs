//! Pictures of every view and state in one page, for people to look at one by one: `out/gallery/index.html`.
//!
//! Owns the page. What is shown, the browser tests whose path holds `looks` decide; what is wrong with it, they say.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{Note, suites};
use crate::place;
use crate::say::{self, Failure, OrSay, Outcome};

/// In the path of each test that shows views.
const SHOWS: &str = "looks";
/// Within the folder: what was shown, one JSON object a line.
const LIST: &str = "list.jsonl";
const THEMES: [&str; 2] = ["light", "dark"];

/// Runs the tests that show views, or those whose name holds `filter`, and makes the page, whatever came of them.
pub(super) fn check(filter: Option<&str>) -> Outcome<Note> {
    let folder = place::out().join("gallery");
    if folder.exists() {
        // Pictures of a former run would stand beside those of this one.
        fs::remove_dir_all(&folder).or_say(folder.display())?;
    }
    fs::create_dir_all(&folder).or_say(folder.display())?;
    let list = folder.join(LIST);
    let further = [
        ("PORTICO_OUT", folder.clone()),
        ("PORTICO_GALLERY", list.clone()),
    ];
    let passed = suites::in_chromium("gallery", filter.or(Some(SHOWS)), &further);
    match fs::read_to_string(&list) {
        Ok(text) => write(&folder, &text)?,
        // Nothing was shown, and the tests say why.
        Err(_) if passed.is_err() => {}
        Err(cause) => return Err(Failure::because("no test showed a view", &cause)),
    }
    passed
}

fn write(folder: &Path, list: &str) -> Outcome {
    let views = views(list)?;
    let path = folder.join("index.html");
    fs::write(&path, page(&views)).or_say(path.display())?;
    say::progress(format_args!(
        "{} views, to be looked at: {}",
        views.len(),
        path.display()
    ));
    Ok(())
}

#[derive(Debug, PartialEq, Eq)]
struct View {
    name: String,
    pictures: Vec<Picture>,
}

#[derive(Debug, PartialEq, Eq)]
struct Picture {
    width: u64,
    theme: String,
    file: String,
    faults: Vec<String>,
}

/// In the order in which they were shown.
///
/// Errors: two tests show a view of the same name, so that one's pictures have replaced the other's.
fn views(list: &str) -> Outcome<Vec<View>> {
    let mut views: Vec<View> = Vec::new();
    for line in list.lines() {
        let line: Value = serde_json::from_str(line).or_say(LIST)?;
        let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        let faults = line["faults"].as_array().into_iter().flatten();
        let faults = faults.filter_map(Value::as_str).map(str::to_owned);
        let picture = Picture {
            width: line["width"].as_u64().unwrap_or_default(),
            theme: text("theme"),
            file: text("file"),
            faults: faults.collect(),
        };
        let name = text("view");
        let at = views.iter().position(|view| view.name == name);
        let at = at.unwrap_or_else(|| {
            let pictures = Vec::new();
            views.push(View { name, pictures });
            views.len() - 1
        });
        let pictures = &mut views[at].pictures;
        if pictures.iter().any(|other| other.file == picture.file) {
            return Err(Failure::new(format!(
                "Two tests show a view called {}; give one of them a name of its own.",
                views[at].name
            )));
        }
        pictures.push(picture);
    }
    Ok(views)
}

const HEAD: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Portico, view by view</title>
<style>
:root { color-scheme: light dark; --ink: light-dark(#1c2430, #e8ebf0); --muted: light-dark(#556070, #a3adba);
  --ground: light-dark(#f3f4f6, #14181e); --card: light-dark(#fff, #1d232b); --line: light-dark(#d5d9df, #39424d);
  --bad: light-dark(#a4161a, #ff8f8f); --link: light-dark(#1a56b0, #8ab8ff); }
body { margin: 0 auto; max-width: 1800px; padding: 24px; background: var(--ground); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { margin: 0; font-size: 26px; }
h2 { margin: 0; font-size: 19px; }
a { color: var(--link); }
p { margin: 4px 0; color: var(--muted); }
nav ol { columns: 18em; margin: 16px 0 32px; padding-inline-start: 24px; }
section { margin-block: 32px; padding-block-start: 16px; border-block-start: 1px solid var(--line); scroll-margin-block-start: 8px; }
.bad { color: var(--bad); }
.row { display: flex; gap: 16px; align-items: start; margin-block: 16px; overflow-x: auto; }
figure { margin: 0; flex: 0 1 auto; min-width: 120px; }
figure img { display: block; max-width: 100%; height: auto; background: var(--card); border: 1px solid var(--line); border-radius: 6px; }
figcaption { font-size: 13px; color: var(--muted); }
</style>
</head>
<body>
"#;

fn page(views: &[View]) -> String {
    let pictures: usize = views.iter().map(|view| view.pictures.len()).sum();
    let faulty = views.iter().filter(|view| faults(view).next().is_some());
    let mut page = format!(
        "{HEAD}<h1>Portico, view by view</h1>\n<p>{} views, {pictures} pictures. Each opens in full size.</p>\n{}<nav aria-label=\"Views\"><ol>\n",
        views.len(),
        match faulty.count() {
            0 => String::new(),
            faulty => format!("<p class=\"bad\">Something is wrong with {faulty} of them.</p>\n"),
        }
    );
    for view in views {
        let name = escaped(&view.name);
        let class = faults(view).next().map_or("", |_| " class=\"bad\"");
        let _ = writeln!(page, "<li><a href=\"#{name}\"{class}>{name}</a></li>");
    }
    page.push_str("</ol></nav>\n");
    for view in views {
        section(&mut page, view);
    }
    page.push_str("</body>\n</html>\n");
    page
}

fn section(page: &mut String, view: &View) {
    let name = escaped(&view.name);
    let _ = writeln!(page, "<section id=\"{name}\">\n<h2>{name}</h2>");
    let mut said: Vec<&str> = faults(view).collect();
    said.sort_unstable();
    said.dedup();
    for fault in said {
        let _ = writeln!(page, "<p class=\"bad\">{}</p>", escaped(fault));
    }
    for theme in THEMES {
        page.push_str("<div class=\"row\">\n");
        for picture in view.pictures.iter().filter(|one| one.theme == theme) {
            let Picture { width, file, .. } = picture;
            let file = escaped(file);
            // As wide as the window was, in proportion: a phone's picture is not blown up to a desk's.
            let _ = writeln!(
                page,
                "<figure style=\"flex-basis: {}px\"><a href=\"{file}\"><img src=\"{file}\" loading=\"lazy\" alt=\"{name}, {width} px, {theme}\"></a>\
                 <figcaption>{width} px, {theme}</figcaption></figure>",
                width / 2
            );
        }
        page.push_str("</div>\n");
    }
    page.push_str("</section>\n");
}

fn faults(view: &View) -> impl Iterator<Item = &str> {
    let pictures = view.pictures.iter();
    pictures.flat_map(|picture| picture.faults.iter().map(String::as_str))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOWN: &str = r#"{"view":"accounts","width":1440,"theme":"light","file":"accounts-1440-light.png","faults":[]}
{"view":"accounts","width":390,"theme":"dark","file":"accounts-390-dark.png","faults":["button \"<b>\" is cut off","x"]}
{"view":"help","width":1440,"theme":"light","file":"help-1440-light.png","faults":[]}
"#;

    #[test]
    fn each_view_is_a_section_with_its_pictures_and_faults() {
        let views = views(SHOWN).unwrap();
        let names: Vec<(&str, usize)> = views
            .iter()
            .map(|view| (view.name.as_str(), view.pictures.len()))
            .collect();
        assert_eq!(names, [("accounts", 2), ("help", 1)]);
        let page = page(&views);
        for want in [
            "2 views, 3 pictures",
            "wrong with 1 of them",
            "<li><a href=\"#accounts\" class=\"bad\">accounts</a></li>",
            "<li><a href=\"#help\">help</a></li>",
            "<section id=\"accounts\">",
            "<p class=\"bad\">button &quot;&lt;b>&quot; is cut off</p>",
            "<a href=\"accounts-390-dark.png\"><img src=\"accounts-390-dark.png\" loading=\"lazy\" alt=\"accounts, 390 px, dark\">",
        ] {
            assert!(page.contains(want), "{want}\n\n{page}");
        }
        assert!(!page.contains("://"), "nothing is fetched from elsewhere");
    }

    #[test]
    fn two_views_of_one_name_are_refused() {
        let again = SHOWN.lines().next().unwrap();
        let failure = views(&format!("{SHOWN}{again}\n")).unwrap_err().to_string();
        assert!(failure.contains("called accounts"), "{failure}");
    }
}
