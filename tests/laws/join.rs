//! Runs whose output names no conversation find their session logs, and never another run's.

use std::collections::BTreeMap;

use forge_usage::config::Config;
use forge_usage::fold::{Quality, Settled, Taken};
use forge_usage::pipeline;
use forge_usage::source::discover;
use proptest::prelude::*;

use crate::forge::{Second, clock, conversation, footer, front, session_meta, token_count, turn_context};
use crate::kit::{Files, cases, folder, options, settled};

/// A run of a loop, and the session it held.
#[derive(Debug, Clone)]
struct Work {
    profile: usize,
    start: Second,
    length: Second,
    /// Seconds from the run's start to the session's, and from the last call to the run's end.
    margins: (Second, Second),
    calls: u64,
    has_footer: bool,
    /// Whether the session log was kept.
    is_kept: bool,
}

fn work() -> impl Strategy<Value = Work> {
    let times = (0..3000_u32, 20..600_u32, (0..4_u32, 0..3_u32));
    (0..6_usize, times, 2..5_u64, any::<bool>(), 0..10_u8).prop_map(
        |(profile, (start, length, margins), calls, has_footer, kept)| Work {
            profile,
            start,
            length,
            margins,
            calls,
            has_footer,
            is_kept: kept > 0,
        },
    )
}

impl Work {
    fn is_codex(&self) -> bool {
        self.profile < 3
    }

    fn profile(&self) -> String {
        let number = self.profile % 3 + 1;
        if self.is_codex() { format!("codex{number}") } else { format!("cc{number}") }
    }

    fn run_id(n: usize) -> String {
        format!("{n:08x}-0000-4000-8000-00000000aaaa")
    }

    fn session(&self, n: usize) -> String {
        if self.is_codex() { conversation(self.first(), n) } else { format!("{n:08x}-0000-4000-8000-00000000cccc") }
    }

    fn first(&self) -> Second {
        self.start + self.margins.0
    }

    fn last(&self) -> Second {
        self.start + self.length - self.margins.1
    }

    /// Tokens of the run: no two runs use the same.
    fn tokens(&self, n: usize) -> u64 {
        self.calls * (1000 + n as u64)
    }

    fn entry(&self, n: usize) -> String {
        let harness = if self.is_codex() { "codex" } else { "claude" };
        let end = self.start + self.length;
        let output = if self.is_codex() && self.has_footer { footer(self.tokens(n)) } else { "Done.\n".to_owned() };
        format!(
            "## {end}Z\n\n- run_id: {}\n- loop_name: kiln\n- status: success\n- profile: {}\n- harness: {harness}\n- \
             prompt_source: inline\n- prompt_override: false\n- started_at: {}Z\n- finished_at: {end}Z\n- exit_code: \
             0\n\n```\n{output}```\n\n",
            Work::run_id(n),
            self.profile(),
            clock(self.start),
            end = clock(end),
        )
    }

    /// Path and text of its session log.
    fn log(&self, n: usize) -> (String, Vec<u8>) {
        let (session, number) = (self.session(n), self.profile % 3 + 1);
        // The first answer comes soon, the last one ends the run.
        let soon = self.first() + 8;
        let at = |call: u64| match call {
            0 => soon,
            call => soon + (self.last() - soon) * call as Second / (self.calls - 1) as Second,
        };
        let each = 1000 + n as u64;
        if self.is_codex() {
            let head = session_meta(self.first(), &session) + &turn_context(self.first(), &session);
            let calls =
                (0..self.calls).map(|call| token_count(at(call) - 1, [0, 0, (call + 1) * each, 0], [0, 0, each, 0]));
            let text = head + &calls.collect::<String>();
            return (format!("home/.codex-{number}/sessions/2026/05/12/rollout-x-{session}.jsonl"), text.into_bytes());
        }
        let calls = (0..self.calls).map(|call| {
            format!(
                "{{\"parentUuid\":null,\"isSidechain\":false,\"cwd\":\"/srv/kiln\",\"sessionId\":\"{session}\",\
                 \"version\":\"2.1.41\",\"type\":\"assistant\",\"message\":{{\"id\":\"msg_{n}_{call}\",\"model\":\
                 \"claude-opus-4-6\",\"role\":\"assistant\",\"usage\":{{\"input_tokens\":0,\"output_tokens\":{each}}}}},\
                 \"uuid\":\"u{n}-{call}\",\"timestamp\":\"{}.000Z\"}}\n",
                clock(at(call))
            )
        });
        (format!("home/.claude-{number}/projects/-srv-kiln/{session}.jsonl"), calls.collect::<String>().into_bytes())
    }
}

