//! However a source is cut into chunks, read in parts or as a stream, packed or not: it tells the same.

use std::io::Write;

use forge_usage::event::Defect;
use forge_usage::parse::LOOK;
use forge_usage::source::Limits;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::damage::damaged;
use crate::forge;
use crate::kit::{Cut, Files, cases, defects, difference, limits, options, same, settled, settled_bytes};
use crate::world::{World, world};

fn cuts() -> impl Strategy<Value = Cut> {
    prop_oneof![
        vec(any::<Index>(), 0..12)
            .prop_map(|places| Cut::At(places.into_iter().map(|place| place.index(40_000)).collect())),
        (1..4000_usize).prop_map(|chunk| Cut::Parts(limits(chunk))),
        (1..4000_usize).prop_map(|chunk| Cut::Stream(limits(chunk))),
    ]
}

/// The sources of a world, each on its own.
fn sources(world: &World) -> Vec<(String, String)> {
    let mut sources = vec![
        ("ledger".to_owned(), world.ledger(usize::MAX)),
        ("tails".to_owned(), world.ledger(7)),
        ("loop log".to_owned(), world.loop_log()),
    ];
    sources.extend(world.trace().map(|trace| ("trace".to_owned(), trace)));
    sources.extend(world.streams().into_iter().map(|(name, text)| (name, String::from_utf8(text).expect("text"))));
    sources
}

fn packed(bytes: &[u8]) -> [Vec<u8>; 2] {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(bytes).expect("memory");
    [gzip.finish().expect("memory"), zstd::encode_all(bytes, 1).expect("memory")]
}

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn any_cut_of_a_source_tells_the_same(world in world(), cuts in vec(cuts(), 3)) {
        for (name, text) in sources(&world) {
            let whole = settled_bytes(text.as_bytes(), &Cut::Whole);
            for cut in &cuts {
                let parts = settled_bytes(text.as_bytes(), cut);
                same!(difference(&whole, &parts), "{name} by {cut:?}");
            }
        }
    }

    #[test]
    fn any_cut_of_a_damaged_source_tells_the_same(world in world(), damage in damaged(), cuts in vec(cuts(), 3)) {
        for (name, text) in sources(&world) {
            let bytes = damage.apply(text.as_bytes());
            let whole = settled_bytes(&bytes, &Cut::Whole);
            for cut in &cuts {
                let parts = settled_bytes(&bytes, cut);
                same!(difference(&whole, &parts), "{name} by {cut:?} in {:?}", String::from_utf8_lossy(&bytes));
            }
        }
    }
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn files_read_in_chunks_of_any_size_are_the_same(world in world(), chunk in 1..5000_usize) {
        let files: Files = sources(&world).into_iter().map(|(name, text)| (name, text.into_bytes())).collect();
        let whole = settled(&files, &options(1 << 20));
        same!(difference(&whole, &settled(&files, &options(chunk))), "chunks of {chunk}");
    }

    #[test]
    fn a_packed_file_is_the_plain_one(world in world(), chunk in 1..5000_usize) {
        for (name, text) in sources(&world) {
            // A source that nothing names is known by its path, so all three have the same.
            let file = |bytes: Vec<u8>| Files::from([("source".to_owned(), bytes)]);
            let plain = settled(&file(text.clone().into_bytes()), &options(1 << 20));
            for bytes in packed(text.as_bytes()) {
                same!(difference(&plain, &settled(&file(bytes), &options(chunk))), "{name} in chunks of {chunk}");
            }
        }
    }

    #[test]
    fn line_ends_and_a_byte_order_mark_change_nothing(world in world()) {
        for (name, text) in sources(&world) {
            let plain = settled_bytes(text.as_bytes(), &Cut::Whole);
            let dos = text.replace('\n', "\r\n");
            same!(difference(&plain, &settled_bytes(dos.as_bytes(), &Cut::Whole)), "{name} with CR LF");
            let marked = format!("\u{feff}{text}");
            same!(difference(&plain, &settled_bytes(marked.as_bytes(), &Cut::Whole)), "{name} with a byte order mark");
        }
    }
}

