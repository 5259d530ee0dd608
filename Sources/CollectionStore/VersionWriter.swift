import ChangeModel
import SQLiteKit

/// Brings the versions that are stored of rows up to date with what is known now.
///
/// A stored version that is still true stays untouched. One that is not is closed, and what is true
/// in its place is added: so a late change leaves no noise.
struct VersionWriter {
  private let batch: VersionBatch
  private let columns: [Int]
  private let select: Statement
  private let insert: Statement
  private let close: Statement
  private let remove: Statement
  private let touch: Statement
  private(set) var counts = VersionCounts()

  /// What of a stored or new version is compared.
  private struct Image {
    /// What makes it another version.
    var truth: [UInt8] = []
    /// What does not: ranks, file, columns that are not tracked.
    var rest: [UInt8] = []
  }

  private static let leading = [
    "from_rank", "to_rank", "valid_from", "valid_to", "valid_from_time", "valid_to_time",
    "operation", "event_time", "file",
  ]

  init(_ batch: VersionBatch, _ collection: Collection, _ connection: Connection) throws {
    self.batch = batch
    columns = collection.columns.indices.filter { !collection.columns[$0].isID }
    let table = HistoryTable(id: collection.id).name
    let names = Self.leading + columns.map { "c\($0)" }
    select = try connection.cached(
      "SELECT \(names.joined(separator: ", ")), rowid, known_from FROM \(table) "
        + "WHERE _id = ? AND known_to IS NULL")
    insert = try connection.cached(
      "INSERT INTO \(table) (\((names + ["_id", "known_from"]).joined(separator: ", "))) "
        + "VALUES (\((1...names.count + 2).map { "?\($0)" }.joined(separator: ", ")))")
    close = try connection.cached("UPDATE \(table) SET known_to = ? WHERE rowid = ?")
    remove = try connection.cached("DELETE FROM \(table) WHERE rowid = ?")
    touch = try connection.cached(
      "UPDATE \(table) SET "
        + names.enumerated().map { "\($1) = ?\($0 + 1)" }.joined(separator: ", ")
        + " WHERE rowid = ?\(names.count + 1)")
  }

  /// Brings the versions of all rows of the batch up to date.
  mutating func write() throws {
    defer { for statement in [select, insert, close, remove, touch] { statement.clear() } }
    for row in batch.rows { try write(row.id, batch.versions[row.versions]) }
  }

  private mutating func write(_ id: [UInt8], _ versions: ArraySlice<RowVersion>) throws {
    var wanted: [[UInt8]: [(version: RowVersion, rest: [UInt8])]] = [:]
    for version in versions.reversed() {
      let image = image(of: version)
      wanted[image.truth, default: []].append((version, image.rest))
    }
    for stored in try stored(id) {
      if let match = wanted[stored.image.truth]?.popLast() {
        if match.rest != stored.image.rest { try refresh(stored.rowID, match.version) }
      } else {
        try end(stored.rowID, knownFrom: stored.knownFrom)
      }
    }
    for version in versions {
      let truth = image(of: version).truth
      guard let next = wanted[truth]?.popLast() else { continue }
      try add(id, next.version)
    }
  }

  // MARK: What is compared

  private func stored(
    _ id: [UInt8]
  ) throws -> [(rowID: Int64, knownFrom: Int64, image: Image)] {
    try select.bindCopy(1, text: id)
    defer { select.reset() }
    var stored: [(rowID: Int64, knownFrom: Int64, image: Image)] = []
    let last = Int32(Self.leading.count + columns.count)
    while try select.step() {
      var image = Image()
      for place in 0..<Int32(2) { image.truth.appendPhase(select.rank(place)) }
      for place in 0..<Int32(Self.leading.count) {
        let isTruth = place >= 2 && place < 8
        if isTruth {
          select.append(place, to: &image.truth)
        } else {
          select.append(place, to: &image.rest)
        }
      }
      for (index, column) in columns.enumerated() {
        let place = Int32(Self.leading.count + index)
        if select.isNull(place) { continue }
        append(column, to: &image) { select.append(place, to: &$0) }
      }
      stored.append((select.integer(last), select.integer(last + 1), image))
    }
    return stored
  }

  private func image(of version: RowVersion) -> Image {
    var image = Image()
    image.truth.appendPhase(version.from)
    image.truth.appendPhase(version.to)
    image.rest.appendField(blob: version.from.encoded)
    image.rest.appendField(blob: version.to?.encoded)
    image.truth.appendField(text: PositionText.text(of: version.from))
    image.truth.appendField(text: version.to.map(PositionText.text))
    image.truth.appendField(time: version.from.eventTime)
    image.truth.appendField(time: version.to?.eventTime ?? .min)
    image.truth.appendField(text: version.operation)
    image.truth.appendField(time: version.eventTime)
    image.rest.appendField(integer: version.file)
    for cell in batch.buffer.cells[version.cells] where cell.kind != .null {
      append(Int(cell.column), to: &image) { $0.appendField(cell, texts: batch.buffer.bytes) }
    }
    return image
  }

