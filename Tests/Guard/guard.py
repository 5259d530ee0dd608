"""Counts what a replay costs and compares it with thresholds, so that no change makes it dearer unseen.

Counts are the same on a busy machine and on an idle one; times are not. Instructions are counted by
Valgrind, the rest by `count.c`, which is preloaded.

usage: guard.py --bin DIRECTORY --dir DIRECTORY [--record]
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Bench"))

from dataset import Datasets  # noqa: E402
from report import table  # noqa: E402

THRESHOLDS = HERE / "thresholds.json"

#: What is replayed, in one process each.
CASES = {
    "bench": {"profile": "bench", "records": 20_000, "files": 50},
    "small files": {"profile": "small-files", "records": 4_000, "files": 200},
}

INSTRUCTIONS = "instructions"

#: By what share each count of a record may exceed its threshold.
TOLERANCES = {
    INSTRUCTIONS: 0.02,
    "allocations": 0.03,
    "bytes read": 0.02,
    "bytes written": 0.02,
    "SQLite steps": 0.02,
}

#: What would make counts differ between runs and between machines is taken out.
STEADY = {
    "PATH": os.environ["PATH"],
    "LC_ALL": "C",
    "SWIFT_DETERMINISTIC_HASHING": "1",
    "SIMDJSON_FORCE_IMPLEMENTATION": "westmere",
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX512F,-AVX512VL,-AVX512BW,-AVX2,-ERMS,-FSRM,-RTM",
}


class Failure(Exception):
    pass


class Guard:
    def __init__(self, options):
        self.dir = pathlib.Path(options.dir).resolve()
        self.program = self.dir / "resequel"
        # Small, and made anew each time: the generator may have changed.
        shutil.rmtree(self.dir / "data", ignore_errors=True)
        self.datasets = Datasets(self.dir / "data", pathlib.Path(options.bin) / "source-world")

    def replay(self, dataset, counter=()):
        """Replays into a new database; returns what was counted, and what was said to stderr."""
        database, counts = self.dir / "guard.db", self.dir / "counts.json"
        for path in self.dir.glob("guard.db*"):
            path.unlink()
        counts.unlink(missing_ok=True)
        done = subprocess.run(
            [*counter, self.program, "replay", dataset.directory, "--db", database, "--json",
             "--progress", "none", *dataset.key_flags],
            env=STEADY | {"LD_PRELOAD": str(self.dir / "count.so"), "GUARD_COUNTS": str(counts)},
            capture_output=True, text=True,
        )
        if done.returncode != 0 or not counts.exists():
            raise Failure(f"replay ended with {done.returncode}\n{done.stderr[-2000:]}")
        return json.loads(counts.read_text()), done.stderr

    def count(self, dataset):
        """What one record costs, by the name of the count."""
        counts, _ = self.replay(dataset)
        if shutil.which("valgrind"):
            valgrind = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
            _, said = self.replay(dataset, valgrind)
            counts[INSTRUCTIONS] = int(re.search(r"Collected : (\d+)", said).group(1))
        return {name: round(counts[name] / dataset.records, 3) for name in TOLERANCES if name in counts}

    def measure(self):
        return {
            case: self.count(self.datasets.get(case.replace(" ", "-"), **how))
            for case, how in CASES.items()
        }


def compare(measured, thresholds):
    """Prints measured counts beside their thresholds; returns a sentence for each regression."""
    rows, regressions = [], []
    for case, limits in thresholds.items():
        for name, limit in limits.items():
            count = measured[case].get(name)
            if count is None:
                rows.append([case, name, "skipped: no valgrind", f"{limit:,.2f}", ""])
                continue
            change = count / limit - 1
            rows.append([case, name, f"{count:,.2f}", f"{limit:,.2f}", f"{change:+.1%}"])
            if change > TOLERANCES[name]:
                regressions.append(
                    f"{case}: {count:,.2f} {name} a record, {change:.1%} above {limit:,.2f}; "
                    f"{TOLERANCES[name]:.0%} is allowed."
                )
    print(table(["case", "per record", "measured", "threshold", "change"], rows), flush=True)
    return regressions


def record(measured):
    """Makes what was measured the threshold."""
    if any(INSTRUCTIONS not in counts for counts in measured.values()):
        raise Failure("thresholds need instructions, and valgrind is missing: make deps-guard")
    THRESHOLDS.write_text(json.dumps(measured, indent=2) + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True, help="where source-world is")
    parser.add_argument("--dir", required=True, help="where resequel and count.so are, and data go")
    parser.add_argument("--record", action="store_true", help="make what is measured the threshold")
    options = parser.parse_args()
    try:
        measured = Guard(options).measure()
        if options.record:
            record(measured)
        regressions = compare(measured, json.loads(THRESHOLDS.read_text()))
    except Failure as failure:
        sys.exit(f"guard: {failure}")
    for regression in regressions:
        print(f"guard: {regression}", file=sys.stderr)
    if regressions:
        sys.exit(
            "guard: a replay has become dearer. Find out why; if it is worth it, run "
            "`make guard RECORD=1` and commit Tests/Guard/thresholds.json."
        )


if __name__ == "__main__":
    main()
