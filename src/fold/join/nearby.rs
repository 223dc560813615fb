//! Which runs and sessions may have to do with each other by harness and folder, looked up and not asked one by one: there
//! may be thousands of both at one time.

use rustc_hash::{FxHashMap, FxHashSet};

use super::session::{Lonely, Session, calls, trimmed};
use crate::event::Time;

/// In how many folders of runs a session is looked up, one in the other. One that lies in more is looked up by all runs.
const MOST_FOLDERS: usize = 8;

/// Sessions and runs of one harness, and of one folder. Whatever else tells them apart must be asked.
#[derive(Debug, Default)]
struct Place {
    /// Sessions, by their beginning.
    sessions: Vec<usize>,
    /// When their answers came that no run is known to hold, in order.
    calls: Vec<(Time, usize)>,
    /// Runs, by their beginning.
    runs: Vec<usize>,
}

/// The folders by which a run looks for sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Folder<'a> {
    /// This one, and all in it.
    In(&'a str),
    /// None that is told, or one that lies in many; for runs whose folder is told.
    Untold,
    /// Any; for runs whose folder isn't told.
    Any,
}

/// All of them.
pub(super) struct Nearby<'a> {
    lonely: &'a [Lonely<'a>],
    sessions: &'a [Session<'a>],
    places: Vec<Place>,
    by_folder: FxHashMap<(&'a str, Folder<'a>), usize>,
    /// The places of each session.
    of_sessions: Vec<Vec<usize>>,
}

/// The folders of runs.
#[derive(Default)]
struct Folders<'a> {
    all: FxHashSet<&'a str>,
    lengths: FxHashSet<usize>,
}

impl<'a> Folders<'a> {
    /// Where a session is looked up.
    fn of(&self, session: &Session<'a>) -> impl Iterator<Item = (&'a str, Folder<'a>)> {
        let path = session.repo.unwrap_or("");
        let ends = path.bytes().enumerate().filter(|(_, byte)| matches!(byte, b'/' | b'\\')).map(|(at, _)| at);
        let ends = ends.chain([path.len()]).filter(|at| self.lengths.contains(at));
        let within = ends.filter_map(|at| path.get(..at)).filter(|folder| self.all.contains(folder)).map(Folder::In);
        let within: Vec<Folder> = within.take(MOST_FOLDERS + 1).collect();
        let is_told = session.repo.is_some() && within.len() <= MOST_FOLDERS;
        let folders = if is_told { within } else { vec![Folder::Untold] };
        let harness = session.harness;
        folders.into_iter().chain([Folder::Any]).map(move |folder| (harness, folder))
    }
}