fn read(works: &[Work]) -> Settled {
    let mut files = Files::new();
    let mut order: Vec<usize> = (0..works.len()).collect();
    order.sort_by_key(|n| works[*n].start + works[*n].length);
    let entries = order.iter().map(|n| works[*n].entry(*n));
    files.insert("kiln.md".to_owned(), (front("kiln") + &entries.collect::<String>()).into_bytes());
    files.extend(works.iter().enumerate().filter(|(_, work)| work.is_kept).map(|(n, work)| work.log(n)));
    let dir = folder(&files);
    let found = discover(&[dir.path().to_owned()]).expect("a folder");
    let profiles = Config::default().profiles().expect("nothing to say");
    pipeline::read(found, &options(1 << 20)).settle_with(&|profile, log| profiles.may_live_in(profile, log))
}

/// The sessions that each run was joined with.
fn joined(settled: &Settled) -> BTreeMap<String, String> {
    let rows = settled.rows.iter().filter_map(|row| {
        let owner = &settled.owners[row.owner];
        let run = owner.run.as_ref().filter(|_| owner.taken == Some(Taken::SessionByTime))?;
        Some((run.id.to_string(), row.conversation.as_ref()?.to_string()))
    });
    rows.collect()
}

proptest! {
    #![proptest_config(cases(48))]

    #[test]
    fn no_run_is_joined_with_another_runs_session(works in proptest::collection::vec(work(), 1..40)) {
        let settled = read(&works);
        for (run, session) in joined(&settled) {
            let n = (0..works.len()).find(|n| Work::run_id(*n) == run).expect("a run");
            prop_assert_eq!(&session, &works[n].session(n), "{:?}", works[n]);
            prop_assert!(works[n].is_kept);
            let owner = settled.owners.iter().find(|owner| owner.run.as_ref().is_some_and(|own| *own.id == *run));
            prop_assert_eq!(owner.expect("its owner").quality, Quality::Exact);
        }
    }

    #[test]
    fn runs_one_after_the_other_all_find_their_sessions(
        works in proptest::collection::vec(work(), 1..40),
    ) {
        let mut free = [0; 6];
        let works: Vec<Work> = works
            .into_iter()
            .map(|work| {
                let start = free[work.profile];
                free[work.profile] = start + work.length + 5;
                Work { start, ..work }
            })
            .collect();
        let kept = works.iter().filter(|work| work.is_kept).count();
        prop_assert_eq!(joined(&read(&works)).len(), kept);
    }
}

#[test]
fn a_first_answer_while_another_run_begins_says_nothing_of_whose_it_is() {
    // Claude logs nothing before an answer. The first one came in the second in which another run began, whose log is
    // gone and which ended five seconds later.
    let work = Work { profile: 5, start: 91, length: 154, margins: (2, 0), calls: 2, has_footer: false, is_kept: true };
    let other = Work { start: 101, length: 149, margins: (0, 0), is_kept: false, ..work.clone() };
    let sessions = joined(&read(&[other, work.clone()]));
    assert_eq!(sessions, BTreeMap::from([(Work::run_id(1), work.session(1))]));
}

