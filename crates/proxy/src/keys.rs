//! The data keys of a proxy: their file, and which of them seals.
//! Owns the file's form and its permissions; what is sealed with them is `seal`'s.

use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Bytes of one key.
pub(crate) const KEY_LENGTH: usize = 32;

/// Keys that look random but stand in documentation.
const EXAMPLES: [&str; 2] = [
    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    "cG9ydGljby1leGFtcGxlLWtleS1kby1ub3QtdXNlISE=",
];

/// Why the key file is not taken. Names the fault, never the value.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// It cannot be read or made.
    #[error("the key file {} cannot be used", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Others may read it.
    #[error("the key file {} can be read by others; its mode must be 0600", path.display())]
    Exposed {
        /// Which.
        path: PathBuf,
    },
    /// A line is not a key.
    #[error("key file, line {line}: {problem}")]
    Line {
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        problem: &'static str,
    },
    /// There is no key in it.
    #[error("the key file holds no key")]
    Empty,
    /// The random source failed.
    #[error("no random bytes could be had")]
    Random,
}

/// One master key.
pub(crate) struct MasterKey {
    pub(crate) kid: u32,
    pub(crate) bytes: Zeroizing<[u8; KEY_LENGTH]>,
}

/// All keys: the first seals, each opens what it sealed.
pub(crate) struct KeyRing(Vec<MasterKey>);

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyRing([redacted])")
    }
}

impl KeyRing {
    /// Lines of `kid:base64`, with comments and blank lines between.
    pub(crate) fn parse(text: &str) -> Result<Self, KeyError> {
        let mut keys: Vec<MasterKey> = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let content = line.trim();
            if content.is_empty() || content.starts_with('#') {
                continue;
            }
            let bad = |problem| KeyError::Line {
                line: index + 1,
                problem,
            };
            let (kid, encoded) = content
                .split_once(':')
                .ok_or(bad("is not of the form kid:base64"))?;
            let kid = kid.parse().map_err(|_| bad("its kid is not a number"))?;
            if EXAMPLES.contains(&encoded) {
                return Err(bad("is the example of the documentation"));
            }
            let decoded = Zeroizing::new(
                STANDARD
                    .decode(encoded)
                    .map_err(|_| bad("its key is not base64"))?,
            );
            let bytes: [u8; KEY_LENGTH] = decoded
                .as_slice()
                .try_into()
                .map_err(|_| bad("its key is not 32 bytes long"))?;
            let bytes = Zeroizing::new(bytes);
            if bytes.iter().all(|byte| *byte == bytes[0]) {
                return Err(bad("its key is one byte repeated"));
            }
            if keys.iter().any(|key| key.kid == kid) {
                return Err(bad("its kid stands twice"));
            }
            if keys.iter().any(|key| key.bytes == bytes) {
                return Err(bad("its key stands twice"));
            }
            keys.push(MasterKey { kid, bytes });
        }
        if keys.is_empty() {
            Err(KeyError::Empty)
        } else {
            Ok(Self(keys))
        }
    }

    /// Reads the file, which nobody else may read.
    pub(crate) fn load(path: &Path) -> Result<Self, KeyError> {
        let fault = |source| KeyError::File {
            path: path.to_owned(),
            source,
        };
        let mode = fs::metadata(path).map_err(fault)?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(KeyError::Exposed {
                path: path.to_owned(),
            });
        }
        let text = Zeroizing::new(fs::read_to_string(path).map_err(fault)?);
        Self::parse(&text)
    }

    /// Reads the file, or makes one with a fresh key where there is none.
    pub(crate) fn load_or_create(path: &Path) -> Result<Self, KeyError> {
        let fault = |source| KeyError::File {
            path: path.to_owned(),
            source,
        };
        let mut key = Zeroizing::new([0_u8; KEY_LENGTH]);
        rand::fill(key.as_mut()).map_err(|_| KeyError::Random)?;
        // Written aside and linked into place: a crash leaves no half-written key, and of two
        // processes that start at once only one names the file.
        let aside = path.with_extension(format!("new-{}", uuid::Uuid::new_v4().simple()));
        if !path.exists() {
            let mut file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&aside)
                .map_err(fault)?;
            let text = Zeroizing::new(format!(
                "# Seals what this proxy stores. Keep it; never back it up together with the data.\n1:{}\n",
                *Zeroizing::new(STANDARD.encode(key.as_ref()))
            ));
            let written = file
                .write_all(text.as_bytes())
                .and_then(|()| file.sync_all());
            let placed = written.and_then(|()| match fs::hard_link(&aside, path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
                other => other,
            });
            let _ = fs::remove_file(&aside);
            placed.map_err(fault)?;
        }
        Self::load(path)
    }

    /// The key that seals.
    pub(crate) fn primary(&self) -> &MasterKey {
        // `parse` refuses an empty ring.
        &self.0[0]
    }

    /// Numbers of all keys, the sealing one first.
    pub(crate) fn kids(&self) -> Vec<u32> {
        self.0.iter().map(|key| key.kid).collect()
    }

    pub(crate) fn by_kid(&self, kid: u32) -> Option<&MasterKey> {
        self.0.iter().find(|key| key.kid == kid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(kid: &str, seed: u8, length: usize) -> String {
        let bytes: Vec<u8> = (0..length)
            .map(|i| seed.wrapping_add(u8::try_from(i).unwrap()))
            .collect();
        format!("{kid}:{}", STANDARD.encode(bytes))
    }

    #[test]
    fn the_first_key_seals_and_all_open() {
        let text = format!("# keys\n\n{}\n{}\n", line("2", 9, 32), line("1", 70, 32));
        let ring = KeyRing::parse(&text).unwrap();
        assert_eq!(ring.primary().kid, 2);
        assert!(ring.by_kid(1).is_some() && ring.by_kid(3).is_none());
        assert_eq!(format!("{ring:?}"), "KeyRing([redacted])");
    }

    /// ST-6: refused by name of the fault, without the value.
    #[test]
    fn bad_keys_are_refused_without_being_shown() {
        let zero = format!("1:{}", STANDARD.encode([0_u8; 32]));
        let twice = format!("{}\n{}", line("1", 9, 32), line("1", 70, 32));
        let same = format!("{}\n{}", line("1", 9, 32), line("2", 9, 32));
        for (text, problem) in [
            (String::new(), "no key"),
            ("# only this".into(), "no key"),
            (zero, "repeated"),
            (line("1", 9, 31), "32 bytes"),
            (line("1", 9, 33), "32 bytes"),
            (line("x", 9, 32), "kid"),
            (line("-1", 9, 32), "kid"),
            (format!("1:{}", EXAMPLES[0]), "example"),
            (format!("1:{}", EXAMPLES[1]), "example"),
            ("1:***".into(), "base64"),
            ("just words".into(), "form"),
            (twice, "kid stands twice"),
            (same, "key stands twice"),
        ] {
            let error = KeyRing::parse(&text).unwrap_err().to_string();
            assert!(error.contains(problem), "{problem}: {error}");
            let value = text.rsplit(':').next().unwrap_or_default();
            assert!(value.len() < 20 || !error.contains(value), "{error}");
        }
    }

    /// ST-6: a fresh key is for its owner alone, and a file that others may read is refused.
    #[test]
    fn a_key_file_is_made_once_and_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        let first = KeyRing::load_or_create(&path).unwrap();
        let second = KeyRing::load_or_create(&path).unwrap();
        assert_eq!(first.primary().bytes, second.primary().bytes);
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(
            KeyRing::load(&path),
            Err(KeyError::Exposed { .. })
        ));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
