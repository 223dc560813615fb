//! Claude Code's `--output-format stream-json`, keys in the order that its writer uses.

use std::fmt::Arguments;

use serde_json::json;
use uuid::Uuid;

use super::Tokens;
use super::random::Random;
use super::text;

const MODEL: &str = "claude-opus-4-6";

/// One run: messages with growing prompts, what their tools returned, and the result.
pub fn stream(random: &mut Random, duration_ms: u64) -> (String, Tokens) {
    let session = random.uuid();
    let mut stream = Stream { random, session, text: String::new(), messages: 0, sum: Usage::default() };
    stream.init();
    for _ in 0..stream.random.between(1, 6) {
        stream.message();
    }
    stream.result(duration_ms);
    (stream.text, stream.sum.tokens())
}

/// One run that goes on until its records have about so many bytes, and how many messages it took.
pub fn long_stream(random: &mut Random, bytes: usize) -> (String, Tokens, u64) {
    let session = random.uuid();
    let mut stream = Stream { random, session, text: String::new(), messages: 0, sum: Usage::default() };
    stream.init();
    while stream.text.len() < bytes {
        stream.message();
    }
    stream.result(3_600_000);
    (stream.text, stream.sum.tokens(), stream.messages)
}

/// Tokens in the provider's disjoint buckets.
#[derive(Default, Clone, Copy)]
struct Usage {
    input: u64,
    cache_written: u64,
    cache_read: u64,
    output: u64,
}

impl Usage {
    fn json(self) -> String {
        format!(
            "{{\"input_tokens\":{},\"cache_creation_input_tokens\":{written},\
             \"cache_read_input_tokens\":{},\"output_tokens\":{},\"service_tier\":\"standard\",\
             \"cache_creation\":{{\"ephemeral_5m_input_tokens\":{written},\
             \"ephemeral_1h_input_tokens\":0}}}}",
            self.input,
            self.cache_read,
            self.output,
            written = self.cache_written,
        )
    }

    fn tokens(self) -> Tokens {
        Tokens {
            input: self.input + self.cache_written + self.cache_read,
            cache_read: self.cache_read,
            output: self.output,
            reasoning: 0,
        }
    }
}

struct Stream<'a> {
    random: &'a mut Random,
    session: Uuid,
    text: String,
    messages: u64,
    sum: Usage,
}

impl Stream<'_> {
    fn init(&mut self) {
        self.line(format_args!(
            "\"type\":\"system\",\"subtype\":\"init\",\"cwd\":\"/srv/meadow\",\
             \"tools\":[\"Bash\",\"Read\",\"Edit\"],\"mcp_servers\":[],\"model\":\"{MODEL}\",\
             \"permissionMode\":\"bypassPermissions\",\"apiKeySource\":\"none\",\
             \"claude_code_version\":\"2.1.41\""
        ));
    }

    /// One response, told by a line with placeholder output, and what its tool returned.
    fn message(&mut self) {
        let usage = self.usage();
        let shown = Usage { output: 1, ..usage }.json();
        let (id, tool) = (self.random.hex(22), self.random.hex(22));
        let command = json!(text::command(self.random));
        self.line(format_args!(
            "\"type\":\"assistant\",\"message\":{{\"model\":\"{MODEL}\",\"id\":\"msg_{id}\",\
             \"type\":\"message\",\"role\":\"assistant\",\"content\":[{{\"type\":\"tool_use\",\
             \"id\":\"toolu_{tool}\",\"name\":\"Bash\",\"input\":{{\"command\":{command}}}}}],\
             \"stop_reason\":null,\"stop_sequence\":null,\"usage\":{shown}}},\
             \"parent_tool_use_id\":null"
        ));
        let lines = self.random.between(1, 25);
        let printed = json!(text::tool_output(self.random, lines));
        self.line(format_args!(
            "\"type\":\"user\",\"message\":{{\"role\":\"user\",\"content\":[{{\
             \"tool_use_id\":\"toolu_{tool}\",\"type\":\"tool_result\",\"content\":{printed}}}]}},\
             \"parent_tool_use_id\":null"
        ));
    }

    /// The next response's tokens, added to the sum: all that was written before is read again.
    fn usage(&mut self) -> Usage {
        let usage = Usage {
            input: self.random.between(1, 9),
            cache_written: self.random.between(200, 9_000),
            cache_read: self.sum.cache_written,
            output: self.random.between(20, 1_500),
        };
        self.messages += 1;
        self.sum.input += usage.input;
        self.sum.cache_written += usage.cache_written;
        self.sum.cache_read += usage.cache_read;
        self.sum.output += usage.output;
        usage
    }

    fn result(&mut self, duration_ms: u64) {
        let answer = json!(text::message(self.random));
        let cost_usd = self.random.between(1, 9_000) as f64 / 1_000.0;
        let (sum, turns) = (self.sum, self.messages);
        self.line(format_args!(
            "\"type\":\"result\",\"subtype\":\"success\",\"is_error\":false,\
             \"duration_ms\":{duration_ms},\"duration_api_ms\":{},\"num_turns\":{turns},\
             \"result\":{answer},\"total_cost_usd\":{cost_usd},\"usage\":{},\
             \"modelUsage\":{{\"{MODEL}\":{{\"inputTokens\":{},\"outputTokens\":{},\
             \"cacheReadInputTokens\":{},\"cacheCreationInputTokens\":{},\"webSearchRequests\":0,\
             \"costUSD\":{cost_usd},\"contextWindow\":200000}}}},\"permission_denials\":[]",
            duration_ms / 10 * 9,
            sum.json(),
            sum.input,
            sum.output,
            sum.cache_read,
            sum.cache_written,
        ));
    }

    /// Writes a record, its session and an id of its own added to the members given.
    fn line(&mut self, members: Arguments) {
        let (session, id) = (self.session, self.random.uuid());
        let line = format!("{{{members},\"session_id\":\"{session}\",\"uuid\":\"{id}\"}}\n");
        self.text.push_str(&line);
    }
}
