import Pipeline

/// What `verify` found, for people.
enum VerifyText {
  /// How many missing files are named of each collection, and extra ones of all.
  private static let namedFiles = 10

  /// The collections, then what was left out, then one sentence that sums up.
  static func text(of report: VerifyReport, database: String, showsValues: Bool) -> String {
    var blocks = report.collections.map { text(of: $0, database, showsValues) }
    if !report.extraFiles.isEmpty {
      blocks.append(
        list("Not in the manifest with this content, and not used:", report.extraFiles))
    }
    if !report.troubles.isEmpty { blocks.append(list("Could not be read:", report.troubles)) }
    blocks.append(verdict(report))
    return TerminalText.safeLines(blocks.joined(separator: "\n\n")) + "\n"
  }

  private static func verdict(_ report: VerifyReport) -> String {
    if !report.isEqual { return "Different." }
    if !report.isComparable { return "Nothing could be compared." }
    return report.collections.allSatisfy(\.isCovered)
      ? "Equal." : "Equal, as far as the files that are there can tell."
  }

  private static func text(
    of check: CollectionCheck, _ database: String, _ showsValues: Bool
  ) -> String {
    var lines: [String] = []
    if let reason = check.incomparable {
      lines.append("\(check.name): not comparable: \(reason)")
    } else {
      let rows = "\(Figures.count(check.comparedRows)) of \(Figures.count(check.rows, "row"))"
      let verdict =
        check.differenceCount == 0
        ? "equal" : "\(Figures.count(check.differenceCount, "row")) different"
      lines.append("\(check.name): \(verdict)")
      lines.append("  database  \(check.storedDigest)")
      lines.append("  files     \(check.recomputedDigest)")
      lines.append(
        "  covers    \(rows), from \(Figures.count(check.filesRead)) of "
          + Figures.count(check.files, "file"))
    }
    if check.waitingChanges > 0 {
      lines.append("  waiting   \(Figures.count(check.waitingChanges, "change")), left out")
    }
    if let text = QuarantineText.caution(count: check.quarantined) {
      lines.append("  left out  \(text)")
    }
    lines += check.gaps.map { "  left out  \($0.text)" }
    lines += check.missing.prefix(namedFiles).map { "  missing   \($0.path): \($0.reason)" }
    if check.missing.count > namedFiles {
      lines.append("  missing   \(Figures.count(check.missing.count - namedFiles)) more")
    }
    lines += check.differences.map { "  differs   " + text(of: $0, showsValues) }
    if check.differenceCount > check.differences.count {
      let more = Figures.count(check.differenceCount - check.differences.count, "row")
      lines.append("  differs   \(more) more")
    }
    if let first = check.differences.first {
      let why = ShellText.command(
        ["resequel", "why"],
        naming: [database, check.name, String(decoding: first.id, as: UTF8.self)])
      lines.append("See what made a row: \(why)")
    }
    return lines.joined(separator: "\n")
  }

  private static func text(of difference: RowDifference, _ showsValues: Bool) -> String {
    let id = String(decoding: difference.id, as: UTF8.self)
    if !difference.isRecomputed { return "\(id): in the database, and not from the files" }
    if !difference.isStored { return "\(id): from the files, and not in the database" }
    let columns = difference.columns.map { column in
      guard showsValues else { return column.name }
      return "\(column.name) is \(RowPrinter.cell(StoredValue(column.stored))), "
        + "from the files \(RowPrinter.cell(StoredValue(column.recomputed)))"
    }
    return "\(id): \(columns.joined(separator: showsValues ? "; " : ", "))"
  }

  private static func list(_ heading: String, _ items: [String]) -> String {
    var lines = [heading] + items.prefix(namedFiles).map { "  " + $0 }
    if items.count > namedFiles {
      lines.append("  and \(Figures.count(items.count - namedFiles)) more")
    }
    return lines.joined(separator: "\n")
  }
}
