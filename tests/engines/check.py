#!/usr/bin/env python3
"""Reads exported Parquet with other engines and holds their sums against the report.

usage: check.py [--binary PATH] [--require NAME[,NAME...]] [INPUT...]

Engines that are not installed are skipped and named; --require makes that a failure.
See requirements.txt and requirements-spark.txt beside this file.
"""

import argparse
import importlib.util
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOKENS = [
    "input_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "uncached_input_tokens",
    "output_tokens",
    "reasoning_output_tokens",
    "total_tokens",
    "blended_tokens",
]
# What every engine is asked, over a view or table named `usage`.
SUMS = ", ".join(f"sum({column}) as {column}" for column in TOKENS)
TOTALS = f"""
    select {SUMS},
           sum(cost_reported_usd) as cost_reported_usd,
           sum(case when source = 'call' then 1 else 0 end) as calls,
           count(distinct run_id) as runs
    from usage"""
BY_MODEL = "select model, sum(total_tokens) as total_tokens from usage group by model"
BY_DAY = "select cast(date as string) as day, sum(total_tokens) as total_tokens from usage group by date"
# What Parquet says, and what each engine makes of it.
TYPES = {
    "duckdb": {"string": "VARCHAR", "integer": "BIGINT", "number": "DOUBLE", "boolean": "BOOLEAN",
               "date-time": "TIMESTAMP WITH TIME ZONE"},
    "datafusion": {"string": "string_view|string|large_string", "integer": "int64", "number": "double",
                   "boolean": "bool", "date-time": "timestamp[us, tz=UTC]"},
    # Not string_view: pyarrow can't compare it.
    "pandas": {"string": "string|large_string", "integer": "int64", "number": "double",
                "boolean": "bool", "date-time": "timestamp[us, tz=UTC]"},
    "polars": {"string": "String", "integer": "Int64", "number": "Float64", "boolean": "Boolean",
               "date-time": "Datetime(time_unit='us', time_zone='UTC')"},
    "spark": {"string": "string", "integer": "bigint", "number": "double", "boolean": "boolean",
              "date-time": "timestamp"},
}


class DuckDb:
    modules = ["duckdb"]
    name = "duckdb"

    def __init__(self):
        import duckdb

        self.db = duckdb.connect()

    def open(self, path):
        source = f"{path}/**/*.parquet" if path.is_dir() else str(path)
        self.db.sql(f"create or replace view usage as select * from read_parquet('{source}')")

    def types(self):
        return {row[0]: row[1] for row in self.db.sql("describe usage").fetchall()}

    def ask(self, query):
        relation = self.db.sql(query)
        return [dict(zip(relation.columns, row)) for row in relation.fetchall()]


class DataFusion:
    modules = ["datafusion"]
    name = "datafusion"

    def open(self, path):
        import datafusion
        import pyarrow

        self.session = datafusion.SessionContext()
        if path.is_dir():
            columns = [("date", pyarrow.string())]
            self.session.register_listing_table("usage", f"{path}/", columns)
        else:
            self.session.register_parquet("usage", str(path))

    def types(self):
        return {field.name: str(field.type) for field in self.session.table("usage").schema()}

    def ask(self, query):
        return self.session.sql(query).to_pylist()


class Pandas:
    modules = ["pandas", "pyarrow"]
    name = "pandas"

    def open(self, path):
        import pandas
        import pyarrow.dataset

        # By default dates become a dictionary, which pyarrow can't build over parts of which one is a null's.
        hive = {"partitioning": pyarrow.dataset.partitioning(flavor="hive")} if path.is_dir() else {}
        self.path = path
        self.frame = pandas.read_parquet(path, dtype_backend="pyarrow", **hive)

    def types(self):
        import pyarrow.parquet

        path = next(self.path.rglob("*.parquet")) if self.path.is_dir() else self.path
        return {field.name: str(field.type) for field in pyarrow.parquet.read_schema(path)}

    def ask(self, query):
        frame = self.frame
        if query is TOTALS:
            sums = {column: frame[column].sum(min_count=1) for column in [*TOKENS, "cost_reported_usd"]}
            return [{**sums, "calls": (frame["source"] == "call").sum(), "runs": frame["run_id"].nunique()}]
        key, name = ("model", "model") if query is BY_MODEL else ("date", "day")
        grouped = frame.groupby(frame[key].astype(object), dropna=False)["total_tokens"].sum(min_count=1)
        return [{name: None if is_null(value) else str(value), "total_tokens": total} for value, total in grouped.items()]


class Polars:
    modules = ["polars"]
    name = "polars"

    def open(self, path):
        import polars

        source = f"{path}/**/*.parquet" if path.is_dir() else str(path)
        self.context = polars.SQLContext(usage=polars.scan_parquet(source, hive_partitioning=path.is_dir()))
        self.lazy = polars.scan_parquet(source)

    def types(self):
        return {name: str(kind) if name != "time" else repr(kind) for name, kind in self.lazy.collect_schema().items()}

    def ask(self, query):
        return self.context.execute(query, eager=True).to_dicts()


