"""Python with orjson and sqlite3: collapsed by key, inserted in key order in one transaction.

usage: orjson_peer.py FACTS.json FILE.db
"""

import json
import sqlite3
import sys

import collapsed


def main(facts_path, path):
    with open(facts_path) as file:
        facts = json.load(file)
    connection = sqlite3.connect(path)
    for table in facts["tables"]:
        names = table["columns"]
        connection.execute(
            f"CREATE TABLE {table['name']} ({', '.join(names)}, PRIMARY KEY ({table['keys'][0]}))"
        )
        marks = ", ".join(f":{name}" for name in names)
        connection.executemany(
            f"INSERT INTO {table['name']} VALUES ({marks})", collapsed.rows(table)
        )
    connection.commit()
    connection.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
