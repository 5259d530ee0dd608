"""Measures Resequel beside its peers, on the same files in the same run.

usage: bench.py --bin DIRECTORY --dir DIRECTORY --python PYTHON [--quick] [--rounds N] [--only TEXT]
                [--variant NAME]
"""

import argparse
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import time

import follow
import measure
import report
from dataset import Datasets, ordinal

HERE = pathlib.Path(__file__).resolve().parent

#: What each peer leaves undone that Resequel does, for the notes under the tables.
NOTES = """`duckdb` is the fastest way that was found (see `duckdb_peer.py`), `duckdb-plain` what one would
write first. No peer keeps positions, tombstones or a manifest, so none can take a late file, a
repeated file or a crash; none checks records one by one and sets bad ones aside. The key is told to
all; the columns, and that images are full, are told to the peers, and Resequel finds them out. Times
are of whole processes: of `duckdb`'s, {start:.2f} s are Python's start and loading DuckDB. The floor
maps the files, so its peak counts them, and it reads nothing but these files. Each loader's tables
were compared with Resequel's, and those with the simulated source."""

PASS_THROUGH = """The second program is built of the same sources with `PASS_THROUGH` defined: it gathers no
evidence of order, judges nothing, looks for no conflicts, and takes the changes of a key in the
order of the files and their records. Its tables are right for files that come sorted, and only then."""

FLOOR_PROFILES = {"bench", "narrow", "wide", "hot-key", "all-inserts", "all-updates", "small-files"}

VARIANTS = [
    ("narrow", {}),
    ("wide", {}),
    ("hot-key", {}),
    ("all-inserts", {}),
    ("all-updates", {}),
    ("compound", {}),
    ("many-tables", {}),
    ("small-files", {}),
    ("gzip", {"profile": "bench", "extra": ["--gzip"]}),
    ("csv", {"profile": "bench", "extra": ["--format", "csv"]}),
    ("minimal", {}),
]


