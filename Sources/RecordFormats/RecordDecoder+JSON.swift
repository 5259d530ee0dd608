import ChangeModel
import Glibc
import Scanning

/// JSON files: one object a line, objects one after the other, or one array of objects.
extension RecordDecoder {
  /// Where decoding stopped in a window, and why.
  private enum Stop {
    /// Everything up to the chunk's end was read.
    case chunkDone
    /// The record there goes on behind the chunk.
    case incomplete(at: Int, JSONFault)
    /// A malformed record ended there; the rest of the chunk must be indexed anew.
    case resynchronised(at: Int)
    /// The record there is malformed, and the next one was not found.
    case malformed(at: Int, JSONFault)
  }

  /// Decodes the whole records of a window; returns how many bytes they have.
  mutating func decodeJSON(
    _ window: UnsafeRawBufferPointer, isEnd: Bool, into batch: inout ChangeBatch
  ) -> Int {
    var start = recordsOfFile == 0 ? beginRecords(window) : 0
    while true {
      start = decodeByTemplates(window, from: start, into: &batch)
      if start == window.count { break }
      let end = chunkEnd(window, from: start, isEnd: isEnd)
      let chunk = UnsafeRawBufferPointer(rebasing: window[start..<end])
      let isFinal = isEnd && end == window.count
      let stop: Stop
      switch indexer.index(chunk) {
      case .empty: stop = .chunkDone
      case .indexed:
        stop = decodeTokens(
          window, from: start, isSuspect: false, isFinal: isFinal, isEnd: isEnd, into: &batch)
      case .notUTF8:
        stop = decodeTokens(
          window, from: start, isSuspect: true, isFinal: isFinal, isEnd: isEnd, into: &batch)
      case .badString:
        stop = decodeCarefully(window, from: start, to: end, isEnd: isEnd, into: &batch)
      case .tooLong:
        endState = .failed(
          IngestError(
            .file, file: file.name, byteOffset: offset + UInt64(start), recordIndex: recordIndex,
            cause: "a record is longer than memory allows"))
        return window.count
      }
      switch stop {
      case .chunkDone:
        start = end
        chunkBytes = Self.chunkBytesMin
      case .resynchronised(let next): start = next
      case .incomplete(let next, let fault):
        if window.count - start > chunkBytes || (next > start && end < window.count) {
          if next == start { chunkBytes *= 2 }
          start = next
        } else if isEnd {
          return finishTail(window, from: next, fault: fault, into: &batch)
        } else {
          return next
        }
      case .malformed(let next, let fault):
        return isEnd ? finishTail(window, from: next, fault: fault, into: &batch) : next
      }
    }
    if isEnd, resync.isArray, !isArrayClosed {
      endState = .torn(
        byteOffset: offset + UInt64(window.count), reason: "the top-level array is not closed")
    }
    return window.count
  }

  /// Looks at the first bytes that are decoded of a file: whether its records are the elements of
  /// an array, and what the first of them begins with. A later search for records needs both, and a
  /// file may be cut in its first string.
  ///
  /// - Returns: where the first record begins.
  private mutating func beginRecords(_ window: UnsafeRawBufferPointer) -> Int {
    var start = 0
    resync.mayBeArray = isResumed
    while start < window.count, JSONTokens.isSpace(window[start]) { start += 1 }
    if start < window.count, !resync.isArray {
      let opens = window[start] == UInt8(ascii: "[") && file.offset == 0
      let continues = window[start] == UInt8(ascii: ",") && isResumed
      if opens || continues {
        resync.isArray = true
        start += 1
      }
    }
    guard resync.firstName == nil, let brace = window[start...].firstIndex(of: UInt8(ascii: "{"))
    else { return start }
    var name = brace + 1
    while name < window.count, JSONTokens.isSpace(window[name]) { name += 1 }
    guard name < window.count, window[name] == UInt8(ascii: "\""),
      let end = window[(name + 1)...].firstIndex(of: UInt8(ascii: "\""))
    else { return start }
    resync.firstName = Array(window[name...end])
    return start
  }

