import Glibc

/// A path, or a part of one: the bytes that the kernel has, from argv or `readdir` to `open`.
///
/// Never made into a `String` but to be shown: two names that differ only in bytes that are no
/// UTF-8 stay two names.
package struct BatchPath: Sendable, Hashable {
  /// The bytes, without a final NUL.
  package var bytes: [UInt8]

  /// Makes a path of its bytes.
  package init(_ bytes: some Sequence<UInt8>) {
    self.bytes = Array(bytes)
  }

  /// Makes a path of a text's UTF-8.
  package init(_ text: String) {
    bytes = Array(text.utf8)
  }

  /// The path of `component` in this directory. An empty path is the component alone.
  package func appending(_ component: some Collection<UInt8>) -> BatchPath {
    if bytes.isEmpty { return BatchPath(component) }
    var joined = self
    joined.bytes.reserveCapacity(bytes.count + 1 + component.count)
    if joined.bytes.last != UInt8(ascii: "/") { joined.bytes.append(UInt8(ascii: "/")) }
    joined.bytes.append(contentsOf: component)
    return joined
  }

  /// What stands behind the last slash; the whole path where there is none.
  package var lastComponent: ArraySlice<UInt8> {
    guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return bytes[...] }
    return bytes[(slash + 1)...]
  }

  /// The directory that holds the last component; empty where there is no slash.
  package var parent: BatchPath {
    guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return BatchPath([]) }
    return slash == 0 ? BatchPath("/") : BatchPath(bytes[..<slash])
  }

  /// The parts between the slashes, without empty ones.
  package var components: [ArraySlice<UInt8>] {
    bytes.split(separator: UInt8(ascii: "/"))
  }

  /// Whether `other` is this directory or lies in it, by name.
  package func contains(_ other: BatchPath) -> Bool {
    guard other.bytes.starts(with: bytes) else { return false }
    return other.bytes.count == bytes.count || bytes.last == UInt8(ascii: "/")
      || other.bytes[bytes.count] == UInt8(ascii: "/")
  }

  /// The absolute path without symbolic links; nil, with `errno` set, where there is nothing.
  package func resolved() -> BatchPath? {
    guard let found = withCString({ realpath($0, nil) }) else { return nil }
    defer { free(found) }
    return BatchPath(UnsafeRawBufferPointer(start: found, count: strlen(found)))
  }

  /// Calls `body` with the path as a C string.
  func withCString<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
    var terminated = bytes
    terminated.append(0)
    return terminated.withUnsafeBytes { body($0.baseAddress!.assumingMemoryBound(to: CChar.self)) }
  }
}

extension BatchPath: Comparable {
  /// Orders by bytes.
  package static func < (left: BatchPath, right: BatchPath) -> Bool {
    left.bytes.lexicographicallyPrecedes(right.bytes)
  }
}

extension BatchPath: CustomStringConvertible {
  /// The path for people: control characters and bytes that are no UTF-8 are shown as `\x1B`.
  package var description: String { Self.display(bytes) }

  /// Makes a text of bytes in which different bytes stay different.
  static func display(_ bytes: some Collection<UInt8>) -> String {
    if let text = String(validating: bytes, as: UTF8.self),
      !bytes.contains(where: { $0 < 0x20 || $0 == 0x7F })
    {
      return text
    }
    var shown = ""
    var decoder = UTF8()
    var rest = Array(bytes)[...]
    while let first = rest.first {
      var iterator = rest.makeIterator()
      decoder = UTF8()
      if case .scalarValue(let scalar) = decoder.decode(&iterator), scalar.value >= 0x20,
        scalar.value != 0x7F
      {
        shown.unicodeScalars.append(scalar)
        rest = rest.dropFirst(String(scalar).utf8.count)
      } else {
        let digits = String(first, radix: 16, uppercase: true)
        shown += first < 16 ? "\\x0\(digits)" : "\\x\(digits)"
        rest = rest.dropFirst()
      }
    }
    return shown
  }
}