impl<'a> Nearby<'a> {
    pub(super) fn new(lonely: &'a [Lonely<'a>], sessions: &'a [Session<'a>]) -> Nearby<'a> {
        let mut folders = Folders::default();
        for folder in lonely.iter().filter_map(|run| run.repo).map(trimmed) {
            folders.all.insert(folder);
            folders.lengths.insert(folder.len());
        }
        let mut by_folder: FxHashMap<(&str, Folder), usize> = FxHashMap::default();
        let mut places: Vec<Place> = Vec::new();
        for (index, run) in lonely.iter().enumerate() {
            for key in folders_of(run) {
                let place = *by_folder.entry(key).or_insert(places.len());
                if place == places.len() {
                    places.push(Place::default());
                }
                places[place].runs.push(index);
            }
        }
        let of_session = |session| folders.of(session).filter_map(|key| by_folder.get(&key).copied()).collect();
        let of_sessions: Vec<Vec<usize>> = sessions.iter().map(of_session).collect();
        for (index, of_session) in of_sessions.iter().enumerate() {
            of_session.iter().for_each(|place| places[*place].sessions.push(index));
        }
        for (time, index) in calls(sessions) {
            of_sessions[index].iter().for_each(|place| places[*place].calls.push((time, index)));
        }
        Nearby { lonely, sessions, places, by_folder, of_sessions }
    }

    /// Where a run looks sessions up.
    fn places(&self, run: &Lonely<'a>) -> impl Iterator<Item = &Place> {
        let places = folders_of(run).filter_map(|key| self.by_folder.get(&key));
        places.filter_map(|place| self.places.get(*place))
    }

    /// A session at its place among all.
    pub(super) fn session(&self, index: usize) -> &'a Session<'a> {
        &self.sessions[index]
    }

    /// How long the longest of all runs was at work, in microseconds.
    pub(super) fn longest(&self) -> i64 {
        let lengths = self.lonely.iter().map(|run| run.end.micros().saturating_sub(run.start.micros()));
        lengths.max().unwrap_or(0)
    }

    /// The sessions that begin while a run is at work.
    pub(super) fn begun_in(&self, run: &Lonely<'a>) -> impl Iterator<Item = usize> {
        let start_of = |index: &usize| self.sessions.get(*index).map(|session| session.start);
        let within = move |place: &Place| {
            let first = place.sessions.partition_point(|index| start_of(index) < Some(run.start));
            let sessions = place.sessions.get(first..).unwrap_or_default();
            let is_within = |index: &usize| start_of(index).is_some_and(|start| run.is_at_work(start));
            first..first + sessions.partition_point(is_within)
        };
        self.places(run).flat_map(move |place| place.sessions.get(within(place)).unwrap_or_default()).copied()
    }

    /// When answers came while a run was at work that no run is known to hold, and in which session.
    pub(super) fn held(&self, run: &Lonely<'a>) -> impl Iterator<Item = (Time, usize)> {
        self.places(run).flat_map(move |place| {
            let from = place.calls.partition_point(|(time, _)| *time < run.start);
            let calls = place.calls.iter().skip(from);
            calls.take_while(|(time, _)| run.is_at_work(*time)).copied()
        })
    }

    /// The runs that may have to do with a session and began between two times, with their places among all.
    pub(super) fn runs(&self, session: usize, from: Time, to: Time) -> impl Iterator<Item = (usize, &'a Lonely<'a>)> {
        let places = self.of_sessions.get(session).into_iter().flatten().filter_map(|place| self.places.get(*place));
        let runs = places.flat_map(move |place| {
            let start_of = |index: &usize| self.lonely.get(*index).map(|run| run.start);
            let first = place.runs.partition_point(|index| start_of(index) < Some(from));
            place.runs.iter().skip(first).take_while(move |index| start_of(index) <= Some(to))
        });
        runs.filter_map(|index| Some((*index, self.lonely.get(*index)?)))
    }
}

