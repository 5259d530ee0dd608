import ChangeModel
import Pipeline

/// A row's story as one JSON object.
enum WhyJSON {
  /// The object, and the end of its line.
  static func bytes(of story: RowStory, showsValues: Bool) -> [UInt8] {
    var json = JSONWriter()
    json.object { json in
      json.key("collection")
      json.value(story.collection)
      json.key("_id")
      json.value(text(story.id))
      json.key("state")
      json.value(story.state.rawValue)
      json.key("complete")
      json.value(story.isComplete)
      json.key("changes")
      json.array(Array(story.changes.enumerated())) { json, change in
        write(change.element, number: change.offset + 1, showsValues, &json)
      }
      json.key("missing_files")
      json.array(story.missing) { json, file in VerifyJSON.write(file, &json) }
      json.key("waiting_files")
      json.array(story.waiting) { json, file in VerifyJSON.write(file, &json) }
      json.key("quarantined")
      json.value(story.quarantined)
      json.key("gaps")
      json.array(story.gaps) { json, gap in StatusJSON.write(gap, of: story.collection, &json) }
    }
    return json.takeLine()
  }

  private static func write(
    _ change: ToldChange, number: Int, _ showsValues: Bool, _ json: inout JSONWriter
  ) {
    json.object { json in
      json.key("number")
      json.value(number)
      json.key("operation")
      json.value("\(change.operation)")
      json.key("_id")
      json.value(text(change.id))
      json.key("moved_from")
      json.value(change.oldID.map(text))
      writePlace(of: change, &json)
      json.key("sets")
      if showsValues {
        json.object { json in
          for (column, value) in change.values {
            json.key(column)
            json.value(StoredValue(value))
          }
        }
      } else {
        json.array(change.values) { json, value in json.value(value.column) }
      }
      writeOutcome(of: change, &json)
    }
  }

  private static func writePlace(of change: ToldChange, _ json: inout JSONWriter) {
    json.key("file")
    json.value(change.file)
    json.key("byte_offset")
    json.value(change.byteOffset)
    json.key("record_index")
    json.value(change.rank.recordIndex)
    json.key("position")
    json.value(PositionText.text(of: change.rank))
    json.key("lineage")
    json.value(change.lineage.isEmpty ? nil : change.lineage)
    json.key("epoch")
    json.value(change.epoch)
    json.key("counter")
    if let counter = change.counter { json.value(counter) } else { json.null() }
    json.key("event_time")
    if change.rank.eventTime == .min { json.null() } else { json.value(change.rank.eventTime) }
  }

  private static func writeOutcome(of change: ToldChange, _ json: inout JSONWriter) {
    let (word, columns, number) = outcome(change.outcome)
    json.key("outcome")
    json.value(word)
    json.key("won_columns")
    json.array(columns) { json, column in json.value(column) }
    for (name, other) in [
      ("by", number), ("conflict_with", change.conflict), ("late_after", change.lateAfter),
    ] {
      json.key(name)
      if let other { json.value(other) } else { json.null() }
    }
    json.key("repairs")
    json.array(change.repairs) { json, repair in json.value(repair) }
  }

  /// The outcome as a word, the columns of today's row, and the other change that it names.
  private static func outcome(_ outcome: ToldChange.Outcome) -> (String, [String], Int?) {
    switch outcome {
    case .won(let columns): ("won", columns, nil)
    case .ended: ("ended", [], nil)
    case .overwritten: ("overwritten", [], nil)
    case .beforeDelete(let number): ("before_delete", [], number)
    case .beforeInsert(let number): ("before_insert", [], number)
    case .repeated(let number): ("repeat", [], number)
    case .counted: ("counted", [], nil)
    case .truncated: ("truncated", [], nil)
    case .waiting: ("waiting", [], nil)
    }
  }

  private static func text(_ id: [UInt8]) -> String { String(decoding: id, as: UTF8.self) }
}
