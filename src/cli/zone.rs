//! The zone in which days and hours are cut.

use std::ffi::OsStr;

use chrono_tz::Tz;
use forge_usage::error::{Error, Result, nearest};

use super::exit::complain;

/// The zone of `--tz`; without it, or for `local`, that of `TZ`, else the system's. A `TZ` that can't be followed is told
/// on standard error, with the zone that holds instead.
pub(super) fn asked_for(name: Option<&str>) -> Result<Tz> {
    match name {
        None | Some("local") => Ok(local(std::env::var_os("TZ").as_deref())),
        Some(name) => Tz::from_str_insensitive(name).map_err(|_| {
            // A list of six hundred names would help nobody.
            let hint = like(name).unwrap_or_else(|| "give an IANA name such as Europe/Oslo".to_owned());
            Error::invalid(format!("unknown time zone {name:?}; {hint}"))
        }),
    }
}

fn like(name: &str) -> Option<String> {
    let known: Vec<&str> = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()).collect();
    nearest(name, &known).map(|nearest| format!("did you mean {nearest}?"))
}

fn local(variable: Option<&OsStr>) -> Tz {
    let system: Option<Tz> = iana_time_zone::get_timezone().ok().and_then(|name| name.parse().ok());
    let zone = system.unwrap_or(Tz::UTC);
    let Some(name) = variable else { return zone };
    let name = name.to_string_lossy();
    match by_variable(&name) {
        Some(Named::Zone(named)) => named,
        Some(Named::System) => zone,
        None => {
            let hint = like(&name).map_or_else(String::new, |hint| format!(" ({hint})"));
            let whose = if system.is_some() { ", the system's" } else { "" };
            complain(&format!(
                "warning: TZ={name:?} names no time zone that is known here{hint}; days and hours are cut in {}{whose}",
                zone.name()
            ));
            zone
        }
    }
}

/// What `TZ` names.
#[derive(Debug, PartialEq, Eq)]
enum Named {
    Zone(Tz),
    /// The file that tells the system's zone.
    System,
}

/// Reads `TZ` as C libraries do: a name, also with a colon before it or as the file of the zone, or a rule. `None` for
/// names that nobody knows, and for rules that no zone of a name follows, such as `CET-1CEST`.
fn by_variable(text: &str) -> Option<Named> {
    let name = text.strip_prefix(':').unwrap_or(text);
    if name.is_empty() {
        return Some(Named::Zone(Tz::UTC));
    }
    if name == "/etc/localtime" {
        return Some(Named::System);
    }
    let name = name.strip_prefix('/').and_then(|path| Some(path.split_once("/zoneinfo/")?.1)).unwrap_or(name);
    let name = name.strip_prefix("posix/").unwrap_or(name);
    let zone = Tz::from_str_insensitive(name).ok().or_else(|| without_summer_time(name));
    zone.map(Named::Zone)
}

/// The zone of a rule of whole hours that never change, such as `UTC0` or `<+09>-9`; hours count westwards, in the
/// names of `Etc` too.
fn without_summer_time(rule: &str) -> Option<Tz> {
    let offset = match rule.strip_prefix('<') {
        Some(quoted) => quoted.split_once('>')?.1,
        None => {
            let offset = rule.trim_start_matches(|c: char| c.is_ascii_alphabetic());
            (rule.len() - offset.len() >= 3).then_some(offset)?
        }
    };
    let hours: i8 = offset.parse().ok()?;
    if hours == 0 { Some(Tz::UTC) } else { format!("Etc/GMT{hours:+}").parse().ok() }
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;

    use super::{Named, by_variable};

    fn zone(text: &str) -> Option<&'static str> {
        match by_variable(text)? {
            Named::Zone(zone) => Some(zone.name()),
            Named::System => Some("the system's"),
        }
    }

    #[test]
    fn a_variable_names_its_zone_in_every_form_that_c_libraries_read() {
        for text in ["Asia/Tokyo", ":Asia/Tokyo", "/usr/share/zoneinfo/Asia/Tokyo", ":/usr/share/zoneinfo/Asia/Tokyo"] {
            assert_eq!(by_variable(text), Some(Named::Zone(Tz::Asia__Tokyo)), "{text}");
        }
        assert_eq!(zone("/usr/share/zoneinfo/posix/Asia/Tokyo"), Some("Asia/Tokyo"));
        assert_eq!([zone(""), zone(":")], [Some("UTC"); 2]);
        assert_eq!(zone(":/etc/localtime"), Some("the system's"));
    }

    #[test]
    fn a_rule_of_whole_hours_without_summer_time_is_a_zone() {
        assert_eq!(
            ["UTC0", "UTC+0", "JST-9", "<+09>-9", "EST5"].map(zone),
            [Some("UTC"), Some("UTC"), Some("Etc/GMT-9"), Some("Etc/GMT-9"), Some("Etc/GMT+5"),]
        );
        // This one is a name.
        assert_eq!(zone("EST5EDT"), Some("EST5EDT"));
    }

    #[test]
    fn other_rules_and_names_are_no_zone() {
        for text in
            ["CET-1CEST", "CET-1CEST,M3.5.0,M10.5.0/3", "IST-5:30", "nonsense", "AB1", "JST-15", "JST-99", "<x", "/"]
        {
            assert_eq!(by_variable(text), None, "{text}");
        }
    }
}
