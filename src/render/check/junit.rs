//! JUnit XML, as CI systems show it: a suite a limit, a case a group.

use std::io::{self, Write};

use chrono_tz::Tz;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::{phrase, remarks};
use crate::render::escape;
use crate::table::verdict::{Judged, Standing, State, Verdict};

/// Writes the verdict.
pub(super) fn write(verdict: &Verdict, out: &mut dyn Write) -> io::Result<()> {
    let mut report = Report::new("forge-usage check");
    for limit in &verdict.limits {
        let mut suite = TestSuite::new(clean(&format!("{} {}", limit.budget, limit.measure)));
        suite.add_test_cases(limit.groups.iter().map(|group| case(limit, group, verdict.window.zone)));
        if limit.groups.is_empty() {
            let mut case = TestCase::new(
                clean(&format!("nothing counts towards it ({})", limit.measure)),
                TestCaseStatus::success(),
            );
            case.set_classname(clean(&limit.budget));
            suite.add_test_case(case);
        }
        report.add_test_suite(suite);
    }
    let text = report.to_string().map_err(io::Error::other)?;
    // Jenkins's schema has this count on suites alone. The root's is the first: its name is ours.
    let count = format!(" skipped=\"{}\"", report.skipped);
    out.write_all(text.replacen(&count, "", 1).as_bytes())
}

fn case(limit: &Judged, group: &Standing, zone: Tz) -> TestCase {
    let said = clean(&format!("{} {}", phrase::used_of_limit(limit, group), phrase::share(group)));
    let message = format!("{}: {}", group.state.name(), said.trim_end());
    let remarks = remarks::of_group(limit, group, zone);
    let lines: Vec<String> = std::iter::once(&message).chain(&remarks).map(|line| clean(line)).collect();
    // No line begins with a name: the log of a CI job reads some beginnings as commands.
    let description = lines.join("\n- ");
    let mut status = match group.state {
        _ if group.fails => TestCaseStatus::non_success(NonSuccessKind::Failure),
        State::Unproven => TestCaseStatus::skipped(),
        _ => TestCaseStatus::success(),
    };
    let is_success = matches!(status, TestCaseStatus::Success { .. });
    if !is_success {
        status.set_message(message).set_type(group.state.name()).set_description(description.clone());
    }
    // CI systems keep one case of each class and name, and a group has one for every limit of its budget.
    let mut case = TestCase::new(clean(&format!("{} ({})", phrase::full_name(group), limit.measure)), status);
    case.set_classname(clean(&limit.budget));
    if is_success {
        case.set_system_out(description);
    }
    case
}

/// Text that XML can hold: what it can't is shown as an escape.
fn clean(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in escape::terminal(text).chars() {
        match c {
            '\u{fffe}' | '\u{ffff}' => shown.extend(c.escape_unicode()),
            c => shown.push(c),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn no_character_is_left_that_xml_forbids() {
        assert_eq!(clean("a\u{1}b\u{fffe}\u{ffff}c\u{1b}[31m"), r"a\u{1}b\u{fffe}\u{ffff}c\u{1b}[31m");
        assert_eq!(clean("Ærø <日本語> 🚀"), "Ærø <日本語> 🚀");
    }
}
