//! Where results go.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::path::Path;

use anyhow::Context;
use forge_usage::render::Style;

use super::args::{Color, OutputArgs};

/// The file that was asked for, or standard output.
pub(super) fn open(args: &OutputArgs) -> anyhow::Result<Box<dyn Write>> {
    match file(args) {
        Some(path) => {
            let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
            Ok(Box::new(file))
        }
        None => Ok(Box::new(io::stdout().lock())),
    }
}

/// The file that was asked for.
pub(super) fn file(args: &OutputArgs) -> Option<&Path> {
    args.output.as_deref().filter(|path| path.as_os_str() != "-")
}

/// Text fits a terminal; elsewhere it is never cut.
pub(super) fn style(args: &OutputArgs, color: Color) -> Style {
    let is_terminal = file(args).is_none() && io::stdout().is_terminal();
    let width = is_terminal.then(|| terminal_size::terminal_size().map(|(width, _)| usize::from(width.0))).flatten();
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let color = match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => is_terminal && !no_color,
    };
    Style { width, color, notes: !args.quiet }
}
