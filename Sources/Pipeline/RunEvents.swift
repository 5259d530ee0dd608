import BatchSource
package import ChangeModel
package import CollectionStore

/// What a run tells while it goes on. Everything that is shown to people is derived from these.
package enum PipelineEvent: Sendable {
  /// Work was found or done; see ``Progress``.
  case progress(Progress)
  /// A file could not be used, or only in part; each run tries it again.
  case fileFailed(IngestError)
  /// A table waits for something that only a person can give (its key, an order, a new name).
  case tableHeld(HeldTable)
  /// Something that is remembered in `_resequel_events`: a gap found or closed, a repair.
  case noted(StoreEvent)
  /// `sync` committed a batch and now waits for files.
  case idle
}

/// How far a run has come. Totals grow while files are still being found.
package struct Progress: Sendable, Hashable {
  /// What is being done.
  package enum Phase: String, Sendable {
    /// Looking for files.
    case scanning
    /// Reading every record's place in the log.
    case reading
    /// Writing the rows.
    case writing
  }
  package var phase: Phase = .scanning
  package var filesDone = 0
  package var filesTotal = 0
  /// Bytes on disk (compressed where the files are).
  package var bytesDone: UInt64 = 0
  package var bytesTotal: UInt64 = 0
  package var records = 0
  package var rowsDone = 0
  package var rowsTotal = 0

  /// Makes the progress of a run that has done nothing yet.
  package init() {}
}

/// A table whose changes are kept back until somebody says what is missing.
package struct HeldTable: Sendable, Hashable {
  /// Why a table is held.
  package enum Reason: String, Sendable {
    case keyUnknown, keyContradicted, orderUnknown, nameTaken, columnNames, filesMissing
  }
  package var table: String
  package var reason: Reason
  /// How many changes wait.
  package var changes: Int
  /// What is wrong, for a person.
  package var cause: String
  /// Candidates with their evidence, best first: `n_nationkey: never null, distinct in 25 of 25 inserts`.
  package var evidence: [String]
  /// The exact flag or configuration lines to add.
  package var hint: String

  /// Makes one of its parts.
  package init(
    table: String, reason: Reason, changes: Int, cause: String, evidence: [String], hint: String
  ) {
    self.table = table
    self.reason = reason
    self.changes = changes
    self.cause = cause
    self.evidence = evidence
    self.hint = hint
  }
}

/// A hole in a collection's log.
package struct CollectionGap: Sendable, Hashable {
  /// The collection.
  package var table: String
  /// The hole.
  package var gap: GapRecord
}

/// A collection's rows about which two files disagree.
package struct CollectionConflicts: Sendable, Hashable {
  /// The collection.
  package var table: String
  /// How many rows, and the first of them.
  package var overview: ConflictOverview
}

/// What a run did, and what it left undone.
package struct RunSummary: Sendable {
  package var files = 0
  /// Files that were known already and had not changed.
  package var knownFiles = 0
  package var bytes: UInt64 = 0
  package var records = 0
  package var changes = 0
  package var skippedChanges = 0
  /// The tables that they are of.
  package var skippedTables: [String] = []
  /// Changes that stood in the files of the run more than once, or that rows had as their newest.
  package var duplicates = 0
  package var rowsWritten = 0
  package var rowsDeleted = 0
  /// Rows of them that changes older than what was applied before changed.
  package var rowsRepaired = 0
  /// The records in quarantine that count, of this run and earlier ones.
  package var quarantined = 0
  /// The first of them: file, place and reason.
  package var quarantinedRecords: [IngestError] = []
  package var tables: [String] = []
  /// All of the database's tables in the end; nil while the run goes on.
  package var sizes: [TableSize]?
  package var held: [HeldTable] = []
  package var failedFiles: [IngestError] = []
  /// Those of them that could not be read, or not to their ends: the fault may pass.
  var unreadFiles: [BatchPath: BatchFile] = [:]
  /// Files whose last record is cut off: the rest is awaited.
  package var tornFiles: [String] = []
  /// Holes in the logs, whether changes behind them wait or not.
  package var gaps: [CollectionGap] = []
  /// The collections some of whose rows two files disagree about.
  package var conflicts: [CollectionConflicts] = []
  /// What about the order of changes a person must look at.
  package var doubts: [String] = []
  /// What else keeps the exit status from being 0: one sentence each.
  package var warnings: [String] = []
  /// What else a person may want to know: one sentence each. The exit status does not depend on it.
  package var remarks: [String] = []
  /// How long the stages of a replay took.
  package var stages = StageTimes()

  /// The remark of a run that found nothing to read.
  static let noFiles = "no batch files were found"

  /// Makes the summary of a run that did nothing.
  package init() {}

  /// Adds what a later call of the same run did. What is left undone is as the later call says.
  mutating func merge(_ later: RunSummary) {
    files += later.files
    knownFiles += later.knownFiles
    bytes += later.bytes
    records += later.records
    changes += later.changes
    skippedChanges += later.skippedChanges
    duplicates += later.duplicates
    rowsWritten += later.rowsWritten
    rowsDeleted += later.rowsDeleted
    rowsRepaired += later.rowsRepaired
    quarantined += later.quarantined
    tables = later.tables
    let told = Set(later.held.map(\.table))
    held = held.filter { !told.contains($0.table) && !later.tables.contains($0.table) } + later.held
    let known = Set(failedFiles)
    failedFiles += later.failedFiles.filter { !known.contains($0) }
    unreadFiles.merge(later.unreadFiles) { $1 }
    tornFiles += later.tornFiles
    warnings += later.warnings
    skippedTables += later.skippedTables.filter { !skippedTables.contains($0) }
  }

  /// Takes over from the manifest which of the files that could not be read were read in the end.
  mutating func dropMended(_ records: [FileRecord?]) {
    for record in records {
      guard let record, record.state != .failed, let file = unreadFiles[BatchPath(record.path)],
        record.isSameVersion(as: file.identity)
      else { continue }
      failedFiles.removeAll { $0.file == file.path.description }
    }
  }

  /// Takes over from the manifest which files are left undone: what was cut off at one time may
  /// have been completed since.
  mutating func setTroubled(_ files: [FileRecord]) {
    let paths = Set(files.map { BatchPath($0.path).description })
    tornFiles = files.filter { $0.state == .torn }.map { BatchPath($0.path).description }
    failedFiles = failedFiles.filter { error in error.file.map { !paths.contains($0) } ?? true }
    for file in files where file.state == .failed {
      let (cause, hint) = file.causeAndHint
      failedFiles.append(
        IngestError(
          .file, file: BatchPath(file.path).description,
          cause: cause ?? "the file cannot be read", hint: hint))
    }
  }

  /// Whether everything that was there is applied; decides between exit status 0 and 1.
  package var isComplete: Bool {
    quarantined == 0 && held.isEmpty && failedFiles.isEmpty && tornFiles.isEmpty
      && warnings.isEmpty && gaps.isEmpty && conflicts.isEmpty
      && doubts.isEmpty
  }
}
