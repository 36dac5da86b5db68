//! A file of the bundle: its hash, its compressed copies, and the list of them all.
//!
//! Owns the output folder. Does not look into files.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use sha2::{Digest, Sha256, Sha384};

use super::Bundle;
use crate::place;
use crate::say::{OrSay, Outcome};

/// Brotli's largest window that every browser takes, and its best quality.
const BROTLI_WINDOW: u32 = 22;
const BROTLI_QUALITY: u32 = 11;

/// A finished file.
#[derive(Debug)]
pub(crate) struct Asset {
    pub(crate) bytes: Vec<u8>,
    /// Paths of the files that it loads.
    pub(crate) refers_to: BTreeSet<String>,
}

impl Asset {
    pub(crate) fn new(bytes: Vec<u8>, refers_to: BTreeSet<String>) -> Self {
        Self { bytes, refers_to }
    }

    /// Subresource integrity: `sha384-` and base64.
    pub(crate) fn integrity(&self) -> String {
        format!("sha384-{}", STANDARD.encode(Sha384::digest(&self.bytes)))
    }

    /// `name.js` to `name-0123456789abcdef.js`, and `name_bg.wasm` to `name-0123456789abcdef_bg.wasm`:
    /// where a name changes with its content, it may be cached for ever.
    pub(crate) fn hashed_path(&self, path: &str) -> String {
        let hash = &content_hash(&self.bytes)[..16];
        let (stem, rest) = match path.strip_suffix("_bg.wasm") {
            Some(stem) => (stem, "_bg.wasm"),
            None => path.rfind('.').map_or((path, ""), |dot| path.split_at(dot)),
        };
        format!("{stem}-{hash}{rest}")
    }
}

/// One row of `assets.json`.
#[derive(Serialize)]
pub(crate) struct Listed {
    pub(crate) path: String,
    pub(crate) bytes: usize,
    /// Size of the brotli copy beside it; none where compression does not pay.
    pub(crate) br: Option<usize>,
    /// Size of the gzip copy beside it.
    pub(crate) gz: Option<usize>,
    /// In the form of an `integrity` attribute.
    pub(crate) sha384: String,
}

impl Listed {
    /// What travels to a browser that takes brotli.
    pub(crate) fn on_the_wire(&self) -> usize {
        self.br.unwrap_or(self.bytes)
    }
}

