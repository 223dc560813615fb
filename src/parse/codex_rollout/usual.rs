//! Readings as Codex writes them, byte by byte: nearly all there are. What looks otherwise is read as any JSON.

use memchr::memmem;

use crate::event::{Billing, Time, TokenUsage};
use crate::parse::format::Logged;

const TIME: usize = "2026-05-12T07:03:16.926Z".len();

/// The longest number that fits in any case.
const DIGITS: usize = 18;

/// The time and the counter of a `token_count` line; `None` for any other, and for one that is written in another
/// way.
pub(super) fn reading(line: &[u8]) -> Option<(Time, Logged)> {
    let rest = line.strip_prefix(b"{\"timestamp\":\"")?;
    let (time, rest) = rest.split_at_checked(TIME)?;
    let rest = rest.strip_prefix(
        b"\",\"type\":\"event_msg\",\"payload\":{\"type\":\"token_count\",\"info\":{\"total_token_usage\":".as_slice(),
    )?;
    let (total, rest) = usage(rest)?;
    let (last, rest) = usage(rest.strip_prefix(b",\"last_token_usage\":")?)?;
    let rest = rest.strip_prefix(b",\"model_context_window\":")?;
    let rest = rest.strip_prefix(b"null").or_else(|| number(rest).map(|(_, rest)| rest))?;
    let rest = rest.strip_prefix(b"},\"rate_limits\":")?;
    let is_limits = rest.starts_with(b"{") && rest.ends_with(b"}}}") || rest == b"null}}";
    let time = Time::parse(std::str::from_utf8(time).ok()?)?;
    let billing = memmem::find(rest, b"\"plan_type\":\"").map(|_| Billing::Subscription);
    is_limits.then_some((time, Logged::Reading { total, last: Some(last), billing }))
}

/// An object of counts, and what follows it.
fn usage(text: &[u8]) -> Option<(TokenUsage, &[u8])> {
    let mut usage = TokenUsage { reasoning_output_tokens: Some(0), ..TokenUsage::default() };
    let mut rest = text.strip_prefix(b"{")?;
    loop {
        rest = rest.strip_prefix(b"\"")?;
        let (key, after) = rest.split_at_checked(memchr::memchr(b'"', rest)?)?;
        let (count, after) = number(after.strip_prefix(b"\":")?)?;
        match key {
            b"input_tokens" => usage.input_tokens = count,
            b"cached_input_tokens" => usage.cache_read_input_tokens = count,
            b"cache_write_input_tokens" => usage.cache_creation_input_tokens = count,
            b"output_tokens" => usage.output_tokens = count,
            b"reasoning_output_tokens" => usage.reasoning_output_tokens = Some(count),
            b"total_tokens" => {}
            _ => return None,
        }
        match after.split_first()? {
            (b',', next) => rest = next,
            (b'}', next) => return Some((usage, next)),
            _ => return None,
        }
    }
}

fn number(text: &[u8]) -> Option<(u64, &[u8])> {
    let length = text.iter().take(DIGITS + 1).take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = text.split_at_checked(length)?;
    // Zeros before a number are no JSON.
    let is_number = (1..=DIGITS).contains(&length) && (length == 1 || digits.first() != Some(&b'0'));
    let value = digits.iter().fold(0_u64, |value, digit| value * 10 + u64::from(digit - b'0'));
    is_number.then_some((value, rest))
}

#[cfg(test)]
mod tests {
    use super::reading;
    use crate::parse::codex_rollout::record::Line;
    use crate::parse::format::{Logged, Mark, MarkKind};
    use crate::parse::needs::Needs;

    const LINE: &str = r#"{"timestamp":"2026-05-12T07:03:16.926Z","type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":90,"cached_input_tokens":40,"output_tokens":7,"reasoning_output_tokens":3,"total_tokens":97},"last_token_usage":{"input_tokens":50,"cached_input_tokens":0,"output_tokens":0,"reasoning_output_tokens":0,"total_tokens":50},"model_context_window":258400},"rate_limits":{"primary":null,"plan_type":"pro"}}}"#;

    fn slowly(line: &str) -> Option<Logged> {
        let mut marks = Vec::new();
        let mark = |kind| Mark { offset: 0, harness: None, time: None, conversation: None, kind };
        Line::read(line).ok()?.marks(Needs::USAGE, &mark, &mut marks).ok()?;
        marks.into_iter().find_map(|mark| match mark.kind {
            MarkKind::Logged(logged) => Some(*logged),
            _ => None,
        })
    }

    #[test]
    fn the_usual_line_is_read_as_any_json_is() {
        let without = LINE.replace(",\"plan_type\":\"pro\"", "").replace("258400", "null");
        for line in [LINE, &without, &LINE.replace("{\"primary\":null,\"plan_type\":\"pro\"}", "null")] {
            assert_eq!(reading(line.as_bytes()).map(|(_, logged)| logged), slowly(line), "{line}");
            assert!(slowly(line).is_some());
        }
    }

    #[test]
    fn what_is_written_otherwise_is_left_to_the_json_reader() {
        let others = [
            LINE.replace("\":90", "\": 90"),
            LINE.replace(":90,", ":-90,"),
            LINE.replace(":90,", ":9.0,"),
            LINE.replace(":90,", ":090,"),
            LINE.replace(":90,", ":9000000000000000000,"),
            LINE[..LINE.len() - 1].to_owned(),
            format!("{LINE} "),
            LINE.replace("input_tokens\":90", "other_tokens\":90"),
        ];
        for line in others {
            assert_eq!(reading(line.as_bytes()), None, "{line}");
        }
    }
}
