//! Sessions that are forked while others go on: a fork's log begins with a copy, and names no parent.

use std::collections::BTreeMap;
use std::fmt::Write;

use proptest::prelude::*;

use crate::forge::{Second, clock};
use crate::kit::{Files, cases, options, settled};

/// What happens next, to one of the sessions that there are: it is asked, or forked.
#[derive(Debug, Clone)]
struct Step {
    which: prop::sample::Index,
    is_fork: bool,
    /// Seconds since the step before.
    after: Second,
}

#[derive(Debug, Clone, Default)]
struct Session {
    began: Second,
    /// When its answers came, copied ones first.
    answers: Vec<Second>,
    /// How many are its own.
    own: u64,
}

/// When the first session begins, in milliseconds since 1970.
const BEGAN_MS: u64 = 1_778_569_200_000;

fn sessions(steps: &[Step]) -> Vec<Session> {
    let mut now = 0;
    let mut sessions = vec![Session { began: now, ..Session::default() }];
    for step in steps {
        now += step.after;
        let which = step.which.index(sessions.len());
        if step.is_fork {
            let fork = Session { began: now, own: 0, ..sessions[which].clone() };
            sessions.push(fork);
        } else {
            let session = &mut sessions[which];
            session.answers.push(now);
            session.own += 1;
        }
    }
    sessions
}

/// pi copies answers as they are, opencode under new ids.
fn pi(name: &str, session: &Session) -> Files {
    let mut log = format!("{{\"type\":\"session\",\"id\":\"{name}\",\"timestamp\":\"{}Z\"}}\n", clock(session.began));
    for second in &session.answers {
        let usage = "\"usage\":{\"input\":1,\"output\":1,\"cacheRead\":0,\"cacheWrite\":0}";
        let message = format!("{{\"role\":\"assistant\",\"model\":\"m\",\"timestamp\":{second}000,{usage}}}");
        let at = clock(*second);
        writeln!(log, "{{\"type\":\"message\",\"id\":\"e{second}\",\"timestamp\":\"{at}Z\",\"message\":{message}}}")
            .expect("text");
    }
    Files::from([(format!("pi/{name}.jsonl"), log.into_bytes())])
}

fn millis(second: Second) -> u64 {
    BEGAN_MS + u64::from(second) * 1000
}

fn opencode(name: &str, session: &Session) -> Files {
    let head = format!(
        "{{\"id\":\"{name}\",\"projectID\":\"p\",\"directory\":\"/srv/kiln\",\"time\":{{\"created\":{}}}}}",
        millis(session.began)
    );
    let mut files = Files::from([(format!("opencode/session/{name}.json"), head.into_bytes())]);
    for second in &session.answers {
        let time = format!("\"time\":{{\"created\":{},\"completed\":{}}}", millis(second - 1), millis(*second));
        let tokens = "\"tokens\":{\"input\":1,\"output\":1}";
        let message = format!(
            "{{\"id\":\"msg_{name}_{second}\",\"sessionID\":\"{name}\",\"role\":\"assistant\",{time},{tokens}}}"
        );
        files.insert(format!("opencode/message/{name}/{second}.json"), message.into_bytes());
    }
    files
}

proptest! {
    #![proptest_config(cases(48))]

    #[test]
    fn a_call_is_the_sessions_that_made_it_however_its_forks_go_on(
        steps in proptest::collection::vec(
            (any::<prop::sample::Index>(), prop::bool::weighted(0.3), 2..600_u32)
                .prop_map(|(which, is_fork, after)| Step { which, is_fork, after }),
            1..24,
        ),
    ) {
        let sessions = sessions(&steps);
        for write in [pi, opencode] {
            let mut files = Files::new();
            // A fork's name stands before that of its origin: names decide nothing.
            let named = |n: usize| format!("s{:02}", 50 - n);
            for (n, session) in sessions.iter().enumerate() {
                files.extend(write(&named(n), session));
            }
            let mut told: BTreeMap<String, u64> = BTreeMap::new();
            for row in settled(&files, &options(1 << 20)).rows.iter().filter(|row| row.call.is_some()) {
                *told.entry(row.conversation.expect("a session").to_string()).or_default() += 1;
            }
            let made = sessions.iter().enumerate().filter(|(_, session)| session.own > 0);
            let made: BTreeMap<String, u64> = made.map(|(n, session)| (named(n), session.own)).collect();
            prop_assert_eq!(told, made);
        }
    }
}
