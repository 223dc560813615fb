//! Whose a packed call is that several session logs show. What something else may tell of, too, is left to
//! [`super::copies`].

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::{FxHashMap, FxHashSet};

use super::copies::{Copies, lineage};
use crate::event::Id;
use crate::fold::facts::{ConversationFacts, Conversations, Facts, Messages, PackedCall, ancestors, id_of};

/// Where a call stands: its id's hash, the conversation and the position in it.
type Spot = (u64, u32, u32);

/// Conversations with their calls, in the order of their ids.
struct Shelf(Vec<(Id, Messages)>);

/// Gives every call that several conversations show to the one that made it. What `is_witnessed`, and what shares a
/// call with such a conversation, is taken out and handed on, as those other records tell better who made it.
fn attribute(
    conversations: &mut Conversations,
    is_witnessed: impl Fn(&Id, &ConversationFacts, &Messages) -> bool,
) -> Vec<(Id, Messages)> {
    let mut all: Vec<(Id, Messages)> = Vec::new();
    for (id, facts) in conversations.iter_mut().filter(|(_, facts)| !facts.messages.is_empty()) {
        all.push((id.clone(), std::mem::take(&mut facts.messages)));
    }
    all.sort_by(|a, b| a.0.cmp(&b.0));
    let mut shelf = Shelf(all);
    let is_witnessed =
        |(id, messages): &(Id, Messages)| conversations.get(id).is_some_and(|facts| is_witnessed(id, facts, messages));
    let mut is_taken: Vec<bool> = shelf.0.iter().map(is_witnessed).collect();
    let mut shared = shelf.shared();
    take_sharing(&shared, &mut is_taken);
    let stays = |(_, conversation, _): &Spot| is_taken.get(*conversation as usize) == Some(&false);
    shared.retain(|spots| spots.first().is_some_and(stays));
    shelf.give_to_origins(&shared, conversations);
    let mut taken = Vec::new();
    for ((id, messages), is_taken) in shelf.0.into_iter().zip(is_taken) {
        match conversations.get_mut(&id).filter(|_| !is_taken) {
            Some(facts) => facts.messages = messages,
            None => taken.push((id, messages)),
        }
    }
    taken
}

impl Facts {
    /// Unpacks the calls that something else may tell of, too: a run, a counter, a captured output.
    pub(super) fn unpack_witnessed(&mut self) {
        let seen: FxHashSet<&Id> = self.calls.values().filter_map(|call| call.conversation.as_ref()).collect();
        let shown: FxHashSet<&str> = self.calls.keys().filter_map(id_of).collect();
        // A result may count what was used of the conversation that its own was forked from.
        let counted = self.conversations.iter().filter(|(_, facts)| !facts.results.is_empty());
        let upwards: FxHashSet<Id> = counted.flat_map(|(id, _)| ancestors(&self.conversations, id)).collect();
        let is_witnessed = |id: &Id, facts: &ConversationFacts, messages: &Messages| {
            facts.has_witness() || seen.contains(id) || upwards.contains(id) || messages.has_any_of(&shown)
        };
        for (id, messages) in attribute(&mut self.conversations, is_witnessed) {
            for (key, call) in messages.unpack(&id) {
                self.add_call(key, call);
            }
        }
    }
}

/// Takes what shares a call with one that is taken, however indirectly.
fn take_sharing(shared: &[Vec<Spot>], is_taken: &mut [bool]) {
    let mut above: Vec<usize> = (0..is_taken.len()).collect();
    fn top(above: &mut [usize], mut at: usize) -> usize {
        while above[at] != at {
            above[at] = above[above[at]];
            at = above[at];
        }
        at
    }
    for spots in shared {
        for pair in spots.windows(2) {
            let (a, b) = (top(&mut above, pair[0].1 as usize), top(&mut above, pair[1].1 as usize));
            above[a.max(b)] = a.min(b);
        }
    }
    let tops: Vec<usize> = (0..is_taken.len()).map(|at| top(&mut above, at)).collect();
    let taken: FxHashSet<usize> =
        tops.iter().zip(is_taken.iter()).filter(|(_, is_taken)| **is_taken).map(|(top, _)| *top).collect();
    for (top, is_taken) in tops.iter().zip(is_taken) {
        *is_taken |= taken.contains(top);
    }
}

