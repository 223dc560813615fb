use super::import;
use crate::price::book::decode;
use crate::price::entry::Entry;

fn map(models: &str) -> String {
    format!("{{\"as_of\":\"x\",\"models\":{{{models}}}}}")
}

fn model(key: &str, fields: &str) -> String {
    format!("\"{key}\":{{\"litellm_provider\":\"openai\",\"mode\":\"chat\",{fields}}}")
}

fn entries(snapshots: &[(&str, String)]) -> Vec<Entry> {
    let snapshots: Vec<_> = snapshots.iter().map(|(day, text)| (day.parse().unwrap(), text.clone())).collect();
    let (book, left_out) = import("", &snapshots).expect("a book");
    assert_eq!(left_out, Vec::<String>::new());
    decode(&book).expect("a book").1
}

#[test]
fn no_digit_is_lost_and_none_is_invented() {
    let fields = "\"input_cost_per_token\":1.75e-06,\"output_cost_per_token\":0.000000000001";
    let entry = &entries(&[("2026-01-01", map(&model("gpt-x", fields)))])[0];
    let rates = entry.periods[0].tiers["standard"][0].rates;
    assert_eq!((rates.input.unwrap().pico(), rates.output.unwrap().pico()), (1_750_000, 1));
    let finer = "\"input_cost_per_token\":4.6875e-09,\"output_cost_per_token\":0";
    let (_, left_out) = import("", &[("2026-01-01".parse().unwrap(), map(&model("gpt-x", finer)))]).expect("a book");
    assert_eq!(left_out, ["gpt-x: 4.6875e-09 is no whole number of pico-dollars a token"]);
}

#[test]
fn steps_tiers_and_hours_find_their_places() {
    let fields = "\"input_cost_per_token\":1e-6,\"output_cost_per_token\":2e-6,\
        \"input_cost_per_token_above_200k_tokens\":3e-6,\"output_cost_per_token_above_200k_tokens_priority\":4e-6,\
        \"cache_creation_input_token_cost\":5e-6,\"cache_creation_input_token_cost_above_1hr\":6e-6,\
        \"cache_creation_input_token_cost_above_1hr_above_200k_tokens\":7e-6,\
        \"cache_creation_input_token_cost_above_12hr\":8e-6,\"cache_read_input_token_cost_flex\":9e-6,\
        \"input_cost_per_token_batches\":1e-7,\"input_cost_per_audio_token\":1,\
        \"provider_specific_entry\":{\"fast\":2.5,\"us\":1.1}";
    let entry = &entries(&[("2026-01-01", map(&model("gpt-x", fields)))])[0];
    let text = serde_json::to_string(&entry.periods[0].tiers).unwrap();
    assert_eq!(
        text,
        "{\"batch\":[[0,100000]],\
        \"fast\":[[0,2500000,null,12500000,15000000,5000000],[200000,7500000,null,null,17500000]],\
        \"fast-us\":[[0,2750000,null,13750000,16500000,5500000],[200000,8250000,null,null,19250000]],\
        \"flex\":[[0,null,9000000]],\"priority\":[[200000,null,null,null,null,4000000]],\
        \"standard\":[[0,1000000,null,5000000,6000000,2000000],[200000,3000000,null,null,7000000]],\
        \"us\":[[0,1100000,null,5500000,6600000,2200000],[200000,3300000,null,null,7700000]]}"
    );
}

#[test]
fn a_list_of_steps_is_read_by_its_ranges() {
    let fields = "\"tiered_pricing\":[{\"input_cost_per_token\":1e-6,\"output_cost_per_token\":2e-6,\"range\":[0,32000.0]},\
        {\"input_cost_per_token\":3e-6,\"output_cost_per_token\":4e-6,\"range\":[32000.0,128000.0]}]";
    let entry = &entries(&[("2026-01-01", map(&model("gpt-x", fields)))])[0];
    let steps: Vec<u64> = entry.periods[0].tiers["standard"].iter().map(|step| step.above).collect();
    assert_eq!(steps, [0, 32_000]);
}

#[test]
fn a_price_changes_at_the_snapshot_that_first_shows_it_and_a_vanished_model_keeps_its_last() {
    let priced = |price: &str| model("gpt-x", &format!("\"input_cost_per_token\":{price},\"output_cost_per_token\":1"));
    let snapshots = [
        ("2026-01-01", map(&priced("1"))),
        ("2026-02-01", map(&priced("1"))),
        ("2026-03-01", map(&priced("2"))),
        ("2026-04-01", map("")),
    ];
    let entry = entries(&snapshots).remove(0);
    let starts: Vec<String> = entry.periods.iter().map(|period| period.from.to_string()).collect();
    assert_eq!(starts, ["2026-01-01", "2026-03-01"]);
    assert_eq!((entry.first.to_string(), entry.last.to_string()), ("2026-01-01".into(), "2026-03-01".into()));
    assert_eq!(entry.on("2027-01-01".parse().unwrap()).unwrap().from.to_string(), "2026-03-01");
    assert_eq!(entry.on("2020-01-01".parse().unwrap()).unwrap().from.to_string(), "2026-01-01");
}

#[test]
fn the_order_of_snapshots_and_how_they_are_brought_in_change_nothing() {
    let priced =
        |price: u32| map(&model("gpt-x", &format!("\"input_cost_per_token\":{price},\"output_cost_per_token\":1")));
    let day = |month: u32| format!("2026-0{month}-01").parse().unwrap();
    let all = [(day(1), priced(1)), (day(2), priced(2)), (day(3), priced(2))];
    let (at_once, _) = import("", &all).unwrap();
    let (first, _) = import("", &all[2..]).unwrap();
    let (second, _) = import(&first, &all[..2]).unwrap();
    let (again, _) = import(&second, &all).unwrap();
    assert_eq!(second, at_once);
    assert_eq!(again, at_once);
}

#[test]
fn what_is_no_text_model_of_the_makers_is_left_out() {
    let prices = "\"input_cost_per_token\":1,\"output_cost_per_token\":1";
    let other = |provider: &str, mode: &str, key: &str| {
        format!("\"{key}\":{{\"litellm_provider\":\"{provider}\",\"mode\":\"{mode}\",{prices}}}")
    };
    let models = [
        other("openai", "embedding", "text-embedding"),
        other("groq", "chat", "groq/gpt-oss"),
        other("bedrock", "chat", "amazon.nova"),
        other("openai", "responses", "gpt-x"),
        other("azure", "chat", "azure/gpt-x"),
    ];
    let entries = entries(&[("2026-01-01", map(&models.join(",")))]);
    let keys: Vec<(&str, bool)> = entries.iter().map(|entry| (&*entry.key, entry.is_makers)).collect();
    assert_eq!(keys, [("azure/gpt-x", false), ("gpt-x", true)]);
}
