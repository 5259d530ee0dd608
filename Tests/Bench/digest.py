"""The one check of all loaders: a digest over the source's columns of every row, in key order.

Values are compared as text: where a file tells types, some loaders keep integers.

usage: digest.py FACTS.json FILE.db     prints the rows of all tables, and the digest
"""

import hashlib
import json
import sqlite3
import sys


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def main(facts_path, path):
    with open(facts_path) as file:
        facts = json.load(file)
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    known = {row[0] for row in connection.execute("SELECT name FROM sqlite_schema")}
    digest = hashlib.sha256()
    count = 0
    for table in sorted(facts["tables"], key=lambda table: table["name"]):
        if table["name"] not in known:
            continue
        columns = ", ".join(f"CAST({quoted(c)} AS TEXT)" for c in sorted(table["columns"]))
        keys = ", ".join(f"CAST({quoted(c)} AS TEXT)" for c in table["keys"])
        digest.update(f"{table['name']}\0{columns}\0".encode())
        for row in connection.execute(
            f"SELECT {columns} FROM {quoted(table['name'])} ORDER BY {keys}"
        ):
            digest.update(repr(row).encode())
            count += 1
    print(count, digest.hexdigest())


if __name__ == "__main__":
    main(*sys.argv[1:])
