//! Names of models.

/// A model's name without the size of its window: `claude-opus-4-6[1m]` is `claude-opus-4-6` that may be given more.
pub fn without_window(text: &str) -> &str {
    let Some((name, window)) = text.strip_suffix(']').and_then(|text| text.rsplit_once('[')) else { return text };
    let digits = window.trim_end_matches(['k', 'm']);
    let is_window = !digits.is_empty() && digits.len() < window.len() && digits.bytes().all(|c| c.is_ascii_digit());
    if is_window { name } else { text }
}

/// A model's name without the day it was made, where it ends with one: `claude-haiku-4-5` for
/// `claude-haiku-4-5-20251001`. `None` where it doesn't.
pub fn without_date(text: &str) -> Option<&str> {
    let (name, date) = text.rsplit_once('-')?;
    let is_date = date.len() == 8 && date.starts_with("20") && date.bytes().all(|c| c.is_ascii_digit());
    (is_date && !name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::{without_date, without_window};

    #[test]
    fn only_eight_digits_at_the_end_are_a_date() {
        for (name, model) in [
            ("claude-haiku-4-5-20251001", Some("claude-haiku-4-5")),
            ("claude-haiku-4-5", None),
            ("claude-3-5-sonnet-2024", None),
            ("model-12345678", None),
            ("-20251001", None),
        ] {
            assert_eq!(without_date(name), model);
        }
    }

    #[test]
    fn only_a_size_in_brackets_at_the_end_is_a_window() {
        for (name, model) in [
            ("claude-opus-4-6[1m]", "claude-opus-4-6"),
            ("claude-sonnet-4-5-20250929[200k]", "claude-sonnet-4-5-20250929"),
            ("claude-opus-4-6[m]", "claude-opus-4-6[m]"),
            ("claude-opus-4-6[1]", "claude-opus-4-6[1]"),
            ("claude[1m]-opus", "claude[1m]-opus"),
            ("[1m]", ""),
        ] {
            assert_eq!(without_window(name), model);
        }
    }
}
