/// A small JSON reader of the tests' own: strict, slow, and no part of anything else.
indirect enum SmallJSON: Equatable {
  case object([(name: String, value: SmallJSON)])
  case array([SmallJSON])
  case string([UInt8])
  case number(String)
  case null

  subscript(_ name: String) -> SmallJSON? {
    guard case .object(let members) = self else { return nil }
    return members.first { Array($0.name.utf8) == Array(name.utf8) }?.value
  }

  var text: String? {
    switch self {
    case .string(let bytes): String(decoding: bytes, as: UTF8.self)
    case .number(let digits): digits
    default: nil
    }
  }

  static func == (left: SmallJSON, right: SmallJSON) -> Bool {
    switch (left, right) {
    case (.null, .null): true
    case (.string(let left), .string(let right)): left == right
    case (.number(let left), .number(let right)): left == right
    case (.array(let left), .array(let right)): left == right
    default: false
    }
  }

  struct Failure: Error { let offset: Int }

  /// Reads all values of a text that stand one after the other; an array counts as its elements.
  static func readAll(_ bytes: [UInt8]) throws -> [SmallJSON] {
    var reader = Reader(bytes: bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes)
    var values: [SmallJSON] = []
    reader.skipSpace()
    while reader.offset < reader.bytes.count {
      let value = try reader.readValue()
      if case .array(let elements) = value { values += elements } else { values.append(value) }
      reader.skipSpace()
    }
    return values
  }

  private struct Reader {
    let bytes: [UInt8]
    var offset = 0

    mutating func skipSpace() {
      while offset < bytes.count, [0x20, 0x0A, 0x0D, 0x09].contains(bytes[offset]) { offset += 1 }
    }

    mutating func take(_ byte: UInt8) throws {
      skipSpace()
      guard offset < bytes.count, bytes[offset] == byte else { throw Failure(offset: offset) }
      offset += 1
    }

    mutating func readValue() throws -> SmallJSON {
      skipSpace()
      guard offset < bytes.count else { throw Failure(offset: offset) }
      switch bytes[offset] {
      case 0x7B: return try .object(readMembers())
      case 0x5B: return try .array(readElements())
      case 0x22: return try .string(readString())
      case 0x6E:
        guard bytes[offset...].starts(with: Array("null".utf8)) else { throw Failure(offset: offset) }
        offset += 4
        return .null
      default:
        let start = offset
        while offset < bytes.count, (0x30...0x39).contains(bytes[offset]) || bytes[offset] == 0x2D {
          offset += 1
        }
        guard offset > start else { throw Failure(offset: offset) }
        return .number(String(decoding: bytes[start..<offset], as: UTF8.self))
      }
    }

    mutating func readMembers() throws -> [(name: String, value: SmallJSON)] {
      var members: [(name: String, value: SmallJSON)] = []
      try take(0x7B)
      skipSpace()
      while offset < bytes.count, bytes[offset] != 0x7D {
        if !members.isEmpty { try take(0x2C) }
        skipSpace()
        let name = String(decoding: try readString(), as: UTF8.self)
        try take(0x3A)
        members.append((name, try readValue()))
        skipSpace()
      }
      try take(0x7D)
      return members
    }

    mutating func readElements() throws -> [SmallJSON] {
      var elements: [SmallJSON] = []
      try take(0x5B)
      skipSpace()
      while offset < bytes.count, bytes[offset] != 0x5D {
        if !elements.isEmpty { try take(0x2C) }
        elements.append(try readValue())
        skipSpace()
      }
      try take(0x5D)
      return elements
    }

    mutating func readString() throws -> [UInt8] {
      try take(0x22)
      var units: [UInt16] = []
      var text: [UInt8] = []
      func flush() -> [UInt8] { Array(String(decoding: units, as: UTF16.self).utf8) }
      while offset < bytes.count, bytes[offset] != 0x22 {
        let byte = bytes[offset]
        guard byte >= 0x20 else { throw Failure(offset: offset) }
        offset += 1
        if byte == 0x5C, offset < bytes.count, bytes[offset] == 0x75 {
          guard offset + 5 <= bytes.count,
            let unit = UInt16(String(decoding: bytes[offset + 1..<offset + 5], as: UTF8.self), radix: 16)
          else { throw Failure(offset: offset) }
          units.append(unit)
          offset += 5
          continue
        }
        text += flush()
        units = []
        if byte == 0x5C {
          guard offset < bytes.count, let escaped = Self.escapes[bytes[offset]] else {
            throw Failure(offset: offset)
          }
          text.append(escaped)
          offset += 1
        } else {
          text.append(byte)
        }
      }
      text += flush()
      try take(0x22)
      return text
    }

    static let escapes: [UInt8: UInt8] = [
      0x22: 0x22, 0x5C: 0x5C, 0x2F: 0x2F, 0x62: 0x08, 0x66: 0x0C, 0x6E: 0x0A, 0x72: 0x0D, 0x74: 0x09,
    ]
  }
}
