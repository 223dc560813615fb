//! The words that are known: of every other one a survey tells.

/// The types that lines of some formats may have.
pub(super) struct Words {
    pub(super) formats: &'static [&'static str],
    pub(super) types: &'static [&'static str],
}

/// Types of records, of those formats whose lines say their type. Also those that hold no usage and are passed over.
pub(super) static WORDS: [Words; 5] = [
    Words {
        formats: &["claude-stream-json", "claude-session"],
        types: &[
            "agent-name",
            "ai-title",
            "assistant",
            "atis-latch",
            "attachment",
            "bridge-session",
            "continued-in",
            "control_request",
            "control_response",
            "cost-state",
            "custom-title",
            "file-history-delta",
            "file-history-snapshot",
            "fork-context-ref",
            "frame-link",
            "keep_alive",
            "last-prompt",
            "mode",
            "permission-mode",
            "pr-link",
            "progress",
            "queue-operation",
            "rate_limit_event",
            "relocated",
            "result",
            "stream_event",
            "summary",
            "system",
            "tag",
            "tool_progress",
            "tool_use_summary",
            "user",
            "worktree-state",
        ],
    },
    Words {
        formats: &["pi-session"],
        types: &[
            "branch_summary",
            "compaction",
            "context_edit",
            "custom",
            "custom_message",
            "label",
            "message",
            "model_change",
            "model_usage",
            "session",
            "session_info",
            "thinking_level_change",
            "title",
            "usage",
        ],
    },
    Words {
        formats: &["droid-session"],
        types: &["agent_turn_outcome", "compaction_state", "message", "session_end", "session_start", "todo_state"],
    },
    Words {
        formats: &["codex-exec-json"],
        types: &[
            "error",
            "item.completed",
            "item.started",
            "item.updated",
            "thread.started",
            "turn.completed",
            "turn.failed",
            "turn.started",
        ],
    },
    Words {
        formats: &["codex-rollout"],
        types: &[
            "agent_response_observation",
            "compacted",
            "event_msg",
            "inter_agent_communication",
            "inter_agent_communication_metadata",
            "realtime_item",
            "response_item",
            "retained_context",
            "security_risk_score",
            "session_meta",
            "token_usage_record",
            "turn_context",
            "world_state",
        ],
    },
];

/// Fields of Anthropic's usage that count tokens.
pub(super) const USAGE: [&str; 5] = [
    "cache_creation_input_tokens",
    "cache_read_input_tokens",
    "input_tokens",
    "output_tokens",
    "output_tokens_details",
];
