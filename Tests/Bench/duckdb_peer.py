"""DuckDB, with the fastest query and the fastest way into SQLite that were found.

Tried, by processor time on the set of 500,000: `row_number()` in QUALIFY is as fast as any
(`arg_max` over structs, a join with the highest position); columns given are twice as fast as
columns that DuckDB finds out; ATTACH into a table made beforehand beats `CREATE TABLE AS` with an
index made later, Arrow through ADBC, CSV through `.import`, and executemany; WITHOUT ROWID,
another page size and no journal make no difference.

usage: duckdb_peer.py FACTS.json FILE.db, or --start: what precedes each of its runs
"""

import glob
import json
import os
import sqlite3
import sys

import duckdb

CURSOR = '{"log":"VARCHAR","position":"BIGINT","logSeqNum":"BIGINT"}'


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def text(value):
    return "'" + value.replace("'", "''") + "'"


def connect():
    import duckdb_extension_sqlite_scanner as extension

    folder = list(extension.__path__)[0]
    (library,) = glob.glob(os.path.join(folder, "extensions", "*", "*.duckdb_extension"))
    connection = duckdb.connect(config={"allow_unsigned_extensions": True})
    connection.execute(f"LOAD {text(library)}")
    return connection


def json_records(table, is_minimal):
    """One row a record: op, k (the key's parts), a (the after-image), e (exists), position."""
    image = "STRUCT(" + ", ".join(f"{quoted(c)} VARCHAR" for c in table["columns"]) + ")"
    keys = "STRUCT(" + ", ".join(f"{quoted(c)} VARCHAR" for c in table["keys"]) + ")"
    exists = f", \"exists\": {text(image)}" if is_minimal else ""
    reader = (
        f"read_json({text(table['glob'])}, format = 'newline_delimited', columns = {{"
        f"opType: 'VARCHAR', cursor: 'VARCHAR', before: {text(keys)}, after: {text(image)}{exists}}})"
    )
    parts = ", ".join(key_part(c, is_minimal) for c in table["keys"])
    return (
        f"SELECT opType AS op, {parts}, after AS a{', exists AS e' if is_minimal else ''}, "
        f"from_json(cursor, {text(CURSOR)}) AS q FROM {reader}"
    )


def key_part(column, is_minimal):
    """A key's column: of the image that holds it."""
    name = quoted(column)
    comes_from = f"before.{name} <> 'null'" if is_minimal else "opType = 'D'"
    return f"if({comes_from}, before.{name}, after.{name}) AS {quoted('k_' + column)}"


def csv_records(table):
    """As `json_records`; a column is three: after, before, exists."""
    names = [f"{part}_{c}" for c in table["columns"] for part in ("a", "b", "e")]
    names += ["op", "cursor", "counts"]
    listed = ", ".join(f"{text(n)}: 'VARCHAR'" for n in names)
    reader = (
        f"read_csv({text(table['glob'])}, header = false, auto_detect = false, delim = ',', "
        f"quote = '\"', escape = '\"', nullstr = '', columns = {{{listed}}})"
    )
    image = ", ".join(f"{text(c)}: {quoted('a_' + c)}" for c in table["columns"])
    parts = ", ".join(
        f"if(op = 'D', {quoted('b_' + c)}, {quoted('a_' + c)}) AS {quoted('k_' + c)}"
        for c in table["keys"]
    )
    return (
        f"SELECT op, {parts}, {{{image}}} AS a, from_json(cursor, {text(CURSOR)}) AS q "
        f"FROM {reader}"
    )


def newest(records, table, null):
    """The rows where each record names every column: the newest record of a key."""
    keys = ", ".join(quoted("k_" + c) for c in table["keys"])
    values = ", ".join(f"nullif(a.{quoted(c)}, {text(null)}) AS {quoted(c)}" for c in table["columns"])
    return (
        f"SELECT {values} FROM (SELECT op, {keys}, a, split_part(q.log, '.', -1)::BIGINT AS l, "
        f"q.position AS p, q.logSeqNum AS s FROM ({records})) "
        f"QUALIFY row_number() OVER (PARTITION BY {keys} ORDER BY l DESC, p DESC, s DESC) = 1 "
        f"AND op <> 'D' ORDER BY {keys}"
    )


def merged(records, table):
    """The rows where records name only what changed: each column's newest value since the last
    insert or delete of its key."""
    keys = ", ".join(quoted("k_" + c) for c in table["keys"])
    values = ", ".join(
        f"{quoted('k_' + c)} AS {quoted(c)}"
        if c in table["keys"]
        else f"nullif(arg_max(a.{quoted(c)}, p) FILTER (e.{quoted(c)} IN ('1', '3')), 'null') "
        f"AS {quoted(c)}"
        for c in table["columns"]
    )
    return (
        f"WITH r AS (SELECT op, {keys}, a, e, "
        f"(split_part(q.log, '.', -1)::BIGINT, q.position, q.logSeqNum) AS p FROM ({records})), "
        f"f AS (SELECT *, max(p) FILTER (op <> 'U') OVER (PARTITION BY {keys}) AS floor FROM r) "
        f"SELECT {values} FROM f WHERE p >= floor GROUP BY {keys} "
        f"HAVING bool_and(op <> 'D') ORDER BY {keys}"
    )


def make_tables(facts, path):
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA page_size = 16384")
    for table in facts["tables"]:
        names = ", ".join(
            f"{quoted(c)} TEXT" for c in table["columns"]
        )
        keys = ", ".join(quoted(c) for c in table["keys"])
        connection.execute(f"CREATE TABLE {quoted(table['name'])} ({names}, PRIMARY KEY ({keys}))")
    connection.commit()
    connection.close()


def main(facts_path, path):
    with open(facts_path) as file:
        facts = json.load(file)
    make_tables(facts, path)
    connection = connect()
    connection.execute(f"ATTACH {text(path)} AS store (TYPE sqlite)")
    for table in facts["tables"]:
        if facts["format"] == "csv":
            query = newest(csv_records(table), table, "NULL")
        elif facts["images"] == "minimal":
            query = merged(json_records(table, True), table)
        else:
            query = newest(json_records(table, False), table, "null")
        connection.execute(f"INSERT INTO store.{quoted(table['name'])} {query}")
    connection.execute("DETACH store")


if __name__ == "__main__":
    if sys.argv[1:] == ["--start"]:
        connect()
    else:
        main(*sys.argv[1:])
