#!/usr/bin/env python3
"""Breaks each rule of order and merging in turn, and shows that its case of the law fails.

usage: mutate.py [WORD]    WORD: only rules that hold this text

A mutation replaces one text, which the named source must hold exactly once. The sources are put
back after each. Exit status 1 if a mutation survives.
"""
import os
import subprocess
import sys
import time

MERGE = "Sources/CollectionStore/RowMerge.swift"
FOLD = "Sources/Sequencing/SerialFold.swift"
RANK = "Sources/ChangeModel/Rank.swift"
CURSOR = "Sources/RecordFormats/CursorReader.swift"
QUEUE = "Sources/Sequencing/ChangeQueue.swift"
# A build takes no notice of a body that other modules have inlined: these are touched then.
INLINING = [MERGE, FOLD, "Sources/Pipeline/RowAssembler.swift"]
COUNTS = "floor.kind == .delete ? isBefore(floor.rank, rank) : !isBefore(rank, floor.rank)"
GO = "rows[old] = deleted(at: rank, file: file)\n    write"

# The rule, the source, what stands there, what is put there instead, the case that decides.
MUTATIONS = [
    ("what is older than a delete is gone", MERGE, COUNTS,
     "floor.kind == .delete ? true : !isBefore(rank, floor.rank)", "rows that end and come again"),
    ("an insert begins the row anew", MERGE, COUNTS,
     "floor.kind == .delete ? isBefore(floor.rank, rank) : true", "minimal images"),
    ("the newest insert or delete is the floor", MERGE,
     "isBefore(left.rank, right.rank) ? right : left",
     "isBefore(left.rank, right.rank) ? left : right", "full images"),
    ("the newest of each column wins", MERGE,
     "} else if isBefore(entries[known].rank, layer.rank) {", "} else {", "all before, updated after"),
    ("a moved row takes along what the move does not name", FOLD,
     "rows[new] = row\n    }", "rows[new] = Row()\n    }", "key moves in minimal images"),
    ("a move leaves no row at the old key", FOLD, GO, "write", "key moves in full images"),
    ("a move from a key never seen sets no floor", FOLD, GO,
     "if rows[new]?.floor?.rank != rank { rows[new] = deleted(at: rank, file: file) }\n    " + GO,
     "chains of moves"),
    ("the position ranks before the file's number", RANK,
     "      if left.position != right.position {",
     "      if left.ordinal != right.ordinal { return left.ordinal < right.ordinal }\n"
     "      if left.position != right.position {", "two writers"),
    ("so it does between writers", RANK,
     "      if left.position != right.position {",
     "      if left.series != right.series { return left.series < right.series }\n"
     "      if left.position != right.position {", "one count, three writers"),
    ("logs side by side are ordered by their own time", RANK,
     "return eventTime < other.eventTime", "return eventTime > other.eventTime",
     "two nodes change one key"),
    ("each log by its position, whatever the arrival", RANK,
     "if left.phase != right.phase { return left.phase < right.phase }",
     "if left.phase != right.phase { return left.phase > right.phase }", "a snapshot first"),
    ("the log file's number is a number", CURSOR,
     "      number, try self.number", "      number % 1_000_000, try self.number",
     "log files past six digits"),
    ("rows at one position have an order", CURSOR,
     'try self.number(members, "logSeqNum", orElse: 0)', "0", "several rows at one position"),
    ("the counter ranks before ASE's log page", CURSOR,
     "UInt64(max(0, counter)), try", "0, try", "log pages used again"),
    ("Cassandra's segment ranks before its offset", CURSOR,
     'try number(members, "dscId"), try number(members, "mutId")',
     'try number(members, "mutId"), try number(members, "dscId")', "several nodes"),
    ("MongoDB's cluster time is the order", CURSOR,
     'try number(members, "resumeToken"), try', "0, try", "MongoDB"),
    ("Informix' sequence number is the order", CURSOR,
     'try number(members, "seqNum"), 0, 0, try', "1, 0, 0, try", "Informix"),
]


def run(command, **variables):
    result = subprocess.run(
        command, shell=True, env={**os.environ, **variables},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    return result.returncode, result.stdout


def write(source, text):
    with open(source, "w") as file:
        file.write(text)
    for dependent in INLINING if source == RANK else []:
        os.utime(dependent)


def verdict(source, old, new, case):
    with open(source) as file:
        text = file.read()
    if text.count(old) != 1:
        return f"STALE: {source} holds the text {text.count(old)} times"
    try:
        write(source, text.replace(old, new))
        status, output = run("swift build -c release --build-tests")
        if status != 0:
            return "STALE: it does not build"
        start = time.time()
        status, output = run(
            "swift test -c release --disable-testable-imports --skip-build"
            " --filter 'every ordered partition'", CASE=case)
    finally:
        write(source, text)
    if status == 0:
        return "SURVIVED"
    return f"failed after {time.time() - start:.0f} s" if "recorded an issue" in output else "CRASHED"


def main():
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    is_well = True
    print("| rule broken | case of the law | |\n|---|---|---|")
    for rule, source, old, new, case in MUTATIONS:
        if word not in rule:
            continue
        result = verdict(source, old, new, case)
        is_well = is_well and result.startswith("failed")
        print(f"| {rule} | {case} | {result} |", flush=True)
    run("swift build -c release --build-tests")
    sys.exit(0 if is_well else 1)


main()
