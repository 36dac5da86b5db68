//! Sizes and ratios, never the verdict of a clock: `cargo xtask bench`.
//!
//! Owns the bytes to first view. Retrieval and connecting are measured by programs in `tests/`,
//! which print their own lines.

use std::io::Write;

use crate::bundle::{self, Finished, Listed, Site};
use crate::say::{self, Failure, OrSay, Outcome};
use crate::test::suites;
use crate::{place, process, tools};

/// Brotli bytes that the first view may take, all told (issue 2, "Must hold").
const TARGET: usize = 260_000;

pub(crate) fn run() -> Outcome {
    println!("Bytes to first view (brotli 11)");
    let app = bundle::build(&Site::app(), &place::out().join("bench-dist"), None)?;
    print_first_view(&app);
    let hello = bundle::build(&Site::hello(), &place::out().join("bench-hello"), None)?;
    println!("\nA bare Yew page, built and finished by the same commands");
    print_first_view(&hello);
    let (app_size, hello_size) = (first_view_size(&app), first_view_size(&hello));
    println!(
        "\nfirst view / bare Yew page: {:.2}",
        ratio(app_size, hello_size)
    );
    println!(
        "first view / target of {}: {:.2}",
        say::kilobytes(TARGET),
        ratio(app_size, TARGET)
    );
    if !app.optimised {
        println!(
            "Note: measured without wasm-opt. {}",
            tools::wasm_opt_help()
        );
    }

    let programs = programs()?;
    for name in ["bench-retrieval", "bench-connect"] {
        println!();
        if !programs.iter().any(|program| program == name) {
            println!("{name}: there is no such program in portico-tests.");
            continue;
        }
        let mut command = process::cargo();
        command.args(["run", "--quiet", "-p", "portico-tests", "--bin", name]);
        if name == "bench-connect" {
            match suites::browser_environment() {
                Ok(environment) => command.envs(environment),
                Err(failure) => {
                    println!("{name}: not measured. {failure}");
                    continue;
                }
            };
        }
        // Its lines go where ours go, in order.
        std::io::stdout().flush().or_say("stdout")?;
        let status = command.status().or_say(name)?;
        if !status.success() {
            return Err(Failure::new(format!("{name} failed ({status}).")));
        }
    }
    Ok(())
}

/// The files of the first view, the largest first, and their sum.
pub(crate) fn print_first_view(finished: &Finished) {
    let mut files = first_view(finished);
    files.sort_by_key(|file| std::cmp::Reverse(file.on_the_wire()));
    for file in files {
        println!(
            "  {:<44} {:>10} plain {:>10} brotli",
            file.path,
            say::kilobytes(file.bytes),
            say::kilobytes(file.on_the_wire())
        );
    }
    println!(
        "  {:<44} {:>16} {:>10} brotli",
        "first view",
        "",
        say::kilobytes(first_view_size(finished))
    );
}

fn first_view(finished: &Finished) -> Vec<&Listed> {
    finished
        .files
        .iter()
        .filter(|file| finished.first_view.contains(&file.path))
        .collect()
}

fn first_view_size(finished: &Finished) -> usize {
    first_view(finished)
        .into_iter()
        .map(Listed::on_the_wire)
        .sum()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "sizes of files, shown to two decimals"
)]
fn ratio(of: usize, to: usize) -> f64 {
    of as f64 / to.max(1) as f64
}

/// The programs of the package `portico-tests`.
fn programs() -> Outcome<Vec<String>> {
    let mut command = process::cargo();
    let output = command
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .output();
    let output = output.or_say("cargo metadata")?;
    let metadata: serde_json::Value =
        serde_json::from_slice(&output.stdout).or_say("cargo metadata")?;
    let list = |value: &serde_json::Value| value.as_array().cloned().unwrap_or_default();
    let targets = list(&metadata["packages"])
        .into_iter()
        .filter(|package| package["name"] == "portico-tests")
        .flat_map(|package| list(&package["targets"]));
    let is_program =
        |target: &serde_json::Value| list(&target["kind"]).iter().any(|kind| kind == "bin");
    Ok(targets
        .filter(is_program)
        .filter_map(|target| target["name"].as_str().map(str::to_owned))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_first_view_weighs_what_travels() {
        let file = |path: &str, bytes, br| Listed {
            path: path.into(),
            bytes,
            br,
            gz: None,
            sha384: String::new(),
        };
        let finished = Finished {
            files: vec![
                file("a.js", 100, Some(40)),
                file("b.png", 10, None),
                file("c.js", 900, Some(300)),
            ],
            first_view: BTreeSet::from(["a.js".into(), "b.png".into()]),
            optimised: true,
        };
        assert_eq!(first_view_size(&finished), 50);
    }
}
