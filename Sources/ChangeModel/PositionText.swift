/// Positions as people read them, and write them on the command line.
package enum PositionText {
  /// The text of a rank's position: its numbers, most significant first, `10/3000/1`.
  ///
  /// Numbers at the end that are zero are left out. A row of a snapshot is at `snapshot`; a change
  /// without a position at `file:ORDINAL/INDEX`, its place in the files.
  package static func text(of rank: Rank) -> String {
    if rank.phase % 2 == 0 { return "snapshot" }
    if rank.position == .zero { return "file:\(rank.ordinal)/\(rank.recordIndex)" }
    var words = words(of: rank.position)
    while words.count > 1, words.last == 0 { words.removeLast() }
    return words.map(String.init).joined(separator: "/")
  }

  /// The numbers of a position, most significant first.
  package static func words(of position: Position) -> [UInt64] {
    [position.word0, position.word1, position.word2, position.word3]
  }

  /// The numbers in a text such as `10/3000`; nil when it is not of this form.
  package static func words(_ text: some StringProtocol) -> [UInt64]? {
    let words = text.split(separator: "/", omittingEmptySubsequences: false).map { UInt64($0) }
    guard words.count <= 4, !words.contains(nil) else { return nil }
    return words.compactMap { $0 }
  }
}
