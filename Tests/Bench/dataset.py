"""What is loaded: worlds that `source-world generate` plays from a seed, kept between runs."""

import json
import pathlib
import re
import subprocess

SEED = 1


class Dataset:
    """A directory of batch files, and what a peer must be told to load them."""

    def __init__(self, facts):
        self.name = facts["name"]
        self.directory = pathlib.Path(facts["directory"])
        self.records = facts["records"]
        self.byte_count = facts["bytes"]
        self.file_count = facts["files"]
        self.format = facts["format"]  # json or csv
        self.images = facts["images"]  # full or minimal
        self.tables = facts["tables"]  # name, keys, columns, glob
        self.world = facts["world"]  # the flags that `source-world check` needs
        self.facts = facts

    @property
    def key_flags(self):
        return [
            word
            for table in self.tables
            for word in ("--key", f"{table['name']}={','.join(table['keys'])}")
        ]

    def files(self):
        """Every batch file, in the order of the log: by the number in its name."""
        found = [
            path
            for path in self.directory.rglob("*.part_*")
            if path.is_file() and not path.name.startswith(".")
        ]
        return sorted(found, key=lambda path: (str(path.parent), ordinal(path)))

    def warm(self):
        """Reads every file once, so that each run finds them in memory."""
        for path in self.directory.rglob("*"):
            if path.is_file():
                with path.open("rb", buffering=0) as file:
                    while file.read(1 << 20):
                        pass


def ordinal(path):
    return int(re.search(r"part_(\d+)", path.name).group(1))


class Datasets:
    """Makes data sets, or finds them where an earlier run left them."""

    def __init__(self, root, generator):
        self.root = pathlib.Path(root)
        self.generator = generator

    def get(self, name, profile=None, records=None, files=None, extra=()):
        directory = self.root / name
        facts_path = self.root / f"{name}.json"
        world = ["--profile", profile or name, "--seed", str(SEED)]
        if records:
            world += ["--records", str(records)]
        flags = world + (["--files", str(files)] if files else []) + list(extra)
        if facts_path.exists():
            facts = json.loads(facts_path.read_text())
            if facts["flags"] == flags and directory.is_dir():
                return Dataset(facts)
        self.root.mkdir(parents=True, exist_ok=True)
        subprocess.run(["rm", "-rf", directory], check=True)
        made = subprocess.run(
            [self.generator, "generate", *flags, "--out", directory, "--json"],
            check=True, capture_output=True, text=True,
        )
        said = json.loads(made.stdout)
        facts = {
            "name": name,
            "flags": flags,
            "world": world,
            "directory": str(directory),
            "records": records or 500_000,
            "bytes": said["bytes"],
            "files": said["files"],
            "format": "csv" if "csv" in extra else "json",
            "images": "minimal" if profile == "minimal" or name == "minimal" else "full",
            "tables": [describe(directory, *key.split("=")) for key in said["keys"]],
        }
        facts_path.write_text(json.dumps(facts, indent=1))
        return Dataset(facts)


def describe(directory, name, keys):
    folder = next(path for path in directory.glob(f"*/*/{name}") if path.is_dir())
    files = sorted(folder.glob("*.part_*"))
    return {
        "name": name,
        "keys": keys.split(","),
        "columns": columns(directory, files[0], name),
        "glob": str(folder / "*.part_*"),
    }


def columns(directory, file, table):
    """The names of the columns, in the order of the file."""
    if file.suffix == ".csv":
        schemas = (directory / "schemas.yaml").read_text()
        listed = next(
            part for part in schemas.split("- columns:")[1:] if f'\n    name: "{table}"' in part
        )
        return re.findall(r'- name: "([^"]+)"', listed)
    command = "zcat" if file.suffix == ".gz" else "cat"
    with subprocess.Popen([command, file], stdout=subprocess.PIPE) as reader:
        line = reader.stdout.readline()
        reader.kill()
    return list(json.loads(line)["exists"])
