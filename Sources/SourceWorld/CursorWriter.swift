/// Writes cursors and counters: fixed text with numbers in between.
struct CursorWriter {
  private let source: SourceKind
  private let cursorPieces: [[UInt8]]
  private let logNames: [[UInt8]]
  private let countPieces: [[UInt8]]

  /// - Parameter quote: how a quotation mark of the JSON text is written where it goes.
  init(source: SourceKind, logBreak: LogBreak, quote: String) {
    self.source = source
    logNames = ["log-bin", logBreak == .failover ? "replica-bin" : "log-bin"].map { Array($0.utf8) }
    cursorPieces = Self.pieces(Self.template(source), quote)
    countPieces = Self.pieces(
      "{'insertCount':%,'updateCount':%,'deleteCount':%,'replaceCount':0}", quote)
  }

  private static func pieces(_ template: String, _ quote: String) -> [[UInt8]] {
    template.split(separator: "%", omittingEmptySubsequences: false).map { piece in
      Array(
        piece.split(separator: "'", omittingEmptySubsequences: false).joined(separator: quote).utf8)
    }
  }

  private static func template(_ source: SourceKind) -> String {
    switch source {
    case .mysql:
      "{'extractorId':0,'timestamp':%,'extractionTimestamp':%,'log':'%.%','position':%,"
        + "'logSeqNum':%,'slaveServerId':1,'v':2}"
    case .cassandra:
      "{'extractorId':0,'nodeID':'node%','timestamp':%,'extractionTimestamp':%,'dscId':%,"
        + "'mutId':%,'partNum':%,'v':2}"
    case .mongodb:
      "{'extractorId':0,'replicaSetName':'mongors1','resumeToken':%,'seqNum':%,'v':1,"
        + "'timestamp':%}"
    case .ase:
      "{'extractorId':0,'transactionLogPageNumber':%,'transactionLogRowNumber':%,"
        + "'operationLogPageNumber':%,'operationLogRowNumber':%,'catalogName':'testdb',"
        + "'timestamp':%,'extractionTimestamp':%,'v':0}"
    case .informix:
      "{'extractorId':0,'timestamp':%,'transactionNum':%,'seqNum':%,"
        + "'startSeqNumForOldestUncommitedTxn':%,'v':1}"
    }
  }

  /// Appends the cursor of a record of the log.
  func appendCursor(of event: LogEvent, to bytes: inout [UInt8]) {
    let position = event.position
    let time = UInt64(event.time)
    let extraction = UInt64(event.extractionTime)
    switch source {
    case .mysql:
      append(0, time, to: &bytes)
      append(1, extraction, to: &bytes)
      bytes += cursorPieces[2]
      bytes += logNames[position.era]
      append(3, position.major, width: 6, to: &bytes)
      append(4, position.minor, to: &bytes)
      append(5, position.row, to: &bytes)
    case .cassandra:
      append(0, UInt64(position.node), to: &bytes)
      append(1, time, to: &bytes)
      append(2, extraction, to: &bytes)
      append(3, position.major, to: &bytes)
      append(4, position.minor, to: &bytes)
      append(5, position.row, to: &bytes)
    case .mongodb:
      append(0, position.major << 32 | position.minor, to: &bytes)
      append(1, position.row, to: &bytes)
      append(2, time, to: &bytes)
    case .ase:
      append(0, position.transaction, to: &bytes)
      append(1, position.transactionRow, to: &bytes)
      append(2, position.major, to: &bytes)
      append(3, position.minor, to: &bytes)
      append(4, time, to: &bytes)
      append(5, extraction, to: &bytes)
    case .informix:
      let sequence = position.major << 32 | position.minor
      append(0, time, to: &bytes)
      append(1, position.transaction, to: &bytes)
      append(2, sequence, to: &bytes)
      append(3, sequence - 1, to: &bytes)
    }
    bytes += cursorPieces[cursorPieces.count - 1]
  }

  private func append(_ piece: Int, _ number: UInt64, width: Int = 1, to bytes: inout [UInt8]) {
    bytes += cursorPieces[piece]
    Decimal.append(number, width: width, to: &bytes)
  }

  /// Appends the counters of a record.
  func appendCounts(_ counts: OperationCounts, to bytes: inout [UInt8]) {
    bytes += countPieces[0]
    Decimal.append(UInt64(counts.inserts), to: &bytes)
    bytes += countPieces[1]
    Decimal.append(UInt64(counts.updates), to: &bytes)
    bytes += countPieces[2]
    Decimal.append(UInt64(counts.deletes), to: &bytes)
    bytes += countPieces[3]
  }
}
