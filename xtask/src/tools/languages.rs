//! The languages that the examples for partners are written in: found, installed where this process may, or
//! left out with the one thing to do.
//!
//! Owns which version is enough. What is run with them is the step's.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::browser::{apt_install, may_install};
use super::{clients, in_ci};
use crate::say::{self, Failure, Outcome};
use crate::{place, process};

/// A language and how to have it.
struct Language {
    name: &'static str,
    program: &'static str,
    /// Prints `yes` where the program is new enough and has what the example needs.
    probe: &'static [&'static str],
    packages: &'static [&'static str],
    help: &'static str,
}

const RUBY: Language = Language {
    name: "Ruby",
    program: "ruby",
    probe: &["-e", "puts RUBY_VERSION >= '3.1' ? 'yes' : 'no'"],
    packages: &["ruby"],
    help: "install Ruby 3.1 or newer (Debian, Ubuntu: sudo apt-get install ruby; Fedora: sudo dnf install ruby; \
           macOS: brew install ruby, and put its bin folder first in PATH)",
};
const PHP: Language = Language {
    name: "PHP",
    program: "php",
    probe: &["-r", "echo extension_loaded('sodium') ? 'yes' : 'no';"],
    packages: &["php-cli"],
    help: "install PHP with sodium (Debian, Ubuntu: sudo apt-get install php-cli; Fedora: sudo dnf install php-cli \
           php-sodium; macOS: brew install php)",
};
const NODE: Language = Language {
    name: "Node.js",
    program: "node",
    probe: &[
        "-e",
        "console.log(Number(process.versions.node.split('.')[0]) >= 20 ? 'yes' : 'no')",
    ],
    packages: &["nodejs"],
    help: "install Node.js 20 or newer (https://nodejs.org; macOS: brew install node)",
};

/// What runs an example.
pub(crate) struct Runtime {
    /// As the heading of the example names it.
    pub(crate) name: &'static str,
    pub(crate) program: PathBuf,
    /// Set for the program.
    pub(crate) environment: Vec<(&'static str, PathBuf)>,
}

/// All that can be had, and the names of those that cannot.
///
/// Errors: on a build machine, when one is missing.
pub(crate) fn ensure(python_list: &Path) -> Outcome<(Vec<Runtime>, Vec<&'static str>)> {
    let mut found = Vec::new();
    let mut missing = Vec::new();
    for language in [NODE, RUBY, PHP] {
        match find_or_install(&language) {
            Ok(program) => found.push(Runtime {
                name: language.name,
                program,
                environment: Vec::new(),
            }),
            Err(failure) => leave_out(language.name, failure, &mut missing)?,
        }
    }
    match clients::python_modules(
        python_list,
        "the examples for partners",
        "partners",
        clients::PYTHON_LEAST,
    ) {
        Ok((program, modules)) => found.push(Runtime {
            name: "Python",
            program,
            environment: vec![("PYTHONPATH", modules)],
        }),
        Err(failure) => leave_out("Python", failure, &mut missing)?,
    }
    Ok((found, missing))
}

fn leave_out(name: &'static str, why: Failure, missing: &mut Vec<&'static str>) -> Outcome {
    if in_ci() {
        return Err(why);
    }
    say::progress(format_args!("{name}'s example is left out. {why}"));
    missing.push(name);
    Ok(())
}

fn find_or_install(language: &Language) -> Outcome<PathBuf> {
    if let Some(program) = find(language) {
        return Ok(program);
    }
    let help = format!("To have it run, {}.", language.help);
    if may_install() {
        apt_install(language.packages)
            .map_err(|failure| Failure::new(format!("{failure}\n{help}")))?;
    }
    find(language).ok_or_else(|| Failure::new(help))
}

fn find(language: &Language) -> Option<PathBuf> {
    let program = place::on_path(language.program)?;
    let answer = process::first_line(Command::new(&program).args(language.probe))?;
    (answer == "yes").then_some(program)
}
