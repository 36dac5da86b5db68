//! Owns faults by the route and number of calls, and the clearing of faults and of the record.

#![expect(
    clippy::unnecessary_wraps,
    reason = "the table's signature: most actions can be refused"
)]

use std::time::Duration;

use serde_json::json;

use super::{Act, Action, Done, action};
use crate::control::args::{Kind, may, need};
use crate::control::problem::Problem;
use crate::state::{Fault, FaultAnswer};

/// Longest delay of one answer: no client waits longer.
const LONGEST_MS: u64 = 10 * 60 * 1_000;

#[rustfmt::skip]
pub(super) const ACTIONS: &[Action] = &[
    action("fault", "Makes something go wrong for the next calls of a route.", &[
        need("path", Kind::Text, "calls whose path starts so; / for all"),
        may("method", Kind::Text, "only calls of this method"),
        may("calls", Kind::Integer, "how many calls it hits; 1 if left out"),
        need("answer", Kind::OneOf(&["status", "429", "477", "html-502", "garbage", "empty", "oauth-error", "delay", "drop"]), "what they get"),
        may("status", Kind::Integer, "for status: 400 to 599, with HubSpot's envelope (521 to 526: the front's web page); 500 if left out; for empty: 200 to 599; 200 if left out"),
        may("policy", Kind::OneOf(&["TEN_SECONDLY_ROLLING", "SECONDLY", "DAILY"]), "for 429; TEN_SECONDLY_ROLLING if left out"),
        may("retryAfter", Kind::Integer, "for 477: seconds; 60 if left out"),
        may("error", Kind::Text, "for oauth-error: HubSpot's status word; BAD_REFRESH_TOKEN if left out"),
        may("delayMs", Kind::Millis, "for delay; 3000 if left out"),
        may("afterBytes", Kind::Integer, "for drop: bytes of the body that still arrive; 20 if left out"),
    ], add),
    action("clear-faults", "Takes away every fault by number of calls.", &[], clear),
    action("clear-calls", "Forgets the calls received so far.", &[], clear_calls),
];

fn add(act: &mut Act<'_>) -> Done {
    let args = act.args;
    let path = args.needed("path");
    if !path.starts_with('/') {
        return Err(Problem::invalid("path must start with a slash."));
    }
    let answer = match args.needed("answer") {
        "status" => {
            let status = args.number("status").unwrap_or(500);
            let fits = (400..600).contains(&status);
            let status = u16::try_from(status).ok().filter(|_| fits);
            FaultAnswer::Status(status.ok_or_else(|| Problem::invalid("status takes 400 to 599."))?)
        }
        "429" => FaultAnswer::TooManyRequests {
            policy: args
                .text("policy")
                .unwrap_or("TEN_SECONDLY_ROLLING")
                .to_owned(),
        },
        "477" => FaultAnswer::Migration477 {
            retry_after: args.small("retryAfter").unwrap_or(60),
        },
        "html-502" => FaultAnswer::Html502,
        "garbage" => FaultAnswer::Garbage,
        "empty" => {
            let status = args.number("status").unwrap_or(200);
            let fits = (200..600).contains(&status);
            let status = u16::try_from(status).ok().filter(|_| fits);
            FaultAnswer::Empty(
                status.ok_or_else(|| Problem::invalid("status of empty takes 200 to 599."))?,
            )
        }
        "oauth-error" => {
            FaultAnswer::OAuth(args.text("error").unwrap_or("BAD_REFRESH_TOKEN").to_owned())
        }
        "delay" => FaultAnswer::Slow(Duration::from_millis(
            args.number("delayMs").unwrap_or(3_000).min(LONGEST_MS),
        )),
        _ => FaultAnswer::Drop {
            after_bytes: args
                .number("afterBytes")
                .map_or(20, |n| usize::try_from(n).unwrap_or(usize::MAX)),
        },
    };
    let fault = Fault {
        path_prefix: path.to_owned(),
        method: args.text("method").map(str::to_ascii_uppercase),
        remaining: args.small("calls").unwrap_or(1),
        answer,
    };
    if fault.remaining == 0 {
        return Err(Problem::invalid("calls must be 1 or more."));
    }
    let told = describe(&fault);
    act.state.faults.push(fault);
    Ok(told)
}

/// A fault as JSON.
pub(crate) fn describe(fault: &Fault) -> serde_json::Value {
    json!({
        "path": fault.path_prefix,
        "method": fault.method,
        "calls": fault.remaining,
        "answer": words(&fault.answer),
    })
}

/// An answer in words.
pub(crate) fn words(answer: &FaultAnswer) -> String {
    match answer {
        FaultAnswer::Status(status) => status.to_string(),
        FaultAnswer::Html502 => "502 with an HTML page".to_owned(),
        FaultAnswer::Garbage => "200 with no JSON".to_owned(),
        FaultAnswer::Empty(status) => format!("{status} with an empty body"),
        FaultAnswer::TooManyRequests { policy } => format!("429 {policy}"),
        FaultAnswer::Migration477 { retry_after } => format!("477, Retry-After {retry_after} s"),
        FaultAnswer::OAuth(status) => format!("400 {status}"),
        FaultAnswer::Slow(delay) => format!("the right answer, {} ms later", delay.as_millis()),
        FaultAnswer::Drop { after_bytes } => format!("cut off after {after_bytes} bytes"),
    }
}

fn clear(act: &mut Act<'_>) -> Done {
    let cleared = act.state.faults.len();
    act.state.faults.clear();
    Ok(json!({ "cleared": cleared }))
}

fn clear_calls(act: &mut Act<'_>) -> Done {
    let cleared = act.state.calls.len();
    act.state.calls.clear();
    Ok(json!({ "cleared": cleared }))
}
