#!/usr/bin/env python3
"""Reads verdicts of `check` with the parsers of those who receive them, and holds them against its JSON.

usage: verdicts.py [--binary PATH]

JUnit is validated with xmlschema, OpenMetrics read with prometheus_client, Markdown rendered with markdown-it-py. What
is not installed is skipped and named. See requirements.txt beside this file.
"""

import argparse
import collections
import importlib.util
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "fixtures/sample/ledgers"
# A loop whose name wants to be more than a name, in every format at once.
HOSTILE = '::error::x ##[error]y %0A::set-output name=a::b | <script> @all "]]>" {a="b"} `c` [d](e)'
STATES = ["ok", "warn", "unproven", "exceeded"]


def run(binary, *args):
    done = subprocess.run([binary, *args], capture_output=True, text=True, encoding="utf-8")
    if done.returncode > 1:
        sys.exit(f"{' '.join(args)}: exit code {done.returncode}\n{done.stderr}")
    return done.stdout


def groups(verdict):
    return [group for limit in verdict["limits"] for group in limit["groups"]]


def junit(text, verdict):
    import xml.etree.ElementTree

    import xmlschema

    xmlschema.XMLSchema(str(ROOT / "tests/engines/junit.xsd")).validate(text)
    root = xml.etree.ElementTree.fromstring(text)
    cases = root.findall("./testsuite/testcase")
    failed = [case for case in cases if case.find("failure") is not None]
    yield "cases", len(groups(verdict)), len(cases)
    yield "failed", sum(group["fails"] for group in groups(verdict)), len(failed)
    yield "tests", len(cases), int(root.get("tests"))
    yield "failures", len(failed), int(root.get("failures"))
    names = [f"{group['loop']} ({limit['measure']})" for limit in verdict["limits"] for group in limit["groups"]]
    yield "names", sorted(names), sorted(case.get("name") for case in cases)


def openmetrics(text, verdict):
    from prometheus_client.openmetrics.parser import text_string_to_metric_families

    found = collections.Counter()
    used = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = sample.labels
            if sample.name == "forge_usage_budget_state" and sample.value == 1:
                found[labels["forge_usage_budget_state"]] += 1
            if sample.name == "forge_usage_budget_used_tokens":
                used[labels["loop"]] = int(sample.value)
    counts = collections.Counter(group["state"] for group in groups(verdict))
    yield "states", {state: counts[state] for state in STATES}, {state: found[state] for state in STATES}
    known = {group["loop"]: group["used"] for group in groups(verdict) if group["used"] is not None}
    yield "used", known, used


def markdown(text, verdict):
    from markdown_it import MarkdownIt

    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(text)
    html = [token.content for token in tokens if token.type == "html_block"]
    inline = [child.type for token in tokens for child in token.children or []]
    rows = sum(token.type == "tr_open" for token in tokens)
    shown = sum(group["state"] != "ok" for group in groups(verdict))
    yield "tables", 1, sum(token.type == "table_open" for token in tokens)
    yield "rows", shown + 1, rows
    yield "markup of names", [], [kind for kind in inline if kind in ("html_inline", "link_open", "code_inline")]
    yield "blocks of HTML", ["<!-- forge-usage check -->\n"], html


READERS = [(junit, "xmlschema"), (openmetrics, "prometheus_client"), (markdown, "markdown_it")]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=shutil.which("forge-usage") or str(ROOT / "target/release/forge-usage"))
    args = parser.parse_args()
    failures = 0
    with tempfile.TemporaryDirectory() as scratch:
        hostile = pathlib.Path(scratch, "hostile.md")
        hostile.write_text((SAMPLE / "rust-core.md").read_text().replace("rust-core", HOSTILE))
        ledgers = [str(path) for path in SAMPLE.iterdir() if path.name != "rust-core.md"]
        check = ["check", "--max-tokens", "5M", "--per", "loop", *ledgers, str(hostile), "--format"]
        verdict = json.loads(run(args.binary, *check, "json"))
        for reader, module in READERS:
            name = reader.__name__
            if importlib.util.find_spec(module) is None:
                print(f"{name}: skipped, as {module} is not installed")
                continue
            wrong = [(what, a, b) for what, a, b in reader(run(args.binary, *check, name), verdict) if a != b]
            for what, expected, found in wrong:
                print(f"{name}: {what}: {found}, expected {expected}", file=sys.stderr)
            failures += bool(wrong)
            print(f"{name}: {'DISAGREES' if wrong else 'says what the verdict says'}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
