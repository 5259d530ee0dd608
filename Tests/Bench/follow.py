"""What `sync` is measured by: how soon a file is seen, how fast many are, what idling costs."""

import os
import pathlib
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import time

import measure

# Reads keys, polls until each is there, and answers with the moment: a reader of its own process,
# with a connection that stays open, as an application would have it.
POLLER = """
import sqlite3, sys, time
connection = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True, isolation_level=None)
for key in sys.stdin:
    key = key.rstrip("\\n")
    deadline = time.monotonic() + 30
    while not connection.execute("SELECT 1 FROM orders WHERE _id = ?", (key,)).fetchone():
        if time.monotonic() > deadline:
            sys.exit(f"{key} was not seen within 30 s")
        time.sleep(0.0005)
    print(time.monotonic(), flush=True)
"""


class Follower:
    """A `resequel sync` of a drop, in a directory of its own."""

    def __init__(self, program, root, dataset):
        self.root = pathlib.Path(root)
        shutil.rmtree(self.root, ignore_errors=True)
        self.drop = self.root / "drop"
        self.folder = self.drop / "orders"
        self.folder.mkdir(parents=True)
        self.staging = self.root / "staging"
        self.staging.mkdir()
        self.database = self.root / "sync.db"
        self.log = (self.root / "log").open("w")
        self.process = subprocess.Popen(
            [program, "sync", self.drop, "--db", self.database, "--progress", "none",
             *dataset.key_flags],
            stdout=self.log, stderr=self.log,
        )

    def stage(self, files):
        """Copies of files on the drop's file system, ready to be renamed into it."""
        staged = []
        for file in files:
            shutil.copyfile(file, self.staging / file.name)
            staged.append(self.staging / file.name)
        return staged

    def deliver(self, staged):
        os.rename(staged, self.folder / staged.name)

    def ticks(self):
        """Processor seconds, user and system, so far."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def wait_until(self, query, wanted, limit=600):
        """Polls until the query gives at least so much: over one connection, so that what is measured
        has the machine for itself."""
        deadline = time.monotonic() + limit
        connection = None
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise measure.Failure(f"sync ended: {(self.root / 'log').read_text()[-1000:]}")
            try:
                connection = connection or sqlite3.connect(
                    f"file:{self.database}?mode=ro", uri=True, isolation_level=None)
                if connection.execute(query).fetchone()[0] >= wanted:
                    connection.close()
                    return
            except sqlite3.OperationalError:
                pass  # not made yet
            time.sleep(0.002)
        raise measure.Failure(f"{query} did not reach {wanted}")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(60) != 0:
            raise measure.Failure(f"sync: {(self.root / 'log').read_text()[-1000:]}")
        self.log.close()


APPLIED = "SELECT count(*) FROM _resequel_files WHERE state = 'applied'"


def last_key(path):
    """The key of a file's last record; every record is an insert."""
    import json

    return json.loads(path.read_text().splitlines()[-1])["after"]["id"]


def latency(program, root, dataset, count):
    """From the rename of a file of 100 records to the reader that finds its last row.

    - returns: percentiles, in milliseconds.
    """
    follower = Follower(program, root, dataset)
    files = dataset.files()[: count + 1]
    keys = [last_key(file) for file in files]
    staged = follower.stage(files)
    follower.wait_until("SELECT count(*) FROM sqlite_schema WHERE name = '_resequel_files'", 1)
    follower.deliver(staged[0])
    follower.wait_until(APPLIED, 1)
    poller = subprocess.Popen(
        [sys.executable, "-c", POLLER, follower.database],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )
    taken = []
    for index in range(1, count + 1):
        poller.stdin.write(f"{keys[index]}\n")
        poller.stdin.flush()
        renamed = time.monotonic()
        follower.deliver(staged[index])
        answer = poller.stdout.readline()
        if not answer:
            raise measure.Failure("the reader gave up")
        taken.append((float(answer) - renamed) * 1000)
        # Arrivals must not fall into step with the follower's own rhythm.
        time.sleep(0.005 + 0.010 * ((index * 7919) % 100) / 100)
    poller.stdin.close()
    poller.wait()
    follower.stop()
    taken.sort()
    return {
        "files": count,
        "p50_ms": statistics.median(taken),
        "p99_ms": taken[min(count - 1, int(count * 0.99))],
        "max_ms": taken[-1],
    }


def burst(program, root, dataset, check, rounds=1):
    """All files renamed at once into a followed drop, against a replay of the same directory.

    What renames them does nothing else meanwhile: it takes one of the cores.
    """
    facts = dataset.facts_path
    reference = pathlib.Path(root).with_suffix(".db")
    replays, follows = [], []
    for _ in range(rounds):
        measure.remove(reference)
        replays.append(
            measure.run([program, "replay", dataset.directory, "--db", reference,
                         "--progress", "none", *dataset.key_flags]).wall
        )
        expected = check(facts, reference)
        follower = Follower(program, root, dataset)
        moves = [
            (str(file), str(follower.folder / file.name)) for file in follower.stage(dataset.files())
        ]
        follower.wait_until("SELECT count(*) FROM sqlite_schema WHERE name = '_resequel_files'", 1)
        started = time.monotonic()
        for source, target in moves:
            os.rename(source, target)
        follower.wait_until(APPLIED, len(moves))
        follows.append(time.monotonic() - started)
        reached = check(facts, follower.database)
        follower.stop()
        if reached != expected:
            raise measure.Failure("sync reached other tables than replay")
    measure.remove(reference)
    replay, follow = statistics.median(replays), statistics.median(follows)
    return {
        "files": dataset.file_count, "replay_seconds": replay, "sync_seconds": follow,
        "share_of_replay_rate": replay / follow,
    }


def idle(program, root, dataset, seconds):
    """Processor time of a follower whose drop does not change."""
    follower = Follower(program, root, dataset)
    staged = follower.stage(dataset.files()[:100])
    follower.wait_until("SELECT count(*) FROM sqlite_schema WHERE name = '_resequel_files'", 1)
    for file in staged:
        follower.deliver(file)
    follower.wait_until(APPLIED, len(staged))
    time.sleep(3)  # what it does once when it becomes idle is not idling
    before = follower.ticks()
    time.sleep(seconds)
    spent = follower.ticks() - before
    follower.stop()
    return {"seconds": seconds, "cpu_seconds": spent}
