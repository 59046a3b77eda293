//! One layer: an uncompressed tar of what is put into it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tar::{Builder, EntryType, Header};

use crate::command;
use crate::error::{During, Result};

/// Files, folders and links by their path in the image (no leading slash). Sorted, so a folder comes before its content.
#[derive(Debug, Default, Clone)]
pub struct Layer {
    entries: BTreeMap<String, Entry>,
}

#[derive(Debug, Clone)]
enum Entry {
    Dir { mode: u32 },
    File { mode: u32, content: Vec<u8> },
    Link { target: String },
}

impl Layer {
    /// An empty layer.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a folder and the folders above it (0755 where they are not there yet).
    #[must_use]
    pub fn dir(mut self, path: &str, mode: u32) -> Self {
        self.parents(path);
        self.entries.insert(clean(path), Entry::Dir { mode });
        self
    }

    /// Adds a file with this content.
    #[must_use]
    pub fn file(mut self, path: &str, mode: u32, content: impl Into<Vec<u8>>) -> Self {
        self.parents(path);
        self.entries.insert(
            clean(path),
            Entry::File {
                mode,
                content: content.into(),
            },
        );
        self
    }

    /// Adds a symbolic link.
    #[must_use]
    pub fn link(mut self, path: &str, target: &str) -> Self {
        self.parents(path);
        self.entries.insert(
            clean(path),
            Entry::Link {
                target: target.to_owned(),
            },
        );
        self
    }

    /// Adds a file of this machine (a link is followed), with 0755 where it may be executed and 0644 otherwise.
    pub fn host_file(self, path: &str, source: &Path) -> Result<Self> {
        let content = fs::read(source).during(format_args!("read {}", source.display()))?;
        let mode = fs::metadata(source)
            .during(format_args!("read {}", source.display()))?
            .permissions()
            .mode();
        Ok(self.file(path, if mode & 0o100 == 0 { 0o644 } else { 0o755 }, content))
    }

    /// Adds a program of this machine with the shared libraries it names (`ldd`), for images that are no more than that.
    pub fn host_program(self, path: &str, source: &Path) -> Result<Self> {
        let libraries = command::sh(&["ldd", &source.to_string_lossy()]).unwrap_or_default();
        let words = libraries
            .lines()
            .filter_map(|line| line.split_whitespace().find(|word| word.starts_with('/')));
        words
            .map(Path::new)
            .try_fold(self.host_file(path, source)?, |layer, library| {
                layer.host_file(&library.to_string_lossy(), library)
            })
    }

    /// Adds everything in a folder of this machine below `path`; links stay links.
    pub fn host_dir(mut self, path: &str, source: &Path) -> Result<Self> {
        for entry in fs::read_dir(source).during(format_args!("read {}", source.display()))? {
            let entry = entry.during(format_args!("read {}", source.display()))?;
            let (from, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            let to = format!("{}/{name}", clean(path));
            let kind = entry.file_type().during(format_args!("read {}", from.display()))?;
            self = if kind.is_symlink() {
                let target = fs::read_link(&from).during(format_args!("read {}", from.display()))?;
                self.link(&to, &target.to_string_lossy())
            } else if kind.is_dir() {
                self.dir(&to, 0o755).host_dir(&to, &from)?
            } else {
                self.host_file(&to, &from)?
            };
        }
        Ok(self)
    }

    /// The tar.
    pub fn tar(&self) -> Result<Vec<u8>> {
        let mut tar = Builder::new(Vec::new());
        for (path, entry) in &self.entries {
            append(&mut tar, path, entry).during(format_args!("add {path} to a layer"))?;
        }
        tar.into_inner().during("finish a layer")
    }

    fn parents(&mut self, path: &str) {
        let path = clean(path);
        for (at, _) in path.match_indices('/') {
            let parent = path.get(..at).unwrap_or_default().to_owned();
            self.entries.entry(parent).or_insert(Entry::Dir { mode: 0o755 });
        }
    }
}

fn append(tar: &mut Builder<Vec<u8>>, path: &str, entry: &Entry) -> std::io::Result<()> {
    let mut header = Header::new_gnu();
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    match entry {
        Entry::Dir { mode } => {
            header.set_entry_type(EntryType::Directory);
            header.set_mode(*mode);
            header.set_size(0);
            tar.append_data(&mut header, format!("{path}/"), std::io::empty())
        }
        Entry::File { mode, content } => {
            header.set_entry_type(EntryType::Regular);
            header.set_mode(*mode);
            header.set_size(content.len() as u64);
            tar.append_data(&mut header, path, content.as_slice())
        }
        Entry::Link { target } => {
            header.set_entry_type(EntryType::Symlink);
            header.set_mode(0o777);
            header.set_size(0);
            tar.append_link(&mut header, path, target)
        }
    }
}

fn clean(path: &str) -> String {
    path.trim_matches('/').to_owned()
}
