//! Records as Claude Code writes them, key by key: nearly all there are. What looks otherwise is read as any JSON.

use super::record::Record;
use crate::parse::anthropic::Message;
use crate::parse::plain::Plain;

/// Takes the record of a line that says nothing twice and hides nothing behind escapes; `None` for any other line, and
/// for what is none: then what was taken means nothing.
pub(super) fn take<'a>(record: &mut Record<'a>, line: &'a [u8]) -> Option<()> {
    let mut rest = Plain::new(line)?;
    rest.object(|key, rest| match key {
        b"type" => rest.text_into(&mut record.r#type),
        b"sessionId" => rest.text_into(&mut record.session_id),
        b"timestamp" => rest.text_into(&mut record.timestamp),
        b"requestId" => rest.text_into(&mut record.request_id),
        b"uuid" => rest.text_into(&mut record.uuid),
        b"cwd" => rest.text_into(&mut record.cwd),
        b"gitBranch" => rest.text_into(&mut record.git_branch),
        b"version" => rest.text_into(&mut record.version),
        b"effort" => rest.text_into(&mut record.effort),
        b"perTurnEffort" => rest.text_into(&mut record.per_turn_effort),
        b"isSidechain" => rest.flag_into(&mut record.is_sidechain),
        b"message" if record.message.is_none() => record.message.insert(Message::default()).take(rest),
        b"agentId" => rest.text_into(&mut record.agent_id),
        b"data" => rest.json_into(&mut record.data),
        b"toolUseResult" => rest.json_into(&mut record.tool_use_result),
        b"message" | b"forkedFrom" | b"costUSD" => None,
        _ => rest.pass_over(),
    })?;
    rest.is_over().then_some(())
}

#[cfg(test)]
mod tests {
    use super::take;
    use crate::parse::claude_session::mark_all;
    use crate::parse::claude_session::record::Record;
    use crate::parse::claude_session::torn::record_of;

    fn record(line: &str) -> Option<Record<'_>> {
        let mut record = Record::default();
        take(&mut record, line.as_bytes()).map(|()| record)
    }

    const LINE: &str = r#"{"parentUuid":"p","isSidechain":false,"userType":"external","cwd":"/srv","sessionId":"s","version":"2.1.41","gitBranch":"main","type":"assistant","message":{"model":"claude-opus-4-6","id":"msg_1","type":"message","role":"assistant","content":[{"type":"text","text":"a \"quoted\" } word"}],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":5,"cache_creation_input_tokens":9,"cache_read_input_tokens":0,"cache_creation":{"ephemeral_5m_input_tokens":5,"ephemeral_1h_input_tokens":4},"output_tokens":3,"service_tier":"standard"}},"requestId":"r","uuid":"u","timestamp":"2026-03-02T14:19:44.362Z"}"#;

    #[test]
    fn the_usual_line_is_read_as_any_json_is() {
        let lines = [
            LINE.to_owned(),
            LINE.replace("\"isSidechain\":false", "\"isSidechain\":true"),
            LINE.replace("\"stop_reason\":null", "\"stop_reason\":\"end_turn\""),
            LINE.replace("\"stop_reason\":null,", ""),
            LINE.replace("\"userType\":\"external\"", "\"more\":{\"a\":[1,{}],\"b\":\"\\n\"}"),
            LINE.replace("\"parentUuid\":\"p\"", "\"parentUuid\":null"),
            LINE.replace("\"gitBranch\":\"main\",", ""),
            LINE.replace("\"requestId\"", "\"effort\":\"high\",\"perTurnEffort\":\"low\",\"requestId\""),
            LINE.replace("\"type\":\"assistant\",\"m", "\"type\":\"user\",\"m"),
        ];
        for line in lines {
            let quick = record(&line).expect("as it is written");
            let slow = serde_json::from_str(&line).expect("JSON");
            assert_eq!(mark_all(quick), mark_all(slow), "{line}");
        }
    }

    #[test]
    fn what_is_written_otherwise_is_left_to_the_json_reader() {
        let others = [
            LINE.replace("\"uuid\":\"u\"", "\"uuid\":\"u\",\"uuid\":\"v\""),
            LINE.replace("\"uuid\":\"u\"", "\"uuid\": \"u\""),
            LINE.replace("\"uuid\":\"u\"", "\"uuid\":1"),
            LINE.replace("\"uuid\":\"u\"", "\"uuid\":\"\\u0075\""),
            LINE.replace("\"uuid\":\"u\"", "\"u\\u0075id\":\"u\""),
            LINE.replace("\"uuid\":\"u\"", "\"uuid\":\"u\t\""),
            LINE.replace("\"uuid\":\"u\"", "\"forkedFrom\":{\"sessionId\":\"o\"}"),
            LINE.replace("\"uuid\":\"u\"", "\"costUSD\":0.1"),
            LINE.replace("\"uuid\":\"u\"", "\"message\":{}"),
            LINE.replace(":5,", ":-5,"),
            LINE.replace("word\"}", "word\""),
            format!("{LINE}{LINE}"),
            format!("{LINE} "),
            LINE[..LINE.len() - 1].to_owned(),
            String::new(),
        ];
        for line in others {
            assert!(record(&line).is_none(), "{line}");
        }
        assert!(record_of(format!("{LINE} ").as_bytes()).0.is_some());
    }
}
