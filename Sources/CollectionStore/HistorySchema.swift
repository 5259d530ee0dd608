/// The tables of histories. The versions themselves are in a table for each collection:
/// `_resequel_versions_<number>`; the views `_resequel_history_<name>` show them.
enum HistorySchema {
  static let statements = """
    CREATE TABLE _resequel_histories (
      -- The collections whose every version is kept.
      collection INTEGER PRIMARY KEY,
      is_kept INTEGER NOT NULL,       -- 0: it was switched off; what came since is not in it
      untracked TEXT NOT NULL,        -- JSON array of the columns whose changes make no version
      floors BLOB NOT NULL,           -- ranks, encoded, where a snapshot replaced all before it
      known_at INTEGER NOT NULL       -- when something became known last, microseconds since 1970
    );

    CREATE TABLE _resequel_changes (
      -- Every change that collections with a history took, in whatever order they came.
      collection INTEGER NOT NULL,
      _id TEXT NOT NULL,
      rank BLOB NOT NULL,             -- its place in the order, encoded
      operation TEXT NOT NULL,        -- insert, update, upsert, delete
      old_id TEXT,                    -- the key that the row had before, where the change moved it
      position TEXT NOT NULL,         -- its place in the source's log, readable
      event_time INTEGER,             -- the source's time, microseconds since 1970
      file INTEGER NOT NULL,
      byte_offset INTEGER NOT NULL,   -- in the file's decompressed bytes
      record_index INTEGER NOT NULL,  -- from 0
      known_at INTEGER NOT NULL,      -- when it became known, microseconds since 1970
      cells BLOB NOT NULL,            -- the columns that it sets, and their values, encoded
      PRIMARY KEY (collection, _id, rank)
    ) WITHOUT ROWID;
    CREATE INDEX _resequel_changes_old ON _resequel_changes (collection, old_id)
      WHERE old_id IS NOT NULL;

    """
}
