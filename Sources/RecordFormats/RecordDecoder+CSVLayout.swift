import ChangeModel
import Scanning

/// How a CSV file is written, and what its columns are.
extension RecordDecoder {
  /// Finds the layout of a CSV file from its context and its first row.
  ///
  /// - Returns: where the first record begins; nil when more bytes are needed, or the file failed.
  mutating func prepareCSV(_ window: UnsafeRawBufferPointer, isEnd: Bool) -> Int? {
    guard let table = file.tableByPath else {
      fail(
        cause: "a CSV file's path must name its table",
        hint: "name the file like catalogue.schema.table.part_0.csv")
      return nil
    }
    let index = index(of: table)
    var dialect = states[index].plan.csv
    if let written = file.metadata?.dialect {
      dialect.delimiter = written.delimiter ?? dialect.delimiter
      dialect.quote = written.quote ?? dialect.quote
      dialect.escape = written.escape ?? dialect.escape
      dialect.null = written.null ?? dialect.null
    }
    dialect.delimiter = dialect.delimiter ?? UInt8(ascii: ",")
    dialect.quote = dialect.quote ?? UInt8(ascii: "\"")
    dialect.null = dialect.null ?? "NULL"
    let known = dialect.columns ?? states[index].schema?.columns.map(\.name)
    texts.csv.delimiter = dialect.delimiter ?? 0x2C
    texts.csv.quote = dialect.quote ?? 0x22
    var start = 0
    if dialect.hasHeader != false, file.offset <= 3 {
      let outcome = texts.csv.scan(window, from: 0, escape: nil)
      switch outcome {
      case .row(_, _, false) where !isEnd, .unclosed where !isEnd: return nil
      case .row(_, let next, _):
        let names = texts.csv.fields.map { field in
          var bytes: [UInt8] = []
          let content = UnsafeRawBufferPointer(
            rebasing: window[field.start..<field.start + field.count])
          texts.csv.append(content, escape: nil, to: &bytes)
          return String(decoding: bytes, as: UTF8.self)
        }
        if let columns = CSVHeader.columns(
          names, isHeader: dialect.hasHeader == true, known: known)
        {
          dialect.columns = columns
          dialect.hasHeader = true
          start = next
        }
      default: break
      }
    }
    if dialect.columns == nil { dialect.columns = known }
    guard let columns = dialect.columns, !columns.isEmpty else {
      if window.isEmpty { return nil }
      fail(
        cause: "the columns of \(table) are not known",
        hint: "add to the configuration file, under collections: \(table.name): "
          + "csv: {columns: [first, second, …]}, or csv: {header: true}; "
          + "or put Arcion's schemas.yaml into the drop")
      return nil
    }
    guard Set(columns).count == columns.count else {
      fail(
        cause: "two columns of \(table) have one name",
        hint: "give each a name of its own: collections: \(table.name): csv: {columns: […]}")
      return nil
    }
    let found = FileLayout(format: .csv, table: table, dialect: dialect)
    layout = found
    adopt(found)
    return start
  }

  /// Makes the scanner and the columns those of a layout.
  mutating func adopt(_ layout: FileLayout) {
    guard let table = layout.table else { return }
    csvLayout = layout
    csvTable = index(of: table)
    texts.csv.delimiter = layout.dialect.delimiter ?? UInt8(ascii: ",")
    texts.csv.quote = layout.dialect.quote ?? UInt8(ascii: "\"")
    csvNull = Array((layout.dialect.null ?? "NULL").utf8)
    csvGroup = nil
    csvColumns = []
    for (place, name) in (layout.dialect.columns ?? []).enumerated() {
      let bytes = Array(name.utf8)
      let index = bytes.withUnsafeBytes {
        states[csvTable].column($0, at: place, in: &tables[csvTable])
      }
      if let index { csvColumns.append(index) }
    }
  }

  private mutating func fail(cause: String, hint: String) {
    endState = .failed(IngestError(.file, file: file.name, cause: cause, hint: hint))
  }
}

/// The first row of a CSV file, where it holds names.
enum CSVHeader {
  /// The columns that a header names; nil when the row is no header.
  ///
  /// - Parameters:
  ///   - isHeader: whether it is known to be one.
  ///   - known: the table's columns, where they are known.
  static func columns(_ names: [String], isHeader: Bool, known: [String]?) -> [String]? {
    if let known, names.count == known.count,
      zip(names, known).allSatisfy({ $0.lowercased() == $1.lowercased() })
    {
      return known
    }
    let isLog = names.count % 3 == 0 && names.count >= 6 && endsLikeLog(names)
    if isLog {
      let triplets = stride(from: 0, to: names.count - 3, by: 3).map {
        Array(names[$0..<$0 + 3])
      }
      return triplets.map { stem($0) }
    }
    return isHeader ? names : nil
  }

  private static func endsLikeLog(_ names: [String]) -> Bool {
    let last = names.suffix(3).map { name in
      name.lowercased().filter { $0.isLetter }
    }
    return ["optype", "op", "operation"].contains(last[0]) && last[1].contains("cursor")
      && last[2].contains("count")
  }

  /// A column's name: that of its new value, without a mark for "new" if the old value's has one
  /// for "old".
  private static func stem(_ triplet: [String]) -> String {
    for (new, old) in [("new", "old"), ("after", "before")] {
      for separator in ["_", ".", "-", " "] {
        let (name, other) = (triplet[0].lowercased(), triplet[1].lowercased())
        if name.hasPrefix(new + separator), other.hasPrefix(old + separator) {
          return String(triplet[0].dropFirst(new.count + 1))
        }
        if name.hasSuffix(separator + new), other.hasSuffix(separator + old) {
          return String(triplet[0].dropLast(new.count + 1))
        }
      }
    }
    return triplet[0]
  }
}
