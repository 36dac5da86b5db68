//! What an error means for the call, the kind and the retrieval, and how long to wait.
//! Owns the rules of platform sections 4 and 9; keeps no state.

use crate::error::ErrorCode;
use crate::wire::Problem;

/// Calls are tried this often when the weather is bad.
pub(super) const MAX_TRIES: u8 = 6;
/// An answer that cannot be read is asked for once more; a third would say the same.
pub(super) const MAX_UNREADABLE: u8 = 2;
/// A call that is refused for the rate limit waits this often: two minutes of ten seconds.
pub(super) const MAX_THROTTLES: u8 = 12;
/// No `Retry-After` is believed beyond this.
const LONGEST_WAIT_MS: u64 = 15 * 60 * 1_000;

/// What follows from a problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Rate limit: nothing is sent for so long; `None` for one window.
    Throttled(Option<u64>),
    /// The daily limit: nothing more today.
    Daily,
    /// Try again, not before so many milliseconds.
    Transient(u64),
    /// 403: these scopes would do.
    Forbidden(Vec<String>),
    /// 404: there is nothing.
    Empty,
    /// This part cannot be had.
    Failed,
    /// Nothing can be had until a person or the proxy acts.
    Stop,
}

pub(super) fn judge(problem: &Problem) -> Verdict {
    let wait_ms = problem
        .retry_after
        .map(|seconds| seconds.saturating_mul(1_000).min(LONGEST_WAIT_MS));
    match problem.code {
        ErrorCode::UpstreamRateLimited | ErrorCode::RateLimited => {
            let policy = problem
                .upstream
                .as_ref()
                .and_then(|upstream| upstream.policy.as_deref());
            match policy {
                Some("DAILY") => Verdict::Daily,
                Some("SECONDLY") => Verdict::Throttled(Some(wait_ms.unwrap_or(1_000))),
                _ if problem.code == ErrorCode::RateLimited => {
                    Verdict::Throttled(Some(wait_ms.unwrap_or(1_000)))
                }
                _ => Verdict::Throttled(wait_ms),
            }
        }
        ErrorCode::UpstreamUnavailable
        | ErrorCode::ProviderUnavailable
        | ErrorCode::RefreshBusy
        | ErrorCode::Overloaded
        | ErrorCode::TimedOut
        | ErrorCode::ProxyUnreachable
        | ErrorCode::UpstreamUnauthorized
        | ErrorCode::UpstreamInvalid
        | ErrorCode::AnswerInvalid
        | ErrorCode::Internal => Verdict::Transient(wait_ms.unwrap_or(0)),
        ErrorCode::UpstreamForbidden | ErrorCode::ConnectionTypeForbids => {
            let scopes = problem
                .upstream
                .as_ref()
                .map(|upstream| upstream.required_scopes.clone());
            Verdict::Forbidden(scopes.unwrap_or_default())
        }
        ErrorCode::UpstreamNotFound => Verdict::Empty,
        ErrorCode::SessionRequired
        | ErrorCode::SessionExpired
        | ErrorCode::LaunchInvalid
        | ErrorCode::LaunchRequired
        | ErrorCode::OriginMismatch
        | ErrorCode::RoleRequired
        | ErrorCode::NotFound
        | ErrorCode::NeedsReauth
        | ErrorCode::Disconnected
        | ErrorCode::Suspended
        | ErrorCode::ConfigFault => Verdict::Stop,
        _ => Verdict::Failed,
    }
}

/// Milliseconds before a call's next try: 1, 2, 4 … seconds, give or take a quarter.
///
/// The quarter follows from the call's number, so that calls that failed together do not return together.
pub(super) fn backoff_ms(tries: u8, call: u32) -> u64 {
    let base = 1_000_u64 << u32::from(tries.saturating_sub(1).min(6));
    let spread = u64::from(call.wrapping_mul(2_654_435_761) >> 22);
    base * 3 / 4 + base * spread / 2_048
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Upstream;

    fn problem(code: ErrorCode, policy: &str, retry_after: Option<u64>) -> Problem {
        let upstream = Upstream {
            policy: (!policy.is_empty()).then(|| policy.into()),
            required_scopes: vec!["automation".into()],
            ..Upstream::default()
        };
        Problem {
            retry_after,
            upstream: Some(upstream),
            ..Problem::of(code)
        }
    }

    /// R5, D49: who must act, and what is mere weather.
    #[test]
    fn each_problem_has_its_consequence() {
        use ErrorCode as E;
        for (code, policy, retry_after, want) in [
            (
                E::UpstreamRateLimited,
                "TEN_SECONDLY_ROLLING",
                None,
                Verdict::Throttled(None),
            ),
            (
                E::UpstreamRateLimited,
                "",
                Some(3),
                Verdict::Throttled(Some(3_000)),
            ),
            (
                E::UpstreamRateLimited,
                "SECONDLY",
                None,
                Verdict::Throttled(Some(1_000)),
            ),
            (E::UpstreamRateLimited, "DAILY", Some(3), Verdict::Daily),
            (
                E::UpstreamRateLimited,
                "",
                Some(u64::MAX),
                Verdict::Throttled(Some(900_000)),
            ),
            (E::RateLimited, "", None, Verdict::Throttled(Some(1_000))),
            (E::UpstreamUnavailable, "", None, Verdict::Transient(0)),
            (E::RefreshBusy, "", Some(2), Verdict::Transient(2_000)),
            (
                E::UpstreamForbidden,
                "",
                None,
                Verdict::Forbidden(vec!["automation".into()]),
            ),
            (E::UpstreamNotFound, "", None, Verdict::Empty),
            (E::UpstreamRejected, "", None, Verdict::Failed),
            (E::UnknownOperation, "", None, Verdict::Failed),
            (E::NeedsReauth, "", None, Verdict::Stop),
            (E::Disconnected, "", None, Verdict::Stop),
            (E::RoleRequired, "", None, Verdict::Stop),
            (E::SessionExpired, "", None, Verdict::Stop),
        ] {
            assert_eq!(
                judge(&problem(code, policy, retry_after)),
                want,
                "{code} {policy}"
            );
        }
    }

    #[test]
    fn waits_double_and_spread_by_a_quarter() {
        for tries in 1..=MAX_TRIES {
            let base = 1_000_u64 << (tries - 1);
            let waits: Vec<u64> = (0..100).map(|call| backoff_ms(tries, call)).collect();
            assert!(
                waits
                    .iter()
                    .all(|wait| (base * 3 / 4..=base * 5 / 4).contains(wait))
            );
            assert_ne!(waits.iter().min(), waits.iter().max());
            assert_eq!(backoff_ms(tries, 7), backoff_ms(tries, 7));
        }
        assert!(backoff_ms(u8::MAX, u32::MAX) <= 80_000);
    }
}