class Spark:
    modules = ["pyspark"]
    name = "spark"

    def __init__(self):
        from pyspark.sql import SparkSession

        builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
        builder = builder.config("spark.sql.session.timeZone", "UTC").config("spark.driver.memory", "1g")
        self.spark = builder.config("spark.sql.shuffle.partitions", "1").getOrCreate()
        self.spark.sparkContext.setLogLevel("ERROR")

    def open(self, path):
        self.frame = self.spark.read.parquet(str(path))
        self.frame.createOrReplaceTempView("usage")

    def types(self):
        return dict(self.frame.dtypes)

    def ask(self, query):
        return [row.asDict() for row in self.spark.sql(query).collect()]


ENGINES = [DuckDb, DataFusion, Pandas, Polars, Spark]


def is_null(value):
    return value is None or str(value) in ("<NA>", "nan", "NaT")


def is_same(ours, theirs):
    if ours is None or is_null(theirs):
        return ours is None and is_null(theirs)
    return abs(float(ours) - float(theirs)) <= 1e-9 * max(1.0, abs(float(ours)))


class Failures(list):
    def expect(self, what, ours, theirs):
        if not is_same(ours, theirs):
            self.append(f"{what}: {theirs}, where the report says {ours}")


def run(binary, *args):
    return subprocess.run([binary, *args], check=True, capture_output=True, text=True).stdout


def check(engine, files, expected, failures):
    name = engine.name
    engine.open(files["file"])
    kinds = TYPES[name]
    types = engine.types()
    for column, kind in expected["types"].items():
        if types.get(column) not in kinds[kind].split("|"):
            failures.append(f"{name}: {column} is {types.get(column)}, not {kinds[kind]}")
    totals = engine.ask(TOTALS)[0]
    for column in [*TOKENS, "cost_reported_usd", "calls", "runs"]:
        failures.expect(f"{name}: {column}", expected["totals"][column], totals[column])
    compare(f"{name}: model", expected["by_model"], engine.ask(BY_MODEL), "model", failures)
    engine.open(files["folder"])
    compare(f"{name}: day", expected["by_day"], engine.ask(BY_DAY), "day", failures)


def compare(what, expected, rows, key, failures):
    theirs = {}
    for row in rows:
        value = None if is_null(row[key]) or row[key] == "__HIVE_DEFAULT_PARTITION__" else row[key]
        theirs[value] = row["total_tokens"]
    ours = {row[key]: row["total_tokens"] for row in expected}
    for value in ours.keys() | theirs.keys():
        failures.expect(f"{what} {value}", ours.get(value), theirs.get(value))


def expectations(binary, inputs):
    def report(*args):
        return json.loads(run(binary, "report", "--json", "--tz", "UTC", *args, *inputs))

    schema = json.loads(run(binary, "schema", "usage", "--format", "json-schema"))["properties"]
    types = {}
    for column, property in schema.items():
        kind = property["type"]
        types[column] = property.get("format") or (kind[0] if isinstance(kind, list) else kind)
    return {
        "types": types,
        "totals": report()["totals"],
        "by_model": report("--by", "model")["rows"],
        "by_day": report("--by", "day")["rows"],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=shutil.which("forge-usage") or str(ROOT / "target/release/forge-usage"))
    parser.add_argument("--require", default="", help="engines that must be there")
    parser.add_argument("inputs", nargs="*", default=[str(ROOT / "fixtures/sample/ledgers")])
    args = parser.parse_args()
    required = {name for name in args.require.split(",") if name}
    unknown = required - {engine.name for engine in ENGINES}
    if unknown:
        parser.error(f"no engine {', '.join(sorted(unknown))}; there are {', '.join(e.name for e in ENGINES)}")
    failures, passed, skipped = Failures(), 0, 0
    with tempfile.TemporaryDirectory() as scratch:
        files = {"file": pathlib.Path(scratch, "usage.parquet"), "folder": pathlib.Path(scratch, "usage")}
        export = ["export", "usage", "--parquet", "--tz", "UTC", *args.inputs, "-o"]
        run(args.binary, *export, str(files["file"]))
        run(args.binary, *export, str(files["folder"]), "--partition-by", "date")
        expected = expectations(args.binary, args.inputs)
        for engine in ENGINES:
            lacks = [module for module in engine.modules if importlib.util.find_spec(module) is None]
            if engine is Spark and shutil.which("java") is None:
                lacks.append("java")
            if lacks:
                print(f"{engine.name}: skipped, as {' and '.join(lacks)} is not installed")
                skipped += 1
                if engine.name in required:
                    failures.append(f"{engine.name}: required, and not installed")
                continue
            before = len(failures)
            check(engine(), files, expected, failures)
            agrees = len(failures) == before
            passed += agrees
            print(f"{engine.name}: {'agrees with the report' if agrees else 'DISAGREES'}")
    for failure in failures:
        print(failure, file=sys.stderr)
    print(f"{passed} passed, {len(ENGINES) - passed - skipped} failed, {skipped} skipped")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
