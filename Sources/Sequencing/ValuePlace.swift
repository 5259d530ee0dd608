/// Where the values of a change are, in numbers of who admitted it.
package struct ValuePlace: Sendable, Hashable {
  /// Who packed them.
  package var decoder: UInt32
  /// Which block of memory, or of a file, they are in.
  package var block: UInt32
  /// Where in it they begin; less than ``offsetEnd``.
  package var offset: UInt64

  /// No value of a block may begin here or behind: 32 GiB.
  package static let offsetEnd: UInt64 = 1 << 35

  /// Makes a place of its parts.
  package init(decoder: UInt32 = 0, block: UInt32 = 0, offset: UInt64 = 0) {
    self.decoder = decoder
    self.block = block
    self.offset = offset
  }
}
