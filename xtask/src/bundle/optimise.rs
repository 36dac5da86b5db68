//! wasm-opt over what wasm-bindgen wrote, once for each content.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::assets::{cached, content_hash};
use crate::say::{OrSay, Outcome};
use crate::{place, process};

/// Named one by one because the profile strips the section that would tell them, and
/// `--all-features` might use what a browser of two years ago lacks. These are what rustc itself
/// turns on for wasm32-unknown-unknown.
const FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-sign-ext",
    "--enable-nontrapping-float-to-int",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
];
/// What travels is compressed, and inlining hides repetition from brotli: plain -Oz makes the module
/// 3% smaller and what travels 7% larger (1,090 and 347 kB; so, 1,115 and 323 kB; untouched, 1,215
/// and 326 kB). For the same reason -Os, and no common subexpression moved to a local: another 1%.
const PASSES: [&str; 6] = [
    "-Os",
    "--one-caller-inline-max-function-size=0",
    "--skip-pass=local-cse",
    "--strip-debug",
    "--strip-producers",
    "--strip-target-features",
];

/// The smaller module; the same one where there is no wasm-opt.
pub(super) fn optimise(wasm_opt: Option<&Path>, wasm: Vec<u8>) -> Outcome<Vec<u8>> {
    let Some(program) = wasm_opt else {
        return Ok(wasm);
    };
    let version = process::first_line(Command::new(program).arg("--version")).unwrap_or_default();
    let recipe = format!("{version} {} {}", FEATURES.join(" "), PASSES.join(" "));
    let key = content_hash(&[wasm.as_slice(), recipe.as_bytes()].concat());
    cached(&format!("{key}.wasm"), || {
        let dir = place::cache();
        fs::create_dir_all(&dir).or_say(dir.display())?;
        let (from, to) = (dir.join("wasm-opt-in.wasm"), dir.join("wasm-opt-out.wasm"));
        fs::write(&from, &wasm).or_say(from.display())?;
        let mut command = Command::new(program);
        command
            .arg(&from)
            .args(FEATURES)
            .args(PASSES)
            .arg("-o")
            .arg(&to);
        process::run(
            "making the WebAssembly smaller",
            &mut command,
            &place::log("wasm-opt"),
        )?;
        fs::read(&to).or_say(to.display())
    })
}
