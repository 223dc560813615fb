//! A `token_count`: a reading of the conversation's counter, of rate limits, or both.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::event::{Billing, Defect, Fact, MAX_COUNT, Needs, Quota, Time};
use crate::parse::json::{Text, part};
use crate::parse::latest::Latest;
use crate::parse::lines::id;
use crate::parse::mark::{LogRecord, MarkKind};
use crate::parse::openai::Usage;

#[derive(Deserialize)]
struct Info<'a> {
    total_token_usage: Option<Usage>,
    last_token_usage: Option<Usage>,
    #[serde(borrow, default)]
    service_tier: Text<'a>,
}

#[derive(Deserialize)]
struct RateLimits<'a> {
    primary: Option<Window>,
    secondary: Option<Window>,
    #[serde(borrow, default)]
    limit_id: Text<'a>,
    #[serde(borrow, default)]
    limit_name: Text<'a>,
    #[serde(borrow, default)]
    plan_type: Text<'a>,
}

#[derive(Deserialize)]
struct Window {
    used_percent: Option<f64>,
    window_minutes: Option<u64>,
    resets_at: Option<i64>,
}

/// Adds what an event means that holds these.
pub(super) fn read(
    info: Option<&RawValue>,
    rate_limits: Option<&RawValue>,
    needs: Needs,
    add: &mut impl FnMut(MarkKind),
) -> Result<(), Defect> {
    let limits = rate_limits.and_then(|limits| part::<Option<RateLimits<'_>>>(limits.get()).ok()).flatten();
    let plan = limits.as_ref().and_then(|limits| limits.plan_type.get().and_then(id));
    let billing = plan.as_ref().map(|_| Billing::Subscription);
    let info: Option<Info<'_>> = info.map(|info| part(info.get())).transpose()?.flatten();
    if let Some(tier) = info.as_ref().and_then(|info| info.service_tier.get().and_then(id)) {
        add(MarkKind::Logged(LogRecord::ServiceTier(tier)));
    }
    let (total, last) = info.map_or((None, None), |info| (info.total_token_usage, info.last_token_usage));
    let last = last.map(|last| last.tokens());
    match total.map(|total| total.tokens()) {
        Some(total) => {
            let latest = Latest::of(last, &total);
            add(MarkKind::Logged(LogRecord::Reading { total, latest, billing }));
        }
        // Nothing tells whether it repeats what was told before: the next total has it, if there is one.
        None if last.is_some_and(|last| !last.is_zero()) => add(MarkKind::Logged(LogRecord::Lost)),
        // A notice of rate limits.
        None => {}
    }
    let Some(limits) = limits.filter(|_| needs.quota) else { return Ok(()) };
    let limit = limits.limit_name.get().and_then(id).or_else(|| limits.limit_id.get().and_then(id));
    for window in [limits.primary, limits.secondary].into_iter().flatten() {
        if let Some(quota) = window.quota() {
            let quota = Quota { limit: limit.clone(), plan: plan.clone(), ..quota };
            add(MarkKind::Fact(Fact::Quota(Box::new(quota))));
        }
    }
    Ok(())
}

impl Window {
    fn quota(&self) -> Option<Quota> {
        Some(Quota {
            window_minutes: self.window_minutes.filter(|minutes| *minutes <= MAX_COUNT),
            used_percent: self.used_percent.filter(|percent| percent.is_finite())?,
            resets_at: self.resets_at.and_then(Time::from_seconds),
            ..Quota::default()
        })
    }
}
