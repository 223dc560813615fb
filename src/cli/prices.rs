//! `prices`: what models cost, and which entry of the book a name takes.

use std::io::Write;

use forge_usage::price::Prices;
use forge_usage::render::{self, Format, Style};
use forge_usage::table::{self, PriceOrigin, PriceSubject};

use super::args::{Color, PricesArgs};
use super::exit::FINE;
use super::{find, output};

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
    let origin = PriceOrigin::new(model, &found, prices.head());
    let table = table::prices(std::iter::once(found), Some(model), args.at)?;
    Ok(render::prices(&table, &PriceSubject::Name(origin), format, &style(args), out)?)
}

/// Every model that a pattern fits, with its prices of one day.
fn list(
    prices: &Prices,
    pattern: Option<&str>,
    format: Format,
    args: &PricesArgs,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let day = args.at.or(prices.day()).unwrap_or_default();
    let mut has_users = false;
    let found = prices.fitting(pattern.unwrap_or("*"))?.inspect(|found| has_users |= found.users_from.is_some());
    let table = table::prices(found, None, Some(day))?;
    if table.height() == 0 {
        anyhow::bail!("no model with a price fits {:?}", pattern.unwrap_or_default());
    }
    Ok(render::prices(&table, &PriceSubject::List { day, has_users }, format, &style(args), out)?)
}

fn style(args: &PricesArgs) -> Style {
    output::style(&args.output(), Color::Never)
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
