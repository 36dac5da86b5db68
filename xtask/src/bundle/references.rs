//! Scripts and styles that name each other: hashed from the leaves up, so that every name holds.
//!
//! Owns placeholders and `"./name"` references in hand-written files; pages belong to [`super::html`].

use std::collections::{BTreeMap, BTreeSet};

use super::{Asset, Bundle};
use crate::say::{Failure, OrSay, Outcome};

/// What the placeholders stand for.
pub(super) struct Names {
    /// Path of wasm-bindgen's module.
    pub(super) glue: String,
    /// Path of the WebAssembly.
    pub(super) wasm: String,
    pub(super) wasm_integrity: String,
}

/// Old name to final path, of every hand-written file that is not a page.
pub(super) type Linked = BTreeMap<String, String>;

/// Puts the files into the bundle under their final names, references rewritten.
///
/// Errors: two files name each other in a circle, or an unknown placeholder stands in one.
pub(super) fn link(
    files: BTreeMap<String, Vec<u8>>,
    names: &Names,
    bundle: &mut Bundle,
) -> Outcome<Linked> {
    let mut open: BTreeMap<String, (Vec<u8>, BTreeSet<String>)> = BTreeMap::new();
    for (path, bytes) in &files {
        let needs = if is_text(path) {
            let text = std::str::from_utf8(bytes).or_say(path)?;
            let others = files.keys().filter(|other| *other != path);
            others
                .filter(|other| !mentions(text, other).is_empty())
                .cloned()
                .collect()
        } else {
            BTreeSet::new()
        };
        open.insert(path.clone(), (bytes.clone(), needs));
    }
    let mut linked = Linked::new();
    while !open.is_empty() {
        let ready = open
            .iter()
            .find(|(_, (_, needs))| needs.iter().all(|need| linked.contains_key(need)))
            .map(|(path, _)| path.clone());
        let Some((path, (bytes, needs))) = ready.and_then(|path| open.remove_entry(&path)) else {
            let circle: Vec<&str> = open.keys().map(String::as_str).collect();
            return Err(Failure::new(format!(
                "These files name each other in a circle, so no name can hold its hash: {}.",
                circle.join(", ")
            )));
        };
        let asset = if is_text(&path) {
            let text = String::from_utf8(bytes).or_say(&path)?;
            rewrite(&path, text, &needs, &linked, names)?
        } else {
            Asset::new(bytes, BTreeSet::new())
        };
        let place = if keeps_name(&path) {
            path.clone()
        } else {
            asset.hashed_path(&path)
        };
        bundle.insert(place.clone(), asset);
        linked.insert(path, place);
    }
    Ok(linked)
}

fn rewrite(
    path: &str,
    mut text: String,
    needs: &BTreeSet<String>,
    linked: &Linked,
    names: &Names,
) -> Outcome<Asset> {
    let mut refers_to = BTreeSet::new();
    for need in needs {
        let Some(place) = linked.get(need) else {
            continue;
        };
        for at in mentions(&text, need).into_iter().rev() {
            text.replace_range(at..at + need.len(), place);
        }
        refers_to.insert(place.clone());
    }
    for (placeholder, value, target) in [
        (
            "__PORTICO_WASM_INTEGRITY__",
            names.wasm_integrity.clone(),
            None,
        ),
        (
            "__PORTICO_WASM__",
            format!("./{}", names.wasm),
            Some(&names.wasm),
        ),
        (
            "__PORTICO_JS__",
            format!("./{}", names.glue),
            Some(&names.glue),
        ),
    ] {
        if text.contains(placeholder) {
            text = text.replace(placeholder, &value);
            refers_to.extend(target.cloned());
        }
    }
    no_placeholder_left(path, &text)?;
    Ok(Asset::new(text.into_bytes(), refers_to))
}

/// An unknown placeholder is a misspelt one.
pub(super) fn no_placeholder_left(path: &str, text: &str) -> Outcome {
    let Some(at) = text.find("__PORTICO_") else {
        return Ok(());
    };
    let word: String = text[at..]
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
        .collect();
    Err(Failure::new(format!(
        "{path} holds {word}, which nothing fills in."
    )))
}

/// Where `text` names `./other` within quotes or parentheses; positions of the name itself.
fn mentions(text: &str, other: &str) -> Vec<usize> {
    let needle = format!("./{other}");
    let quote = |c: char| matches!(c, '"' | '\'' | '`' | '(' | ')');
    text.match_indices(&needle)
        .filter(|(at, _)| {
            text[..*at].chars().next_back().is_some_and(quote)
                && text[at + needle.len()..].chars().next().is_some_and(quote)
        })
        .map(|(at, _)| at + 2)
        .collect()
}

fn is_text(path: &str) -> bool {
    [".js", ".mjs", ".css", ".ts", ".svg"]
        .iter()
        .any(|ending| path.ends_with(ending))
}

/// Types are looked up beside the name that partners write down.
fn keeps_name(path: &str) -> bool {
    [".d.ts", ".md", ".txt"]
        .iter()
        .any(|ending| path.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        Names {
            glue: "g-1.js".into(),
            wasm: "w-1_bg.wasm".into(),
            wasm_integrity: "sha384-x".into(),
        }
    }

    fn linked(files: &[(&str, &str)]) -> Outcome<(Linked, Bundle)> {
        let files = files
            .iter()
            .map(|(p, t)| ((*p).to_owned(), t.as_bytes().to_vec()))
            .collect();
        let mut bundle = Bundle::new();
        let linked = link(files, &names(), &mut bundle)?;
        Ok((linked, bundle))
    }

    #[test]
    fn a_name_changes_when_what_it_imports_changes() {
        let a = |leaf| {
            linked(&[("a.js", "import './b.js'"), ("b.js", leaf)])
                .unwrap()
                .0["a.js"]
                .clone()
        };
        assert_ne!(a("1"), a("2"));
    }

    #[test]
    fn imports_and_urls_are_rewritten_and_other_words_are_not() {
        let files = [
            (
                "a.js",
                "import x from \"./b.js\"; const s = 'b.js'; // ./b.js stays",
            ),
            ("b.js", "1"),
            ("page.css", "@font-face { src: url(./f.woff2) }"),
            ("f.woff2", "font"),
            ("x.d.ts", "export {}"),
        ];
        let (linked, bundle) = linked(&files).unwrap();
        let a = String::from_utf8(bundle[&linked["a.js"]].bytes.clone()).unwrap();
        let b = &linked["b.js"];
        assert_eq!(
            a,
            format!("import x from \"./{b}\"; const s = 'b.js'; // ./b.js stays")
        );
        let css = &bundle[&linked["page.css"]];
        assert!(css.refers_to.contains(&linked["f.woff2"]));
        assert_eq!(linked["x.d.ts"], "x.d.ts");
    }

    #[test]
    fn a_circle_is_refused_by_name() {
        let failure = linked(&[("a.js", "import './b.js'"), ("b.js", "import './a.js'")]);
        assert!(failure.is_err_and(|failure| failure.to_string().contains("a.js, b.js")));
    }
}
