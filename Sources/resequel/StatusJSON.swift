import ChangeModel
import CollectionStore
import Pipeline

/// A database's status as one JSON object.
enum StatusJSON {
  /// The object, and the end of its line.
  static func bytes(of report: StatusReport) -> [UInt8] {
    var json = JSONWriter()
    json.object { json in
      json.key("complete")
      json.value(report.isComplete)
      json.key("collections")
      json.array(report.collections) { json, status in
        write(status, split: report.splitByTable[status.collection.source]?.count ?? 0, &json)
      }
      json.key("held")
      json.array(report.allHolds) { json, hold in write(hold, &json) }
      json.key("files")
      json.object { json in
        for (kind, count) in report.files {
          json.key(kind)
          json.value(count)
        }
      }
      json.key("troubled_files")
      json.array(report.troubledFiles) { json, file in write(file, &json) }
      json.key("quarantined")
      json.value(report.quarantined.count)
      QuarantineText.write(report.quarantined.first, &json)
      json.key("warnings")
      json.array(report.warnings) { json, warning in json.value(warning) }
      json.key("incomplete_rows")
      json.value(report.incompleteRows)
      json.key("split")
      SplitText.write(report, &json)
      json.key("events")
      json.array(report.events) { json, event in write(event, &json) }
    }
    return json.takeLine()
  }

  private static func write(
    _ status: CollectionStatus, split: Int, _ json: inout JSONWriter
  ) {
    json.object { json in
      let counts: [(String, Int)] = [
        ("rows", status.rows), ("deleted", status.tombstones), ("files", status.files),
        ("changes", status.appliedChanges), ("incomplete_rows", status.incompleteRows),
        ("quarantined", status.quarantined), ("waiting", status.waiting),
        ("provisional", status.provisional), ("split_transactions", split),
      ]
      json.key("name")
      json.value(status.collection.name)
      json.key("source")
      json.value(status.collection.source.description)
      json.key("key")
      json.value(status.collection.key.text)
      json.key("key_origin")
      json.value(status.collection.keyOrigin.rawValue)
      for (name, count) in counts {
        json.key(name)
        json.value(count)
      }
      ConflictText.write(status.conflicts, &json)
      json.key("held")
      json.value(status.hold != nil)
      json.key("counters")
      json.value(status.note.counters)
      json.key("doubts")
      json.array(status.note.doubts) { json, doubt in json.value(doubt) }
      json.key("lineages")
      json.array(status.lineages) { json, lineage in write(lineage, &json) }
      json.key("gaps")
      json.array(status.gaps) { json, gap in write(gap, of: status.collection.name, &json) }
    }
  }

  private static func write(_ hold: Hold, _ json: inout JSONWriter) {
    SummaryJSON.writeHold(
      table: hold.source.description, reason: hold.reason, changes: hold.changes,
      cause: hold.cause, evidence: hold.evidence, hint: hold.hint, &json)
  }

  private static func write(_ lineage: LineageRecord, _ json: inout JSONWriter) {
    json.object { json in
      json.key("name")
      json.value(lineage.name)
      json.key("epoch")
      json.value(lineage.epoch)
      json.key("last_counter")
      if let counter = lineage.lastCounter { json.value(counter) } else { json.null() }
    }
  }

  /// A hole in a log; `deadline` is null where it is waited for for ever.
  static func write(_ gap: GapRecord, of table: String, _ json: inout JSONWriter) {
    json.object { json in
      json.key("collection")
      json.value(table)
      json.key("kind")
      json.value(gap.kind.rawValue)
      json.key("likely_file")
      json.value(String(decoding: gap.likelyFile, as: UTF8.self))
      json.key("series")
      json.value(String(decoding: gap.series, as: UTF8.self))
      json.key("after_ordinal")
      json.value(gap.afterOrdinal)
      json.key("before_ordinal")
      json.value(gap.beforeOrdinal)
      json.key("first_counter")
      if let counters = gap.counters { json.value(counters.lowerBound) } else { json.null() }
      json.key("last_counter")
      if let counters = gap.counters { json.value(counters.upperBound) } else { json.null() }
      json.key("missing")
      if let counters = gap.counters { json.value(counters.count) } else { json.null() }
      json.key("since")
      json.value(TimeText.seconds(gap.since))
      json.key("deadline")
      if let deadline = gap.deadline { json.value(TimeText.seconds(deadline)) } else { json.null() }
      json.key("policy")
      json.value(gap.isWaived ? "waived" : gap.deadline == nil ? "forever" : "wait")
      json.key("waived")
      json.value(gap.isWaived)
      json.key("waiting")
      json.value(gap.waiting)
    }
  }

  private static func write(_ file: FileRecord, _ json: inout JSONWriter) {
    json.object { json in
      json.key("path")
      json.value(String(decoding: file.path, as: UTF8.self))
      json.key("state")
      json.value(file.state.rawValue)
      json.key("reason")
      json.value(file.causeAndHint.cause)
      json.key("hint")
      json.value(file.causeAndHint.hint)
    }
  }

  private static func write(_ event: StoreEvent, _ json: inout JSONWriter) {
    json.object { json in
      json.key("kind")
      json.value(event.kind)
      json.key("text")
      json.value(event.text)
    }
  }
}
