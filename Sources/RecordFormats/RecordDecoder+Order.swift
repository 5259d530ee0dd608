import ChangeModel
import Scanning

/// What ranks a change, where the configuration has a say in it.
extension RecordDecoder {
  /// Applies the table's order rule to a JSON record's cursor.
  mutating func applyOrderRule(
    _ tokens: JSONTokens, at index: Int, to draft: inout Draft
  ) throws(RecordFault) {
    guard case .fields(let fields) = states[draft.table].plan.order else {
      return applyPlainOrder(to: &draft)
    }
    var order = OrderFields()
    for field in fields {
      let path = field.path.split(separator: ".", maxSplits: 1).map(String.init)
      var value = orderValue(path, table: draft.table)
      if value == nil {
        members.removeAll(keepingCapacity: true)
        tokens.appendMembers(ofObject: index, to: &members)
        value = find(path.joined(separator: "."), in: members)
      }
      try append(value, of: field, to: &order)
    }
    finish(order, &draft)
  }

  /// Applies the table's order rule to a CSV row's cursor.
  mutating func applyOrderRule(to draft: inout Draft) throws(RecordFault) {
    guard case .fields(let fields) = states[draft.table].plan.order else {
      return applyPlainOrder(to: &draft)
    }
    var order = OrderFields()
    for field in fields {
      let path = field.path.split(separator: ".", maxSplits: 1).map(String.init)
      try append(orderValue(path, table: draft.table), of: field, to: &order)
    }
    finish(order, &draft)
  }

  private mutating func applyPlainOrder(to draft: inout Draft) {
    switch states[draft.table].plan.order {
    case .files:
      draft.cursor.state = .readable
      draft.cursor.position = .zero
    default:
      if draft.cursor.state == .unreadable { takeCursorEvidence(table: draft.table) }
    }
  }

  private func finish(_ order: OrderFields, _ draft: inout Draft) {
    draft.cursor.state = .readable
    draft.cursor.position = order.position
    draft.cursor.lineage = CursorReader.extractorLineage(cursorMembers)
  }

  private mutating func append(
    _ value: RawValue?, of field: OrderField, to order: inout OrderFields
  ) throws(RecordFault) {
    guard let value, value.kind != .null, value.kind != .absent else {
      throw RecordFault(reason: "the record has no \"\(field.path)\"")
    }
    textScratch.removeAll(keepingCapacity: true)
    _ = texts.append(value, isNumeric: false, to: &textScratch)
    let text = textScratch
    let result: Result<OrderFields, RecordFault> = text.withUnsafeBytes { bytes in
      var extended = order
      do throws(RecordFault) {
        try extended.append(bytes, of: field)
        return .success(extended)
      } catch {
        return .failure(error)
      }
    }
    order = try result.get()
  }

  /// The value at a path into the cursor, the counts or an image.
  private func orderValue(_ path: [String], table: Int) -> RawValue? {
    guard path.count == 2 else { return nil }
    switch path[0] {
    case "cursor": return find(path[1], in: cursorMembers)
    case "operationcount": return find(path[1], in: countMembers)
    case "after", "before":
      guard let column = touched.first(where: { name($0, of: table) == path[1] }) else {
        return nil
      }
      return path[0] == "after" ? slots[column].after : slots[column].before
    default: return nil
    }
  }

  private func find(_ name: String, in members: [JSONMember]) -> RawValue? {
    members.last { $0.name.elementsEqual(name.utf8) }?.value
  }

  /// Notes which fields of an unreadable cursor could be an order.
  private mutating func takeCursorEvidence(table: Int) {
    states[table].evidence.cursors.recordCount += 1
    let known = ["extractorId", "timestamp", "extractionTimestamp", "v"]
    for member in cursorMembers where !known.contains(member.name.string) {
      guard let (kind, value) = OrderFields.guess(member.value) else { continue }
      let path = "cursor." + member.name.string
      if var field = states[table].evidence.cursors.fields[path] {
        if field.kind == kind { field.take(value) } else { field.isNonDecreasing = false }
        states[table].evidence.cursors.fields[path] = field
      } else if states[table].evidence.cursors.fields.count < 100 {
        states[table].evidence.cursors.fields[path] = .init(kind: kind, value: value)
      }
    }
  }
}
