package import ChangeModel
import SQLiteKit

/// Records that could not be used.
extension CollectionStore {
  /// Puts a record into quarantine; once, however often its file is read.
  package func quarantine(_ entry: QuarantineEntry) throws {
    let statement = try connection.cached(
      """
      INSERT INTO _resequel_quarantine (file, byte_offset, record_index, source, bytes, reason)
        VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (file, byte_offset) DO UPDATE SET record_index = excluded.record_index,
          source = excluded.source, bytes = excluded.bytes, reason = excluded.reason
      """)
    defer { statement.clear() }
    statement.bind(1, entry.file)
    statement.bind(2, Int64(bitPattern: entry.record.byteOffset))
    statement.bind(3, entry.record.recordIndex)
    try statement.bind(4, entry.record.table?.description)
    try statement.bindCopy(5, blob: entry.record.bytes)
    try statement.bind(6, entry.record.reason)
    try statement.run()
  }

  /// Marks all that a file has in quarantine as of no more concern: other content counts in its
  /// place.
  package func resolveQuarantined(ofFile file: Int64) throws {
    try update("UPDATE _resequel_quarantine SET is_resolved = 1 WHERE file = ?", file)
  }

  /// Removes what a file has in quarantine, before it is read anew.
  package func dropQuarantined(ofFile file: Int64) throws {
    try update("DELETE FROM _resequel_quarantine WHERE file = ?", file)
  }

  /// Removes what a file has in quarantine of a collection that it holds changes of, but for what
  /// still cannot be used: it was read anew for that collection alone.
  ///
  /// - Parameter offsets: where those records begin.
  package func dropQuarantined(
    ofFile file: Int64, in collection: Collection, butAt offsets: [UInt64]
  ) throws {
    let kept = offsets.map { String(Int64(bitPattern: $0)) }.joined(separator: ", ")
    let statement = try connection.prepare(
      """
      DELETE FROM _resequel_quarantine WHERE file = ?1 AND byte_offset NOT IN (\(kept))
        AND EXISTS (
          SELECT 1 FROM _resequel_file_collections WHERE file = ?1 AND collection = ?3)
        AND (source = ?2 OR source IS NULL AND NOT EXISTS (
          SELECT 1 FROM _resequel_file_collections WHERE file = ?1 AND collection <> ?3))
      """)
    statement.bind(1, file)
    try statement.bind(2, collection.source.description)
    statement.bind(3, collection.id)
    try statement.run()
  }

  /// How many records are in quarantine and count, and the first of them.
  package func quarantineOverview() throws -> QuarantineOverview {
    var overview = QuarantineOverview()
    let count = try connection.prepare(
      "SELECT count(*) FROM _resequel_quarantine WHERE NOT is_resolved")
    if try count.step() { overview.count = Int(count.integer(0)) }
    let statement = try connection.prepare(
      """
      SELECT f.path, q.byte_offset, q.record_index, q.reason
        FROM _resequel_quarantine AS q JOIN _resequel_files AS f ON f.id = q.file
        WHERE NOT q.is_resolved ORDER BY q.id LIMIT 3
      """)
    while try statement.step() {
      overview.first.append(
        IngestError(
          .record, file: statement.text(0), byteOffset: UInt64(bitPattern: statement.integer(1)),
          recordIndex: Int(statement.integer(2)), cause: statement.text(3) ?? ""))
    }
    return overview
  }

  /// How many of them may be a collection's: those of its source table, and those of its files of
  /// which the table could not be read.
  package func quarantinedCount(of collection: Collection) throws -> Int {
    let statement = try connection.cached(
      """
      SELECT count(*) FROM _resequel_quarantine AS q WHERE NOT is_resolved AND (source = ?1
        OR source IS NULL AND EXISTS (SELECT 1 FROM _resequel_file_collections AS s
          WHERE s.file = q.file AND s.collection = ?2))
      """)
    defer { statement.clear() }
    try statement.bind(1, collection.source.description)
    statement.bind(2, collection.id)
    return try statement.step() ? Int(statement.integer(0)) : 0
  }
}

/// The records in quarantine that count, in short.
package struct QuarantineOverview: Sendable, Hashable {
  /// How many there are.
  package var count = 0
  /// The first of them: file, place and reason.
  package var first: [IngestError] = []

  /// Makes one of none.
  package init() {}
}
