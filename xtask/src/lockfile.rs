//! Reads the version of a package from `Cargo.lock`.

use crate::place;
use crate::say::{Failure, OrSay, Outcome};

/// The locked version of `package`.
pub(crate) fn version(package: &str) -> Outcome<String> {
    let path = place::root().join("Cargo.lock");
    let text = std::fs::read_to_string(&path).or_say(path.display())?;
    version_in(&text, package)
        .ok_or_else(|| Failure::new(format!("Cargo.lock holds no package {package}.")))
}

fn version_in(lock: &str, package: &str) -> Option<String> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name);
    lines.next()?;
    let version = lines
        .next()?
        .strip_prefix("version = \"")?
        .strip_suffix('"')?;
    Some(version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_follows_the_exact_name() {
        let lock = "[[package]]\nname = \"wasm-bindgen-macro\"\nversion = \"1.0.0\"\n\n\
                    [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\nsource = \"x\"\n";
        assert_eq!(version_in(lock, "wasm-bindgen").as_deref(), Some("0.2.130"));
        assert_eq!(version_in(lock, "wasm"), None);
    }

    #[test]
    fn the_repository_locks_wasm_bindgen() {
        assert!(version("wasm-bindgen").unwrap().starts_with("0.2."));
    }
}
