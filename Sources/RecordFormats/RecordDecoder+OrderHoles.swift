import ChangeModel
import Scanning

/// The numbers of cursors and counts, in templates.
extension RecordDecoder {
  /// Makes holes of the cursor's and the counts' numbers; false when one is not found.
  ///
  /// - Parameters:
  ///   - cursor: the cursor's text; nil where the record has none.
  ///   - counts: the counts' text; nil where it has none.
  ///   - base: what places are counted from.
  func orderHoles(
    cursor: EmbeddedText?, counts: EmbeddedText?, _ draft: Draft, _ base: UnsafeRawPointer,
    _ holes: inout [Hole]
  ) -> Bool {
    let word = RecordTemplate.Number.word
    let ignored = RecordTemplate.Number.ignored
    if let cursor, draft.cursor.state != .none {
      var fields: [(StaticString, Int)] = [
        ("timestamp", RecordTemplate.Number.timestamp), ("extractionTimestamp", ignored),
      ]
      switch draft.cursor.kind {
      case .unknown: return false
      case .mysql: fields += [("position", word + 1), ("logSeqNum", word + 2)]
      case .cassandra: fields += [("dscId", word), ("mutId", word + 1), ("partNum", word + 2)]
      case .mongodb: fields += [("resumeToken", word), ("seqNum", word + 1)]
      case .ase:
        fields += [
          ("operationLogPageNumber", word + 1), ("operationLogRowNumber", word + 2),
          ("transactionLogPageNumber", word + 3),
          ("transactionLogRowNumber", RecordTemplate.Number.transactionRow),
        ]
      case .informix:
        fields += [
          ("seqNum", word), ("transactionNum", word + 3),
          ("startSeqNumForOldestUncommitedTxn", ignored),
        ]
      }
      for (name, target) in fields {
        guard numberHole(name, target, in: cursor, base, among: cursorMembers, &holes) else {
          return false
        }
      }
      if draft.cursor.kind == .mysql, !logHole(in: cursor, base, &holes) { return false }
    }
    guard let counts, draft.counter >= 0 else { return true }
    let names: [StaticString] = ["insertCount", "updateCount", "deleteCount", "replaceCount"]
    for (place, name) in names.enumerated() {
      let target = RecordTemplate.Number.count + place
      guard numberHole(name, target, in: counts, base, among: countMembers, &holes) else {
        return false
      }
    }
    return true
  }

  /// Makes a hole of a member's number; false when the member is there and its digits are not
  /// found, or are more than can be read at once.
  private func numberHole(
    _ name: StaticString, _ target: Int, in embedded: EmbeddedText, _ base: UnsafeRawPointer,
    among members: [JSONMember], _ holes: inout [Hole]
  ) -> Bool {
    let count = members.count { $0.name.equals(name) }
    if count == 0 { return true }
    guard count == 1, let start = embedded.place(of: name, followedBy: ":") else { return false }
    let digits = NumberText.digits(embedded.text, from: start)
    guard digits > 0, digits <= 18, let address = embedded.text.baseAddress else { return false }
    let first = address - base + start
    holes.append(Hole(start: first, end: first + digits, hole: .number, target: target))
    return true
  }

  /// Makes a hole of the log file's number.
  private func logHole(
    in embedded: EmbeddedText, _ base: UnsafeRawPointer, _ holes: inout [Hole]
  ) -> Bool {
    let text = embedded.text
    guard let start = embedded.place(of: "log", followedBy: ":" + embedded.quote),
      let address = text.baseAddress
    else { return false }
    var end = start
    while end < text.count, text[end] != 0x22, text[end] != 0x5C { end += 1 }
    guard let dot = text[start..<end].lastIndex(of: UInt8(ascii: ".")) else { return false }
    let digits = NumberText.digits(text, from: dot + 1)
    guard digits > 0, digits <= 18, dot + 1 + digits == end else { return false }
    let first = address - base + dot + 1
    holes.append(
      Hole(
        start: first, end: first + digits, hole: .padded, target: RecordTemplate.Number.word))
    return true
  }
}
