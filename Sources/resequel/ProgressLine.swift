import Pipeline

/// One line that says how far a run is, fitted to a width.
struct ProgressLine {
  /// What the line says.
  var progress: Progress
  /// How long the phase has lasted, in seconds.
  var seconds: Double
  /// What was done of the phase's unit when it began.
  var baseline: UInt64

  /// Bytes while reading, rows while writing, files while scanning: done, and of how many.
  var amounts: (done: UInt64, total: UInt64) {
    switch progress.phase {
    case .scanning: (UInt64(progress.filesTotal), 0)
    case .reading: (progress.bytesDone, progress.bytesTotal)
    case .writing: (UInt64(progress.rowsDone), UInt64(progress.rowsTotal))
    }
  }

  /// The share that is done, from 0 to 1; nil while the whole is not known.
  var share: Double? {
    let (done, total) = amounts
    return total > 0 ? min(1, Double(done) / Double(total)) : nil
  }

  private var rate: Double? {
    guard seconds > 0.2, amounts.done > baseline else { return nil }
    return Double(amounts.done - baseline) / seconds
  }

  /// The parts of the line, the most important first.
  var parts: [String] {
    var parts: [String] = []
    switch progress.phase {
    case .scanning:
      parts.append("\(Figures.count(progress.filesTotal, "file")) found")
    case .reading:
      let done = Figures.count(progress.filesDone)
      parts.append("\(done)/\(Figures.count(progress.filesTotal)) files")
      parts.append(Figures.bytes(progress.bytesDone))
      parts.append(Figures.count(progress.records, "record"))
    case .writing:
      let done = Figures.count(progress.rowsDone)
      parts.append("\(done)/\(Figures.count(progress.rowsTotal)) rows")
      parts.append(Figures.count(progress.records, "record"))
    }
    if let rate {
      parts.append(
        progress.phase == .reading
          ? Figures.bytes(UInt64(rate)) + "/s" : Figures.count(Int(rate)) + "/s")
      if let share, share < 1, amounts.total > amounts.done {
        let left = Double(amounts.total - amounts.done) / rate
        if left < 360_000 { parts.append(Figures.clock(seconds: Int(left.rounded(.up))) + " left") }
      }
    }
    return parts
  }

  /// The line without a bar, for logs.
  var plain: String { progress.phase.rawValue + ": " + parts.joined(separator: ", ") }

  /// The line with a bar, not wider than the terminal.
  func drawn(on terminal: Terminal, width: Int) -> String {
    var parts = parts
    let name = progress.phase.rawValue
    let percent = share.map { "\(Int($0 * 100))%" } ?? ""
    // The same width from beginning to end: a bar that moves for other reasons misleads.
    let barWidth = share == nil ? 0 : max(10, min(30, width - 70))
    func textWidth() -> Int {
      ([name, percent] + parts).filter { !$0.isEmpty }.map { $0.utf8.count + 2 }.reduce(0, +)
    }
    while !parts.isEmpty, textWidth() + barWidth + 2 >= width { parts.removeLast() }
    var pieces = [name]
    if let share, textWidth() + barWidth + 2 < width {
      pieces.append(bar(share, width: barWidth, on: terminal))
    }
    if !percent.isEmpty { pieces.append(percent) }
    return (pieces + parts).joined(separator: "  ")
  }

  private func bar(_ share: Double, width: Int, on terminal: Terminal) -> String {
    let done = Int(share * Double(width))
    let (full, empty) = terminal.isUnicode ? ("█", "░") : ("#", ".")
    let filled = String(repeating: full, count: done)
    let rest = String(repeating: empty, count: width - done)
    guard terminal.hasColor else { return filled + rest }
    return "\u{1B}[32m" + filled + "\u{1B}[0m" + rest
  }
}
