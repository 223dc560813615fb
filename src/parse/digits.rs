//! Whole numbers in bytes, as nearly all counts stand in logs.

/// The longest number that fits in any case.
const DIGITS: usize = 18;

/// A whole number, and what follows it; `None` for one of more than 18 digits, too.
pub fn number(text: &[u8]) -> Option<(u64, &[u8])> {
    let (value, length) = text.first_chunk().and_then(short_number).or_else(|| long_number(text))?;
    // Zeros before a number are no JSON.
    (length == 1 || text.first() != Some(&b'0')).then(|| (value, &text[length..]))
}

/// A number of less than eight digits and its length, worked out at once: how long numbers are can't be foreseen.
fn short_number(text: &[u8; 8]) -> Option<(u64, usize)> {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    let digits = u64::from_le_bytes(*text) ^ (ONES * 0x30);
    // The highest bit of each byte that is no digit.
    let others = (digits | ((digits & (ONES * 0x7f)) + ONES * 0x76)) & (ONES * 0x80);
    let bits = others.trailing_zeros() & !7;
    if bits == 0 || bits == u64::BITS {
        return None;
    }
    let digits = digits << (u64::BITS - bits);
    let pairs = (digits.wrapping_mul(10) + (digits >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(100) + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    let value = (fours.wrapping_mul(10_000) + (fours >> 32)) & 0xffff_ffff;
    Some((value, bits as usize / 8))
}

/// Any number of up to 18 digits, and its length.
fn long_number(text: &[u8]) -> Option<(u64, usize)> {
    let (mut value, mut length) = (0_u64, 0);
    for digit in text.iter().take(DIGITS + 1).map(|byte| byte.wrapping_sub(b'0')).take_while(|digit| *digit < 10) {
        value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
        length += 1;
    }
    (1..=DIGITS).contains(&length).then_some((value, length))
}

/// How many digits a text begins with.
pub fn digits(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::number;

    proptest! {
        #[test]
        fn a_number_is_what_its_digits_say(text in "[0-9]{0,20}[ -~é]{0,9}") {
            let length = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let is_number = (1..=18).contains(&length) && (length == 1 || !text.starts_with('0'));
            let found = is_number.then(|| (text[..length].parse().expect("digits"), &text.as_bytes()[length..]));
            prop_assert_eq!(number(text.as_bytes()), found);
        }
    }
}
