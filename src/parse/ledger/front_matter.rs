//! What a ledger begins with.

use crate::event::{Id, Time};
use crate::parse::lines::{clean, lines};

/// What the ledger says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FrontMatter {
    pub(super) name: Id,
    pub(super) repo: Option<Id>,
    pub(super) created: Option<Time>,
}

impl FrontMatter {
    /// Reads the block between two `---` at the start; `None` if it isn't a ledger's.
    pub(super) fn read(head: &[u8]) -> Option<FrontMatter> {
        let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
        let mut lines = lines(head).map(clean);
        if lines.next()? != "---" {
            return None;
        }
        let (mut name, mut repo, mut created) = (None, None, None);
        for line in lines.take(50).take_while(|line| line != "---") {
            match line.split_once(": ") {
                Some(("loop_name" | "workflow_name", value)) => name = Some(Id::from(value)),
                Some(("repo_path", value)) => repo = Some(Id::from(value)),
                Some(("created_at", value)) => created = Time::parse(value),
                _ => {}
            }
        }
        Some(FrontMatter { name: name?, repo, created })
    }
}

#[cfg(test)]
mod tests {
    use super::FrontMatter;

    #[test]
    fn the_front_matter_names_loop_and_repository() {
        let head = b"\xef\xbb\xbf---\r\nloop_id: x\r\nloop_name: a b\r\nrepo_path: /srv\r\n---\r\n";
        let front = FrontMatter::read(head).expect("front matter");
        assert_eq!((&*front.name, front.repo.as_deref()), ("a b", Some("/srv")));
        assert_eq!(FrontMatter::read(b"---\ntitle: notes\n---\n"), None);
    }
}
