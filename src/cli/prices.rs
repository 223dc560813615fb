//! `prices`: what models cost, and which entry of the book a name takes.

use std::io::Write;

use forge_usage::price::{Found, Prices};
use forge_usage::render::{self, Format};
use forge_usage::table::{self, PRICES, PriceScope};

use super::args::{Color, PricesArgs};
use super::exit::FINE;
use super::{find, output};

/// Columns of the screen of a list. That of one model says the first two in its head lines.
const SCREEN: [&str; 10] = [
    "model",
    "provider",
    "from",
    "tier",
    "above_tokens",
    "input_usd_per_mtok",
    "cache_read_usd_per_mtok",
    "cache_write_5m_usd_per_mtok",
    "cache_write_1h_usd_per_mtok",
    "output_usd_per_mtok",
];

/// Prints prices.
pub(super) fn run(args: &PricesArgs) -> anyhow::Result<u8> {
    let prices = Prices::new(&find::config(args.config.as_deref())?)?;
    let format = output::format(args.format.named(), &args.output())?;
    output::write(&args.output(), |out| match args.model.as_deref() {
        Some(model) if !model.contains(['*', '?', '{']) => page(&prices, model, format, args, out),
        pattern => list(&prices, pattern, format, args, out),
    })?;
    Ok(FINE)
}

/// One model: which entry it takes and why, and all prices it ever had, or had on a day.
fn page(prices: &Prices, model: &str, format: Format, args: &PricesArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let found = prices.find(model).ok_or_else(|| no_price(prices, model))?;
    let scope = args.at.map_or(PriceScope::All, PriceScope::On);
    if format == Format::Table && !args.quiet {
        for line in head(prices, model, &found) {
            writeln!(out, "{}", render::terminal(&line))?;
        }
        writeln!(out)?;
    }
    let mut table = table::prices(std::iter::once(found), Some(model), scope)?;
    if format == Format::Table {
        table = table.only(&SCREEN[2..])?;
    }
    Ok(render::table(&table, format, &output::style(&args.output(), Color::Never), out)?)
}

fn head(prices: &Prices, model: &str, found: &Found) -> Vec<String> {
    let entry = &found.entry;
    let mut head = vec![format!("{model}: the prices of {} ({}): {}", entry.key, entry.provider, found.why.join("; "))];
    if found.is_users {
        head.push("Some or all of it from your usage.toml; dollars for a million tokens.".to_owned());
        return head;
    }
    let book = prices.head();
    let latest = book.snapshots.last().copied().unwrap_or_default();
    head.push(format!("{}, {}; list prices of {latest}; dollars for a million tokens.", book.source, book.licence));
    let gone = if entry.last < latest {
        format!(" Last seen {}: its last prices are kept.", entry.last)
    } else {
        String::new()
    };
    head.push(format!("First known {}; what it cost then also holds before.{gone}", entry.first));
    head
}

/// Every model that a pattern fits, with its prices of one day at the standard tier.
fn list(
    prices: &Prices,
    pattern: Option<&str>,
    format: Format,
    args: &PricesArgs,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let found = prices.fitting(pattern.unwrap_or("*"))?;
    let scope = PriceScope::Standard(args.at.or(prices.day()).unwrap_or_default());
    let is_listed = |name: &&str| !["asked", "why", "until"].contains(name);
    let columns: Vec<&str> = match format {
        Format::Table => SCREEN.to_vec(),
        _ => PRICES.iter().map(|column| column.name).filter(is_listed).collect(),
    };
    let table = table::prices(found, None, scope)?.only(&columns)?;
    if table.height() == 0 {
        anyhow::bail!("no model with a price fits {:?}", pattern.unwrap_or_default());
    }
    Ok(render::table(&table, format, &output::style(&args.output(), Color::Never), out)?)
}

/// How like a name must be for it to be told as what was meant: there are so many models that some name is
/// always somewhat like it.
const LIKE: f64 = 0.85;

fn no_price(prices: &Prices, model: &str) -> anyhow::Error {
    let likeness = |name: &str| strsim::jaro_winkler(name, &model.to_lowercase());
    let names = prices.all().map(|found| (likeness(&found.entry.key), found.entry.key));
    let nearest = names.filter(|(likeness, _)| *likeness >= LIKE).max_by(|(a, _), (b, _)| a.total_cmp(b));
    let near = nearest.map_or_else(String::new, |(_, name)| format!("; did you mean {name}?"));
    anyhow::anyhow!("no price is known for {model:?}{near} (or give one in .forge/usage.toml: [prices.{model:?}])")
}
