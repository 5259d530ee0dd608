import Glibc

/// Finds records without trusting their text: where the next one begins behind a malformed one, and
/// where one ends in text that stage 1 refused.
package struct JSONResync {
  /// The first member name of the file's records, with its quotes: where `{` is followed by it, a
  /// record begins.
  package var firstName: [UInt8]?
  /// Whether the records are the elements of a top-level array.
  package var isArray = false
  /// Whether they may be: the text begins in the middle of a file, behind some element's comma.
  package var mayBeArray = false

  /// The member that begins every Arcion record, where an object follows it: a column may have its
  /// name, but its value is a text.
  private static let tableName = Array("\"tableName\"".utf8)

  /// Makes one for a file of which nothing is known.
  package init() {}

  /// Where the next record begins, at `start` or behind it; nil when that cannot be seen in this
  /// text.
  ///
  /// A record begins at `{` in a line's first column, and where the file's first member name
  /// follows; never where the `{` is the value of a member, unless an Arcion record's first member
  /// follows: then the member before it is cut off.
  package func nextRecord(in text: UnsafeRawBufferPointer, from start: Int) -> Int? {
    guard let base = text.baseAddress else { return nil }
    var offset = start
    while offset < text.count,
      let found = memchr(base + offset, Int32(UInt8(ascii: "{")), text.count - offset)
    {
      let candidate = UnsafeRawPointer(found) - base
      if isRecord(in: text, at: candidate) { return candidate }
      offset = candidate + 1
    }
    return nil
  }

  /// The last place before `end`, and behind `start`, where a record begins.
  package func lastRecord(
    in text: UnsafeRawBufferPointer, from start: Int, before end: Int
  ) -> Int? {
    var candidate = end - 1
    while candidate > start {
      if text[candidate] == UInt8(ascii: "{"), isRecord(in: text, at: candidate) {
        return candidate
      }
      candidate -= 1
    }
    return nil
  }

  private func isRecord(in text: UnsafeRawBufferPointer, at candidate: Int) -> Bool {
    var name = candidate + 1
    while name < text.count, JSONTokens.isSpace(text[name]) { name += 1 }
    if hasTable(in: text, at: name) { return true }
    var before = candidate
    while before > 0, JSONTokens.isSpace(text[before - 1]) { before -= 1 }
    let last = before > 0 ? text[before - 1] : UInt8(ascii: "}")
    if last == UInt8(ascii: ":") || last == UInt8(ascii: "[") { return false }
    if last == UInt8(ascii: ","), !isArray, !mayBeArray { return false }
    if candidate > 0, text[candidate - 1] == 0x0A { return true }
    guard let firstName else { return false }
    return has(firstName, in: text, at: name)
  }

  /// Whether the member that names an Arcion record's table stands at `offset`.
  private func hasTable(in text: UnsafeRawBufferPointer, at offset: Int) -> Bool {
    guard has(Self.tableName, in: text, at: offset) else { return false }
    let rest = text[(offset + Self.tableName.count)...].lazy.filter { !JSONTokens.isSpace($0) }
    return rest.prefix(2).elementsEqual([UInt8(ascii: ":"), UInt8(ascii: "{")])
  }

  private func has(_ name: [UInt8], in text: UnsafeRawBufferPointer, at offset: Int) -> Bool {
    guard let base = text.baseAddress, offset + name.count <= text.count else { return false }
    return name.withUnsafeBytes { name in
      name.baseAddress.map { memcmp(base + offset, $0, name.count) == 0 } ?? true
    }
  }

  /// Where the object that begins at `start` ends (behind its bracket), found byte by byte.
  package static func end(
    ofObject start: Int, in text: UnsafeRawBufferPointer
  ) throws(JSONFault) -> Int {
    var depth = 0
    var offset = start
    while offset < text.count {
      switch text[offset] {
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        depth -= 1
        if depth == 0 { return offset + 1 }
      case UInt8(ascii: "\""): offset = try end(ofString: offset, in: text)
      default: break
      }
      offset += 1
    }
    throw JSONFault(.unexpectedEnd, at: text.count)
  }

  /// Where the string whose opening quote is at `start` has its closing one.
  private static func end(
    ofString start: Int, in text: UnsafeRawBufferPointer
  ) throws(JSONFault) -> Int {
    var offset = start + 1
    while offset < text.count {
      let byte = text[offset]
      if byte == UInt8(ascii: "\"") { return offset }
      if byte < 0x20 { throw JSONFault(.badString, at: offset) }
      offset += byte == 0x5C ? 2 : 1
    }
    throw JSONFault(.unexpectedEnd, at: text.count)
  }
}
