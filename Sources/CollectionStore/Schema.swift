/// The tables of our own, `_resequel_…`, which stand beside the collections in every database.
///
/// The comments inside the statements are kept by SQLite: `.schema` shows them to whoever looks.
enum Schema {
  /// Says in the file's header that it is ours: "rseq".
  static let applicationID: UInt32 = 0x7273_6571
  /// The version of the tables below, kept as `user_version`.
  static let version: UInt32 = 1

  /// Makes all tables and views, in an empty database.
  static let statements = """
    CREATE TABLE _resequel_settings (
      -- What a later run must know of the earlier ones.
      name TEXT PRIMARY KEY NOT NULL,
      value TEXT NOT NULL
    ) WITHOUT ROWID;

    CREATE TABLE _resequel_files (
      -- The manifest: every batch file that was seen, one row per version of its content.
      -- It lies in the order of the paths, so that a listing of the drop is compared in one pass.
      id INTEGER NOT NULL UNIQUE,
      path TEXT NOT NULL,             -- the path's bytes as they are, even where they are no UTF-8
      version INTEGER NOT NULL,       -- 1, and one more for each new content under this path
      size INTEGER NOT NULL,          -- bytes on disk
      mtime_ns INTEGER NOT NULL,      -- modification time, nanoseconds since 1970
      device INTEGER NOT NULL,
      inode INTEGER NOT NULL,
      hash BLOB NOT NULL,             -- of the content; empty while it is not known
      state TEXT NOT NULL,            -- applied (read whole), torn, failed, superseded
      reason TEXT,                    -- why it is not applied; a second line says what to do
      consumed INTEGER NOT NULL,      -- decompressed bytes up to the last whole record
      records INTEGER NOT NULL,       -- whole records in those bytes
      series TEXT NOT NULL,           -- the path without its number
      ordinal INTEGER NOT NULL,       -- the number in its name; -1 for none
      seen_at INTEGER NOT NULL,       -- when it was first seen, microseconds since 1970
      PRIMARY KEY (path, version)
    ) WITHOUT ROWID;
    CREATE INDEX _resequel_files_hash ON _resequel_files (hash) WHERE length(hash) > 0;

    CREATE TABLE _resequel_collections (
      -- The source tables that files named: those that became collections, and those held.
      id INTEGER PRIMARY KEY,
      name TEXT NOT NULL COLLATE NOCASE, -- the collection's table, or the one it would have
      catalog TEXT,                   -- the source table; NULL where the source has none
      schema TEXT,
      source TEXT NOT NULL,
      state TEXT NOT NULL,            -- live, or held: no table, its changes wait
      key_rule TEXT,                  -- JSON array of source columns, @row or @append; NULL unknown
      key_origin TEXT,                -- how the key is known: flag, configuration, schema, inferred
      layout TEXT,                    -- rowid, or clustered (WITHOUT ROWID)
      floor BLOB,                     -- rank of the last truncation; NULL for none
      has_partial_rows INTEGER NOT NULL DEFAULT 0, -- whether a row lacked its insert at some time
      counters TEXT,                  -- the running counts: absent, dense, or why they prove nothing
      doubts TEXT,                    -- JSON array: what about its order a person must look at
      closed BLOB,                    -- rank up to which nothing can be missing; NULL where unknown
      pruned BLOB,                    -- the highest that closed ever was: below it deletes may be forgotten
      held_changes INTEGER NOT NULL DEFAULT 0,     -- changes that wait
      held_reason TEXT,               -- why they wait: one word,
      held_cause TEXT,                -- a sentence,
      held_evidence TEXT,             -- a JSON array of key or order candidates,
      held_hint TEXT                  -- and the flag or configuration lines that release them
    );
    CREATE UNIQUE INDEX _resequel_collections_name ON _resequel_collections (name)
      WHERE state = 'live';

    CREATE TABLE _resequel_columns (
      -- The columns of each collection. An index never changes its meaning.
      collection INTEGER NOT NULL,
      idx INTEGER NOT NULL,           -- from 0, as in the states of rows
      name TEXT NOT NULL,             -- in our table
      source TEXT NOT NULL,           -- at the source
      PRIMARY KEY (collection, idx)
    ) WITHOUT ROWID;

    CREATE TABLE _resequel_file_collections (
      -- What each file held for each collection.
      file INTEGER NOT NULL,
      collection INTEGER NOT NULL,
      changes INTEGER NOT NULL,
      counter_min INTEGER,            -- the source's running counts; NULL without any
      counter_max INTEGER,
      counter_count INTEGER NOT NULL, -- how many changes had one
      evidence BLOB,                  -- what the file says about order and completeness, encoded
      key_filter BLOB,                -- which keys it may hold changes of, hashed; NULL: any
      is_held INTEGER NOT NULL,       -- whether its changes wait for what a person must give
      waiting INTEGER NOT NULL DEFAULT 0,     -- how many of its changes wait behind a gap
      provisional INTEGER NOT NULL DEFAULT 0, -- how many were applied although behind a gap
      PRIMARY KEY (collection, file)
    ) WITHOUT ROWID;
    CREATE INDEX _resequel_file_collections_file ON _resequel_file_collections (file);
    CREATE INDEX _resequel_file_collections_waiting ON _resequel_file_collections (collection)
      WHERE waiting > 0;

    CREATE TABLE _resequel_transactions (
      -- Which transactions the changes belong to that a file held for a collection, encoded; only of
      -- logs whose records name them. A transaction is split while some of its changes wait here and
      -- others are applied in another collection: status counts them.
      collection INTEGER NOT NULL,
      file INTEGER NOT NULL,
      known BLOB NOT NULL,            -- all of them
      waiting BLOB,                   -- those of changes that wait behind a gap; NULL: none
      applied BLOB,                   -- those of changes that do not; NULL: all
      PRIMARY KEY (collection, file)
    ) WITHOUT ROWID;

    CREATE TABLE _resequel_lineages (
      -- The logs that a collection's changes came from, and how far each is applied.
      collection INTEGER NOT NULL,
      name TEXT NOT NULL,
      hash INTEGER NOT NULL,          -- the name as ranks hold it
      epoch INTEGER NOT NULL,         -- which succession of the log: 0, and one more for each restart
      first_ordinal INTEGER NOT NULL, -- lowest ordinal of the files that name it; -1 for none
      last_rank BLOB,                 -- the newest change that is applied
      last_counter INTEGER,           -- its running count
      PRIMARY KEY (collection, name, epoch)
    ) WITHOUT ROWID;

    CREATE TABLE _resequel_gaps (
      -- Holes in the log, as far as the files show them.
      collection INTEGER NOT NULL,
      series TEXT NOT NULL,
      after_ordinal INTEGER NOT NULL, -- the files between which something is missing
      before_ordinal INTEGER NOT NULL,
      kind TEXT NOT NULL,             -- proven (the counts skip), suspected (a number is missing), or
                                      -- arriving (its file is there, and not complete yet)
      first_counter INTEGER NOT NULL, -- the counts that are missing; -1 where that is not known
      last_counter INTEGER NOT NULL,
      likely_file TEXT NOT NULL,      -- the path that the first missing file would have
      since INTEGER NOT NULL,         -- when it was first seen, microseconds since 1970
      deadline INTEGER,               -- until when changes behind it wait; NULL for ever
      is_waived INTEGER NOT NULL,     -- whether it is not waited for any longer
      waiting INTEGER NOT NULL,       -- how many changes wait behind it
      PRIMARY KEY (collection, series, after_ordinal, before_ordinal, first_counter)
    ) WITHOUT ROWID;

    CREATE TABLE _resequel_conflicts (
      -- Rows about which two files disagree, and the source's log cannot say who is right: two
      -- different changes of one key at one position, or in two logs that run side by side.
      collection INTEGER NOT NULL,
      _id TEXT NOT NULL,
      kind TEXT NOT NULL,             -- position or lineages
      place BLOB NOT NULL,            -- the position, or the time at which both changed it
      won_file INTEGER NOT NULL,      -- whence the change came that counts (0: not known any more),
      lost_file INTEGER NOT NULL,     -- and the other
      PRIMARY KEY (collection, _id, kind, place)
    ) WITHOUT ROWID;

    CREATE TABLE _resequel_tombstones (
      -- Deleted rows, so that an older change does not bring them back.
      collection INTEGER NOT NULL,
      _id TEXT NOT NULL,
      _position BLOB NOT NULL,        -- the row's state, as in collections
      PRIMARY KEY (collection, _id)
    ) WITHOUT ROWID;

    CREATE TABLE _resequel_partial_rows (
      -- Live rows of which some columns are unknown; see the view _resequel_incomplete.
      collection INTEGER NOT NULL,
      _id TEXT NOT NULL,
      known TEXT NOT NULL,            -- JSON array of the indexes of the columns that are known
      PRIMARY KEY (collection, _id)
    ) WITHOUT ROWID;

    CREATE TABLE _resequel_moves (
      -- Changes of a primary key.
      collection INTEGER NOT NULL,
      old_id TEXT NOT NULL,
      rank BLOB NOT NULL,             -- of the change, encoded
      new_id TEXT NOT NULL,
      PRIMARY KEY (collection, old_id, rank, new_id)
    ) WITHOUT ROWID;
    CREATE INDEX _resequel_moves_new ON _resequel_moves (collection, new_id);

    CREATE TABLE _resequel_bag (
      -- Tables without a key (@row): the inserts and deletes of each content, once per place in
      -- the log.
      collection INTEGER NOT NULL,
      _id TEXT NOT NULL,              -- the content's hash
      place BLOB NOT NULL,            -- what makes two changes the same change
      delta INTEGER NOT NULL,         -- +1 or -1
      rank BLOB NOT NULL,
      event_time INTEGER,             -- microseconds since 1970 UTC
      file INTEGER NOT NULL,
      PRIMARY KEY (collection, _id, place, delta)
    ) WITHOUT ROWID;

    CREATE TABLE _resequel_quarantine (
      -- Records that could not be used.
      id INTEGER PRIMARY KEY,
      file INTEGER NOT NULL,
      byte_offset INTEGER NOT NULL,   -- in the file's decompressed bytes
      record_index INTEGER NOT NULL,  -- from 0
      source TEXT,                    -- its table, where that could be read
      bytes BLOB NOT NULL,
      reason TEXT NOT NULL,
      is_resolved INTEGER NOT NULL DEFAULT 0, -- of no more concern: other content counts instead, or
                                      -- somebody said so
      UNIQUE (file, byte_offset)
    );

    CREATE TABLE _resequel_events (
      -- What happened that somebody may ask about: repairs, new columns, holds, retries.
      id INTEGER PRIMARY KEY,
      at INTEGER NOT NULL,            -- when, microseconds since 1970
      kind TEXT NOT NULL,
      collection INTEGER,
      file INTEGER,
      text TEXT NOT NULL
    );

    \(HistorySchema.statements)
    CREATE VIEW _resequel_incomplete AS
      -- Rows made by an update on a key never seen, with the columns that are unknown.
      SELECT c.name AS collection, p._id,
        (SELECT group_concat(k.name, ', ') FROM _resequel_columns AS k
          WHERE k.collection = p.collection
            AND k.idx NOT IN (SELECT value FROM json_each(p.known))) AS unknown
      FROM _resequel_partial_rows AS p JOIN _resequel_collections AS c ON c.id = p.collection;

    CREATE VIEW _resequel_provisional AS
      -- Files whose changes were applied although they lie behind a gap. The rows that they made:
      -- SELECT * FROM a_collection WHERE _file IN (SELECT file FROM _resequel_provisional).
      SELECT c.name AS collection, s.file, f.path, s.provisional AS changes
      FROM _resequel_file_collections AS s JOIN _resequel_collections AS c ON c.id = s.collection
        JOIN _resequel_files AS f ON f.id = s.file
      WHERE s.provisional > 0;

    CREATE VIEW _resequel_quarantined AS
      -- Records that could not be used, and that count: their files, where they begin in those, why.
      SELECT q.id, f.path, q.byte_offset, q.record_index, q.source, q.reason
      FROM _resequel_quarantine AS q JOIN _resequel_files AS f ON f.id = q.file
      WHERE NOT q.is_resolved;
    """
}
