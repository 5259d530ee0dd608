package import ChangeModel

extension BatchFile {
  /// The table that a file's path seems to name, for formats whose records do not.
  ///
  /// As Arcion writes them: `testdb/tester/car/testdb.tester.car.part_0.csv`. Directory names are
  /// taken where the file's base is the last of them joined by dots, since only they tell dots in a
  /// name from dots between names; else the base is split from the right: `a.b.c` is catalogue,
  /// schema and table, `c` a table alone.
  package var tableByPath: SourceTable {
    Self.tableByPath(path)
  }

  /// The same of any path, which should be absolute.
  package static func tableByPath(_ path: BatchPath) -> SourceTable {
    var directories = path.components
    let base = Array(BatchFileName(directories.popLast() ?? []).base)
    let dot = UInt8(ascii: ".")
    for depth in [3, 2, 1] where directories.count >= depth {
      let names = Array(directories.suffix(depth))
      // Told by their length, nearly always: this is asked for every file.
      guard names.reduce(depth - 1, { $0 + $1.count }) == base.count,
        Array(names.joined(separator: [dot])) == base
      else { continue }
      return SourceTable(
        catalog: depth > 2 ? BatchPath.display(names[depth - 3]) : nil,
        schema: depth > 1 ? BatchPath.display(names[depth - 2]) : nil,
        name: BatchPath.display(names[depth - 1]))
    }
    // The directory is the best there is.
    if namesNoTable(base[...]) {
      let name = directories.last { !namesNoTable($0) } ?? ArraySlice(base)
      return SourceTable(name: BatchPath.display(name.isEmpty ? [0x5F] : Array(name)))
    }
    let parts = base.split(separator: dot, omittingEmptySubsequences: false)
    if !parts.contains(where: \.isEmpty), parts.count > 1 {
      let catalog = parts.dropLast(2).joined(separator: [dot])
      return SourceTable(
        catalog: parts.count > 2 ? BatchPath.display(Array(catalog)) : nil,
        schema: BatchPath.display(parts[parts.count - 2]),
        name: BatchPath.display(parts[parts.count - 1]))
    }
    return SourceTable(name: BatchPath.display(base))
  }

  /// Whether a name only tells which part it is, or of which day: `part-00000`, `2024-01-01`,
  /// `day=2024-01-01`. (`part` alone is a table of TPC-H.)
  private static func namesNoTable(_ name: ArraySlice<UInt8>) -> Bool {
    if name.contains(UInt8(ascii: "=")) { return true }
    let part = Array("part-".utf8)
    let rest = name.starts(with: part) ? name.dropFirst(part.count) : name
    return rest.allSatisfy { byte in
      byte &- UInt8(ascii: "0") <= 9 || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
    }
  }
}
