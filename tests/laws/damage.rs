//! No bytes make a parser panic, and none change what other files tell.

use forge_usage::event::MAX_COUNT;
use forge_usage::fold::Quality;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::forge;
use crate::kit::{Cut, Files, cases, options, settled, settled_bytes, sums};
use crate::world::{Work, World, world};

/// Texts that mean something to some parser.
const NEEDLES: &[&[u8]] = &[
    b"\n## 2026-05-12T07:03:00Z\n\n",
    b"\n## 2026-",
    b"\n- run_id: 00000001-5b21-4d0e-9c13-77aa51f0c2de\n- loop_name: kiln\n",
    b"\n### Git Summary\n\n```\n",
    b"\n```\n",
    b"\n---\n",
    b"tokens used\n",
    b"\ntokens used\n18446744073709551616\n",
    b"\ntokens used\n9,223,372,036,854,775,807\n",
    b"TokenCount(",
    b"Received event: Event { id: \"0\", msg: TokenCount(TokenCountEvent { info: ",
    b"{{{{{{{{[[[[[[((((((",
    b"mcp_server= mcp_server_origin=\n",
    b"mcp_server=\"\" mcp_server_origin=\"\"",
    b"\n2026-05-12T07:00:03Z INFO codex_otel: event.name=codex.tool_result conversation.id=x output=",
    b"\n2026-05-12T07:00:03.000001Z  INFO a{b=\"}\" c={}}:d{}: codex_otel.log_only: event.name=\"codex.sse_event\" event.kind=response.completed ",
    b"input_token_count=",
    b"conversation.id=",
    b"thread_id=",
    b"{\"type\":\"result\"",
    b"{\"type\":\"result\",\"session_id\":\"s\",\"usage\":{\"input_tokens\":18446744073709551615}}\n",
    b"\"modelUsage\":{\"m\":{\"inputTokens\":9223372036854775807,\"outputTokens\":9223372036854775807}},",
    b"{\"type\":\"stream_event\",\"session_id\":\"s\",\"event\":{\"type\":\"message_delta\",\"usage\":{\"output_tokens\":7}}}\n",
    b"\"total_cost_usd\":1e9999999,",
    b"\n[2026-05-12T07:03:00Z] run 00000001-5b21-4d0e-9c13-77aa51f0c2de start (profile=p1)\n",
    b"[2026-05-12T07:03:00Z] run ",
    b"\n[2026-05-12T07:03:00Z] pause for 30s\n",
    b"OpenAI Codex v0\n--------\nsession id: 019e1adf-4a80-7b3c-8d11-000000000000\n--------\n",
    b"\0",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\x1b[31m",
    b"\x1b]0;title\x07",
    b"\r\n",
    b"\n",
    b"-1",
    b"9223372036854775807",
    b"18446744073709551616",
    b"99999999999999999999999999999999999999999",
    "\u{202f}\u{a0}\u{2019}\u{1f980}".as_bytes(),
];

/// What happens to a file.
#[derive(Debug, Clone)]
pub enum Hit {
    Flip(Index, u8),
    Delete(Index, usize),
    Insert(Index, Vec<u8>),
    /// A stretch of the text again, elsewhere.
    Repeat(Index, usize, Index),
    Cut(Index),
}

#[derive(Debug, Clone)]
pub struct Damage(Vec<Hit>);

impl Damage {
    pub fn apply(&self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        for hit in &self.0 {
            let place = |at: &Index, bytes: &[u8]| at.index(bytes.len() + 1);
            match hit {
                Hit::Flip(at, bits) => {
                    let at = place(at, &bytes);
                    if let Some(byte) = bytes.get_mut(at) {
                        *byte ^= bits;
                    }
                }
                Hit::Delete(at, count) => {
                    let at = place(at, &bytes);
                    bytes.drain(at..(at + count).min(bytes.len()));
                }
                Hit::Insert(at, needle) => {
                    let at = place(at, &bytes);
                    bytes.splice(at..at, needle.iter().copied());
                }
                Hit::Repeat(from, count, to) => {
                    let from = place(from, &bytes);
                    let again = bytes[from..(from + count).min(bytes.len())].to_vec();
                    let to = place(to, &bytes);
                    bytes.splice(to..to, again);
                }
                Hit::Cut(at) => bytes.truncate(place(at, &bytes)),
            }
        }
        bytes
    }
}

pub fn damaged() -> impl Strategy<Value = Damage> {
    let needle = prop_oneof![
        4 => any::<Index>().prop_map(|which| which.get(NEEDLES).to_vec()),
        1 => vec(any::<u8>(), 1..12),
    ];
    let hit = prop_oneof![
        3 => (any::<Index>(), 1..=255_u8).prop_map(|(at, bits)| Hit::Flip(at, bits)),
        3 => (any::<Index>(), 1..200_usize).prop_map(|(at, count)| Hit::Delete(at, count)),
        6 => (any::<Index>(), needle).prop_map(|(at, needle)| Hit::Insert(at, needle)),
        3 => (any::<Index>(), 1..3000_usize, any::<Index>()).prop_map(|(from, count, to)| Hit::Repeat(from, count, to)),
        1 => any::<Index>().prop_map(Hit::Cut),
    ];
    vec(hit, 1..8).prop_map(Damage)
}

/// Bytes of needles and noise that some format may claim.
fn noise() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        6 => any::<Index>().prop_map(|which| which.get(NEEDLES).to_vec()),
        2 => vec(any::<u8>(), 0..20),
        1 => "[ -~\n]{0,40}".prop_map(String::into_bytes),
    ];
    let start = prop_oneof![
        Just(Vec::new()),
        Just(forge::front("kiln").into_bytes()),
        Just(forge::marker(0, "loop started").into_bytes()),
        Just(forge::begins(0, "x").into_bytes()),
        Just(forge::init("s").into_bytes()),
        Just(b"[\n{\"type\":\"system\",\"session_id\":\"s\"},\n".to_vec()),
    ];
    (start, vec(part, 0..30)).prop_map(|(start, parts)| start.into_iter().chain(parts.concat()).collect())
}

