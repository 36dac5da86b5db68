//! Builds the browser side with Trunk and finishes it: the same bundle for demo, tests and dist.
//!
//! Owns what Trunk must not do under the content security policy (threat model, section 5): no
//! inline loader, so the element's own module is given the names and hashes of what it loads.
//! Must not know what the app does.

pub(crate) mod assets;
mod glue;
pub(crate) mod html;
mod optimise;
mod paths;
mod references;
mod split;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::say::{Failure, OrSay, Outcome};
use crate::tools::{self, WasmTools};
use crate::{place, process};

use assets::Asset;
pub(crate) use assets::Listed;
use split::Cut;

/// A page that Trunk compiles and xtask finishes.
pub(crate) struct Site {
    /// The package's name, which Trunk gives to its output.
    name: &'static str,
    /// The page that Trunk reads.
    index: PathBuf,
    /// Hand-written files that travel with it.
    www: PathBuf,
    /// The module that loads the WebAssembly.
    entry: &'static str,
    /// Whether the module is marked where it is to be cut.
    cut: bool,
}

impl Site {
    /// The standalone page, which is the custom element on a page of our own.
    pub(crate) fn app() -> Self {
        let root = place::root();
        Self {
            name: "portico",
            index: root.join("index.html"),
            www: root.join("www"),
            entry: "portico-connections.js",
            cut: true,
        }
    }

    /// The yardstick of `bench`.
    pub(crate) fn hello() -> Self {
        let root = place::root().join("xtask/hello-yew");
        Self {
            name: "hello-yew",
            index: root.join("index.html"),
            www: root.join("www"),
            entry: "hello.js",
            cut: false,
        }
    }
}

/// What a bundle holds, for those who print it.
pub(crate) struct Finished {
    /// In the order of `assets.json`.
    pub(crate) files: Vec<Listed>,
    /// What a browser fetches before it can draw the first view: all that `index.html` reaches.
    pub(crate) first_view: BTreeSet<String>,
    /// Whether wasm-opt ran.
    pub(crate) optimised: bool,
}

/// Builds `site` into the folder `out`, which is replaced as a whole.
///
/// `proxy` is the proxy's origin where it is not the page's own. Errors: a tool cannot be had, the
/// Rust side does not compile, or a file refers to something that is not there.
pub(crate) fn build(site: &Site, out: &Path, proxy: Option<&str>) -> Outcome<Finished> {
    let tools = tools::for_wasm()?;
    let _lock = process::lock(&place::out(), "building the bundle")?;
    let stage = compile(&tools, site)?;
    let built = read_folder(&stage)?;
    let cut = if site.cut {
        Some(split::cut(&tools, site.name)?)
    } else {
        None
    };
    let www = if site.www.is_dir() {
        read_folder(&site.www)?
    } else {
        BTreeMap::new()
    };
    let (bundle, optimised) = finish(&tools, site, built, cut, www, proxy)?;
    let first_view = reached(&bundle, "index.html");
    let files = assets::write(&bundle, out)?;
    Ok(Finished {
        files,
        first_view,
        optimised,
    })
}

/// The files of a bundle by their final path, `/` between folders.
pub(crate) type Bundle = BTreeMap<String, Asset>;

/// Trunk, with cargo's `wasm` profile, into a folder of its own.
fn compile(tools: &WasmTools, site: &Site) -> Outcome<PathBuf> {
    if !site.index.is_file() {
        return Err(Failure::new(format!(
            "{} is missing.",
            site.index.display()
        )));
    }
    let stage = place::cache().join(format!("trunk-{}", site.name));
    let mut command = Command::new(&tools.trunk);
    command
        .arg("build")
        .arg(&site.index)
        .arg("--dist")
        .arg(&stage);
    process::in_repository(&mut command);
    // In front of PATH, so that Trunk finds the right version and downloads nothing.
    let first: Vec<&Path> = tools.wasm_bindgen.parent().into_iter().collect();
    command.env("PATH", process::path_with(&first)?);
    command.env("TRUNK_SKIP_VERSION_CHECK", "true");
    command.env("CARGO_ENCODED_RUSTFLAGS", paths::rustflags(site.cut));
    // Trunk prints its own backtrace on every failed build, which buries what cargo said.
    command.env("RUST_BACKTRACE", "0");
    // Trunk 0.21 takes NO_COLOR=1 for a malformed option of its own.
    command.env_remove("NO_COLOR");
    let title = format!("compiling {} to WebAssembly", site.name);
    process::run(
        &title,
        &mut command,
        &place::log(&format!("trunk-{}", site.name)),
    )?;
    Ok(stage)
}