  /// Where the chunk that begins at `start` ends: behind a line end, which cannot lie inside a
  /// string; else before a record; else with the window.
  private func chunkEnd(
    _ window: UnsafeRawBufferPointer, from start: Int, isEnd: Bool
  ) -> Int {
    let isLast = window.count - start <= chunkBytes
    let limit = isLast ? window.count : start + chunkBytes
    guard let base = window.baseAddress, !(isLast && isEnd) else { return limit }
    var end = limit
    while end > start, window[end - 1] != 0x0A { end -= 1 }
    if end > start { return end }
    if let record = resync.lastRecord(in: window, from: start, before: limit) { return record }
    guard limit < window.count,
      let newline = memchr(base + limit, 0x0A, window.count - limit)
    else { return window.count }
    return UnsafeRawPointer(newline) - base + 1
  }

  /// Decodes the records of an indexed chunk that begins at `chunk` in the window.
  private mutating func decodeTokens(
    _ window: UnsafeRawBufferPointer, from chunk: Int, isSuspect: Bool, isFinal: Bool, isEnd: Bool,
    into batch: inout ChangeBatch
  ) -> Stop {
    let tokens = indexer.tokens
    var index = 0
    while index < tokens.count {
      let start = tokens.offset(index)
      switch tokens.byte(index) {
      case UInt8(ascii: "{"):
        let matched = decodeByTemplates(window, from: chunk + start, into: &batch)
        if matched > chunk + start {
          index = tokens.firstToken(atOrAfter: matched - chunk)
          guard index < tokens.count else { return .resynchronised(at: matched) }
          continue
        }
        let next: Int
        do {
          next = try JSONWalker.walk(tokens, from: index)
        } catch {
          if !isFinal, error.byteOffset >= tokens.offset(tokens.count - 1) {
            return .incomplete(at: chunk + start, error)
          }
          let stop = skipMalformed(
            window, at: chunk + start, fault: error, isEnd: isEnd, into: &batch)
          guard case .resynchronised(let resumed) = stop else { return stop }
          index = tokens.firstToken(atOrAfter: resumed - chunk)
          guard index < tokens.count, tokens.offset(index) == resumed - chunk else { return stop }
          continue
        }
        let end = tokens.offset(next - 1) + 1
        let record = UnsafeRawBufferPointer(start: tokens.base + start, count: end - start)
        if isSuspect, !isUTF8(record) {
          quarantine(
            record, at: chunk + start, reason: JSONFault(.notUTF8, at: 0).cause, into: &batch)
        } else {
          decodeRecord(tokens, from: index, to: next, chunk: chunk, into: &batch)
        }
        index = next
      case UInt8(ascii: ",") where resync.isArray || isResumed:
        resync.isArray = true
        index += 1
      case UInt8(ascii: "]") where (resync.isArray || isResumed) && !isArrayClosed:
        resync.isArray = true
        isArrayClosed = true
        index += 1
      default:
        let next = skipGarbage(window, at: chunk + start, isEnd: isEnd, into: &batch)
        guard let next else {
          return .malformed(at: chunk + start, JSONFault(.notAnObject, at: chunk + start))
        }
        index = tokens.firstToken(atOrAfter: next - chunk)
        if next < chunk + tokens.byteCount,
          index >= tokens.count || tokens.offset(index) != next - chunk
        {
          return .resynchronised(at: next)
        }
        if next > chunk + tokens.byteCount { return .resynchronised(at: next) }
      }
    }
    return .chunkDone
  }

  /// Whether nothing was decoded yet of a file that is read from its middle.
  private var isResumed: Bool { file.offset > 0 }