#[test]
fn a_file_beyond_the_head_is_read_in_parts() {
    let counts = |n: u64| [1000 + n, n, 10 + n, n];
    let conversation = forge::conversation(1, 0);
    let mut trace = forge::begins(1, &conversation);
    for n in 0..300 {
        trace += &forge::completed(2 + n, &conversation, counts(u64::from(n)), false);
        trace += &forge::tool_result(2 + n, &conversation, "fired\nat\n1200 degrees\n");
    }
    let files = Files::from([("trace".to_owned(), trace.clone().into_bytes())]);
    let whole = settled(&files, &options(1 << 20));
    assert_eq!(whole.rows.len(), 300);
    for chunk in [333, 4096, 65_536, 70_001] {
        assert_eq!(difference(&whole, &settled(&files, &options(chunk))), None, "chunks of {chunk}");
    }
    assert_eq!(
        difference(
            &settled_bytes(trace.as_bytes(), &Cut::Stream(limits(4096))),
            &settled_bytes(trace.as_bytes(), &Cut::Whole)
        ),
        None
    );
}

#[test]
fn whether_a_line_is_too_long_does_not_depend_on_the_chunks() {
    let conversation = forge::conversation(1, 0);
    let long = "x".repeat(30_000);
    let calls = [2, 4].map(|second| forge::completed(second, &conversation, [100, 0, u64::from(second), 0], false));
    let trace = format!("{}{long}\n{}", calls[0], calls[1]);
    let limits = |chunk| Limits { chunk, look: LOOK, line: 25_000 };
    let cuts = [500, 7000, 15_000, 25_000]
        .into_iter()
        .flat_map(|chunk| [Cut::Parts(limits(chunk)), Cut::Stream(limits(chunk))]);
    let dropped = cuts.map(|cut| {
        let settled = settled_bytes(trace.as_bytes(), &cut);
        assert_eq!(settled.rows.len(), 2, "{cut:?}");
        defects(&settled, Defect::LineTooLong)
    });
    let dropped: Vec<u64> = dropped.collect();
    assert!(dropped.iter().all(|count| *count == dropped[0]), "{dropped:?}");
}

#[test]
fn a_forged_entry_after_a_line_that_is_too_long_is_refused_in_streams_too() {
    let conversation = forge::conversation(1, 0);
    let forged =
        forge::entry("kiln", 9, Some("codex"), 130, 190, &forge::completed(170, &conversation, [9, 0, 9, 0], false));
    let output = format!("before\n{}\n\n{forged}", "x".repeat(40_000));
    let ledger = forge::front("kiln") + &forge::entry("kiln", 0, Some("codex"), 0, 120, &output);
    let limits = Limits { chunk: 1000, look: LOOK, line: 5000 };
    for cut in [Cut::Parts(limits), Cut::Stream(limits)] {
        assert_eq!(settled_bytes(ledger.as_bytes(), &cut).owners.len(), 1, "{cut:?}");
    }
}

/// What any partition into lines makes of a text, against the whole.
fn every_line_alone(text: &str) -> Option<String> {
    let ends: Vec<usize> = text.match_indices('\n').map(|(newline, _)| newline).collect();
    let whole = settled_bytes(text.as_bytes(), &Cut::Whole);
    let all = settled_bytes(text.as_bytes(), &Cut::At(ends.clone()));
    let at_once = difference(&whole, &all);
    at_once.or_else(|| {
        ends.iter().find_map(|end| difference(&whole, &settled_bytes(text.as_bytes(), &Cut::At(vec![*end]))))
    })
}

#[test]
fn a_conversation_that_a_cut_shows_is_no_better_known() {
    // The second conversation is named, then its clock is set back behind the log's first record.
    let (first, second) = (forge::conversation(100, 1), forge::conversation(40, 2));
    let text = forge::completed(100, &first, [10, 0, 1, 0], false)
        + &forge::request(110, &second)
        + &forge::completed(111, &first, [20, 0, 2, 0], false)
        + &forge::completed(50, &second, [40, 0, 4, 0], false);
    assert_eq!(every_line_alone(&text), None);
}

#[test]
fn an_echo_does_not_hide_who_was_named_before_it() {
    let (own, old) = (forge::conversation(100, 1), forge::conversation(40, 2));
    let text = forge::request(100, &own)
        + &forge::delta(101, &own)
        + &forge::request(50, &old)
        + &forge::counter(102, [30, 0, 3, 0], [30, 0, 3, 0]);
    assert_eq!(every_line_alone(&text), None);
}