impl Shelf {
    fn call(&self, (_, conversation, at): Spot) -> Option<(&Id, &PackedCall)> {
        let (id, messages) = self.0.get(conversation as usize)?;
        Some((id, messages.calls.get(at as usize)?))
    }

    /// The calls that several conversations show.
    fn shared(&self) -> Vec<Vec<Spot>> {
        let mut spots: Vec<Spot> = Vec::with_capacity(self.0.iter().map(|(_, messages)| messages.calls.len()).sum());
        for (conversation, (_, messages)) in self.0.iter().enumerate() {
            let spot = |(at, call): (usize, &PackedCall)| (call.hash(), conversation as u32, at as u32);
            spots.extend(messages.calls.iter().enumerate().map(spot));
        }
        spots.sort_unstable();
        let mut shared: Vec<Vec<Spot>> = Vec::new();
        for same in spots.chunk_by(|a, b| a.0 == b.0).filter(|same| same.len() > 1) {
            // Different ids may have the same hash.
            let mut by_id: BTreeMap<&[u8], Vec<Spot>> = BTreeMap::new();
            for spot in same {
                if let Some((_, call)) = self.call(*spot) {
                    by_id.entry(call.id()).or_default().push(*spot);
                }
            }
            shared.extend(by_id.into_values().filter(|spots| spots.len() > 1));
        }
        shared
    }

    fn give_to_origins(&mut self, shared: &[Vec<Spot>], conversations: &Conversations) {
        if shared.is_empty() {
            return;
        }
        let origins = self.origins(shared, conversations);
        let mut gone: FxHashSet<(u32, u32)> = FxHashSet::default();
        for spots in shared {
            let Some(origin) = origins.get(&self.ids(spots)) else { continue };
            let is_origin = |spot: &&Spot| self.call(**spot).is_some_and(|(id, _)| id == origin);
            let Some(kept) = spots.iter().find(is_origin).copied() else { continue };
            let Some((id, call)) = self.call(kept) else { continue };
            let copies: Vec<Spot> = spots.iter().copied().filter(|spot| *spot != kept).collect();
            let mut whole = call.clone();
            whole.merge(id, copies.iter().filter_map(|spot| self.call(*spot)));
            gone.extend(copies.iter().map(|(_, conversation, at)| (*conversation, *at)));
            let (_, conversation, at) = kept;
            let messages = self.0.get_mut(conversation as usize).map(|(_, messages)| messages);
            if let Some(call) = messages.and_then(|messages| messages.calls.get_mut(at as usize)) {
                *call = whole;
            }
        }
        for (conversation, (_, messages)) in self.0.iter_mut().enumerate() {
            let mut at = 0_u32;
            messages.calls.retain(|_| {
                at += 1;
                !gone.contains(&(conversation as u32, at - 1))
            });
        }
    }

    /// The conversations that show a call.
    fn ids(&self, spots: &[Spot]) -> BTreeSet<Id> {
        spots.iter().filter_map(|spot| Some(self.call(*spot)?.0.clone())).collect()
    }