/// By what a run looks sessions up.
fn folders_of<'a>(run: &Lonely<'a>) -> impl Iterator<Item = (&'a str, Folder<'a>)> {
    let (harness, repo) = (run.harness, run.repo);
    let folders = match repo {
        Some(repo) => [Some(Folder::In(trimmed(repo))), Some(Folder::Untold)],
        None => [Some(Folder::Any), None],
    };
    folders.into_iter().flatten().map(move |folder| (harness, folder))
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::{Lonely, MOST_FOLDERS, Nearby, Session};
    use crate::event::{Id, RunId, Time};
    use crate::fold::facts::{Hosts, LogEnd};

    struct World {
        hosts: Hosts,
        logs: BTreeMap<Id, LogEnd>,
        ids: Vec<Id>,
    }

    fn second(second: i64) -> Time {
        Time::from_millis(second * 1000).expect("a time")
    }

    impl World {
        fn new() -> World {
            let mut hosts = Hosts::default();
            hosts.add(None);
            World { hosts, logs: BTreeMap::new(), ids: (0..100).map(|n| RunId::from(format!("{n:03}"))).collect() }
        }

        /// Runs of folders, each at work for a minute from its second on.
        fn runs<'a>(&'a self, runs: &[(Option<&'a str>, i64)]) -> Vec<Lonely<'a>> {
            let run = |(id, (repo, start)): (&'a Id, &(Option<&'a str>, i64))| Lonely {
                id,
                harness: "codex",
                repo: *repo,
                profile: None,
                nth_profile: 0,
                hosts: &self.hosts,
                start: second(*start),
                end: second(*start + 60),
                is_end_told: true,
                footers: BTreeSet::new(),
                first_double: 0,
                has_doubles: false,
            };
            self.ids.iter().zip(runs).map(run).collect()
        }

        /// Sessions of folders, each with an answer at its second.
        fn sessions<'a>(&'a self, sessions: &[(Option<&'a str>, i64)]) -> Vec<Session<'a>> {
            let session = |(id, (repo, start)): (&'a Id, &(Option<&'a str>, i64))| Session {
                id,
                harness: "codex",
                repo: *repo,
                logs: &self.logs,
                hosts: &self.hosts,
                times: vec![second(*start)],
                start: second(*start),
                starts_answered: true,
                is_whole: false,
                shown: Vec::new(),
                totals: Vec::new(),
                homes: 0,
            };
            self.ids.iter().zip(sessions).map(session).collect()
        }
    }

    /// What is asked of each run's sessions, and each session's runs.
    fn looked_up(nearby: &Nearby, runs: &[Lonely], sessions: usize) -> [Vec<Vec<usize>>; 3] {
        let sorted = |found: &mut dyn Iterator<Item = usize>| {
            let mut found: Vec<usize> = found.collect();
            found.sort_unstable();
            found
        };
        let around = |session| nearby.runs(session, second(0), second(1000)).map(|(index, _)| index);
        [
            runs.iter().map(|run| sorted(&mut nearby.begun_in(run))).collect(),
            runs.iter().map(|run| sorted(&mut nearby.held(run).map(|(_, session)| session))).collect(),
            (0..sessions).map(|session| sorted(&mut around(session))).collect(),
        ]
    }

    #[test]
    fn a_run_at_the_same_time_in_another_folder_is_not_asked() {
        let world = World::new();
        let folders: Vec<String> = (0..50).map(|n| format!("/srv/w{n}")).collect();
        let all: Vec<(Option<&str>, i64)> = folders.iter().map(|folder| (Some(&**folder), 7)).collect();
        let (runs, sessions) = (world.runs(&all), world.sessions(&all));
        let own: Vec<Vec<usize>> = (0..50).map(|n| vec![n]).collect();
        assert_eq!(looked_up(&Nearby::new(&runs, &sessions), &runs, 50), [own.clone(), own.clone(), own]);
    }

    #[test]
    fn what_is_looked_up_is_all_that_may_be_alike() {
        let world = World::new();
        let deep = "/a/a/a/a/a/a/a/a/a/a/a/a";
        let mut folders =
            vec![None, Some(""), Some("/"), Some("/srv"), Some("/srv/"), Some("/srv/w"), Some("/srv/w/x")];
        folders.extend([Some("/srv/we"), Some("\\srv\\w"), Some("srv"), Some("/srv//w")]);
        folders.extend((1..=deep.len() / 2).map(|depth| deep.get(..2 * depth)));
        assert!(deep.len() / 2 > MOST_FOLDERS);
        let runs: Vec<(Option<&str>, i64)> =
            folders.iter().enumerate().map(|(n, folder)| (*folder, [0, 30, 200][n % 3])).collect();
        let sessions: Vec<(Option<&str>, i64)> =
            folders.iter().enumerate().map(|(n, folder)| (*folder, [5, 40, 70, 210][n % 4])).collect();
        let (mut runs, mut sessions) = (world.runs(&runs), world.sessions(&sessions));
        runs.sort_by_key(|run| (run.start, run.id));
        sessions.sort_by_key(|session| (session.start, session.id));
        let is_like = |run: &Lonely, session: &Session| run.is_like(session, &|_, _| true);
        let nearby = Nearby::new(&runs, &sessions);
        for run in &runs {
            let meant = |index: &usize| is_like(run, &sessions[*index]) && run.is_at_work(sessions[*index].start);
            let all: BTreeSet<usize> = (0..sessions.len()).filter(meant).collect();
            let begun: Vec<usize> = nearby.begun_in(run).filter(|index| is_like(run, &sessions[*index])).collect();
            let held = nearby.held(run).map(|(_, session)| session);
            let held: Vec<usize> = held.filter(|index| is_like(run, &sessions[*index])).collect();
            assert_eq!((begun.len(), begun.into_iter().collect()), (all.len(), all.clone()));
            assert_eq!((held.len(), held.into_iter().collect()), (all.len(), all));
        }
        for (at, session) in sessions.iter().enumerate() {
            let all: BTreeSet<usize> = (0..runs.len()).filter(|index| is_like(&runs[*index], session)).collect();
            let around = nearby.runs(at, second(0), second(1000)).map(|(index, _)| index);
            let around: Vec<usize> = around.filter(|index| is_like(&runs[*index], session)).collect();
            assert_eq!((around.len(), around.into_iter().collect()), (all.len(), all));
        }
    }
}
