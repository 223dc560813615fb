//! Which conversations one comes from: those that it was forked from, or that spawned it.

use super::conversation::Conversations;
use crate::event::Id;

/// How many generations of forks, or of sub-agents, are followed upwards. A limit, as records may name a circle.
const GENERATIONS: usize = 64;

/// The conversations that this one came from, its parent first.
pub(in crate::fold) fn ancestors(conversations: &Conversations, id: &Id) -> Vec<Id> {
    let mut upwards: Vec<Id> = Vec::new();
    let parent = |id: &Id| conversations.get(id).and_then(|facts| facts.parent.clone());
    while let Some(parent) = parent(upwards.last().unwrap_or(id)) {
        if upwards.len() == GENERATIONS || upwards.contains(&parent) || parent == *id {
            break;
        }
        upwards.push(parent);
    }
    upwards
}

/// The conversations whose sub-agent, or a sub-agent's, held this one, from the nearest up; none if no sub-agent did. A
/// fork doesn't work for the one that it was forked from.
pub(in crate::fold) fn spawners<'a>(conversations: &'a Conversations, id: &Id) -> impl Iterator<Item = &'a Id> {
    let parent = |id: &Id| conversations.get(id).filter(|facts| facts.is_subagent)?.parent.as_ref();
    std::iter::successors(parent(id), move |id| parent(id)).take(GENERATIONS)
}

/// The conversation that all of [`spawners`] worked for; `None` if no sub-agent held it.
pub(in crate::fold) fn main_of<'a>(conversations: &'a Conversations, id: &Id) -> Option<&'a Id> {
    spawners(conversations, id).last()
}
