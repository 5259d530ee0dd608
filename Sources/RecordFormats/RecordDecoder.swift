package import ChangeModel
import Hashing
import Scanning

/// Turns the bytes of batch files into changes.
///
/// One for each worker, used for file after file: it keeps the tables, lineages and record templates
/// that it met, so their indexes keep their meaning. The records' values are packed
/// (``PackedValues``), to be looked at once a change is known to be needed.
///
/// Whether a record is quarantined is decided when it is decoded, by its bytes and its table's plan
/// alone: it must be text and have the form of a record, to the last escape and number; its images
/// must hold what it says they hold; key, cursor and counts must be readable. So it never matters
/// which other files are there, and whether they make a record needless.
///
/// It cannot be copied: the compiler would for many a call, all of its memory counted up and down,
/// and two copies would learn their templates into one memory.
package struct RecordDecoder: ~Copyable {
  /// What is asked once for each table.
  package let plan: @Sendable (SourceTable) -> TablePlan

  // What is kept over files.
  /// The tables met so far, without evidence; see ``ChangeBatch/tables``.
  package internal(set) var tables: [DecodedTable] = []
  /// The lineages met so far; see ``ChangeBatch/lineages``.
  package internal(set) var lineages: [String] = [""]
  var states: [TableState] = []
  var tableIndexes: [SourceTable: Int] = [:]
  var lineageIndexes: [String: UInt32] = ["": 0]
  var templates = TemplateStore()
  let indexer = JSONIndexer()
  let embedded = EmbeddedJSON()
  let embeddedCount = EmbeddedJSON()

  // What is known of the current file.
  var file = FileContext(name: "")
  /// The schemas of the file at hand.
  var schemas: ArcionSchemas?
  var offset: UInt64 = 0
  var recordIndex = 0
  var recordsOfFile = 0
  var isStarted = false
  /// Whether the CSV file's last row was one of a snapshot.
  var hasPlainRows = false
  var isArrayClosed = false
  var resync = JSONResync()
  var chunkBytes = RecordDecoder.chunkBytesMin
  var texts = ValueTexts()
  /// The layout that the CSV state below is for; nil for none.
  var csvLayout: FileLayout?
  var csvColumns: [Int] = []
  var csvTable = 0
  var csvNull: [UInt8] = []
  /// The templates of rows like those of the file, read with an escape; nil for none.
  var csvGroup: Int?
  var csvGroupEscape: UInt8?
  /// Whether the last scan gave a row of the table.
  var isRow = false
  /// What the file's beginning told; nil until enough of it was seen.
  package internal(set) var layout: FileLayout?
  /// How the decoding of the file stands.
  package internal(set) var endState = FileEnd.reading

  // Memory that is used again for every record.
  var slots: [ColumnSlot] = []
  var touched: [Int] = []
  var members: [JSONMember] = []
  var cursorMembers: [JSONMember] = []
  var countMembers: [JSONMember] = []
  var textScratch: [UInt8] = []
  var keyScratch: [UInt8] = []
  var packScratch: [UInt8] = []
  var packed: [(kind: PackedValues.Kind, count: Int)] = []
  var lastTableBytes: [UInt8] = []
  var lastTable = -1

  /// JSON is indexed in chunks of this size, so that the index stays in the processor's cache.
  static let chunkBytesMin = 128 * 1024

  /// Makes a decoder.
  ///
  /// - Parameter plan: asked once for each table, when its first record is met.
  package init(plan: @escaping @Sendable (SourceTable) -> TablePlan) {
    self.plan = plan
  }

  /// Begins a file; whatever was left of the last one is forgotten.
  package mutating func begin(_ file: FileContext) {
    for index in states.indices { states[index].evidence.removeAll() }
    templates.beginFile()
    self.file = file
    if schemas !== file.schemas {
      schemas = file.schemas
      // A template knows what the values of its records become.
      for index in tables.indices { adoptSchema(of: index) }
    }
    offset = file.offset
    recordIndex = file.recordIndex
    recordsOfFile = 0
    isStarted = false
    isArrayClosed = false
    hasPlainRows = false
    resync = JSONResync()
    chunkBytes = Self.chunkBytesMin
    layout = nil
    csvLayout = nil
    endState = .reading
  }

  /// Decodes whole records and appends their changes.
  ///
  /// - Parameters:
  ///   - bytes: the file's decompressed bytes from where the last call stopped; less than 4 GiB.
  ///   - isEnd: whether nothing follows them.
  ///   - batch: where changes, keys and quarantined records go.
  /// - Returns: how many bytes were consumed. The rest is shown again, with more bytes behind it;
  ///   if none were consumed, the record at their beginning needs a longer window. After the call
  ///   with `isEnd` see ``endState``.
  package mutating func decode(
    _ bytes: UnsafeRawBufferPointer, isEnd: Bool, into batch: inout ChangeBatch
  ) -> Int {
    var consumed = 0
    if case .failed = endState {
      consumed = bytes.count
    } else if isStarted || start(bytes, isEnd: isEnd, consumed: &consumed) {
      let rest = UnsafeRawBufferPointer(rebasing: bytes[consumed...])
      let used =
        switch layout?.format {
        case .json: decodeJSON(rest, isEnd: isEnd, into: &batch)
        case .csv: decodeCSV(rest, isEnd: isEnd, into: &batch)
        case nil: rest.count
        }
      offset += UInt64(used)
      consumed += used
    }
    if isEnd, endState == .reading { endState = .complete }
    batch.tables = tables
    batch.lineages = lineages
    if isEnd { endEvidence() }
    return consumed
  }

  /// Finds the file's format; false when more bytes are needed for that.
  private mutating func start(
    _ bytes: UnsafeRawBufferPointer, isEnd: Bool, consumed: inout Int
  ) -> Bool {
    var markCount = 0
    if offset == 0 {
      let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
      if bytes.starts(with: mark) {
        markCount = 3
      } else if bytes.count < 3, mark.starts(with: bytes) {
        return false
      }
    }
    let rest = UnsafeRawBufferPointer(rebasing: bytes[markCount...])
    // Of a file that holds nothing yet nothing is consumed: when it has grown it is begun anew, and
    // what comes may open an array, or name columns.
    if isEnd, offset == 0, rest.allSatisfy(JSONTokens.isSpace) { return false }
    if layout == nil {
      if offset == 0, FormatDetection.isCompressed(rest) {
        endState = .failed(
          IngestError(
            .file, file: file.name, cause: "it is compressed, and what was compressed is, too",
            hint: "Decompress it once; it is read again on the next run."))
        return false
      }
      guard
        let format = FormatDetection.format(
          of: rest, name: file.name, isResumed: file.offset > 0, isEnd: isEnd)
      else { return false }
      layout = FileLayout(format: format, table: file.tableByPath)
    }
    consumed = markCount
    offset += UInt64(markCount)
    isStarted = true
    return true
  }

  private mutating func endEvidence() {
    templates.flushEvidence(into: &states)
    for index in states.indices { states[index].endFile() }
  }

  /// Gives a batch the tables met so far, with what the files say that ended since this was asked
  /// last.
  package mutating func takeEvidence(into batch: inout ChangeBatch) {
    batch.tables = tables
    for index in batch.tables.indices {
      let (keys, cursors) = states[index].takeEvidence()
      batch.tables[index].evidence = keys
      batch.tables[index].cursorEvidence = cursors
    }
  }

  /// The index of a table; a new one's plan is asked for.
  mutating func index(of table: SourceTable) -> Int {
    if let index = tableIndexes[table] {
      adoptSchema(of: index)
      return index
    }
    let index = tables.count
    tableIndexes[table] = index
    states.append(TableState(plan: plan(table)))
    tables.append(DecodedTable(table: table, key: states[index].key))
    adoptSchema(of: index)
    return index
  }

  /// Takes what the current schemas say of a table, if they are not those that it knows.
  @inline(__always)
  mutating func adoptSchema(of index: Int) {
    guard let schemas, schemas !== states[index].schemas else { return }
    takeSchema(of: index, from: schemas)
  }

  private mutating func takeSchema(of index: Int, from schemas: ArcionSchemas) {
    states[index].schemas = schemas
    guard let table = schemas.table(tables[index].table), table != states[index].schema else {
      return
    }
    states[index].adopt(table)
    tables[index].key = states[index].key
    templates.forget(table: index)
  }

  /// The index of a lineage.
  mutating func index(ofLineage name: String) -> UInt32 {
    if let index = lineageIndexes[name] { return index }
    let index = UInt32(lineages.count)
    lineages.append(name)
    lineageIndexes[name] = index
    return index
  }

  /// Puts a record into quarantine; it keeps its index.
  mutating func quarantine(
    _ bytes: UnsafeRawBufferPointer, at offset: Int, table: Int? = nil, reason: String,
    into batch: inout ChangeBatch
  ) {
    batch.quarantined.append(
      QuarantinedRecord(
        bytes: Array(bytes), byteOffset: self.offset + UInt64(offset), recordIndex: recordIndex,
        table: table.map { tables[$0].table }, reason: reason))
    countRecord(into: &batch)
  }

  /// Counts a record that was read, whatever became of it.
  @inline(__always)
  mutating func countRecord(into batch: inout ChangeBatch) {
    recordIndex += 1
    recordsOfFile += 1
    batch.recordCount += 1
  }
}
