/// A field of a CSV row: where its content is, and what must be done to read it.
@frozen @usableFromInline
package struct CSVField: Sendable {
  /// The content in the text, without the quotes around it.
  @usableFromInline package var start: Int
  @usableFromInline package var count: Int
  /// Whether quotes stood around it.
  @usableFromInline package var isQuoted: Bool
  /// Whether doubled quotes or escapes must be resolved.
  @usableFromInline package var hasEscape: Bool

  @inlinable
  init(start: Int, count: Int, isQuoted: Bool, hasEscape: Bool) {
    self.start = start
    self.count = count
    self.isQuoted = isQuoted
    self.hasEscape = hasEscape
  }
}

/// Splits CSV text into rows and fields. Any byte may stand in a quoted field, NUL and line ends
/// included; a row ends at LF or CRLF.
package struct CSVScanner {
  /// What came of scanning one row.
  package enum Outcome: Sendable, Hashable {
    /// A row; `end` is behind its last field, `next` behind its line end. Without a line end the
    /// text ended, and the row may go on.
    case row(end: Int, next: Int, isTerminated: Bool)
    /// The text ends inside quotes.
    case unclosed
    /// A quote where none may be.
    case malformed(at: Int)
  }

  /// What separates fields.
  package var delimiter = UInt8(ascii: ",")
  /// What surrounds fields that hold delimiters, quotes or line ends.
  package var quote = UInt8(ascii: "\"")
  /// The fields of the last row.
  package private(set) var fields: [CSVField] = []

  /// Makes a scanner for commas and double quotes.
  package init() {}

  /// Scans the row that begins at `start`.
  ///
  /// - Parameters:
  ///   - escape: what makes the byte behind it content, besides the doubling of quotes; nil for
  ///     nothing.
  package mutating func scan(
    _ text: UnsafeRawBufferPointer, from start: Int, escape: UInt8?
  ) -> Outcome {
    fields.removeAll(keepingCapacity: true)
    guard let base = text.baseAddress else { return .row(end: 0, next: 0, isTerminated: false) }
    let escape = escape == quote ? nil : escape
    var quotes = ByteSearch(
      base, count: text.count, for: quote, quote, escape ?? quote, escape ?? quote)
    var ends = ByteSearch(
      base, count: text.count, for: delimiter, 0x0A, quote, escape ?? quote)
    var offset = start
    while true {
      let isQuoted = offset < text.count && text[offset] == quote
      let end: Int
      if isQuoted {
        var hasEscape = false
        guard
          let close = closingQuote(base, text.count, from: offset + 1, &quotes, &hasEscape)
        else { return .unclosed }
        fields.append(
          CSVField(
            start: offset + 1, count: close - offset - 1, isQuoted: true, hasEscape: hasEscape))
        end = close + 1
      } else {
        var hasEscape = false
        end = endOfPlain(
          base, text.count, from: offset, escape: escape, &ends, &hasEscape)
        if end < text.count, text[end] == quote { return .malformed(at: end) }
        fields.append(
          CSVField(start: offset, count: end - offset, isQuoted: false, hasEscape: hasEscape))
      }
      guard end < text.count else { return finish(text, end: end, isQuoted: isQuoted) }
      switch text[end] {
      case delimiter: offset = end + 1
      case 0x0A: return finish(text, end: end, isQuoted: isQuoted)
      case 0x0D where isQuoted && end + 1 < text.count && text[end + 1] == 0x0A:
        return .row(end: end, next: end + 2, isTerminated: true)
      case 0x0D where isQuoted && end + 1 == text.count:
        return .row(end: end, next: text.count, isTerminated: false)
      default: return .malformed(at: end)
      }
    }
  }

  /// Ends a row whose last field ends at a line feed, or at the end of the text.
  private mutating func finish(
    _ text: UnsafeRawBufferPointer, end: Int, isQuoted: Bool
  ) -> Outcome {
    let isTerminated = end < text.count
    var rowEnd = end
    if !isQuoted, isTerminated, end > 0, let last = fields.last, last.count > 0,
      text[end - 1] == 0x0D
    {
      fields[fields.count - 1].count -= 1
      rowEnd -= 1
    }
    return .row(end: rowEnd, next: isTerminated ? end + 1 : end, isTerminated: isTerminated)
  }

  @inline(__always)
  private func closingQuote(
    _ base: UnsafeRawPointer, _ count: Int, from start: Int, _ quotes: inout ByteSearch,
    _ hasEscape: inout Bool
  ) -> Int? {
    var offset = start
    while true {
      offset = quotes.first(from: offset)
      guard offset < count else { return nil }
      if base.load(fromByteOffset: offset, as: UInt8.self) == quote,
        offset + 1 == count || base.load(fromByteOffset: offset + 1, as: UInt8.self) != quote
      {
        return offset
      }
      hasEscape = true
      offset += 2
    }
  }

  @inline(__always)
  private func endOfPlain(
    _ base: UnsafeRawPointer, _ count: Int, from start: Int, escape: UInt8?,
    _ ends: inout ByteSearch, _ hasEscape: inout Bool
  ) -> Int {
    var offset = start
    while true {
      offset = ends.first(from: offset)
      guard offset < count else { return count }
      let byte = base.load(fromByteOffset: offset, as: UInt8.self)
      if byte == delimiter || byte == 0x0A || byte == quote { return offset }
      hasEscape = true
      offset += 1
      // A line end cannot be escaped outside of quotes.
      if offset < count, base.load(fromByteOffset: offset, as: UInt8.self) == 0x0A { return offset }
      offset += 1
    }
  }

  /// Appends a field's content with doubled quotes and escapes resolved.
  ///
  /// An escape makes a quote, a delimiter, a line end or itself content; before any other byte it
  /// is content itself.
  package func append(
    _ content: UnsafeRawBufferPointer, escape: UInt8?, to bytes: inout [UInt8]
  ) {
    guard let source = content.baseAddress else { return }
    let escape = escape == quote ? nil : escape
    let start = bytes.count
    // All of it first, then what stays closer together.
    bytes.append(contentsOf: content)
    let kept = bytes.withUnsafeMutableBytes { bytes in
      resolve(source, content.count, escape: escape, to: bytes.baseAddress! + start)
    }
    bytes.removeSubrange((start + kept)...)
  }

  /// Copies content and resolves it; returns how many bytes it became. The target has room for all.
  private func resolve(
    _ source: UnsafeRawPointer, _ count: Int, escape: UInt8?, to target: UnsafeMutableRawPointer
  ) -> Int {
    let marks = (ByteMarks(of: quote), ByteMarks(of: escape ?? quote))
    var index = 0
    var kept = 0
    while index < count {
      if index &+ 8 <= count {
        let word = source.loadUnaligned(fromByteOffset: index, as: UInt64.self)
        target.storeBytes(of: word, toByteOffset: kept, as: UInt64.self)
        let found = marks.0.in(word) | marks.1.in(word)
        let plain = found == 0 ? 8 : ByteMarks.first(found)
        index &+= plain
        kept &+= plain
        if found == 0 { continue }
      }
      let byte = source.load(fromByteOffset: index, as: UInt8.self)
      let next =
        index + 1 < count ? source.load(fromByteOffset: index + 1, as: UInt8.self) : nil
      if byte == quote, next == quote {
        index += 1
      } else if byte == escape, let next,
        next == quote || next == delimiter || next == escape || next == 0x0A || next == 0x0D
      {
        index += 1
      }
      target.storeBytes(
        of: source.load(fromByteOffset: index, as: UInt8.self), toByteOffset: kept, as: UInt8.self)
      index += 1
      kept += 1
    }
    return kept
  }
}
