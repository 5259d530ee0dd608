/// How far words are apart, to say which known word an unknown one was meant to be.
package enum EditDistance {
  /// The fewest insertions, deletions, replacements and swaps of neighbours that turn one word into
  /// the other (each stretch edited once).
  package static func between(_ left: String, _ right: String) -> Int {
    let left = Array(left.utf8)
    let right = Array(right.utf8)
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for row in 1..<(left.count + 1) {
      var current = [row] + Array(repeating: 0, count: right.count)
      for column in 1..<(right.count + 1) {
        let isSame = left[row - 1] == right[column - 1]
        var distance = min(
          last[column] + 1, current[column - 1] + 1, last[column - 1] + (isSame ? 0 : 1))
        if row > 1, column > 1, left[row - 1] == right[column - 2],
          left[row - 2] == right[column - 1]
        {
          distance = min(distance, beforeLast[column - 2] + 1)
        }
        current[column] = distance
      }
      beforeLast = last
      last = current
    }
    return last[right.count]
  }

  /// The nearest of some words, the first of equals; nil only where there are none.
  package static func nearest(to word: String, among words: [String]) -> String? {
    words.min { between(word, $0) < between(word, $1) }
  }
}
