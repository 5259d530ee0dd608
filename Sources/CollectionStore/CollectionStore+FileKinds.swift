import SQLiteKit

/// What became of files, as far as that is not a state of their own but of their changes.
extension CollectionStore {
  /// The shares of files whose bytes another file of the same table has: of all but one of each such
  /// group. They count no change of their own.
  private static let copies = """
    WITH repeated (hash) AS MATERIALIZED (
        SELECT hash FROM _resequel_files WHERE length(hash) > 0 GROUP BY hash HAVING count(*) > 1),
      copies (file, collection) AS MATERIALIZED (
        SELECT file, collection FROM (
          SELECT s.file, s.collection, row_number() OVER (
              PARTITION BY s.collection, f.hash ORDER BY s.file) AS place
            FROM _resequel_files AS f JOIN _resequel_file_collections AS s ON s.file = f.id
            WHERE f.state = 'applied' AND f.hash IN (SELECT hash FROM repeated))
          WHERE place > 1)
    """

  /// How many file versions there are of each kind, by a word.
  func fileCounts() throws -> [(kind: String, count: Int)] {
    var counts = try numbers("SELECT state, count(*) FROM _resequel_files GROUP BY state")
    let kinds = try numbers(
      """
      \(Self.copies)
      SELECT CASE WHEN is_copy THEN 'duplicate' WHEN is_held THEN 'held' ELSE 'waiting' END, count(*)
        FROM (
          SELECT min(d.file IS NOT NULL) AS is_copy,
              max(s.is_held AND c.held_reason IS NOT NULL) AS is_held,
              min(s.waiting >= s.changes) AS waits
            FROM _resequel_file_collections AS s
              JOIN _resequel_collections AS c ON c.id = s.collection
              JOIN _resequel_files AS f ON f.id = s.file
              LEFT JOIN copies AS d ON d.file = s.file AND d.collection = s.collection
            WHERE s.changes > 0 AND f.state = 'applied' GROUP BY s.file)
        WHERE is_copy OR is_held OR waits GROUP BY 1
      """)
    for (kind, count) in kinds {
      counts[FileRecord.State.applied.rawValue, default: 0] -= count
      counts[kind, default: 0] += count
    }
    return ["applied", "waiting", "held", "duplicate", "torn", "failed", "superseded"]
      .map { ($0, counts[$0] ?? 0) }
  }

  /// What shares count nowhere, by collection: how many are of files that are superseded, and how
  /// many changes such files and copies of others hold.
  func passedOverShares() throws -> [Int64: (files: Int, changes: Int)] {
    let statement = try connection.prepare(
      """
      \(Self.copies)
      SELECT s.collection, sum(p.is_superseded), sum(iif(s.is_held, 0, s.changes - s.waiting))
        FROM (SELECT file, collection, 0 AS is_superseded FROM copies
          UNION ALL SELECT s.file, s.collection, 1
            FROM _resequel_files AS f JOIN _resequel_file_collections AS s ON s.file = f.id
            WHERE f.state = 'superseded') AS p
          JOIN _resequel_file_collections AS s
            ON s.file = p.file AND s.collection = p.collection
        GROUP BY s.collection
      """)
    var passedOver: [Int64: (files: Int, changes: Int)] = [:]
    while try statement.step() {
      passedOver[statement.integer(0)] = (
        Int(statement.integer(1)), Int(statement.integer(2))
      )
    }
    return passedOver
  }

  private func numbers(_ sql: String) throws -> [String: Int] {
    let statement = try connection.prepare(sql)
    var numbers: [String: Int] = [:]
    while try statement.step() { numbers[statement.text(0) ?? ""] = Int(statement.integer(1)) }
    return numbers
  }
}
