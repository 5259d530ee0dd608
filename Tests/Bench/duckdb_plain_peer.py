"""DuckDB as one would write it: it finds the columns out, ranks, and hands the rows to sqlite3.

usage: duckdb_plain_peer.py FACTS.json FILE.db
"""

import json
import sqlite3
import sys

import duckdb


def main(facts_path, path):
    with open(facts_path) as file:
        facts = json.load(file)
    (table,) = facts["tables"]
    columns = table["columns"]
    (key,) = table["keys"]
    rows = duckdb.connect().execute(
        f"""
        WITH records AS (
          SELECT *, if(opType = 'D', before.{key}, after.{key}) AS k
          FROM read_json('{table["glob"]}')),
        ranked AS (
          SELECT *, row_number() OVER (PARTITION BY k ORDER BY
            regexp_extract(cursor->>'log', '[0-9]+$')::BIGINT DESC,
            (cursor->>'position')::BIGINT DESC, (cursor->>'logSeqNum')::BIGINT DESC) AS n
          FROM records)
        SELECT {", ".join(f"nullif(after.{c}, 'null')" for c in columns)}
        FROM ranked WHERE n = 1 AND opType <> 'D' ORDER BY k
        """
    ).fetchall()
    connection = sqlite3.connect(path)
    connection.execute(
        f"CREATE TABLE {table['name']} ({', '.join(columns)}, PRIMARY KEY ({key}))"
    )
    marks = ", ".join("?" * len(columns))
    connection.executemany(f"INSERT INTO {table['name']} VALUES ({marks})", rows)
    connection.commit()
    connection.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
