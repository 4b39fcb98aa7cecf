//! Files that a user names for a command's output. Each is complete or absent, and never replaces a file of another
//! kind: a mistyped name must not cost a run or a dataset.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use tempfile::NamedTempFile;

use super::names::{LONG, MARKDOWN, REPORT, RLIABLE};
use crate::folder::owner::owner;

/// What a file holds, and the only kind of file that it may replace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A drawing.
    Svg,
    /// An animation.
    Gif,
    /// A frame of an animation.
    Png,
    /// Networks.
    Safetensors,
    /// A table of scores or evaluations.
    Csv,
    /// Scores for rliable.
    Json,
    /// A report's page.
    Report,
    /// A report as Markdown.
    Markdown,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Svg => "SVG picture",
            Self::Gif => "GIF animation",
            Self::Png => "PNG picture",
            Self::Safetensors => "safetensors file",
            Self::Csv => "table of runs",
            Self::Json => "file for rliable",
            Self::Report => "report",
            Self::Markdown => "report in Markdown",
        }
    }

    /// Whether a file that begins so is of this kind.
    fn fits(self, bytes: &[u8]) -> bool {
        match self {
            Self::Svg => bytes.windows(4).any(|word| word == b"<svg"),
            Self::Gif => bytes.starts_with(b"GIF8"),
            Self::Png => bytes.starts_with(b"\x89PNG\r\n\x1a\n"),
            // The length of the header, which is JSON.
            Self::Safetensors => bytes.get(8) == Some(&b'{'),
            Self::Csv => bytes.starts_with(LONG.join(",").as_bytes()),
            Self::Json => bytes.starts_with(RLIABLE.as_bytes()),
            Self::Report => bytes.starts_with(REPORT.as_bytes()),
            Self::Markdown => bytes.starts_with(MARKDOWN.as_bytes()),
        }
    }
}

/// Where a file is to be.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    /// The option that named it.
    option: &'static str,
    /// As it was named.
    path: PathBuf,
    kind: Kind,
}

impl Output {
    /// A place for a file, checked before anything is computed for it.
    ///
    /// # Errors
    /// When it is a folder, its folder is not there, something else is there already, or a run keeps its own file there.
    pub(crate) fn new(option: &'static str, path: &Path, kind: Kind) -> Result<Self> {
        let output = Self {
            option,
            path: path.to_owned(),
            kind,
        };
        output.target()?;
        Ok(output)
    }

    /// The path as it was named.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether a file is there.
    pub(crate) fn exists(&self) -> bool {
        self.path.is_file()
    }

    /// Whether both are one file.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub(crate) fn is_at(&self, other: &Self) -> Result<bool> {
        Ok(self.target()?.0 == other.target()?.0)
    }

    fn said(&self) -> String {
        format!("{} {}", self.option, self.path.display())
    }

    /// The file behind links, and whether it is a file, not a device or a pipe.
    fn target(&self) -> Result<(PathBuf, bool)> {
        let said = self.said();
        let there = match fs::metadata(&self.path) {
            Ok(there) if there.is_dir() => bail!("{said} is a folder; name a file in it"),
            Ok(there) => Some(there),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) if error.kind() == ErrorKind::NotADirectory => {
                bail!("{said}: a file is no folder for it; choose another name")
            }
            Err(error) => return Err(error).context(said),
        };
        if there.as_ref().is_some_and(|there| !there.is_file()) {
            return Ok((self.path.clone(), false));
        }
        let target = match &there {
            Some(_) => fs::canonicalize(&self.path).with_context(|| said.clone())?,
            None => self.absent()?,
        };
        if let Some(run) = owner(&target) {
            let run = run.display();
            bail!("{said}: the run in {run} keeps its own file there; choose another name");
        }
        if there.is_some_and(|there| there.len() > 0) {
            let mut bytes = Vec::new();
            let file = File::open(&target).with_context(|| said.clone())?;
            file.take(1024)
                .read_to_end(&mut bytes)
                .with_context(|| said.clone())?;
            if !self.kind.fits(&bytes) {
                let kind = self.kind.name();
                bail!("{said} is there already, and is no {kind}; choose another name");
            }
        }
        Ok((target, true))
    }

    /// The place of a file that is not there, in a folder that must be.
    fn absent(&self) -> Result<PathBuf> {
        let said = self.said();
        // A link to nothing yet leads to where the file is to be.
        let path = match fs::read_link(&self.path) {
            Ok(to) => self.path.parent().unwrap_or(Path::new("")).join(to),
            Err(_) => self.path.clone(),
        };
        let name = path
            .file_name()
            .with_context(|| format!("{said} names no file"))?;
        let folder = path.parent().filter(|folder| *folder != Path::new(""));
        let folder = folder.unwrap_or(Path::new("."));
        match fs::canonicalize(folder) {
            Ok(folder) if folder.is_dir() => Ok(folder.join(name)),
            _ => bail!("{said}: there is no folder {}", folder.display()),
        }
    }

    /// Begins to write. What was there stays until [`Unfinished::finish`].
    ///
    /// # Errors
    /// As [`new`](Self::new), and when nothing can be written there.
    pub(crate) fn begin(self) -> Result<Unfinished> {
        let (target, is_file) = self.target()?;
        let sink = match is_file {
            true => beside(&target).map(Sink::Beside),
            false => File::options().write(true).open(&target).map(Sink::Device),
        };
        let sink = sink.with_context(|| format!("{} cannot be written", self.said()))?;
        Ok(Unfinished {
            output: self,
            sink: BufWriter::new(sink),
        })
    }

    /// Writes all of it.
    ///
    /// # Errors
    /// As [`begin`](Self::begin).
    pub(crate) fn write(self, bytes: &[u8]) -> Result<()> {
        let said = self.said();
        let mut unfinished = self.begin()?;
        unfinished
            .write_all(bytes)
            .with_context(|| format!("{said} cannot be written"))?;
        unfinished.finish()
    }
}

/// A new file in the same folder, which goes unless it is kept.
fn beside(target: &Path) -> io::Result<NamedTempFile> {
    let mut prefix = OsString::from(".");
    prefix.push(target.file_name().unwrap_or_default());
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(".tmp");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // As of any new file, the user's mask taken off.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(target.parent().unwrap_or(Path::new(".")))
}

/// Where bytes go.
#[derive(Debug)]
enum Sink {
    Beside(NamedTempFile),
    Device(File),
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Beside(file) => file.write(bytes),
            Self::Device(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Beside(file) => file.flush(),
            Self::Device(file) => file.flush(),
        }
    }
}

/// A file that is being written. Dropped before its end, it leaves nothing.
#[derive(Debug)]
pub(crate) struct Unfinished {
    output: Output,
    sink: BufWriter<Sink>,
}

impl Unfinished {
    /// Moves the file to its place, once all of it is on the disk.
    ///
    /// # Errors
    /// When it cannot be, or something else came there meanwhile.
    pub(crate) fn finish(mut self) -> Result<()> {
        let said = || format!("{} cannot be written", self.output.said());
        self.sink.flush().with_context(said)?;
        let (target, _) = self.output.target()?;
        let (sink, _) = self.sink.into_parts();
        let Sink::Beside(file) = sink else {
            return Ok(());
        };
        let said = || format!("{} cannot be written", self.output.said());
        file.as_file().sync_all().with_context(said)?;
        file.persist(&target)
            .map_err(|error| error.error)
            .with_context(said)?;
        Ok(())
    }
}

impl Write for Unfinished {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.sink.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}
