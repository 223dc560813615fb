use proptest::prelude::*;
use serde::de::IgnoredAny;

use super::Plain;

const PARTS: &[&str] = &[
    "{", "}", "[", "]", ",", ":", "\"a\"", "\"", "\\n", "\\u00e9", "\\u00", "\\x", "é", "0", "12", "-", ".5", "e+1",
    "E", "true", "null", "fals", "\"k\":", "[]", "{}", "\"\"", "1",
];

proptest! {
    #[test]
    fn what_is_passed_over_is_json(parts in proptest::collection::vec(proptest::sample::select(PARTS), 1..14)) {
        let text = parts.concat();
        let mut plain = Plain::new(text.as_bytes()).expect("no control characters");
        let passed = plain.pass_over().filter(|()| plain.is_over()).is_some();
        prop_assert_eq!(passed, serde_json::from_str::<IgnoredAny>(&text).is_ok(), "{}", text);
    }
}

proptest! {
    #[test]
    fn long_texts_end_where_any_reader_says(
        texts in proptest::collection::vec("[a-z é\"\\\\]{0,40}|[a-z]{0,400}", 1..12),
        at in 0..2000_usize,
        damage in proptest::sample::select(&["\"", "\\", ",", "]", "x"][..]),
    ) {
        let whole = serde_json::to_string(&texts).expect("JSON");
        let mut damaged = whole.clone();
        if let Some(from) = (at..whole.len()).find(|from| whole.is_char_boundary(*from)) {
            damaged.insert_str(from, damage);
        }
        for text in [whole, damaged] {
            let mut plain = Plain::new(text.as_bytes()).expect("no control characters");
            let passed = plain.pass_over().filter(|()| plain.is_over()).is_some();
            prop_assert_eq!(passed, serde_json::from_str::<IgnoredAny>(&text).is_ok(), "{}", text);
        }
    }
}

#[test]
fn every_kind_of_value_is_passed_over() {
    let text = r#"{"a":[1,-2.5e-3,0,{}],"b":"\"\u00e9\n","c":{"d":[true,false,null,[]]}}"#;
    let mut plain = Plain::new(text.as_bytes()).expect("no control characters");
    assert!(plain.pass_over().is_some() && plain.is_over());
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    assert!(Plain::new(deep.as_bytes()).expect("no control characters").pass_over().is_none());
}