/// Every file below `dir` by its relative path. Hidden files are left out.
fn read_folder(dir: &Path) -> Outcome<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![(dir.to_path_buf(), String::new())];
    while let Some((folder, prefix)) = folders.pop() {
        for entry in fs::read_dir(&folder).or_say(folder.display())? {
            let entry = entry.or_say(folder.display())?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = entry.path();
            if name.starts_with('.') {
                continue;
            }
            let key = format!("{prefix}{name}");
            if path.is_dir() {
                folders.push((path, format!("{key}/")));
            } else {
                files.insert(key, fs::read(&path).or_say(path.display())?);
            }
        }
    }
    Ok(files)
}

/// Names, links and checks everything; touches no file but wasm-opt's.
fn finish(
    tools: &WasmTools,
    site: &Site,
    mut built: BTreeMap<String, Vec<u8>>,
    cut: Option<Cut>,
    www: BTreeMap<String, Vec<u8>>,
    proxy: Option<&str>,
) -> Outcome<(Bundle, bool)> {
    let mut bundle = Bundle::new();
    let mut glue = take_built(&mut built, site.name, ".js")?;
    let mut wasm = take_built(&mut built, site.name, "_bg.wasm")?;
    if let Some(cut) = cut {
        wasm = cut.wasm;
        let parts = add_parts(tools, site, &mut bundle, cut.parts)?;
        let script = String::from_utf8(cut.glue).or_say(site.name)?;
        glue = split::join(&script, &cut.link, &parts)?.into_bytes();
    }
    paths::check(&wasm)?;
    let wasm = optimise::optimise(tools.wasm_opt.as_deref(), wasm)?;
    let (glue, wasm) = glue::shorten(glue, &wasm)?;

    let glue = add(
        &mut bundle,
        &format!("{}.js", site.name),
        glue,
        BTreeSet::new(),
        true,
    );
    let wasm_path = add(
        &mut bundle,
        &format!("{}_bg.wasm", site.name),
        wasm,
        BTreeSet::new(),
        true,
    );

    let page = built
        .remove("index.html")
        .ok_or_else(|| Failure::new("Trunk wrote no index.html."))?;
    // Snippets of crates, which the module imports by the names that wasm-bindgen gave them.
    for (path, bytes) in built {
        let of_glue = path.starts_with("snippets/");
        add(&mut bundle, &path, bytes, BTreeSet::new(), false);
        if of_glue && let Some(glue) = bundle.get_mut(&glue) {
            glue.refers_to.insert(path);
        }
    }

    let names = references::Names {
        glue: glue.clone(),
        wasm: wasm_path.clone(),
        wasm_integrity: bundle
            .get(&wasm_path)
            .map(Asset::integrity)
            .unwrap_or_default(),
    };
    let (pages, scripts): (BTreeMap<_, _>, BTreeMap<_, _>) =
        www.into_iter().partition(|(path, _)| html::is_page(path));
    let linked = references::link(scripts, &names, &mut bundle)?;
    let Some(entry) = linked.get(site.entry).cloned() else {
        return Err(Failure::new(format!(
            "{} is missing.",
            site.www.join(site.entry).display()
        )));
    };
    if !bundle
        .get(&entry)
        .is_some_and(|asset| asset.refers_to.contains(&wasm_path))
    {
        let entry = site.www.join(site.entry);
        return Err(Failure::new(format!(
            "{} does not name __PORTICO_WASM__.",
            entry.display()
        )));
    }
    // For partners' pages: a name that stays, and says nothing but where the content is.
    let alias = format!("export * from \"./{entry}\";\n").into_bytes();
    add(
        &mut bundle,
        site.entry,
        alias,
        BTreeSet::from([entry.clone()]),
        false,
    );

    let context = html::Context {
        linked: &linked,
        entry: &entry,
        glue: &glue,
        wasm: &wasm_path,
        proxy,
    };
    let pages = pages.into_iter().chain([("index.html".to_owned(), page)]);
    let all: Vec<(String, Vec<u8>)> = pages.collect();
    let page_names: BTreeSet<String> = all.iter().map(|(path, _)| path.clone()).collect();
    for (path, bytes) in all {
        let text = String::from_utf8(bytes).or_say(&path)?;
        let (text, refers_to) = html::finish(&path, &text, &context, &page_names, &bundle)?;
        bundle.insert(path, Asset::new(text.into_bytes(), refers_to));
    }
    // A file whose name holds its hash and which nothing names cannot be reached by anyone.
    let reachable: BTreeSet<String> = bundle
        .values()
        .flat_map(|asset| asset.refers_to.iter().cloned())
        .collect();
    for (path, place) in linked {
        if path != place && !reachable.contains(&place) {
            bundle.remove(&place);
        }
    }
    Ok((bundle, tools.wasm_opt.is_some()))
}

