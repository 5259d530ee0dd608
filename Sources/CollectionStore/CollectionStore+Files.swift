import SQLiteKit

/// The manifest of batch files.
extension CollectionStore {
  /// Adds a file version to the manifest.
  ///
  /// - Returns: its number, which `_file` columns and ``RowLayer/file`` hold.
  @discardableResult
  package func insert(_ file: FileRecord) throws -> Int64 {
    let id = try nextFileID()
    try insert([file], from: id)
    return id
  }

  /// The number of the next file version that is added.
  package func nextFileID() throws -> Int64 {
    let greatest = try connection.cached("SELECT coalesce(max(id), 0) FROM _resequel_files")
    defer { greatest.reset() }
    _ = try greatest.step()
    return greatest.integer(0) + 1
  }

  /// Adds file versions to the manifest.
  ///
  /// - Parameter id: the first one's number, see ``nextFileID()``; each of the others has the next.
  package func insert(_ files: some Sequence<FileRecord>, from id: Int64) throws {
    let statement = try connection.cached(
      """
      INSERT INTO _resequel_files (path, version, size, mtime_ns, device, inode, hash, state,
        reason, consumed, records, series, ordinal, seen_at, id)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """)
    defer { statement.clear() }
    var id = id
    for file in files {
      try Self.bind(file, to: statement)
      statement.bind(15, id)
      try statement.run()
      id += 1
    }
  }

  /// Overwrites what the manifest says of a file version.
  package func update(_ file: FileRecord) throws {
    let statement = try connection.cached(
      """
      UPDATE _resequel_files SET path = ?, version = ?, size = ?, mtime_ns = ?, device = ?,
        inode = ?, hash = ?, state = ?, reason = ?, consumed = ?, records = ?, series = ?,
        ordinal = ?, seen_at = ? WHERE id = ?
      """)
    defer { statement.clear() }
    try Self.bind(file, to: statement)
    statement.bind(15, file.id)
    try statement.run()
  }

  /// The file version of this number; nil where there is none.
  package func file(_ id: Int64) throws -> FileRecord? {
    try files("WHERE id = ?") { statement in statement.bind(1, id) }.first
  }

  /// The newest version of a path; nil where the path was never seen.
  package func file(atPath path: [UInt8]) throws -> FileRecord? {
    try files("WHERE path = ? ORDER BY version DESC LIMIT 1") { statement in
      try statement.bindCopy(1, text: path)
    }.first
  }

  /// The newest version of each path; nil for those that are not known.
  package func files(atPaths paths: [[UInt8]]) throws -> [FileRecord?] {
    // In one transaction, the database is locked once and not for each of them.
    let isAlone = !connection.isInTransaction
    if isAlone { try connection.execute("BEGIN") }
    defer { if isAlone { try? connection.execute("ROLLBACK") } }
    return try paths.map { path in try file(atPath: path) }
  }

  /// Every version of a path, oldest first.
  package func versions(ofPath path: [UInt8]) throws -> [FileRecord] {
    try files("WHERE path = ? ORDER BY version") { statement in
      try statement.bindCopy(1, text: path)
    }
  }

  /// The file versions with this content, in the order in which they were added.
  package func files(withHash hash: [UInt8]) throws -> [FileRecord] {
    if hash.isEmpty { return [] }
    return try files("WHERE hash = ? AND length(hash) > 0 ORDER BY id") { statement in
      try statement.bindCopy(1, blob: hash)
    }
  }

  /// The file versions in one of these states, in the order in which they were added.
  package func files(in states: [FileRecord.State]) throws -> [FileRecord] {
    let names = states.map { Identifier.literal($0.rawValue) }.joined(separator: ", ")
    return try files("WHERE state IN (\(names)) ORDER BY id") { _ in }
  }

  /// Every file version, in the order in which they were added.
  package func allFiles() throws -> [FileRecord] {
    try files("ORDER BY id") { _ in }
  }

  /// The files that hold changes of a collection, or of a held table, in the order in which they
  /// were added. Superseded and duplicate ones are among them; see their state.
  package func filesTouching(_ collection: Int64) throws -> [FileRecord] {
    try files(
      """
      WHERE id IN (SELECT file FROM _resequel_file_collections WHERE collection = ?)
      ORDER BY id
      """
    ) { statement in statement.bind(1, collection) }
  }

