//! Files and folders that replace what was there in one step: whenever the process dies, the old or the new is there,
//! whole.
//!
//! The new is written aside, under a hidden name in the same folder that programs which read tables pass over
//! (`.usage.parquet.tmp-4711`), synced and then renamed. What a killed process left aside is removed by the next one
//! that writes to the same place.
//!
//! Linux and macOS swap two folders in one step. Where that can't be done, a kill between two renames leaves the old
//! folder under a hidden name (`.usage.old-4711`); the next export puts it back.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;

/// Something new beside the place it is meant for. Dropped without [`New::commit`] it is gone.
pub(super) struct New {
    target: PathBuf,
    aside: PathBuf,
    /// The file, or the folder; locked, so that others see that its writer lives.
    handle: File,
    is_placed: bool,
}

impl New {
    /// A file that will take the place of `target`.
    pub(super) fn file(target: &Path) -> anyhow::Result<New> {
        let new = New::aside(target, |aside| File::create_new(aside))?;
        if let Ok(old) = fs::metadata(&new.target) {
            // The place is the same: who could read it still can.
            new.handle.set_permissions(old.permissions()).with_context(|| cannot_write(target))?;
        }
        Ok(new)
    }

    /// A folder that will take the place of `target`.
    pub(super) fn folder(target: &Path) -> anyhow::Result<New> {
        New::aside(target, |aside| {
            if let Some(parent) = folder_of(aside) {
                fs::create_dir_all(parent)?;
            }
            fs::create_dir(aside)?;
            File::open(aside)
        })
    }

    fn aside(target: &Path, create: impl Fn(&Path) -> io::Result<File>) -> anyhow::Result<New> {
        // What a link points to is replaced, not the link.
        let target = followed(target);
        clean_up(&target);
        for attempt in 0..100 {
            let aside = hidden(&target, &format!("tmp-{}{}", std::process::id(), ".".repeat(attempt)));
            match create(&aside) {
                Ok(handle) => {
                    // Another process may have taken it for a leftover before it was locked.
                    let _ = handle.lock();
                    if aside.symlink_metadata().is_ok() {
                        return Ok(New { target, aside, handle, is_placed: false });
                    }
                }
                Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {}
                Err(cause) => return Err(cause).with_context(|| cannot_write(&target)),
            }
        }
        anyhow::bail!("cannot write {}: no free name beside it", target.display())
    }

    /// Where it stands until then.
    pub(super) fn path(&self) -> &Path {
        &self.aside
    }

    /// Puts it in its place.
    pub(super) fn commit(mut self) -> anyhow::Result<()> {
        self.place().with_context(|| cannot_write(&self.target))
    }

    fn place(&mut self) -> io::Result<()> {
        // Not every system can sync a folder.
        let synced = self.handle.sync_all();
        if self.handle.metadata()?.is_dir() {
            swap(&self.aside, &self.target)?;
        } else {
            synced?;
            fs::rename(&self.aside, &self.target)?;
            self.is_placed = true;
        }
        if let Some(folder) = folder_of(&self.target) {
            sync_folder(folder);
        }
        Ok(())
    }
}

impl Write for New {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.handle.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.handle.flush()
    }
}

impl Drop for New {
    fn drop(&mut self) {
        if !self.is_placed {
            remove(&self.aside);
        }
    }
}

/// Where links lead from a path, also to what isn't there yet.
fn followed(path: &Path) -> PathBuf {
    // As many as Linux follows.
    const MOST_LINKS: usize = 40;
    let mut place = path.to_owned();
    for _ in 0..MOST_LINKS {
        let Ok(next) = fs::read_link(&place) else { break };
        place = folder_of(&place).map_or(next.clone(), |folder| folder.join(next));
    }
    place.canonicalize().unwrap_or(place)
}

/// Whether the second of two files that are written would take the place of the first. What is written into a device
/// takes no place.
pub(super) fn is_one_place(a: &Path, b: &Path) -> bool {
    let place = |path: &Path| {
        let place = followed(path);
        let folder = folder_of(&place).and_then(|folder| folder.canonicalize().ok());
        folder.zip(place.file_name()).map_or_else(|| place.clone(), |(folder, name)| folder.join(name))
    };
    let is_device = |path: &Path| path.metadata().is_ok_and(|metadata| !metadata.is_file());
    !is_device(a) && place(a) == place(b)
}

/// Makes a finished folder outlive a loss of power. Where the system can't, there is nothing to be done.
pub(super) fn sync_folder(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}

/// Puts the folder `new` at `target`; whatever was there is then at `new`.
fn swap(new: &Path, target: &Path) -> io::Result<()> {
    if target.symlink_metadata().is_err() {
        return fs::rename(new, target);
    }
    if exchange(new, target).is_ok() {
        return Ok(());
    }
    let old = hidden(target, &format!("old-{}", std::process::id()));
    fs::rename(target, &old)?;
    if let Err(cause) = fs::rename(new, target) {
        fs::rename(&old, target)?;
        return Err(cause);
    }
    fs::rename(&old, new)
}

#[cfg(any(target_os = "linux", target_os = "macos"))]
fn exchange(a: &Path, b: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, a, CWD, b, RenameFlags::EXCHANGE)?)
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn exchange(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Removes what killed processes left beside `target`, and puts back what they had moved away.
fn clean_up(target: &Path) {
    let Some(entries) = folder_of(target).and_then(|folder| folder.read_dir().ok()) else { return };
    let (new, old) = (hidden_name(target, "tmp-"), hidden_name(target, "old-"));
    for entry in entries.flatten() {
        let name = entry.file_name();
        if starts_with(&name, &old) && target.symlink_metadata().is_err() {
            let _ = fs::rename(entry.path(), target);
        } else if starts_with(&name, &new) || starts_with(&name, &old) {
            let is_left = File::open(entry.path()).is_ok_and(|handle| handle.try_lock().is_ok());
            if is_left {
                remove(&entry.path());
            }
        }
    }
}

fn remove(path: &Path) {
    let is_folder = path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir());
    // It is hidden, and the next export tries again.
    let _ = if is_folder { fs::remove_dir_all(path) } else { fs::remove_file(path) };
}

/// Whether it is a name of ours: the start, then a process's number.
fn starts_with(name: &OsStr, start: &OsStr) -> bool {
    let rest = name.as_encoded_bytes().strip_prefix(start.as_encoded_bytes());
    rest.is_some_and(|rest| !rest.is_empty() && rest.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.'))
}

fn hidden(target: &Path, suffix: &str) -> PathBuf {
    target.with_file_name(hidden_name(target, suffix))
}

fn hidden_name(target: &Path, suffix: &str) -> OsString {
    let mut name = OsString::from(".");
    name.push(target.file_name().unwrap_or_default());
    name.push(".");
    name.push(suffix);
    name
}

fn folder_of(path: &Path) -> Option<&Path> {
    let folder = path.parent()?;
    Some(if folder.as_os_str().is_empty() { Path::new(".") } else { folder })
}

fn cannot_write(path: &Path) -> String {
    format!("cannot write {}", path.display())
}
