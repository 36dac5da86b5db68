//! The demo's temporary folder, readable by its owner only, deleted when dropped.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::random;
use crate::say::{self, OrSay, Outcome};

/// A fresh folder; holds the proxy's database and keys while the demo runs.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn create() -> Outcome<Self> {
        let path = std::env::temp_dir().join(format!("portico-demo-{}", random::token(9)?));
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        // Not recursive: a folder of that name that is already there is someone else's.
        builder.create(&path).or_say(path.display())?;
        Ok(Self(path))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(cause) = fs::remove_dir_all(&self.0) {
            say::progress(format_args!(
                "{} could not be deleted: {cause}",
                self.0.display()
            ));
        }
    }
}

/// Writes a new file that only its owner can read.
pub(crate) fn write_private(path: &Path, text: &str) -> Outcome {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).or_say(path.display())?;
    file.write_all(text.as_bytes()).or_say(path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn the_folder_is_private_and_goes_with_its_owner() {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let scratch = Scratch::create().unwrap();
        let file = scratch.path().join("secret");
        write_private(&file, "s").unwrap();
        assert_eq!((mode(scratch.path()), mode(&file)), (0o700, 0o600));
        let path = scratch.path().to_path_buf();
        drop(scratch);
        assert!(!path.exists());
    }
}