  private func append(_ column: Int, to image: inout Image, _ value: (inout [UInt8]) -> Void) {
    let isTruth = !batch.untracked.contains(column)
    func write(_ bytes: inout [UInt8]) {
      Rank.append(UInt64(column), to: &bytes)
      value(&bytes)
    }
    if isTruth { write(&image.truth) } else { write(&image.rest) }
  }

  // MARK: What is written

  private mutating func add(_ id: [UInt8], _ version: RowVersion) throws {
    try bind(version, to: insert)
    let next = Int32(Self.leading.count + columns.count)
    try insert.bindCopy(next + 1, text: id)
    insert.bind(next + 2, batch.knownAt)
    try insert.run()
    counts.opened += 1
  }

  private mutating func end(_ rowID: Int64, knownFrom: Int64) throws {
    // What was never seen by anybody is not remembered.
    let statement = knownFrom == batch.knownAt ? remove : close
    if knownFrom == batch.knownAt {
      statement.bind(1, rowID)
    } else {
      statement.bind(1, batch.knownAt)
      statement.bind(2, rowID)
    }
    try statement.run()
    counts.closed += 1
  }

  private func refresh(_ rowID: Int64, _ version: RowVersion) throws {
    try bind(version, to: touch)
    touch.bind(Int32(Self.leading.count + columns.count + 1), rowID)
    try touch.run()
  }

  private func bind(_ version: RowVersion, to statement: Statement) throws {
    statement.clear()
    try statement.bindCopy(1, blob: version.from.encoded)
    if let to = version.to {
      try statement.bindCopy(2, blob: to.encoded)
      try statement.bind(4, PositionText.text(of: to))
      statement.bindTime(6, to.eventTime)
    }
    try statement.bind(3, PositionText.text(of: version.from))
    statement.bindTime(5, version.from.eventTime)
    try statement.bind(7, version.operation)
    statement.bindTime(8, version.eventTime)
    statement.bind(9, version.file)
    try batch.buffer.bytes.withUnsafeBytes { bytes in
      for cell in batch.buffer.cells[version.cells] {
        guard let index = columns.firstIndex(of: Int(cell.column)) else { continue }
        try statement.bindCell(Int32(Self.leading.count + index + 1), cell, bytes)
      }
    }
  }
}

extension [UInt8] {
  /// Appends which epoch it is: where that changes, the version is another one, since those of a row
  /// stand in the order of their ranks in whatever was known at some time.
  fileprivate mutating func appendPhase(_ rank: Rank?) {
    Rank.append(rank.map { UInt64($0.phase) + 1 } ?? 0, to: &self)
  }

  /// Appends a value so that no two different sequences of values give the same bytes.
  fileprivate mutating func appendField(blob: [UInt8]?) {
    guard let blob else { return append(0) }
    append(4)
    Rank.append(UInt64(blob.count), to: &self)
    self += blob
  }

  fileprivate mutating func appendField(text: String?) {
    guard let text else { return append(0) }
    append(3)
    Rank.append(UInt64(text.utf8.count), to: &self)
    self += text.utf8
  }

  fileprivate mutating func appendField(integer: Int64) {
    append(1)
    Rank.append(UInt64(bitPattern: integer), to: &self)
  }

  fileprivate mutating func appendField(time: Int64) {
    if time == .min { append(0) } else { appendField(integer: time) }
  }

  fileprivate mutating func appendField(_ cell: Cell, texts: [UInt8]) {
    switch cell.kind {
    case .null: append(0)
    case .integer: appendField(integer: Int64(bitPattern: cell.bits))
    case .real:
      append(2)
      Rank.append(cell.bits, to: &self)
    case .text:
      append(3)
      Rank.append(UInt64(cell.text.count), to: &self)
      self += texts[cell.text.indices]
    }
  }
}

extension Statement {
  /// Appends a column's value as ``Array/appendField(_:texts:)`` does.
  fileprivate func append(_ place: Int32, to bytes: inout [UInt8]) {
    switch type(place) {
    case ValueType.null: bytes.append(0)
    case ValueType.integer: bytes.appendField(integer: integer(place))
    case ValueType.real:
      bytes.append(2)
      Rank.append(real(place).bitPattern, to: &bytes)
    case ValueType.text:
      let text = self.bytes(place)
      bytes.append(3)
      Rank.append(UInt64(text.count), to: &bytes)
      bytes += text
    default: bytes.appendField(blob: copy(place))
    }
  }

  /// Binds a copy of a cell whose text lies in `bytes`.
  fileprivate func bindCell(
    _ parameter: Int32, _ cell: Cell, _ bytes: UnsafeRawBufferPointer
  ) throws {
    if cell.kind == .text {
      try bindCopy(parameter, text: Array(bytes[cell.text.indices]))
    } else {
      try bind(parameter, cell, bytes)
    }
  }
}
