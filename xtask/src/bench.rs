//! Sizes and ratios, never the verdict of a clock: `cargo xtask bench`.
//!
//! Owns the bytes to first view. Retrieval and connecting are measured by programs in `tests/`,
//! which print their own lines.

use std::io::Write;
use std::path::PathBuf;

use crate::bundle::{self, Finished, Listed, Site};
use crate::say::{self, Failure, OrSay, Outcome};
use crate::test::suites;
use crate::tools::{browser, postgres};
use crate::{place, process, tools};

/// Brotli bytes that the first view may take, all told.
const TARGET: usize = 260_000;

/// A part of the bench.
type Part = fn() -> Outcome;

const PARTS: [(&str, Part); 7] = [
    ("size", size),
    ("retrieval", || program("bench-retrieval", &[])),
    ("connect", connect),
    ("sandbox", sandbox),
    ("proxy", proxy),
    ("proxy-scale", proxy_scale),
    ("faults", faults),
];

/// What the proxy's libraries do with nothing of the proxy in it.
const PLAIN_RELAY: &str = "plain-relay";

/// Runs all parts, or the one that `only` names.
///
/// Errors: `only` names none, or a part cannot be measured.
pub(crate) fn run(only: Option<&str>) -> Outcome {
    let parts: Vec<_> = PARTS
        .iter()
        .filter(|(name, _)| only.is_none_or(|only| only == *name))
        .collect();
    if parts.is_empty() {
        let names: Vec<&str> = PARTS.iter().map(|(name, _)| *name).collect();
        return Err(Failure::new(format!(
            "There is no part {}; the parts are {}.",
            only.unwrap_or_default(),
            names.join(", ")
        )));
    }
    for (index, (_, part)) in parts.into_iter().enumerate() {
        if index > 0 {
            println!();
        }
        part()?;
    }
    Ok(())
}

fn size() -> Outcome {
    println!("Bytes to first view (brotli 11)");
    let app = bundle::build(&Site::app(), &place::out().join("bench-dist"), None)?;
    print_first_view(&app);
    print_later(&app);
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
    Ok(())
}

fn connect() -> Outcome {
    match suites::browser_environment() {
        Ok(environment) => program("bench-connect", &environment),
        Err(failure) => {
            println!("bench-connect: not measured. {failure}");
            Ok(())
        }
    }
}

/// The sandbox beside nginx.
fn sandbox() -> Outcome {
    beside_nginx("bench-sandbox", &["portico-sandbox"])
}

/// The proxy's relay beside nginx.
fn proxy() -> Outcome {
    beside_nginx("bench-proxy", &["portico-proxy", "portico-sandbox"])
}

/// What the proxy costs with many connections in its table.
fn proxy_scale() -> Outcome {
    beside_nginx("bench-proxy-scale", &["portico-proxy", "portico-sandbox"])
}

/// What is lost when processes are killed, tokens work once, or all run out at once, on both databases.
fn faults() -> Outcome {
    let proxy = suites::proxy()?;
    let environment = [("PORTICO_PROXY_BIN", proxy)];
    program("bench-faults", &environment)?;
    println!();
    let server = postgres::Server::start()?;
    let [proxy] = environment;
    let on_postgres = [
        proxy,
        ("PORTICO_TEST_DATABASE", "postgres".into()),
        ("PORTICO_TEST_POSTGRES", server.url().into()),
    ];
    program("bench-faults", &on_postgres)
}

/// Builds `packages` for speed and runs the program; needs nginx, wrk and taskset, which Linux has.
fn beside_nginx(name: &str, packages: &[&str]) -> Outcome {
    const HELP: &str = "Servers are measured beside nginx with wrk, each bound to a core: \
                        sudo apt-get install nginx-light wrk util-linux";
    let all_there = || {
        ["nginx", "wrk", "taskset"]
            .iter()
            .all(|name| place::on_path(name).is_some())
    };
    if !all_there() && browser::may_install() {
        browser::apt_install(&["nginx-light", "wrk", "util-linux"])?;
    }
    if !all_there() {
        println!("{name}: not measured. {HELP}");
        return Ok(());
    }
    let mut build = process::cargo();
    build.args(["build", "--release", "--bins"]);
    if packages.contains(&"portico-proxy") {
        build.args(["--example", PLAIN_RELAY]);
    }
    for package in packages {
        build.args(["-p", package]);
    }
    let title = format!("building {} for speed", packages.join(" and "));
    process::run(&title, &mut build, &place::log(name))?;
    let binary = |package: &str| place::target().join("release").join(package);
    program(
        name,
        &[
            ("PORTICO_SANDBOX", binary("portico-sandbox")),
            ("PORTICO_PROXY_BIN", binary("portico-proxy")),
            ("PORTICO_PLAIN_RELAY", binary("examples").join(PLAIN_RELAY)),
        ],
    )
}

/// Runs a program of `portico-tests`; its lines go where ours go, in order.
fn program(name: &str, environment: &[(&str, PathBuf)]) -> Outcome {
    let mut command = process::cargo();
    command.args(["run", "--quiet", "-p", "portico-tests", "--bin", name]);
    command.envs(environment.iter().map(|(name, value)| (name, value)));
    std::io::stdout().flush().or_say("stdout")?;
    let status = command.status().or_say(name)?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::new(format!("{name} failed ({status}).")))
    }
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

/// The WebAssembly that is fetched when it is first needed.
fn print_later(finished: &Finished) {
    let later = finished.files.iter().filter(|file| {
        file.path.strip_suffix(".wasm").is_some() && !finished.first_view.contains(&file.path)
    });
    for file in later {
        println!(
            "  later: {:<37} {:>10} plain {:>10} brotli",
            file.path,
            say::kilobytes(file.bytes),
            say::kilobytes(file.on_the_wire())
        );
    }
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
