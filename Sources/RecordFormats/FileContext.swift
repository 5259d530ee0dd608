package import ChangeModel

/// What is known of a batch file before its bytes are decoded.
package struct FileContext: Sendable {
  /// The file as it is shown to people, its name last.
  package var name: String
  /// The table that its path names; records that name none belong to it.
  package var tableByPath: SourceTable?
  /// The drop's `schemas.yaml`, where there is one.
  package var schemas: ArcionSchemas?
  /// The `object_metadata.yaml` beside it, where there is one.
  package var metadata: ArcionObjectMetadata?
  /// Where to begin, in decompressed bytes: 0, or where a record ended that was decoded earlier.
  package var offset: UInt64 = 0
  /// The index of the first record there.
  package var recordIndex = 0

  /// Makes the context of a file that is read from its beginning.
  package init(name: String, tableByPath: SourceTable? = nil) {
    self.name = name
    self.tableByPath = tableByPath
  }
}

/// What a file's beginning told of how to read the rest.
package struct FileLayout: Sendable, Equatable {
  /// How records are written.
  package enum Format: Sendable, Hashable {
    case json, csv
  }
  /// How records are written.
  package var format: Format
  /// The table of records that name none.
  package var table: SourceTable?
  /// For CSV: the dialect with nothing left open but the escape, and the columns.
  package var dialect: CSVDialect

  /// Makes a layout.
  package init(format: Format, table: SourceTable?, dialect: CSVDialect = CSVDialect()) {
    self.format = format
    self.table = table
    self.dialect = dialect
  }
}

/// How the decoding of a file stands.
package enum FileEnd: Sendable, Hashable {
  /// More bytes are expected.
  case reading
  /// Every record was read, or quarantined.
  case complete
  /// The last record is cut off at the file's end: it begins at `byteOffset`, was not consumed and
  /// is not in quarantine. The file may still grow.
  case torn(byteOffset: UInt64, reason: String)
  /// The file cannot be read at all; no further bytes are looked at.
  case failed(IngestError)
}