    /// Who made the calls that conversations show together.
    fn origins(&self, shared: &[Vec<Spot>], conversations: &Conversations) -> FxHashMap<BTreeSet<Id>, Id> {
        let mut copies = Copies::default();
        let mut is_shared: FxHashSet<(u32, u32)> = FxHashSet::default();
        for spots in shared {
            is_shared.extend(spots.iter().map(|(_, conversation, at)| (*conversation, *at)));
            let time = spots.iter().filter_map(|spot| self.call(*spot)?.1.time()).min();
            copies.share(self.ids(spots), time);
        }
        for (conversation, (id, messages)) in self.0.iter().enumerate() {
            if !copies.has(id) {
                continue;
            }
            for (at, call) in messages.calls.iter().enumerate() {
                if !is_shared.contains(&(conversation as u32, at as u32)) {
                    copies.own(id, call.time());
                }
            }
        }
        conversations.iter().for_each(|(id, facts)| copies.fail(id, &facts.failures));
        copies.origins(|id| lineage(conversations, id))
    }
}

#[cfg(test)]
mod tests {

    use super::attribute;
    use crate::event::{Call, CallKey, Event, Fact, Id, Time, TokenUsage};
    use crate::fold::facts::Conversations;
    use crate::fold::{Facts, SourceFold};

    /// A session log of calls of one conversation: their ids, when, and their output.
    fn log(source: &str, conversation: &str, calls: &[(&str, i64, u64)]) -> Facts {
        let mut fold = SourceFold::new(source);
        for (id, second, output_tokens) in calls {
            let usage = TokenUsage { output_tokens: *output_tokens, ..TokenUsage::default() };
            let call = Call {
                conversation: Some(conversation.into()),
                is_logged: true,
                ..Call::new(CallKey::Message((*id).into()), usage)
            };
            let time = Time::from_millis(second * 1000);
            fold.apply(Event { offset: 0, run: None, harness: None, time, fact: Fact::Call(Box::new(call)) });
        }
        fold.finish()
    }

    type Told = Vec<(String, Vec<(String, u64)>)>;

    fn told<'a>(all: impl Iterator<Item = (&'a Id, &'a super::Messages)>) -> Told {
        let calls = all.map(|(id, messages)| {
            let calls = messages.calls(id).map(|(key, call)| (key.to_string(), call.usage.output_tokens));
            (id.to_string(), calls.collect())
        });
        let mut calls: Told = calls.collect();
        calls.sort();
        calls
    }

    /// `b` goes on from `a`, `c` is another one's.
    fn conversations() -> Conversations {
        let a = log("1", "a", &[("m1", 1, 5), ("m2", 2, 6)]);
        let b = log("2", "b", &[("m1", 1, 7), ("m2", 2, 6), ("m3", 3, 8)]);
        a.merge(b).merge(log("3", "c", &[("m4", 4, 9)])).conversations
    }

    fn of(conversation: &str, calls: &[(&str, u64)]) -> (String, Vec<(String, u64)>) {
        (conversation.to_owned(), calls.iter().map(|(id, output)| ((*id).to_owned(), *output)).collect())
    }

    #[test]
    fn a_copied_call_stays_with_its_origin_and_the_fullest_record_counts() {
        let mut conversations = conversations();
        assert!(attribute(&mut conversations, |_, _, _| false).is_empty());
        let told = told(conversations.iter().map(|(id, facts)| (id, &facts.messages)));
        assert_eq!(told, [of("a", &[("m1", 7), ("m2", 6)]), of("b", &[("m3", 8)]), of("c", &[("m4", 9)])]);
    }

    #[test]
    fn what_shares_a_call_with_a_witnessed_conversation_is_taken_out_as_it_is() {
        for witnessed in ["a", "b"] {
            let mut conversations = conversations();
            let taken = attribute(&mut conversations, |id, _, _| id.as_str() == witnessed);
            let taken = told(taken.iter().map(|(id, messages)| (id, messages)));
            assert_eq!(taken, [of("a", &[("m1", 5), ("m2", 6)]), of("b", &[("m1", 7), ("m2", 6), ("m3", 8)])]);
            let left = told(conversations.iter().map(|(id, facts)| (id, &facts.messages)));
            assert_eq!(left, [of("a", &[]), of("b", &[]), of("c", &[("m4", 9)])]);
        }
    }
}
