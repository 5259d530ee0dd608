"""sqlite-utils: upserts of the collapsed rows, in its default batches.

usage: sqlite_utils_peer.py FACTS.json FILE.db
"""

import json
import sys

import collapsed
import sqlite_utils


def main(facts_path, path):
    with open(facts_path) as file:
        facts = json.load(file)
    database = sqlite_utils.Database(path)
    for table in facts["tables"]:
        database[table["name"]].upsert_all(collapsed.rows(table), pk=table["keys"][0])
    database.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