  /// Decodes a chunk in which some string is broken: each piece up to where the next record seems
  /// to begin is indexed alone, so that only the broken one is lost.
  private mutating func decodeCarefully(
    _ window: UnsafeRawBufferPointer, from start: Int, to end: Int, isEnd: Bool,
    into batch: inout ChangeBatch
  ) -> Stop {
    var start = start
    while start < end {
      let next = resync.nextRecord(in: window, from: start + 1)
      let pieceEnd = next ?? window.count
      let piece = UnsafeRawBufferPointer(rebasing: window[start..<pieceEnd])
      switch indexer.index(piece) {
      case .empty: break
      case .indexed, .notUTF8:
        let isLast = isEnd && next == nil
        let stop = decodeTokens(
          window, from: start, isSuspect: true, isFinal: isLast || next != nil, isEnd: isEnd,
          into: &batch)
        switch stop {
        case .chunkDone: break
        case .resynchronised(let resumed):
          start = max(resumed, start + 1)
          continue
        case .incomplete(let at, let fault), .malformed(let at, let fault):
          guard let next else { return .malformed(at: at, fault) }
          quarantinePiece(window, from: at, to: next, fault: fault, into: &batch)
        }
      case .badString, .tooLong:
        let fault = JSONFault(.badString, at: start)
        guard let next else { return .malformed(at: start, fault) }
        quarantinePiece(window, from: start, to: next, fault: fault, into: &batch)
      }
      start = pieceEnd
    }
    return start == end ? .chunkDone : .resynchronised(at: start)
  }

  /// Puts the malformed record at `start` into quarantine, up to where the next one begins.
  private mutating func skipMalformed(
    _ window: UnsafeRawBufferPointer, at start: Int, fault: JSONFault, isEnd: Bool,
    into batch: inout ChangeBatch
  ) -> Stop {
    guard let next = resync.nextRecord(in: window, from: start + 1) else {
      return .malformed(at: start, fault)
    }
    quarantinePiece(window, from: start, to: next, fault: fault, into: &batch)
    return .resynchronised(at: next)
  }

  private mutating func quarantinePiece(
    _ window: UnsafeRawBufferPointer, from start: Int, to end: Int, fault: JSONFault,
    into batch: inout ChangeBatch
  ) {
    var end = end
    while end > start, JSONTokens.isSpace(window[end - 1]) { end -= 1 }
    if resync.isArray, end > start + 1, window[end - 1] == UInt8(ascii: ",") { end -= 1 }
    quarantine(
      UnsafeRawBufferPointer(rebasing: window[start..<end]), at: start, reason: fault.cause,
      into: &batch)
  }

  /// Puts what stands between records, and is none, into quarantine: up to the line's end or the
  /// next record. Returns where that is; nil when it is not seen yet.
  private mutating func skipGarbage(
    _ window: UnsafeRawBufferPointer, at start: Int, isEnd: Bool, into batch: inout ChangeBatch
  ) -> Int? {
    let newline = window[start...].firstIndex(of: 0x0A)
    let next = resync.nextRecord(
      in: newline.map { UnsafeRawBufferPointer(rebasing: window[..<$0]) } ?? window, from: start + 1
    )
    guard let end = next ?? newline else { return nil }
    let fault = JSONFault(.notAnObject, at: start)
    quarantinePiece(window, from: start, to: end, fault: fault, into: &batch)
    return end
  }

  /// Decides about a record that does not end with the file: cut off, or malformed for good.
  /// Returns where it ends if it was put into quarantine, else where it begins.
  private mutating func finishTail(
    _ window: UnsafeRawBufferPointer, from start: Int, fault: JSONFault,
    into batch: inout ChangeBatch
  ) -> Int {
    let tail = UnsafeRawBufferPointer(rebasing: window[start...])
    var fault = fault
    if fault.kind == .badString {
      do {
        _ = try JSONResync.end(ofObject: 0, in: tail)
      } catch {
        fault = error
      }
    }
    let last = tail.last { !JSONTokens.isSpace($0) }
    let isEnded =
      tail.last == 0x0A || last == UInt8(ascii: "}") || last == UInt8(ascii: "]")
    guard fault.kind != .unexpectedEnd, isEnded else {
      endState = .torn(byteOffset: offset + UInt64(start), reason: fault.cause)
      return start
    }
    quarantinePiece(window, from: start, to: window.count, fault: fault, into: &batch)
    return window.count
  }
}
