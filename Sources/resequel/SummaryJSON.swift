import CollectionStore
import ChangeModel
import Pipeline

/// A run's summary as one JSON object.
enum SummaryJSON {
  /// The object, and the end of its line.
  static func bytes(of report: RunReport, tables: [TableSize]) -> [UInt8] {
    var json = JSONWriter()
    let summary = report.summary ?? RunSummary()
    json.object { json in
      json.key("complete")
      json.value(report.summary?.isComplete ?? false)
      json.key("interrupted")
      json.value(report.wasInterrupted)
      json.key("exit_status")
      json.value(report.exitStatus)
      json.key("seconds")
      json.value(report.seconds)
      writeStages(summary.stages, &json)
      writeCounts(summary, &json)
      json.key("tables")
      json.array(tables) { json, size in size.write(to: &json) }
      json.key("held")
      json.array(summary.held) { json, held in write(held, &json) }
      json.key("gaps")
      json.array(summary.gaps) { json, gap in StatusJSON.write(gap.gap, of: gap.table, &json) }
      json.key("conflicts")
      json.array(summary.conflicts) { json, conflict in
        json.object { json in
          json.key("collection")
          json.value(conflict.table)
          ConflictText.write(conflict.overview, &json)
        }
      }
      json.key("doubts")
      json.array(summary.doubts) { json, doubt in json.value(doubt) }
      json.key("failed_files")
      json.array(summary.failedFiles) { json, error in write(error, &json) }
      json.key("torn_files")
      json.array(summary.tornFiles) { json, file in json.value(file) }
      QuarantineText.write(summary.quarantinedRecords, &json)
      json.key("skipped_tables")
      json.array(summary.skippedTables) { json, table in json.value(table) }
      json.key("warnings")
      json.array(summary.warnings) { json, warning in json.value(warning) }
      json.key("remarks")
      json.array(summary.remarks) { json, remark in json.value(remark) }
    }
    return json.takeLine()
  }

  /// Writes how long the stages took; nothing for a run that did not measure them.
  private static func writeStages(_ stages: StageTimes, _ json: inout JSONWriter) {
    let seconds = stages.seconds
    if seconds.isEmpty { return }
    json.key("stages")
    json.object { json in
      for (stage, seconds) in seconds {
        json.key(stage.name)
        json.value(seconds)
      }
    }
  }

  private static func writeCounts(_ summary: RunSummary, _ json: inout JSONWriter) {
    let counts: [(String, Int)] = [
      ("files", summary.files), ("known_files", summary.knownFiles),
      ("records", summary.records), ("changes", summary.changes),
      ("skipped_changes", summary.skippedChanges), ("duplicates", summary.duplicates),
      ("rows_written", summary.rowsWritten), ("rows_deleted", summary.rowsDeleted),
      ("rows_repaired", summary.rowsRepaired), ("quarantined", summary.quarantined),
    ]
    json.key("bytes")
    json.value(summary.bytes)
    for (name, count) in counts {
      json.key(name)
      json.value(count)
    }
  }

  private static func write(_ held: HeldTable, _ json: inout JSONWriter) {
    writeHold(
      table: held.table, reason: held.reason.rawValue, changes: held.changes, cause: held.cause,
      evidence: held.evidence, hint: held.hint, &json)
  }

  /// Writes a hold of its parts.
  static func writeHold(
    table: String, reason: String, changes: Int, cause: String, evidence: [String], hint: String,
    _ json: inout JSONWriter
  ) {
    json.object { json in
      json.key("table")
      json.value(table)
      json.key("reason")
      json.value(reason)
      json.key("changes")
      json.value(changes)
      json.key("cause")
      json.value(cause)
      json.key("evidence")
      json.array(evidence) { json, line in json.value(line) }
      json.key("hint")
      json.value(hint)
    }
  }

  /// Writes an error of its parts.
  static func write(_ error: IngestError, _ json: inout JSONWriter) {
    json.object { json in
      json.key("file")
      json.value(error.file)
      if let offset = error.byteOffset {
        json.key("byte_offset")
        json.value(offset)
      }
      if let index = error.recordIndex {
        json.key("record_index")
        json.value(index)
      }
      json.key("cause")
      json.value(error.cause)
      json.key("hint")
      json.value(error.hint)
    }
  }
}

extension StageTimes.Stage {
  /// The stage's name in JSON.
  fileprivate var name: String {
    switch self {
    case .takeIn: "take_in"
    case .read: "read"
    case .order: "order"
    case .write: "write"
    case .finish: "finish"
    }
  }
}
