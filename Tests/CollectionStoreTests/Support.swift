import ChangeModel
import CollectionStore
import Glibc
import SQLiteKit

/// A directory of its own for one test, removed with it.
final class TemporaryDirectory {
  let path: String

  init() {
    var template = Array("/tmp/resequel-test-XXXXXX".utf8CString)
    precondition(mkdtemp(&template) != nil, "no temporary directory")
    path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
  }

  deinit { removeAll() }

  /// The names of what is in it, sorted.
  var names: [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  func callAsFunction(_ name: String) -> String { path + "/" + name }

  private func removeAll() {
    for name in names { unlink(path + "/" + name) }
    rmdir(path)
  }
}

/// The bytes of a file; empty where there is none.
func contents(_ path: String) -> [UInt8] {
  guard let file = fopen(path, "rb") else { return [] }
  defer { fclose(file) }
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 65536)
  while true {
    let count = fread(&buffer, 1, buffer.count, file)
    if count == 0 { return bytes }
    bytes += buffer.prefix(count)
  }
}

/// Writes a file.
func write(_ bytes: [UInt8], to path: String) {
  guard let file = fopen(path, "wb") else { preconditionFailure("cannot write \(path)") }
  defer { fclose(file) }
  precondition(fwrite(bytes, 1, bytes.count, file) == bytes.count)
}

/// A rank that differs from others only by its place in the log.
func rank(_ place: Int, file ordinal: Int = 1) -> Rank {
  Rank(
    phase: 1, lineage: 7, position: Position(10, UInt64(place)),
    eventTime: Int64(place) * 1000, ordinal: UInt64(ordinal), series: 3, recordIndex: 0)
}

/// A value for a column; nil is NULL.
typealias Values = [Int: String?]

extension RowBatch {
  /// Adds a row with a floor and layers; values are texts.
  mutating func add(
    _ id: String, floor: RowState.Floor? = nil, eventTime: Int64 = .min, floorFile: Int64 = 1,
    layers newLayers: [(rank: Rank, file: Int64, values: Values)] = []
  ) {
    let idRange = append(id)
    let first = layers.count
    for layer in newLayers {
      let start = buffer.cells.count
      for (column, value) in layer.values.sorted(by: { $0.key < $1.key }) {
        if let value {
          buffer.cells.append(Cell(column: UInt32(column), text: append(value)))
        } else {
          buffer.cells.append(Cell(null: UInt32(column)))
        }
      }
      layers.append(
        RowLayer(rank: layer.rank, file: layer.file, cells: start..<buffer.cells.count))
    }
    rows.append(
      RowDelta(
        id: idRange, floor: floor, eventTime: eventTime, floorFile: floorFile,
        layers: first..<layers.count))
  }

  /// Adds a row that one insert makes.
  mutating func addInsert(_ id: String, at place: Int, file: Int64 = 1, _ values: Values) {
    add(
      id, floor: .init(kind: .insert, rank: rank(place)), eventTime: Int64(place) * 1000,
      floorFile: file, layers: [(rank(place), file, values)])
  }

  /// Adds a row that one update touches.
  mutating func addUpdate(_ id: String, at place: Int, file: Int64 = 1, _ values: Values) {
    add(id, layers: [(rank(place), file, values)])
  }

  /// Adds a row that one delete ends.
  mutating func addDelete(_ id: String, at place: Int, file: Int64 = 1) {
    add(id, floor: .init(kind: .delete, rank: rank(place)), floorFile: file)
  }

  private mutating func append(_ text: String) -> ByteRange {
    let offset = buffer.bytes.count
    buffer.bytes += Array(text.utf8)
    return ByteRange(offset: offset, count: text.utf8.count)
  }
}

extension CollectionStore {
  /// Makes a collection `t` with columns named as given.
  func makeCollection(
    _ name: String = "t", columns: [String] = ["a", "b", "c"],
    layout: Collection.Layout = .clustered
  ) throws -> Collection {
    try createCollection(
      name: name, source: SourceTable(schema: "s", name: name), key: .columns(["id"]),
      keyOrigin: .flag, columns: columns.map { Collection.Column(name: $0) }, layout: layout)
  }

  /// Applies a batch in a transaction of its own.
  @discardableResult
  func merge(
    _ collection: Collection, mode: ApplyMode = .merge, _ fill: (inout RowBatch) -> Void
  ) throws -> ApplyCounts {
    var batch = RowBatch(collection: collection.id)
    fill(&batch)
    return try transaction { try apply(batch, mode: mode) }
  }

  /// The rows of a query, values joined by `|`, NULL as `-`.
  func query(_ sql: String) throws -> [String] { try connection.query(sql) }
}

extension Connection {
  /// The rows of a query, values joined by `|`, NULL as `-`.
  func query(_ sql: String) throws -> [String] {
    let statement = try prepare(sql)
    var rows: [String] = []
    while try statement.step() {
      let values = (0..<statement.columnCount).map { statement.text(Int32($0)) ?? "-" }
      rows.append(values.joined(separator: "|"))
    }
    return rows
  }
}
