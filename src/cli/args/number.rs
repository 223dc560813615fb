//! Numbers, as flags take them.

/// An amount, which its budget reads: what begins with a dash is none, and is no flag either.
pub(super) fn amount(text: &str) -> Result<String, String> {
    match text.strip_prefix('-') {
        None => Ok(text.to_owned()),
        Some(rest) if is_number(rest) => Err("it can't be below zero".to_owned()),
        Some(_) => Err("give an amount".to_owned()),
    }
}

pub(super) fn positive<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| "give a whole number, 1 or more".to_owned())
}

fn is_number(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit() || c == '.')
}
