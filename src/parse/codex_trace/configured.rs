//! `SessionConfigured(SessionConfiguredEvent { session_id: …, model: "…", … })`: whose session it is, and the model it
//! was configured with.

use super::debug_text::message_of;
use super::head::HARNESS;
use crate::event::{Conversation, Fact};
use crate::parse::debug::{self, Value};
use crate::parse::format::Hit;
use crate::parse::mark::{Mark, MarkKind};
use crate::parse::tracing::Record;

const EVENT: &str = "SessionConfigured(";

/// Adds what the record means, if it is such an event and tells the model.
pub(super) fn read(hit: &Hit<'_>, record: &Record<'_>, marks: &mut Vec<Mark>) {
    let Some(id) = conversation_of(record.body).and_then(|id| hit.seen.id(id)) else { return };
    let Some(model) = model_of(record.body).and_then(|model| hit.seen.model(model)) else { return };
    let found = Conversation { model: Some(model), ..Conversation::new(id.clone()) };
    let mark = hit.mark(Some(HARNESS), MarkKind::Fact(Fact::Conversation(Box::new(found))));
    marks.push(mark.at(Some(record.time)).of(Some(id)));
}

/// The conversation that such an event names.
pub(super) fn conversation_of(body: &str) -> Option<&str> {
    let event = message_of(body)?.strip_prefix(EVENT)?;
    let (_, after) = event.split_once("session_id: ").or_else(|| event.split_once("thread_id: "))?;
    after.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).find(|word| word.len() == 36)
}

fn model_of(body: &str) -> Option<&str> {
    let (event, _) = debug::value(body.strip_prefix("Received event: ")?)?;
    match event.field("msg")? {
        Value::Tuple("SessionConfigured", values) => values.first()?.field("model")?.text(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{conversation_of, model_of};

    #[test]
    fn versions_write_the_id_and_the_fields_as_they_like() {
        let id = "019e1adf-4a80-7b3c-8d11-000000000000";
        for fields in [
            format!("session_id: ConversationId {{ uuid: {id} }}, model: \"m-1\", initial_messages: None"),
            format!("model: \"m-1\", session_id: \"{id}\", rollout_path: \"/x, model: \\\"m-2\\\"\""),
            format!("thread_id: ThreadId({id}), forked_from_id: None, model: \"m-1\""),
        ] {
            let body = format!(
                "Received event: Event {{ id: \"\", msg: SessionConfigured(SessionConfiguredEvent {{ {fields} }}) }}"
            );
            assert_eq!((conversation_of(&body), model_of(&body)), (Some(id), Some("m-1")), "{body}");
        }
    }
}
