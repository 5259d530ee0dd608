import ChangeModel
import Scanning

/// What a cursor says.
struct ReadCursor {
  enum State {
    /// There is none: a snapshot record.
    case none
    case readable
    /// It is there, but its order is not known.
    case unreadable
  }
  var state = State.none
  var position = Position.zero
  /// The lineage's name, its kind in front: `mysql:log-bin`.
  var lineage = ""
  var kind = CursorKind.unknown
  /// Microseconds since 1970 UTC; `Int64.min` for none.
  var eventTime = Int64.min
}

/// The published kinds of Arcion's cursors.
enum CursorKind {
  case unknown, mysql, cassandra, mongodb, ase, informix
}

/// Reads Arcion's cursors, by the fields they have.
///
/// Each kind's order is given in Arcion's CDC format documentation: MySQL by (number of the log
/// file, offset, row), Cassandra by (segment, offset, part), MongoDB by (cluster time, sequence),
/// SAP ASE by (log page, log row), below the dense counter because pages are used again, Informix
/// by its sequence number. The last word of a position names the transaction, where the source tells
/// it: it comes behind what already tells any two changes apart.
enum CursorReader {
  /// Reads a cursor from its members.
  ///
  /// - Parameter counter: the sum of the record's operation counts, -1 for none.
  static func read(_ members: [JSONMember], counter: Int64) throws(RecordFault) -> ReadCursor {
    var cursor = ReadCursor()
    cursor.state = .readable
    cursor.eventTime = try eventTime(members)
    // Only MySQL's cursors number the rows of an event: one with this field is damaged, not unknown,
    // where others are missing.
    let isMySQL = find(members, "logSeqNum") != nil
    if isMySQL || (find(members, "log") != nil && find(members, "position") != nil) {
      try readMySQL(members, isCertain: isMySQL, into: &cursor)
    } else if find(members, "dscId") != nil, find(members, "mutId") != nil {
      cursor.kind = .cassandra
      cursor.lineage = "cassandra:" + text(members, "nodeID")
      cursor.position = Position(
        try number(members, "dscId"), try number(members, "mutId"),
        try number(members, "partNum", orElse: 0))
    } else if find(members, "resumeToken") != nil {
      cursor.kind = .mongodb
      cursor.lineage = "mongodb:" + text(members, "replicaSetName")
      cursor.position = Position(
        try number(members, "resumeToken"), try number(members, "seqNum", orElse: 0))
    } else if find(members, "operationLogPageNumber") != nil,
      find(members, "operationLogRowNumber") != nil
    {
      cursor.kind = .ase
      cursor.lineage = "ase:" + text(members, "catalogName")
      cursor.position = Position(
        UInt64(max(0, counter)), try number(members, "operationLogPageNumber"),
        try number(members, "operationLogRowNumber"),
        transaction(
          page: try number(members, "transactionLogPageNumber", orElse: 0),
          row: try number(members, "transactionLogRowNumber", orElse: 0)))
    } else if find(members, "seqNum") != nil {
      cursor.kind = .informix
      cursor.lineage = "informix:" + text(members, "extractorId")
      cursor.position = Position(
        try number(members, "seqNum"), 0, 0, try number(members, "transactionNum", orElse: 0))
    } else {
      cursor.state = .unreadable
      cursor.lineage = extractorLineage(members)
    }
    return cursor
  }

  /// A number for SAP ASE's transaction, from the page and row of the log where it began; zero for
  /// none.
  static func transaction(page: UInt64, row: UInt64) -> UInt64 { page << 16 ^ row }

  /// The lineage of a cursor that says no more of its source.
  static func extractorLineage(_ members: [JSONMember]) -> String {
    let extractor = text(members, "extractorId")
    return extractor.isEmpty ? "" : "extractor:" + extractor
  }

  private static func readMySQL(
    _ members: [JSONMember], isCertain: Bool, into cursor: inout ReadCursor
  ) throws(RecordFault) {
    guard let (base, number) = find(members, "log").flatMap(logFile) else {
      if isCertain { throw RecordFault(reason: "the cursor's \"log\" has no number at its end") }
      cursor.state = .unreadable
      cursor.lineage = extractorLineage(members)
      return
    }
    cursor.kind = .mysql
    cursor.lineage = "mysql:" + base
    cursor.position = Position(
      number, try self.number(members, "position"), try self.number(members, "logSeqNum", orElse: 0)
    )
  }

  /// The base name and the number of a log file: `log-bin.000010` is (`log-bin`, 10). White space
  /// around the name does not count.
  static func logFile(_ value: RawValue) -> (String, UInt64)? {
    guard value.kind == .text else { return nil }
    var name = value.text[...]
    while let last = name.last, JSONTokens.isSpace(last) { name = name.dropLast() }
    while let first = name.first, JSONTokens.isSpace(first) { name = name.dropFirst() }
    guard let dot = name.lastIndex(of: UInt8(ascii: ".")) else { return nil }
    let digits = UnsafeRawBufferPointer(rebasing: name[(dot + 1)...])
    guard let number = NumberText.unsigned(digits) else { return nil }
    return (UnsafeRawBufferPointer(rebasing: name[..<dot]).string, number)
  }

  private static func eventTime(_ members: [JSONMember]) throws(RecordFault) -> Int64 {
    guard let value = find(members, "timestamp"), value.kind != .null else { return .min }
    guard value.kind == .number || value.kind == .text, let time = NumberText.signed(value.text)
    else { throw RecordFault(reason: "the cursor's \"timestamp\" is not a 64-bit integer") }
    let (micros, overflow) = time.multipliedReportingOverflow(by: 1000)
    guard !overflow else {
      throw RecordFault(reason: "the cursor's \"timestamp\" does not fit 64 bits as microseconds")
    }
    return micros
  }

  /// A member's value; of several the last.
  static func find(_ members: [JSONMember], _ name: StaticString) -> RawValue? {
    members.last { $0.name.equals(name) }?.value
  }

  private static func text(_ members: [JSONMember], _ name: StaticString) -> String {
    guard let value = find(members, name), value.kind != .null else { return "" }
    return value.text.string
  }

  private static func number(
    _ members: [JSONMember], _ name: StaticString, orElse missing: UInt64? = nil
  ) throws(RecordFault) -> UInt64 {
    guard let value = find(members, name), value.kind != .null else {
      if let missing { return missing }
      throw RecordFault(reason: "the cursor has no \"\(name)\"")
    }
    guard value.kind == .number || value.kind == .text,
      let number = NumberText.unsigned(value.text)
    else { throw RecordFault(reason: "the cursor's \"\(name)\" is not an unsigned 64-bit integer") }
    return number
  }

  /// The sum of the four counts of `operationcount`; -1 when it has none of them.
  static func counter(_ members: [JSONMember]) throws(RecordFault) -> Int64 {
    var sum: Int64 = -1
    for member in members {
      guard
        member.name.equals("insertCount") || member.name.equals("updateCount")
          || member.name.equals("deleteCount") || member.name.equals("replaceCount")
      else { continue }
      guard let count = NumberText.signed(member.value.text), count >= 0 else {
        throw RecordFault(reason: "\"operationcount\" holds what is no 64-bit count")
      }
      let (total, overflow) = max(0, sum).addingReportingOverflow(count)
      guard !overflow else { throw RecordFault(reason: "\"operationcount\" does not fit 64 bits") }
      sum = total
    }
    return sum
  }
}
