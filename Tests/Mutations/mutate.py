#!/usr/bin/env python3
"""Breaks each rule of order and merging in turn, and shows that its case of the law fails.

usage: mutate.py [WORD]    WORD: only rules that hold this text
       mutate.py --check   only look whether each rule's text is where it is said to be

All mutations are built at once, from a copy of the sources in .build/mutants, each behind a
condition that the environment switches: so whatever is broken was built in, and the sources stay
as they are. Exit status 1 if a mutation survives.
"""
import os
import subprocess
import sys
import time

from rules import MUTATIONS

COPY = ".build/mutants"
SWITCH = "Sources/ChangeModel/BrokenRule.swift"
SWITCH_TEXT = """import Glibc

/// The number of the rule that is broken in this process; -1 for none.
@usableFromInline package let brokenRule = getenv("BROKEN_RULE").flatMap { Int(String(cString: $0)) } ?? -1
"""
LAW = "every ordered partition"


def switched(text, source, mutations):
    """A source's text with all of its mutations, each behind its condition."""
    for old in dict.fromkeys(mutation.old for _, mutation in mutations):
        if text.count(old) != 1:
            sys.exit(f"mutate: {source} holds this text {text.count(old)} times, not once: {old}")
        result = old
        for number, mutation in mutations:
            if mutation.old != old:
                continue
            is_broken = f"(brokenRule == {number})"
            if "BROKEN" in mutation.new:
                result = mutation.new.replace("OLD", result).replace("BROKEN", is_broken)
            else:
                result = f"({is_broken} ? ({mutation.new}) : ({result}))"
        text = text.replace(old, result)
    return text


def texts():
    """The text of every source, mutations and all, by path."""
    mutations = {}
    for number, mutation in enumerate(MUTATIONS):
        mutations.setdefault(mutation.source, []).append((number, mutation))
    result = {SWITCH: SWITCH_TEXT.encode()}
    for top in ["Package.swift", "Package.resolved", "Sources", "Tests", "Samples", "README.md"]:
        names = [top] if os.path.isfile(top) else [
            os.path.join(directory, name)
            for directory, _, names in os.walk(top) for name in names]
        for name in names:
            with open(name, "rb") as file:
                result[name] = file.read()
    for source, numbered in mutations.items():
        result[source] = switched(result[source].decode(), source, numbered).encode()
    return result


def make_copy():
    """Writes the copy, all of it anew if any of it changed.

    A build takes no notice of a body that other modules have inlined: with new times on all files
    nothing is left of an earlier build.
    """
    wanted = texts()
    for name in ["Sources", "Tests"]:
        for directory, _, names in os.walk(os.path.join(COPY, name)):
            for found in names:
                path = os.path.join(directory, found)
                if os.path.relpath(path, COPY) not in wanted:
                    os.remove(path)
    if all(is_written(name, text) for name, text in wanted.items()):
        return
    for name, text in wanted.items():
        path = os.path.join(COPY, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(text)


def is_written(name, text):
    path = os.path.join(COPY, name)
    if not os.path.isfile(path):
        return False
    with open(path, "rb") as file:
        return file.read() == text


def run(command, **variables):
    result = subprocess.run(
        command, shell=True, cwd=COPY, env={**os.environ, **variables},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    return result.returncode, result.stdout


def test(mutation, number):
    """Runs what decides a mutation, with that rule broken; -1: with none."""
    name, case = (LAW, mutation.case) if mutation.is_of_law else (mutation.case, "")
    return run(
        f"swift test -c release --disable-testable-imports --skip-build --filter '{name}'",
        CASE=case, BROKEN_RULE=str(number))


def verdict(mutation, number):
    start = time.time()
    status, output = test(mutation, number)
    if status == 0:
        return "SURVIVED"
    return f"failed after {time.time() - start:.0f} s" if "recorded an issue" in output else "CRASHED"


def is_sound(mutation):
    """Whether what decides a mutation passes, and tests anything, as long as no rule is broken."""
    status, output = test(mutation, -1)
    return status == 0 and "Test run with 1 test" in output


def main():
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    if word == "--check":
        texts()
        return
    make_copy()
    status, output = run("swift build -c release --build-tests")
    if status != 0:
        sys.exit(f"mutate: the mutations do not build\n{output}")
    sound = {}
    is_well = True
    print("| rule broken | what notices | |\n|---|---|---|")
    for number, mutation in enumerate(MUTATIONS):
        if word not in mutation.rule:
            continue
        result = verdict(mutation, number)
        if mutation.case not in sound:
            sound[mutation.case] = is_sound(mutation)
        if not sound[mutation.case]:
            result = "UNSOUND: it fails without, or tests nothing"
        is_well = is_well and result.startswith("failed")
        print(f"| {mutation.rule} | {mutation.case} | {result} |", flush=True)
    sys.exit(0 if is_well else 1)


main()
