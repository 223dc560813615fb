//! Where results go.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use forge_usage::render::{self, Format, Style};
use forge_usage::table::Warning;

use super::args::{Color, InputArgs, OutputArgs};
use super::clock;
use super::exit::{complain, is_broken_pipe};
use super::replace::New;

/// Fills the file that was asked for, all or nothing, or standard output. A reader that went away is no error: what
/// is known of the answer holds without it.
pub(super) fn write(args: &OutputArgs, fill: impl FnOnce(&mut dyn Write) -> anyhow::Result<()>) -> anyhow::Result<()> {
    unless_closed(write_to(args.output.as_deref(), fill))
}

/// What is left of a failure to write when it is no matter that nobody reads any more.
pub(super) fn unless_closed(written: anyhow::Result<()>) -> anyhow::Result<()> {
    written.or_else(|error| if is_broken_pipe(&error) { Ok(()) } else { Err(error) })
}

/// Fills a path, of which `-` is standard output. A reader that went away is an error.
pub(super) fn write_to<T>(
    path: Option<&Path>,
    fill: impl FnOnce(&mut dyn Write) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    match file_of(path) {
        Some(path) => fill_file(path, fill),
        None => fill(&mut io::stdout().lock()),
    }
}

/// Fills a file, all or nothing.
pub(super) fn fill_file<T>(path: &Path, fill: impl FnOnce(&mut dyn Write) -> anyhow::Result<T>) -> anyhow::Result<T> {
    if path.metadata().is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir()) {
        // A device or a pipe is written into, not replaced.
        let open = File::options().write(true).open(path);
        return fill(&mut open.with_context(|| format!("cannot write {}", path.display()))?);
    }
    let is_folder = path.is_dir() || path.as_os_str().as_encoded_bytes().ends_with(b"/");
    anyhow::ensure!(!is_folder, "cannot write {}: it names a folder, and this writes one file", path.display());
    let mut new = New::file(path)?;
    let filled = fill(&mut new)?;
    new.commit()?;
    Ok(filled)
}

/// The format that was named, else that of the output's suffix, else a screen.
pub(super) fn format(named: Option<Format>, args: &OutputArgs) -> anyhow::Result<Format> {
    named.map_or_else(|| by_suffix(args.output.as_deref()), Ok)
}

/// The format that the suffix of a file to write tells, else a screen.
pub(super) fn by_suffix(output: Option<&Path>) -> anyhow::Result<Format> {
    Ok(suffix(output).map_or(Ok(Format::Table), Format::from_suffix)?)
}

/// What the name of a file to write ends with.
pub(super) fn suffix(path: Option<&Path>) -> Option<&str> {
    path?.extension()?.to_str()
}

/// The path, or the file of this name in it if it is a folder, or is written as one: then it is made.
pub(super) fn in_folder(path: &Path, name: &str) -> anyhow::Result<PathBuf> {
    if !path.is_dir() && !path.as_os_str().as_encoded_bytes().ends_with(b"/") {
        return Ok(path.to_owned());
    }
    std::fs::create_dir_all(path).with_context(|| format!("cannot make the folder {}", path.display()))?;
    Ok(path.join(name))
}

/// The file that was asked for.
pub(super) fn file(args: &OutputArgs) -> Option<&Path> {
    file_of(args.output.as_deref())
}

/// The file that a path names; `-` is standard output.
pub(super) fn file_of(path: Option<&Path>) -> Option<&Path> {
    path.filter(|path| path.as_os_str() != "-")
}

/// Tells on standard error the warnings that an output has no room for. Who asked for quiet hears only of those that
/// `--strict` ends with 2 for.
pub(super) fn warn(warnings: &[Warning], args: &OutputArgs, input: &InputArgs) {
    let is_told = |warning: &&Warning| !args.quiet || (input.strict && warning.code.is_loss());
    let told: Vec<Warning> = warnings.iter().filter(is_told).cloned().collect();
    for line in render::warnings(&told) {
        complain(&line);
    }
}

/// Whether a report's document holds its warnings.
pub(super) fn holds_warnings(format: Format, args: &OutputArgs) -> bool {
    match format {
        Format::Json => true,
        Format::Table => !args.quiet,
        Format::Jsonl | Format::Csv | Format::Markdown => false,
    }
}

/// Text fits a terminal; elsewhere it is never cut.
pub(super) fn style(args: &OutputArgs, color: Color) -> Style {
    let is_terminal = file(args).is_none() && io::stdout().is_terminal();
    let is_dumb = std::env::var_os("TERM").is_some_and(|name| name == "dumb");
    let color = match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => is_terminal && allows_color() && !is_dumb,
    };
    let width = width(args.output.as_deref());
    Style { width, color, notes: !args.quiet, now: Some(clock::now()), ..Style::default() }
}

/// Whether the user has nothing against colours.
pub(super) fn allows_color() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// How wide lines may be; `None` where what is written goes to no terminal.
pub(super) fn width(output: Option<&Path>) -> Option<usize> {
    let is_terminal = file_of(output).is_none() && io::stdout().is_terminal();
    terminal_size::terminal_size().filter(|_| is_terminal).map(|(width, _)| usize::from(width.0))
}