class Bench:
    def __init__(self, options):
        self.options = options
        self.dir = pathlib.Path(options.dir).resolve()
        self.program = pathlib.Path(options.bin).resolve() / "resequel"
        self.pass_through = self.dir / "pass-through" / "release" / "resequel"
        self.generator = pathlib.Path(options.bin).resolve() / "source-world"
        # Not resolved: a virtual environment's interpreter is a link.
        self.python = pathlib.Path(options.python).absolute()
        self.datasets = Datasets(self.dir / "data", self.generator)
        self.check = measure.Check(self.python, HERE)
        self.database = self.dir / "bench.db"
        self.report = report.Report(
            report.environment(self.python),
            self.dir / ("quick.json" if options.quick else "results.json"),
        )
        self.bench_wall = None

    # -- Data and loaders --

    def dataset(self, name, **how):
        measure.say(f"{name}: making or finding its files")
        dataset = self.datasets.get(name, **how)
        dataset.facts_path = self.datasets.root / f"{name}.json"
        dataset.warm()
        os.sync()  # what was just written must not be written out while others are measured
        return dataset

    def ours(self, dataset, paths=None, program=None):
        return lambda database: [
            program or self.program, "replay", *(paths or [dataset.directory]), "--db", database,
            "--json", "--progress", "none", *dataset.key_flags,
        ]

    def peer(self, script, dataset):
        return lambda database: [self.python, HERE / script, dataset.facts_path, database]

    def floor(self, dataset):
        return lambda database: [self.dir / "floor", dataset.directory, database]

    def verify(self, dataset, database):
        """Our tables against what the simulated source held in the end."""
        measure.run([self.generator, "check", *dataset.world, "--db", database])

    def expected(self, dataset):
        """The digest that all must reach: ours, once it is proven to equal the source's."""
        measure.remove(self.database)
        measure.run(self.ours(dataset)(self.database))
        self.verify(dataset, self.database)
        return self.check(dataset.facts_path, self.database)

    def compare(self, dataset, loaders, rounds=None):
        return measure.in_turn(
            loaders, rounds or self.options.rounds, self.database, dataset.facts_path, self.check,
            self.expected(dataset),
        )

    # -- Sections --

    def peers(self):
        dataset = self.dataset("bench")
        loaders = {
            "resequel": self.ours(dataset),
            "floor": self.floor(dataset),
            "duckdb": self.peer("duckdb_peer.py", dataset),
            "duckdb-plain": self.peer("duckdb_plain_peer.py", dataset),
            "orjson + sqlite3": self.peer("orjson_peer.py", dataset),
            "sqlite-utils": self.peer("sqlite_utils_peer.py", dataset),
        }
        start = [self.python, HERE / "duckdb_peer.py", "--start"]
        starts = [measure.run(start) for _ in range(self.options.rounds + 1)][1:]
        figures = self.compare(dataset, loaders)
        self.bench_wall = figures["resequel"].wall
        self.report.section(
            f"{dataset.records:,} records, {dataset.byte_count / 1e6:.0f} MB, "
            f"{dataset.file_count} files; medians of {self.options.rounds}",
            ["loader", "wall s", "cpu s", "peak MB", "duckdb ÷ it", "duckdb-plain ÷ it", "it ÷ floor"],
            [
                [
                    name, f"{f.wall:.2f}", f"{f.cpu:.2f}", f"{f.memory:.0f}",
                    f"{figures['duckdb'].wall / f.wall:.2f}",
                    f"{figures['duckdb-plain'].wall / f.wall:.2f}",
                    f"{f.wall / figures['floor'].wall:.2f}",
                ]
                for name, f in figures.items()
            ],
            {name: f.json() for name, f in figures.items()},
            NOTES.format(start=measure.Figures(starts).wall),
        )
        self.stages(figures["resequel"].runs)

    def stages(self, runs):
        """Where our time goes, if `replay --json` tells."""
        told = [json.loads(run.output).get("stages") for run in runs]
        if not all(told):
            self.report.skipped("Stages", "`resequel replay --json` has no `stages`")
            return
        medians = {name: statistics.median(stages[name] for stages in told) for name in told[0]}
        self.report.section(
            "Stages", ["stage", "s"], [[n, f"{s:.3f}"] for n, s in medians.items()], medians
        )

    def variants(self):
        rows, results = [], {}
        for name, how in VARIANTS:
            if self.options.variant not in (None, name):
                continue
            dataset = self.dataset(name, **how)
            loaders = {
                "resequel": self.ours(dataset),
                "duckdb": self.peer("duckdb_peer.py", dataset),
            }
            if name in FLOOR_PROFILES:
                loaders["floor"] = self.floor(dataset)
            figures = self.compare(dataset, loaders)
            ours, duck, floor = figures["resequel"], figures["duckdb"], figures.get("floor")
            rows.append([
                name, f"{dataset.byte_count / 1e6:.0f}", f"{ours.wall:.2f}", f"{ours.cpu:.2f}",
                f"{ours.memory:.0f}", f"{duck.wall:.2f}", f"{duck.cpu:.2f}", f"{duck.memory:.0f}",
                f"{floor.wall:.2f}" if floor else "", f"{duck.wall / ours.wall:.2f}",
                f"{ours.wall / floor.wall:.1f}" if floor else "",
            ])
            results[name] = {loader: f.json() for loader, f in figures.items()}
        self.report.section(
            f"Variants, 500,000 records each; medians of {self.options.rounds}",
            ["variant", "MB", "ours s", "cpu s", "peak MB", "duckdb s", "cpu s", "peak MB",
             "floor s", "duckdb ÷ ours", "ours ÷ floor"],
            rows, results, "A variant without a figure for the floor is none that it reads.",
        )

    def large(self):
        sizes = [
            self.dataset("bench"), self.dataset("large", profile="bench", records=5_000_000),
        ]
        expected = [self.expected(dataset) for dataset in sizes]
        runs = [{}, {}]
        # Both sizes in turn: the ratio must come from one stretch of time.
        for _ in range(self.options.rounds):
            for dataset, digest, found in zip(sizes, expected, runs):
                loaders = {
                    "resequel": self.ours(dataset), "duckdb": self.peer("duckdb_peer.py", dataset),
                }
                figures = measure.in_turn(
                    loaders, 1, self.database, dataset.facts_path, self.check, digest)
                for name, figure in figures.items():
                    found.setdefault(name, []).extend(figure.runs)
        base, figures = ({n: measure.Figures(r) for n, r in found.items()} for found in runs)
        self.report.section(
            "5,000,000 records against 500,000",
            ["loader", "500k s", "5M s", "ratio", "5M peak MB"],
            [
                [n, f"{base[n].wall:.2f}", f"{f.wall:.2f}", f"{f.wall / base[n].wall:.1f}",
                 f"{f.memory:.0f}"]
                for n, f in figures.items()
            ],
            {n: {"small": base[n].json(), "large": f.json()} for n, f in figures.items()},
        )

    def arrival(self):
        dataset = self.dataset("bench")
        files = dataset.files()
        shuffled = files[:]
        random.Random(1).shuffle(shuffled)
        loaders = {
            "sorted": self.ours(dataset, files),
            "shuffled": self.ours(dataset, shuffled),
            "reversed": self.ours(dataset, files[::-1]),
            "numbered at random": self.ours(dataset, [self.renumbered(dataset, shuffled)]),
        }
        figures = self.compare(dataset, loaders)
        self.report.section(
            "Order of arrival, one call",
            ["order", "wall s", "cpu s", "÷ sorted"],
            [
                [n, f"{f.wall:.2f}", f"{f.cpu:.2f}", f"{f.wall / figures['sorted'].wall:.2f}"]
                for n, f in figures.items()
            ],
            {n: f.json() for n, f in figures.items()},
        )

    def renumbered(self, dataset, shuffled):
        """The same files under each other's names, so that names say nothing of the order."""
        root = self.dir / "data" / "renumbered"
        subprocess.run(["rm", "-rf", root], check=True)
        root.mkdir(parents=True)
        for file, named in zip(shuffled, dataset.files()):
            os.link(file, root / named.name)
        return root

    def calls(self):
        dataset = self.dataset("bench")
        expected = self.expected(dataset)
        taken = {"oldest first": [], "newest first": []}
        for _ in range(self.options.rounds):
            for name, files in (
                ("oldest first", dataset.files()), ("newest first", dataset.files()[::-1])
            ):
                measure.remove(self.database)
                started = time.monotonic()
                for file in files:
                    # Until the older files come, something may be said to be missing: exit 1.
                    measure.run(self.ours(dataset, [file])(self.database), accepts=(0, 1))
                taken[name].append(time.monotonic() - started)
                measure.say(f"  {name}: {taken[name][-1]:.2f} s")
                if self.check(dataset.facts_path, self.database) != expected:
                    raise measure.Failure(f"50 calls {name} reached other tables")
        measure.remove(self.database)
        medians = {name: statistics.median(walls) for name, walls in taken.items()}
        self.report.section(
            f"{dataset.file_count} calls, a file each",
            ["order", "wall s", "÷ oldest first"],
            [[n, f"{s:.2f}", f"{s / medians['oldest first']:.2f}"] for n, s in medians.items()],
            medians,
        )

    def ordering(self):
        """A sorted replay against one that keeps the changes of each key as they arrive."""
        title = "The cost of ordering"
        if not self.pass_through.exists():
            self.report.skipped(title, f"there is no {self.pass_through}; run `make bench`")
            return
        dataset = self.dataset("bench")
        files = dataset.files()
        figures = self.compare(
            dataset,
            {
                "order restored": self.ours(dataset, files),
                "passed through": self.ours(dataset, files, self.pass_through),
            },
        )
        base = figures["passed through"]
        self.report.section(
            title,
            ["replay of sorted files", "wall s", "cpu s", "wall ÷ passed through", "cpu ÷ it"],
            [
                [n, f"{f.wall:.2f}", f"{f.cpu:.2f}", f"{f.wall / base.wall:.2f}",
                 f"{f.cpu / base.cpu:.2f}"]
                for n, f in figures.items()
            ],
            {n: f.json() for n, f in figures.items()},
            PASS_THROUGH,
        )

    def following(self):
        many = self.dataset("arrivals", profile="all-inserts", records=100_100, files=1_001)
        seen = follow.latency(self.program, self.dir / "follow", many, 1_000)
        burst = self.dataset("burst", profile="bench", records=500_000, files=10_000)
        rate = follow.burst(
            self.program, self.dir / "follow", burst, self.check, self.options.rounds
        )
        quiet = follow.idle(self.program, self.dir / "follow", many, 60)
        self.report.section(
            "sync",
            ["what", "figure"],
            [
                ["a file of 100 records renamed into the drop, until a reader sees it: p50",
                 f"{seen['p50_ms']:.1f} ms"],
                [f"p99 of {seen['files']:,} files", f"{seen['p99_ms']:.1f} ms"],
                ["the slowest", f"{seen['max_ms']:.1f} ms"],
                [f"{rate['files']:,} files dropped at once", f"{rate['sync_seconds']:.2f} s"],
                ["the same files replayed", f"{rate['replay_seconds']:.2f} s"],
                ["share of replay's rate", f"{rate['share_of_replay_rate'] * 100:.0f} %"],
                [f"processor time of {quiet['seconds']} s idle", f"{quiet['cpu_seconds']:.2f} s"],
            ],
            {"latency": seen, "burst": rate, "idle": quiet},
        )

    def sections(self):
        if self.options.quick:
            return [self.peers]
        return [
            self.peers, self.variants, self.large, self.arrival, self.calls, self.ordering,
            self.following,
        ]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True, help="where resequel and source-world are")
    parser.add_argument("--dir", required=True, help="where data, the floor and results are kept")
    parser.add_argument("--python", required=True, help="the interpreter that has the peers")
    parser.add_argument("--quick", action="store_true", help="500,000 records, one run each")
    parser.add_argument("--rounds", type=int, help="runs of each loader (5; quick: 1)")
    parser.add_argument("--only", help="only the sections whose name contains this")
    parser.add_argument("--variant", help="of the variants only this")
    options = parser.parse_args()
    options.rounds = options.rounds or (1 if options.quick else 5)
    bench = Bench(options)
    try:
        for section in bench.sections():
            if options.only is None or options.only in section.__name__:
                section()
    except measure.Failure as failure:
        sys.exit(f"bench: {failure}")
    print(f"\nThe same as JSON: {bench.report.path}")


if __name__ == "__main__":
    main()