/// What loads later, by file name: its path in the bundle and its integrity. No file of the first view
/// refers to it in the sense of [`reached`], for the script asks for it when it is needed.
fn add_parts(
    tools: &WasmTools,
    site: &Site,
    bundle: &mut Bundle,
    parts: BTreeMap<String, Vec<u8>>,
) -> Outcome<BTreeMap<String, (String, String)>> {
    let mut added = BTreeMap::new();
    for (file, bytes) in parts {
        let bytes = optimise::optimise(tools.wasm_opt.as_deref(), bytes)?;
        paths::check(&bytes)?;
        let name = file.strip_prefix("split_").unwrap_or(&file);
        let integrity = Asset::new(bytes.clone(), BTreeSet::new()).integrity();
        let path = add(
            bundle,
            &format!("{}-{name}", site.name),
            bytes,
            BTreeSet::new(),
            true,
        );
        added.insert(file, (path, integrity));
    }
    Ok(added)
}

/// Trunk's output `name-<hash><suffix>`.
fn take_built(built: &mut BTreeMap<String, Vec<u8>>, name: &str, suffix: &str) -> Outcome<Vec<u8>> {
    let prefix = format!("{name}-");
    let path = built
        .keys()
        .find(|path| path.starts_with(&prefix) && path.ends_with(suffix))
        .cloned();
    path.and_then(|path| built.remove(&path)).ok_or_else(|| {
        Failure::new(format!(
            "Trunk wrote no {name}-….{}.",
            suffix.trim_start_matches('.')
        ))
    })
}

/// Puts a file into the bundle, under a name that holds its hash if `hashed`; returns that name.
fn add(
    bundle: &mut Bundle,
    path: &str,
    bytes: Vec<u8>,
    refers_to: BTreeSet<String>,
    hashed: bool,
) -> String {
    let asset = Asset::new(bytes, refers_to);
    let path = if hashed {
        asset.hashed_path(path)
    } else {
        path.to_owned()
    };
    bundle.insert(path.clone(), asset);
    path
}

