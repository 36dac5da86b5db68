//! Randomness for names and throw-away secrets of one demo.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::say::{OrSay, Outcome};

/// `bytes` random bytes from the operating system, as base64url without padding.
pub(crate) fn token(bytes: usize) -> Outcome<String> {
    let mut buffer = vec![0; bytes];
    getrandom::fill(&mut buffer).or_say("the operating system gave no random bytes")?;
    Ok(URL_SAFE_NO_PAD.encode(buffer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_tokens_differ_and_have_the_asked_length() {
        let (one, other) = (token(24).unwrap(), token(24).unwrap());
        assert_ne!(one, other);
        assert_eq!(one.len(), 32);
    }
}