/// 50 loops at once, 2,000 runs, six profiles, one folder.
#[test]
fn in_a_busy_repository_nearly_every_run_finds_its_session_and_none_anothers() {
    let mut works = Vec::new();
    let mut state = 7_u64;
    let mut random = |below: u32| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u32 % below
    };
    for _ in 0..50 {
        let mut start = random(300);
        for _ in 0..40 {
            let length = 60 + random(1800);
            let margins = (random(4), random(3));
            works.push(Work {
                profile: random(6) as usize,
                start,
                length,
                margins,
                calls: 2 + u64::from(random(5)),
                has_footer: random(2) == 0,
                is_kept: random(20) > 0,
            });
            start += length + random(120);
        }
    }
    let joined = joined(&read(&works));
    let kept = works.iter().filter(|work| work.is_kept).count();
    let wrong = joined.iter().filter(|(run, session)| {
        let n = (0..works.len()).find(|n| Work::run_id(*n) == **run).expect("a run");
        works[n].session(n) != **session
    });
    assert_eq!(wrong.count(), 0);
    println!("{} of {kept} sessions joined", joined.len());
    assert!(joined.len() * 100 >= kept * 97, "{} of {kept}", joined.len());
}

/// A session that is gone on with: for each of its runs, in turn, how many calls that makes and whether a footer is
/// kept of it; calls of a run that is none of forge's come without.
#[derive(Debug, Clone)]
struct Part {
    calls: u64,
    is_forges: bool,
    has_footer: bool,
}

fn part() -> impl Strategy<Value = Part> {
    (1..4_u64, any::<bool>(), any::<bool>()).prop_map(|(calls, is_forges, has_footer)| Part {
        calls,
        is_forges,
        has_footer,
    })
}

/// How long each part takes, and a call of it.
const PART: Second = 100;
const CALL: Second = 20;

proptest! {
    #![proptest_config(cases(48))]

    #[test]
    fn a_session_that_is_gone_on_with_counts_once_beside_its_footers(
        parts in proptest::collection::vec(part(), 1..8),
        each in 1000..1100_u64,
    ) {
        let session = conversation(2, 0);
        let mut log = session_meta(2, &session) + &turn_context(2, &session);
        let mut ledger = front("kiln");
        let (mut total, mut footers) = (0, BTreeMap::new());
        for (n, part) in parts.iter().enumerate() {
            let start = n as Second * PART;
            for call in 0..part.calls {
                total += each;
                log += &token_count(start + CALL * (call as Second + 1), [0, 0, total, 0], [0, 0, each, 0]);
            }
            if part.is_forges {
                let work = Work {
                    profile: 0,
                    start,
                    length: PART - 10,
                    margins: (0, 0),
                    calls: part.calls,
                    has_footer: false,
                    is_kept: true,
                };
                let footer = if part.has_footer { footer(total) } else { String::new() };
                ledger += &work.entry(n).replace("Done.\n", &format!("Done.\n{footer}"));
                if part.has_footer {
                    footers.insert(Work::run_id(n), part.calls * each);
                }
            }
        }
        let files = Files::from([
            ("kiln.md".to_owned(), ledger.into_bytes()),
            (format!("home/.codex-1/sessions/2026/05/12/rollout-x-{session}.jsonl"), log.into_bytes()),
        ]);
        let settled = settled(&files, &options(1 << 20));
        let sum: u64 = settled.rows.iter().filter_map(|row| row.blended_tokens).sum();
        prop_assert_eq!(sum, total);
        for (run, own) in footers {
            let index = settled.owners.iter().position(|owner| owner.run.as_ref().is_some_and(|known| *known.id == *run));
            let index = index.expect("its owner");
            prop_assert_eq!(settled.owners[index].quality, Quality::Exact);
            let of_run = settled.rows.iter().filter(|row| row.owner == index).filter_map(|row| row.blended_tokens);
            prop_assert_eq!(of_run.sum::<u64>(), own);
        }
    }
}
