//! Words to the person at the terminal: failures, headings, durations.
//!
//! Owns how things are said, never what happens.

use std::fmt::{self, Display};
use std::time::Duration;

/// Why a task stopped, in words for the person who typed it, with what to do next.
#[derive(Debug)]
pub(crate) struct Failure(String);

/// A result whose error is ready to be read.
pub(crate) type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    /// `what` must be a whole sentence or two.
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }

    /// `what` names the thing that failed; the cause follows it.
    pub(crate) fn because(what: impl Display, cause: &dyn Display) -> Self {
        Self(format!("{what}: {cause}"))
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Names the thing that failed, keeping the cause.
pub(crate) trait OrSay<T> {
    /// The value, or a [`Failure`] that reads `what: cause`.
    fn or_say(self, what: impl Display) -> Outcome<T>;
}

impl<T, E: Display> OrSay<T> for Result<T, E> {
    fn or_say(self, what: impl Display) -> Outcome<T> {
        self.map_err(|cause| Failure::because(what, &cause))
    }
}

/// A line of progress. Progress goes to stderr, answers to stdout.
pub(crate) fn progress(line: impl Display) {
    eprintln!("{line}");
}

/// `4.2 s`, `1 min 05 s`: enough to see where time goes.
pub(crate) fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds < 60 {
        format!("{:.1} s", time.as_secs_f64())
    } else {
        format!("{} min {:02} s", seconds / 60, seconds % 60)
    }
}

/// Bytes in thousands, as browsers' tools show them: `113.6 kB`.
#[expect(
    clippy::cast_precision_loss,
    reason = "sizes of files, shown to one decimal"
)]
pub(crate) fn kilobytes(bytes: usize) -> String {
    format!("{:.1} kB", bytes as f64 / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_sizes_read_well() {
        assert_eq!(duration(Duration::from_millis(4_200)), "4.2 s");
        assert_eq!(duration(Duration::from_secs(65)), "1 min 05 s");
        assert_eq!(kilobytes(113_572), "113.6 kB");
    }
}