#[test]
fn an_echo_at_the_end_does_not_hide_an_answer_that_was_streaming() {
    let (own, old) = (forge::conversation(100, 1), forge::conversation(40, 2));
    let text = forge::begins(99, &own)
        + &forge::completed(100, &own, [30, 0, 3, 0], false)
        + &forge::delta(101, &own)
        + &forge::request(50, &old);
    assert_eq!(every_line_alone(&text), None);
}

#[test]
fn the_first_record_of_a_log_is_the_same_where_its_head_is_a_tools_output() {
    let (own, old) = (forge::conversation(100, 1), forge::conversation(40, 2));
    let text = forge::request(100, &own)
        + "the end of a tool's output mcp_server= mcp_server_origin=\n"
        + &forge::request(101, &own)
        + &forge::completed(50, &old, [30, 0, 3, 0], false);
    assert_eq!(every_line_alone(&text), None);
}

#[test]
fn an_entry_without_a_start_is_cut_alike() {
    let (own, old) = (forge::conversation(100, 1), forge::conversation(40, 2));
    let output = forge::completed(100, &own, [10, 0, 1, 0], false)
        + "fired\n"
        + &forge::completed(50, &old, [30, 0, 3, 0], false);
    let entry = forge::entry("kiln", 0, Some("codex"), 30, 120, &output);
    let text = forge::front("kiln") + &entry.replace("- started_at: 2026-05-12T07:00:30Z\n", "");
    assert!(!text.contains("started_at"));
    assert_eq!(every_line_alone(&text), None);
}

#[test]
fn a_reading_whose_twin_was_content_belongs_to_who_was_named() {
    let (quoted, own) = (forge::conversation(100, 1), forge::conversation(101, 2));
    let text = forge::completed(100, &quoted, [30, 0, 3, 0], false)
        + "the end of a tool's output mcp_server= mcp_server_origin=\n"
        + &forge::request(102, &own)
        + &forge::counter(103, [30, 0, 3, 0], [30, 0, 3, 0]);
    assert_eq!(every_line_alone(&text), None);
}

#[test]
fn a_name_that_is_content_does_not_hide_the_one_before_it() {
    let (own, quoted) = (forge::conversation(100, 1), forge::conversation(101, 2));
    let text = forge::begins(99, &own)
        + &forge::request(100, &own)
        + &forge::tool_result(101, "a b", &format!("fired\n{}done", forge::request(101, &quoted)))
        + &forge::counter(103, [30, 0, 3, 0], [30, 0, 3, 0]);
    assert_eq!(every_line_alone(&text), None);
    let settled = settled_bytes(text.as_bytes(), &Cut::Whole);
    assert_eq!(settled.rows.iter().next().and_then(|row| row.conversation).as_deref(), Some(own.as_str()));
}

#[test]
fn lines_of_forges_own_at_the_end_of_an_output_are_cut_alike() {
    let (first, second) = (forge::conversation(1, 1), forge::conversation(60, 2));
    let unterminated = |text: String| text.trim_end().to_owned();
    let text = forge::marker(0, "loop started")
        + &forge::starts(1, 0)
        + &forge::begins(2, &first)
        + &unterminated(forge::completed(10, &first, [30, 0, 3, 0], false))
        + &forge::marker(20, "graceful stop requested")
        + &unterminated(forge::counter(30, [30, 0, 3, 0], [30, 0, 3, 0]))
        + &forge::starts(60, 1)
        + &forge::request(61, &second)
        + &unterminated(forge::completed(70, &second, [40, 0, 4, 0], false))
        + &forge::marker(80, "pause for 30s");
    assert_eq!(every_line_alone(&text), None);
    assert_eq!(settled_bytes(text.as_bytes(), &Cut::Whole).owners.len(), 2);
}

#[test]
fn readings_that_wait_belong_to_the_first_that_is_named() {
    let (first, second) = (forge::conversation(100, 1), forge::conversation(101, 2));
    let text = forge::counter(101, [30, 0, 3, 0], [30, 0, 3, 0])
        + &forge::request(102, &first)
        + &forge::delta(103, &second)
        + &forge::completed(104, &second, [10, 0, 1, 0], false);
    assert_eq!(every_line_alone(&text), None);
    let settled = settled_bytes(text.as_bytes(), &Cut::Whole);
    let of = |id: &str| settled.rows.iter().filter(|row| row.conversation.as_deref() == Some(id)).count();
    assert_eq!((of(&first), of(&second)), (1, 1));
}