/// Everything that `from` reaches, itself included; other pages are links, not parts.
fn reached(bundle: &Bundle, from: &str) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut open = vec![from.to_owned()];
    while let Some(path) = open.pop() {
        if let Some(asset) = bundle.get(&path)
            && (path == from || !html::is_page(&path))
            && seen.insert(path)
        {
            open.extend(asset.refers_to.iter().cloned());
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(files: &[(&str, &str)]) -> BTreeMap<String, Vec<u8>> {
        files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()))
            .collect()
    }

    fn site() -> Site {
        Site {
            name: "portico",
            index: "index.html".into(),
            www: "www".into(),
            entry: "entry.js",
            cut: false,
        }
    }

    const PAGE: &str = "<head><!-- portico:csp --><!-- portico:preload -->\
        <link rel=\"stylesheet\" href=\"www/page.css\"><!-- portico:script --></head>\
        <a href=\"return.html\">r</a>";

    fn finished(page: &str, entry: &str) -> Outcome<Bundle> {
        let tools = WasmTools {
            trunk: "trunk".into(),
            wasm_bindgen: "wasm-bindgen".into(),
            wasm_split: "wasm-split-cli".into(),
            wasm_opt: None,
        };
        let built = bytes(&[
            ("index.html", page),
            ("portico-1234.js", "export default 1"),
            ("portico-1234_bg.wasm", "\0asm\u{1}\0\0\0"),
        ]);
        let www = bytes(&[
            ("entry.js", entry),
            ("page.css", "body {}"),
            (
                "return.html",
                "<head><!-- portico:csp --></head><script src=\"./return.js\"></script>",
            ),
            ("return.js", "window.close()"),
            ("compiled-in.css", "i {}"),
        ]);
        finish(&tools, &site(), built, None, www, None).map(|(bundle, _)| bundle)
    }

    const ENTRY: &str =
        "import('__PORTICO_JS__'); f('__PORTICO_WASM__', '__PORTICO_WASM_INTEGRITY__')";

    /// Threat model 5: one content-hashed script with its integrity, the wasm by hash and integrity.
    #[test]
    fn the_entry_names_what_it_loads_by_content_and_the_page_names_the_entry() {
        let bundle = finished(PAGE, ENTRY).unwrap();
        let wasm = bundle
            .keys()
            .find(|path| path.ends_with("_bg.wasm"))
            .unwrap();
        let (entry, asset) = bundle
            .iter()
            .find(|(path, _)| path.starts_with("entry-"))
            .unwrap();
        let text = String::from_utf8(asset.bytes.clone()).unwrap();
        assert!(text.contains(&format!("'./{wasm}'")), "{text}");
        assert!(text.contains(&bundle[wasm].integrity()), "{text}");
        let page = String::from_utf8(bundle["index.html"].bytes.clone()).unwrap();
        assert!(page.contains(&format!(
            "src=\"./{entry}\" integrity=\"{}\"",
            asset.integrity()
        )));
        let alias = String::from_utf8(bundle["entry.js"].bytes.clone()).unwrap();
        assert_eq!(alias, format!("export * from \"./{entry}\";\n"));
    }

    #[test]
    fn the_first_view_is_what_the_page_reaches_and_no_more() {
        let bundle = finished(PAGE, ENTRY).unwrap();
        let view = reached(&bundle, "index.html");
        assert!(view.iter().any(|path| path.ends_with("_bg.wasm")));
        assert!(view.iter().any(|path| path.starts_with("page-")));
        assert!(
            !view.iter().any(|path| path.starts_with("return")),
            "{view:?}"
        );
        assert!(!view.contains("entry.js"));
        assert!(bundle.contains_key("entry.js"));
        assert!(!bundle.keys().any(|path| path.starts_with("compiled-in")));
    }

    #[test]
    fn what_is_missing_is_named() {
        let cases = [
            (PAGE.replace("page.css", "gone.css"), ENTRY, "gone.css"),
            (
                PAGE.to_owned(),
                "import('__PORTICO_JS__')",
                "__PORTICO_WASM__",
            ),
            (
                PAGE.to_owned(),
                &format!("{ENTRY} __PORTICO_OTHER__"),
                "__PORTICO_OTHER__",
            ),
            (
                PAGE.replace("<!-- portico:script -->", ""),
                ENTRY,
                "portico:script",
            ),
        ];
        for (page, entry, named) in cases {
            let failure = finished(&page, entry).unwrap_err().to_string();
            assert!(failure.contains(named), "{named}: {failure}");
        }
    }
}