  /// Records what a file held for a collection; over what was recorded before.
  package func record(_ share: FileShare) throws {
    let statement = try connection.cached(
      """
      INSERT OR REPLACE INTO _resequel_file_collections (file, collection, changes, counter_min,
        counter_max, counter_count, evidence, key_filter, is_held, waiting, provisional)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """)
    defer { statement.clear() }
    statement.bind(1, share.file)
    statement.bind(2, share.collection)
    statement.bind(3, share.changes)
    if let counter = share.counterMin { statement.bind(4, counter) }
    if let counter = share.counterMax { statement.bind(5, counter) }
    statement.bind(6, share.counterCount)
    if let evidence = share.evidence { try statement.bindCopy(7, blob: evidence) }
    if let filter = share.keyFilter { try statement.bindCopy(8, blob: filter) }
    statement.bind(9, share.isHeld ? 1 : 0)
    statement.bind(10, share.waiting)
    statement.bind(11, share.provisional)
    try statement.run()
  }

  /// What the files held for a collection, or a held table, ascending by file number.
  package func shares(ofCollection id: Int64) throws -> [FileShare] {
    try shares("WHERE collection = ? ORDER BY file", id)
  }

  /// What a file held for each collection and held table.
  package func shares(ofFile id: Int64) throws -> [FileShare] {
    try shares("WHERE file = ? ORDER BY collection", id)
  }

  // MARK: Parts

  private func shares(_ condition: String, _ id: Int64) throws -> [FileShare] {
    let statement = try connection.cached(
      """
      SELECT file, collection, changes, counter_min, counter_max, counter_count, evidence,
        key_filter, is_held, waiting, provisional FROM _resequel_file_collections \(condition)
      """)
    defer { statement.clear() }
    statement.bind(1, id)
    var shares: [FileShare] = []
    while try statement.step() {
      var share = FileShare(file: statement.integer(0), collection: statement.integer(1))
      share.changes = Int(statement.integer(2))
      share.counterMin = statement.isNull(3) ? nil : statement.integer(3)
      share.counterMax = statement.isNull(4) ? nil : statement.integer(4)
      share.counterCount = Int(statement.integer(5))
      share.evidence = statement.isNull(6) ? nil : statement.copy(6)
      share.keyFilter = statement.isNull(7) ? nil : statement.copy(7)
      share.isHeld = statement.integer(8) != 0
      share.waiting = Int(statement.integer(9))
      share.provisional = Int(statement.integer(10))
      shares.append(share)
    }
    return shares
  }

  private static func bind(_ file: FileRecord, to statement: Statement) throws {
    try statement.bindCopy(1, text: file.path)
    statement.bind(2, file.version)
    statement.bind(3, Int64(bitPattern: file.size))
    statement.bind(4, file.modified)
    statement.bind(5, Int64(bitPattern: file.device))
    statement.bind(6, Int64(bitPattern: file.inode))
    try statement.bindCopy(7, blob: file.hash)
    try statement.bind(8, file.state.rawValue)
    try statement.bind(9, file.reason)
    statement.bind(10, Int64(bitPattern: file.consumed))
    statement.bind(11, file.records)
    try statement.bindCopy(12, text: file.series)
    statement.bind(13, file.ordinal.map { Int64(bitPattern: $0) } ?? -1)
    statement.bind(14, file.seenAt)
  }

  private func files(
    _ condition: String, _ bind: (Statement) throws -> Void
  ) throws -> [FileRecord] {
    let statement = try connection.cached(
      """
      SELECT id, path, version, size, mtime_ns, device, inode, hash, state, reason, consumed,
        records, series, ordinal, seen_at FROM _resequel_files \(condition)
      """)
    defer { statement.clear() }
    try bind(statement)
    var files: [FileRecord] = []
    while try statement.step() {
      var file = FileRecord(path: statement.copy(1))
      file.id = statement.integer(0)
      file.version = Int(statement.integer(2))
      file.size = UInt64(bitPattern: statement.integer(3))
      file.modified = statement.integer(4)
      file.device = UInt64(bitPattern: statement.integer(5))
      file.inode = UInt64(bitPattern: statement.integer(6))
      file.hash = statement.copy(7)
      file.state = Self.state(statement, 8)
      file.reason = statement.text(9)
      file.consumed = UInt64(bitPattern: statement.integer(10))
      file.records = Int(statement.integer(11))
      file.series = statement.copy(12)
      let ordinal = statement.integer(13)
      file.ordinal = ordinal == -1 ? nil : UInt64(bitPattern: ordinal)
      file.seenAt = statement.integer(14)
      files.append(file)
    }
    return files
  }

  private static func state(_ statement: Statement, _ column: Int32) -> FileRecord.State {
    // The words begin with different letters.
    switch statement.bytes(column).first {
    case UInt8(ascii: "a"): .applied
    case UInt8(ascii: "t"): .torn
    case UInt8(ascii: "f"): .failed
    case UInt8(ascii: "s"): .superseded
    default: .pending
    }
  }
}
