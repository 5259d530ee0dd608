import Pipeline

/// What `verify` found, as one JSON object.
enum VerifyJSON {
  /// The object, and the end of its line.
  static func bytes(of report: VerifyReport, showsValues: Bool) -> [UInt8] {
    var json = JSONWriter()
    json.object { json in
      json.key("equal")
      json.value(report.isEqual && report.isComparable)
      json.key("exit_status")
      json.value(report.exitStatus)
      json.key("collections")
      json.array(report.collections) { json, check in write(check, showsValues, &json) }
      json.key("extra_files")
      json.array(report.extraFiles) { json, file in json.value(file) }
      json.key("errors")
      json.array(report.troubles) { json, trouble in json.value(trouble) }
    }
    return json.takeLine()
  }

  private static func write(
    _ check: CollectionCheck, _ showsValues: Bool, _ json: inout JSONWriter
  ) {
    json.object { json in
      json.key("name")
      json.value(check.name)
      json.key("incomparable")
      json.value(check.incomparable)
      json.key("stored_digest")
      json.value(check.incomparable == nil ? check.storedDigest : nil)
      json.key("recomputed_digest")
      json.value(check.incomparable == nil ? check.recomputedDigest : nil)
      let counts = [
        ("rows", check.rows), ("compared_rows", check.comparedRows), ("files", check.files),
        ("files_read", check.filesRead), ("waiting_changes", check.waitingChanges),
        ("quarantined", check.quarantined), ("different_rows", check.differenceCount),
      ]
      for (name, count) in counts {
        json.key(name)
        json.value(count)
      }
      json.key("gaps")
      json.array(check.gaps) { json, gap in StatusJSON.write(gap, of: check.name, &json) }
      json.key("missing_files")
      json.array(check.missing) { json, file in write(file, &json) }
      json.key("differences")
      json.array(check.differences) { json, row in write(row, showsValues, &json) }
    }
  }

  /// A file, and what is wrong with it.
  static func write(_ file: MissingFile, _ json: inout JSONWriter) {
    json.object { json in
      json.key("file")
      json.value(file.path)
      json.key("reason")
      json.value(file.reason)
    }
  }

  private static func write(
    _ difference: RowDifference, _ showsValues: Bool, _ json: inout JSONWriter
  ) {
    json.object { json in
      json.key("_id")
      json.value(String(decoding: difference.id, as: UTF8.self))
      json.key("stored")
      json.value(difference.isStored)
      json.key("recomputed")
      json.value(difference.isRecomputed)
      json.key("columns")
      json.array(difference.columns) { json, column in
        json.object { json in
          json.key("name")
          json.value(column.name)
          guard showsValues else { return }
          json.key("stored")
          json.value(StoredValue(column.stored))
          json.key("recomputed")
          json.value(StoredValue(column.recomputed))
        }
      }
    }
  }
}
