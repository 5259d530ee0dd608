"""The results as Markdown for people and JSON for programs."""

import json
import os
import pathlib
import platform
import sqlite3
import subprocess


def output(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True).stdout.strip()
    except FileNotFoundError:
        return ""


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def environment(python):
    def version(package):
        return output(
            python, "-c", f"from importlib.metadata import version; print(version('{package}'))"
        )

    swift = output("swift", "--version").splitlines()
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "swift": swift[0] if swift else "",
        "sqlite": output("sqlite3", "--version").split(" ")[0] or sqlite3.sqlite_version,
        "sqlite_of_python": sqlite3.sqlite_version,
        "simdjson": output("pkg-config", "--modversion", "simdjson"),
        "python": platform.python_version(),
        "duckdb": version("duckdb"),
        "orjson": version("orjson"),
        "sqlite_utils": version("sqlite-utils"),
        "commit": output("git", "rev-parse", "--short", "HEAD"),
        "load_at_start": os.getloadavg()[0],
    }


def table(head, rows):
    rows = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    lines = ["| " + " | ".join(c.ljust(w) for c, w in zip(row, widths)) + " |" for row in [head, *rows]]
    lines.insert(1, "|" + "|".join("-" * (w + 2) for w in widths) + "|")
    return "\n".join(lines)


class Report:
    """Collects sections; prints each when it is there, so that a long run shows something."""

    def __init__(self, environment, path):
        self.path = pathlib.Path(path)
        self.results = {"environment": environment, "sections": {}}
        print("# Results\n")
        print(table(["what", "value"], environment.items()), flush=True)

    def section(self, title, head, rows, results, note=""):
        print(f"\n## {title}\n")
        print(table(head, rows))
        if note:
            print(f"\n{note}")
        print(end="", flush=True)
        self.keep(title, results)

    def skipped(self, title, reason):
        print(f"\n## {title}\n\nSkipped: {reason}", flush=True)
        self.keep(title, {"skipped": reason})

    def keep(self, title, results):
        self.results["sections"][title] = results
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps(self.results, indent=1) + "\n")
