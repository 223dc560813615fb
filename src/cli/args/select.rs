//! Flags that choose rows.

use clap::Args;

/// Which rows count.
#[derive(Debug, Args)]
pub(in crate::cli) struct SelectArgs {
    /// Keep rows whose dimension matches a glob; of several for one key, any (`--where model=gpt-*`)
    #[arg(long = "where", value_name = "KEY=GLOB", help_heading = "Rows")]
    pub(in crate::cli) filters: Vec<String>,

    /// From this time on: 2026-11-20, 20261120, RFC 3339, now, today, yesterday, or an age such as 7d, 12h, 30m, 2w
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, help_heading = "Rows")]
    pub(in crate::cli) since: Option<String>,

    /// Up to this time; a date is inclusive
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, help_heading = "Rows")]
    pub(in crate::cli) until: Option<String>,

    /// Time zone in which days and hours are cut: an IANA name such as Europe/Oslo, or `local` for that of TZ, else the
    /// system's [default: local]
    #[arg(long, visible_alias = "timezone", short = 'z', value_name = "ZONE", help_heading = "Rows")]
    pub(in crate::cli) tz: Option<String>,
}
