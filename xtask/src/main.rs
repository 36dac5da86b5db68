//! What a person types: `cargo xtask demo | test | promises | bench | dist`.
//!
//! Owns tools, bundle, and the order of the checks. Decides nothing about the product: it starts
//! the proxy and the sandbox as anyone would, by their command lines.
#![expect(clippy::print_stdout, reason = "a command line tool answers on stdout")]

mod bench;
mod bundle;
mod demo;
mod lockfile;
mod place;
mod process;
mod random;
mod say;
mod test;
mod tools;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::say::Outcome;

/// Portico's tasks.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version, about)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build everything, start sandbox, proxy and app on this machine, print its links.
    Demo {
        /// The port of the app; without it 7878, or the next one that is free.
        #[arg(long)]
        port: Option<u16>,
        /// Print the link without opening a browser.
        #[arg(long)]
        no_open: bool,
        /// The sandbox's portals: `small`, `agency`, `enterprise`, `hostile` or `huge`.
        #[arg(long, default_value = "agency")]
        fixture: String,
    },
    /// Run every check, or one; the last line is `N passed, M failed`.
    Test {
        /// A step's name, or a step and a filter: `browser`, `browser:reload`. `gallery` runs when named only.
        #[arg(long, value_name = "NAME")]
        only: Option<String>,
    },
    /// Write `docs/promises.md`: every promise with the tests that prove it.
    Promises,
    /// Print sizes and ratios: bytes to first view, retrieval, time to connect, sandbox and proxy beside nginx.
    Bench {
        /// One part: `size`, `retrieval`, `connect`, `sandbox`, `proxy` or `proxy-scale`.
        #[arg(long, value_name = "NAME")]
        only: Option<String>,
    },
    /// Write the app as static files, with compressed copies, hashes and a list of them.
    Dist {
        /// The folder to write; it is replaced as a whole.
        #[arg(long, default_value = "dist")]
        out: PathBuf,
        /// The proxy's origin, where it is not the app's own: `https://portico.example`.
        #[arg(long, env = "PORTICO_PROXY")]
        proxy: Option<String>,
    },
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().task {
        Task::Demo {
            port,
            no_open,
            fixture,
        } => demo::run(&demo::Options {
            port,
            open: !no_open,
            fixture,
        }),
        Task::Test { only } => test::run(only.as_deref()),
        Task::Promises => test::promises::write(),
        Task::Bench { only } => bench::run(only.as_deref()),
        Task::Dist { out, proxy } => dist(out, proxy),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("\n{failure}");
            ExitCode::FAILURE
        }
    }
}

/// Writes the finished bundle for a static host and says what it weighs.
fn dist(out: PathBuf, proxy: Option<String>) -> Outcome {
    let proxy = proxy
        .map(|origin| bundle::html::check_origin(&origin))
        .transpose()?;
    // Relative to where the person stands, which cargo keeps.
    let out =
        std::path::absolute(&out).map_err(|e| say::Failure::because("the output folder", &e))?;
    let finished = bundle::build(&bundle::Site::app(), &out, proxy.as_deref())?;
    bench::print_first_view(&finished);
    if !finished.optimised {
        println!(
            "Note: wasm-opt was not available, so these sizes are larger than they should be."
        );
        println!("{}", tools::wasm_opt_help());
    }
    println!(
        "\nWritten to {}; the list is assets.json. Names with a hash may be cached for ever, the \
         others not at all.\nThe pages carry their content security policy in a meta tag, which cannot \
         forbid framing: where the host can send headers, send frame-ancestors 'none' as well.",
        out.display()
    );
    Ok(())
}
