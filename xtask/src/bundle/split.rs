//! Cuts the WebAssembly at the functions that `src/later.rs` marks: what only they reach loads later.
//!
//! Owns the order of linker, cut and wasm-bindgen, and how the script finds the parts. Trunk compiles
//! and knows nothing of it: its own wasm-bindgen sees the module before the cut, ours after it.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use super::read_folder;
use crate::say::{Failure, OrSay, Outcome};
use crate::tools::WasmTools;
use crate::{place, process};

/// Keeps what the cut needs to know of the module: which function uses which.
pub(super) const RUSTFLAG: &str = "-Clink-args=--emit-relocs";

/// The tool's own name of the script that loads the parts.
const LINK: &str = "__wasm_split.js";

/// A module and its parts.
pub(super) struct Cut {
    /// wasm-bindgen's script, not yet joined with `link`.
    pub(super) glue: Vec<u8>,
    pub(super) wasm: Vec<u8>,
    /// The script that loads the parts.
    pub(super) link: String,
    /// By file name.
    pub(super) parts: BTreeMap<String, Vec<u8>>,
}

/// Cuts what cargo built for `name`.
///
/// Errors: the module is missing, or a tool fails.
pub(super) fn cut(tools: &WasmTools, name: &str) -> Outcome<Cut> {
    let built = place::target()
        .join("wasm32-unknown-unknown/wasm")
        .join(format!("{}.wasm", name.replace('-', "_")));
    let stage = place::cache().join(format!("split-{name}"));
    if stage.exists() {
        fs::remove_dir_all(&stage).or_say(stage.display())?;
    }
    let (parts, bound) = (stage.join("parts"), stage.join("bound"));
    let mut command = Command::new(&tools.wasm_split);
    command
        .arg(&built)
        .arg(&parts)
        .args(["--target", "web", "--out-name", name]);
    let title = "cutting the WebAssembly into what loads first and later";
    process::run(title, &mut command, &place::log("wasm-split"))?;
    let main = format!("{name}.wasm");
    let mut command = Command::new(&tools.wasm_bindgen);
    command
        .args(["--target", "web", "--no-typescript", "--out-name", name])
        // The table of functions, which the parts share, is an export of the linker's.
        .arg("--keep-lld-exports")
        .arg("--out-dir")
        .arg(&bound)
        .arg(parts.join(&main));
    process::run(
        "binding it to JavaScript",
        &mut command,
        &place::log("wasm-bindgen"),
    )?;
    let missing = |what: &str| Failure::new(format!("{what} is not there after the cut."));
    let mut files = read_folder(&bound)?;
    let mut take = |path: String| files.remove(&path).ok_or_else(|| missing(&path));
    let (glue, wasm) = (
        take(format!("{name}.js"))?,
        take(format!("{name}_bg.wasm"))?,
    );
    let mut parts = read_folder(&parts)?;
    parts.remove(&main);
    let link = parts.remove(LINK).ok_or_else(|| missing(LINK))?;
    Ok(Cut {
        glue,
        wasm,
        link: String::from_utf8(link).or_say(LINK)?,
        parts,
    })
}

/// One script of the two, for they import each other, and then no name could hold its hash.
///
/// `parts`: file name to final path and integrity. Errors: a part is not named where it is loaded, or
/// the scripts are not of the form that these tools write.
pub(super) fn join(
    glue: &str,
    link: &str,
    parts: &BTreeMap<String, (String, String)>,
) -> Outcome<String> {
    let (mut bindings, mut loaders) = (Vec::new(), Vec::new());
    let mut script = Vec::new();
    for line in glue.lines() {
        if let Some(binding) = imported(line) {
            bindings.push(binding);
        } else {
            script.push(line);
        }
    }
    for line in link.lines().filter(|line| !line.starts_with("import ")) {
        let plain = line.strip_prefix("export ");
        loaders.extend(
            plain
                .and_then(|plain| plain.strip_prefix("const "))
                .and_then(|plain| plain.split(' ').next()),
        );
        script.push(plain.unwrap_or(line));
    }
    if bindings.is_empty() || loaders.is_empty() {
        return Err(Failure::new(format!(
            "wasm-bindgen's script does not import {LINK}."
        )));
    }
    let loaders = loaders.join(", ");
    let bound: Vec<String> = bindings
        .iter()
        .map(|binding| format!("const {binding} = {{ {loaders} }};"))
        .collect();
    script.extend(bound.iter().map(String::as_str));
    let mut out = script.join("\n") + "\n";
    for (file, (path, integrity)) in parts {
        let address = format!("new URL(\"./{file}\", import.meta.url)");
        if !out.contains(&address) {
            return Err(Failure::new(format!("{LINK} does not load {file}.")));
        }
        let pinned =
            format!("new URL(\"./{path}\", import.meta.url), {{ integrity: \"{integrity}\" }}");
        out = out.replace(&address, &pinned);
    }
    Ok(out)
}

/// `N` of `import * as N from "./__wasm_split.js"`.
fn imported(line: &str) -> Option<&str> {
    let (name, from) = line.strip_prefix("import * as ")?.split_once(' ')?;
    from.contains(&format!("\"./{LINK}\"")).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GLUE: &str = "import * as import1 from \"./__wasm_split.js\"\nimport * as other from \"./snippets/a.js\"\nexport { initSync };\n";
    const LINK_TEXT: &str = "import { initSync } from \"./portico.js\";\nconst __chunk_3 = makeLoad(() => fetch(new URL(\"./chunk_3.wasm\", import.meta.url)), []);\nexport const __wasm_split_load_a = wrap(__chunk_3);\n";

    fn parts(file: &str) -> BTreeMap<String, (String, String)> {
        BTreeMap::from([(
            file.to_owned(),
            ("p-1.wasm".to_owned(), "sha384-x".to_owned()),
        )])
    }

    /// Threat model 5: each part is loaded by its hash and its integrity.
    #[test]
    fn the_joined_script_loads_its_parts_by_content() {
        let joined = join(GLUE, LINK_TEXT, &parts("chunk_3.wasm")).unwrap();
        assert_eq!(
            joined,
            "import * as other from \"./snippets/a.js\"\nexport { initSync };\n\
             const __chunk_3 = makeLoad(() => fetch(new URL(\"./p-1.wasm\", import.meta.url), { integrity: \"sha384-x\" }), []);\n\
             const __wasm_split_load_a = wrap(__chunk_3);\nconst import1 = { __wasm_split_load_a };\n"
        );
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        for (glue, link, file) in [
            ("export {};", LINK_TEXT, "chunk_3.wasm"),
            (GLUE, "const a = 1;", "chunk_3.wasm"),
            (GLUE, LINK_TEXT, "split_b.wasm"),
        ] {
            assert!(join(glue, link, &parts(file)).is_err(), "{file}");
        }
    }
}
