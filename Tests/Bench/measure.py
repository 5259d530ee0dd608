"""Runs of whole processes, taken in turn so that a machine's moods fall on all alike."""

import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time


class Run:
    """One run: seconds by the clock, of the processor (user, system), peak memory in MB."""

    def __init__(self, wall, user, system, memory, output):
        self.wall, self.user, self.system, self.memory = wall, user, system, memory
        self.output = output


class Failure(Exception):
    pass


def run(command, accepts=(0,)):
    """Runs a command to its end.

    The peak is `wait4`'s, which counts what the parent had before `exec`, and mapped files: the
    harness therefore stays small.
    """
    # A file, not a second pipe: while one pipe is read, a command that fills the other waits for ever.
    with tempfile.TemporaryFile() as errors:
        started = time.monotonic()
        process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors,
        )
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in accepts:
            errors.seek(0)
            shown = " ".join(str(word) for word in command[:8])
            told = errors.read().decode()[-2000:]
            raise Failure(f"{shown}: exit {process.returncode}\n{told}")
    return Run(wall, usage.ru_utime, usage.ru_stime, usage.ru_maxrss / 1000, output.decode())


def remove(path):
    for suffix in ("", "-wal", "-shm", "-journal"):
        pathlib.Path(f"{path}{suffix}").unlink(missing_ok=True)


class Figures:
    """The medians of a loader's runs."""

    def __init__(self, runs):
        middle = statistics.median
        self.wall = middle(run.wall for run in runs)
        self.walls = sorted(run.wall for run in runs)
        self.cpu = middle(run.user + run.system for run in runs)
        self.memory = max(run.memory for run in runs)
        self.runs = runs

    def json(self):
        return {
            "wall_seconds": self.wall, "walls": self.walls, "cpu_seconds": self.cpu,
            "peak_megabytes": self.memory,
        }


class Check:
    """Digests of tables, made in a process of their own to keep this one small."""

    def __init__(self, python, here):
        self.python, self.here = python, here

    def __call__(self, facts, database):
        return run([self.python, self.here / "digest.py", facts, database]).output.strip()


def in_turn(loaders, rounds, database, facts, check, expected=None):
    """Runs every loader `rounds` times, A B C A B C …, each into a new file.

    - loaders: a name and a function from the database's path to a command.
    - expected: the digest that each must reach; without one, that of the first loader.
    - returns: figures by name. A loader whose tables differ ends everything.
    """
    runs = {name: [] for name in loaders}
    for round_number in range(rounds):
        for name, command in loaders.items():
            remove(database)
            runs[name].append(run(command(database)))
            if round_number == 0:
                digest = check(facts, database)
                expected = expected or digest
                if digest != expected:
                    raise Failure(f"{name} reached other tables: {digest}, not {expected}")
            say(f"  {name}: {runs[name][-1].wall:.2f} s")
    remove(database)
    return {name: Figures(results) for name, results in runs.items()}


def say(text):
    print(text, file=sys.stderr, flush=True)