/// A file that nothing may disturb: one run with 4321 tokens.
fn bystander() -> String {
    let work = Work::Codex {
        resumes: false,
        calls: vec![[4000, 1000, 321, 21]],
        counter: true,
        footer: true,
        twin: false,
        chatter: 0,
        prints: crate::world::Prints::Nothing,
    };
    World { works: vec![work] }
        .ledger(usize::MAX)
        .replace(&forge::run_id(0), "ffffffff-5b21-4d0e-9c13-77aa51f0c2de")
        .replace(&forge::conversation(1, 0), &forge::conversation(1, 999))
}

fn check(name: &str, bytes: Vec<u8>, chunk: usize) -> Result<(), TestCaseError> {
    let files = Files::from([("bystander.md".to_owned(), bystander().into_bytes()), (name.to_owned(), bytes)]);
    let settled = settled(&files, &options(chunk));
    let by_owner = sums(&settled);
    let safe = by_owner["ffffffff-5b21-4d0e-9c13-77aa51f0c2de"];
    prop_assert_eq!(safe.usage.map(|usage| usage.total_tokens()), Some(4321));
    for row in settled.rows.iter() {
        prop_assert!(row.owner < settled.owners.len());
        let counts = row.usage.map(|usage| {
            [usage.input_tokens, usage.cache_read_input_tokens, usage.cache_creation_input_tokens, usage.output_tokens]
        });
        for count in counts.into_iter().flatten().chain(row.blended_tokens) {
            prop_assert!(count <= MAX_COUNT, "{row:?}");
        }
        prop_assert!(row.cost_reported.is_none_or(|cost| cost.pico() >= 0), "{row:?}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(128))]

    #[test]
    fn no_bytes_make_a_parser_panic(bytes in vec(any::<u8>(), 0..600), chunk in 1..400_usize) {
        check("noise", bytes, chunk)?;
    }

    #[test]
    fn no_noise_of_needles_makes_a_parser_panic(bytes in noise(), chunk in 1..2000_usize) {
        check("noise", bytes, chunk)?;
    }

    #[test]
    fn no_damage_makes_a_parser_panic_or_a_sum_wrap(world in world(), damage in damaged(), chunk in 1..2000_usize) {
        check("ledger", damage.apply(world.ledger(usize::MAX).as_bytes()), chunk)?;
        check("log", damage.apply(world.loop_log().as_bytes()), chunk)?;
        for (name, bytes) in world.streams() {
            check(&name, damage.apply(&bytes), chunk)?;
        }
    }

    #[test]
    fn no_damaged_document_makes_a_parser_panic(world in world(), damage in damaged()) {
        for bytes in world.streams().into_values() {
            let text = String::from_utf8(bytes).expect("text");
            let array = format!("[\n{}\n]\n", text.trim_end().replace('\n', ",\n"));
            check("document", damage.apply(array.as_bytes()), 1000)?;
        }
    }
}

#[test]
fn a_packed_file_that_is_cut_anywhere_is_read_as_far_as_it_goes() {
    let log =
        forge::marker(0, "loop started") + &forge::starts(1, 0) + &forge::completed(10, "x", [100, 0, 10, 0], false);
    let packed = zstd::encode_all(log.as_bytes(), 3).expect("memory");
    for end in 0..packed.len() {
        let settled = settled(&Files::from([("log.zst".to_owned(), packed[..end].to_vec())]), &options(100));
        assert!(settled.owners.iter().all(|owner| owner.quality != Quality::Exact), "cut at {end}: {settled:?}");
    }
}

#[test]
fn nesting_without_end_is_no_value() {
    let conversation = forge::conversation(1, 0);
    for open in ["[", "{", "(", "Some(", "A { b: ", "{\"a\":", "[{"] {
        let deep = open.repeat(20_000);
        let debug = format!(
            "2026-05-12T07:00:20Z DEBUG codex_exec: Received event: Event {{ id: \"0\", msg: TokenCount(TokenCountEvent {{ info: {deep}\n"
        );
        let json = format!("{{\"type\":\"assistant\",\"session_id\":\"s\",\"message\":{{\"usage\":{deep}\n");
        let good = forge::completed(30, &conversation, [100, 0, 10, 0], false);
        let ledger = forge::front("kiln") + &forge::entry("kiln", 0, Some("codex"), 0, 120, &(debug + &json + &good));
        let sum = sums(&settled_bytes(ledger.as_bytes(), &Cut::Whole))[&forge::run_id(0)];
        assert_eq!(sum.usage.map(|usage| usage.total_tokens()), Some(110), "{open}");
        settled_bytes(json.as_bytes(), &Cut::Whole);
        settled_bytes(format!("[{deep}").as_bytes(), &Cut::Whole);
    }
}

#[test]
fn a_copy_of_a_document_that_is_cut_anywhere_costs_the_whole_one_nothing() {
    let answer = |id: u32| {
        let time = format!("2026-05-12T07:00:{id}Z");
        format!(
            "{{\"id\":\"{id}\",\"timestamp\":\"{time}\",\"type\":\"gemini\",\"model\":\"m\",\"tokens\":{{\"input\":{id},\"output\":1}}}}"
        )
    };
    let head = "\"sessionId\":\"chat-a\",\"projectHash\":\"5f\",\"startTime\":\"2026-05-12T07:00:00Z\"";
    let chat = format!("{{{head},\"messages\":[{},{}]}}", answer(10), answer(20));
    let lines = format!("{{{head}}}\n{}\n{}\n", answer(10), answer(20));
    let message =
        "{\"id\":\"msg_1\",\"sessionID\":\"ses_a\",\"role\":\"assistant\",\"time\":{\"created\":1778569200000,\
                   \"completed\":1778569201000},\"tokens\":{\"input\":30,\"output\":2}}"
            .to_owned();
    for (name, whole, used) in [("a.json", chat, 32), ("a.jsonl", lines, 32), ("msg_1.json", message, 32)] {
        for end in 0..whole.len() {
            let copies = [("live", &whole[..]), ("copy", &whole[..end])];
            let files = copies.map(|(folder, text)| (format!("{folder}/{name}"), text.as_bytes().to_vec()));
            let settled = settled(&Files::from(files), &options(100));
            let used_in_all: u64 =
                settled.rows.iter().filter_map(|row| row.usage).map(|used| used.total_tokens()).sum();
            assert_eq!(used_in_all, used, "{name} cut at {end}");
            assert!(settled.owners.iter().all(|owner| owner.quality == Quality::Exact), "{name} cut at {end}");
        }
    }
}