/// SHA-256 in hexadecimal.
pub(super) fn content_hash(bytes: &[u8]) -> String {
    use std::fmt::Write;
    Sha256::digest(bytes)
        .iter()
        .fold(String::with_capacity(64), |mut hex, byte| {
            // Writing to a String cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}

/// What `make` makes of a content, kept by `key` so that the next run need not make it again.
pub(super) fn cached(key: &str, make: impl FnOnce() -> Outcome<Vec<u8>>) -> Outcome<Vec<u8>> {
    let dir = place::cache().join("made");
    let path = dir.join(key);
    if let Ok(bytes) = fs::read(&path) {
        return Ok(bytes);
    }
    let bytes = make()?;
    fs::create_dir_all(&dir).or_say(dir.display())?;
    // Renamed into place: a run that is stopped half-way leaves no half file behind.
    let half = dir.join(format!("{key}.half"));
    fs::write(&half, &bytes).or_say(half.display())?;
    fs::rename(&half, &path).or_say(path.display())?;
    Ok(bytes)
}

/// Writes the bundle, its compressed copies and `assets.json` into `out`, replacing what is there.
pub(crate) fn write(bundle: &Bundle, out: &Path) -> Outcome<Vec<Listed>> {
    let fresh = sibling(out, "new");
    if fresh.exists() {
        fs::remove_dir_all(&fresh).or_say(fresh.display())?;
    }
    let mut listed = Vec::new();
    for (path, asset) in bundle {
        let file = fresh.join(path);
        if let Some(dir) = file.parent() {
            fs::create_dir_all(dir).or_say(dir.display())?;
        }
        fs::write(&file, &asset.bytes).or_say(file.display())?;
        let (br, gz) = if compressible(path) {
            (
                beside(&file, "br", &kept_brotli(&asset.bytes)?, asset.bytes.len())?,
                beside(&file, "gz", &gzip(&asset.bytes)?, asset.bytes.len())?,
            )
        } else {
            (None, None)
        };
        let sha384 = asset.integrity();
        listed.push(Listed {
            path: path.clone(),
            bytes: asset.bytes.len(),
            br,
            gz,
            sha384,
        });
    }
    let list = serde_json::to_string_pretty(&listed).or_say("assets.json")?;
    fs::write(fresh.join("assets.json"), list + "\n").or_say(fresh.display())?;
    replace(&fresh, out)?;
    Ok(listed)
}

/// Moves `fresh` to `out`. Whoever serves `out` misses it for two renames and never sees half.
fn replace(fresh: &Path, out: &Path) -> Outcome {
    let old = sibling(out, "old");
    if old.exists() {
        fs::remove_dir_all(&old).or_say(old.display())?;
    }
    if out.exists() {
        fs::rename(out, &old).or_say(out.display())?;
    }
    fs::rename(fresh, out).or_say(out.display())?;
    if old.exists() {
        fs::remove_dir_all(&old).or_say(old.display())?;
    }
    Ok(())
}

fn sibling(out: &Path, ending: &str) -> PathBuf {
    let name = out
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    out.with_file_name(format!(".{name}.{ending}"))
}

/// Writes a compressed copy if it is smaller; its size.
fn beside(file: &Path, ending: &str, packed: &[u8], plain: usize) -> Outcome<Option<usize>> {
    if packed.len() >= plain {
        return Ok(None);
    }
    let path = PathBuf::from(format!("{}.{ending}", file.display()));
    fs::write(&path, packed).or_say(path.display())?;
    Ok(Some(packed.len()))
}

fn compressible(path: &str) -> bool {
    let ending = path.rsplit('.').next().unwrap_or_default();
    [
        "html", "js", "css", "svg", "wasm", "json", "ts", "txt", "map",
    ]
    .contains(&ending)
}

/// Slow at this quality, hence kept.
fn kept_brotli(bytes: &[u8]) -> Outcome<Vec<u8>> {
    let key = format!("{}.br{BROTLI_QUALITY}", content_hash(bytes));
    cached(&key, || brotli(bytes))
}

fn brotli(bytes: &[u8]) -> Outcome<Vec<u8>> {
    let mut packed = Vec::new();
    let mut writer =
        brotli::CompressorWriter::new(&mut packed, 64 * 1024, BROTLI_QUALITY, BROTLI_WINDOW);
    writer.write_all(bytes).or_say("brotli")?;
    drop(writer);
    Ok(packed)
}

fn gzip(bytes: &[u8]) -> Outcome<Vec<u8>> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    writer.write_all(bytes).or_say("gzip")?;
    writer.finish().or_say("gzip")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hashed_name_keeps_its_ending_and_follows_its_content() {
        let one = Asset::new(b"one".to_vec(), BTreeSet::new());
        let other = Asset::new(b"other".to_vec(), BTreeSet::new());
        assert_ne!(one.hashed_path("a.js"), other.hashed_path("a.js"));
        // SHA-256 of "one" begins with these digits.
        assert_eq!(one.hashed_path("a.js"), "a-7692c3ad3540bb80.js");
        assert_eq!(one.hashed_path("p_bg.wasm"), "p-7692c3ad3540bb80_bg.wasm");
        assert_eq!(one.hashed_path("LICENSE"), "LICENSE-7692c3ad3540bb80");
    }

    #[test]
    fn compressed_copies_open_to_the_same_bytes() {
        let text = b"the same words again and again and again and again".repeat(20);
        let mut plain = Vec::new();
        let mut reader = &brotli(&text).unwrap()[..];
        brotli::BrotliDecompress(&mut reader, &mut plain).unwrap();
        assert_eq!(plain, text);
        let mut plain = Vec::new();
        let packed = gzip(&text).unwrap();
        std::io::copy(&mut flate2::read::GzDecoder::new(&packed[..]), &mut plain).unwrap();
        assert_eq!(plain, text);
    }

    #[test]
    fn a_second_write_leaves_nothing_of_the_first() {
        let out = std::env::temp_dir().join(format!("xtask-{}", crate::random::token(9).unwrap()));
        let asset = || Asset::new(b"text text text text text text".to_vec(), BTreeSet::new());
        write(&Bundle::from([("old.js".into(), asset())]), &out).unwrap();
        let listed = write(&Bundle::from([("a/new.js".into(), asset())]), &out).unwrap();
        assert!(!out.join("old.js").exists());
        assert!(out.join("a/new.js.br").is_file());
        assert_eq!(listed.len(), 1);
        assert!(listed[0].br.unwrap() < listed[0].bytes);
        let list = fs::read_to_string(out.join("assets.json")).unwrap();
        fs::remove_dir_all(&out).unwrap();
        assert!(list.contains("\"path\": \"a/new.js\""), "{list}");
    }
}
