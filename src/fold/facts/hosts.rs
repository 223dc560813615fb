//! The machines that sources come from.

use std::collections::BTreeSet;

use crate::event::Id;

/// The machines that the sources of a run or a conversation come from. Those that whoever read them named none for are a
/// machine of their own: nothing tells that it is one of those that have a name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Hosts {
    named: BTreeSet<Id>,
    has_unnamed: bool,
}

impl Hosts {
    /// Adds that of one source; `None` where whoever read it named none.
    pub(in crate::fold) fn add(&mut self, host: Option<&Id>) {
        match host {
            Some(host) => self.named.extend([host.clone()]),
            None => self.has_unnamed = true,
        }
    }

    pub(super) fn merge(&mut self, other: Hosts) {
        self.named.extend(other.named);
        self.has_unnamed |= other.has_unnamed;
    }

    /// Its name in tables; of several, the last one.
    pub(in crate::fold) fn name(&self) -> Option<&Id> {
        self.named.last()
    }

    /// Whether both may have been at work on the same machine.
    pub(in crate::fold) fn meets(&self, other: &Hosts) -> bool {
        self.has_unnamed && other.has_unnamed || !self.named.is_disjoint(&other.named)
    }
}

#[cfg(test)]
mod tests {
    use super::Hosts;

    fn hosts(all: &[Option<&str>]) -> Hosts {
        let mut hosts = Hosts::default();
        all.iter().for_each(|host| hosts.add(host.map(Into::into).as_ref()));
        hosts
    }

    #[test]
    fn what_was_copied_to_another_machine_meets_what_is_there() {
        assert!(hosts(&[Some("alpha"), Some("beta")]).meets(&hosts(&[Some("alpha")])));
        assert!(hosts(&[Some("alpha"), None]).meets(&hosts(&[None])));
    }

    #[test]
    fn what_has_no_name_is_a_machine_of_its_own() {
        assert!(hosts(&[None]).meets(&hosts(&[None])));
        assert!(!hosts(&[None]).meets(&hosts(&[Some("alpha")])));
        assert!(!hosts(&[Some("alpha")]).meets(&hosts(&[Some("beta")])));
    }
}
