package import ChangeModel

/// What the changes of a batch do to the rows of a table without a key (`@row`).
package struct BagBatch: Sendable {
  /// The collection's id in the store.
  package var collection: Int64
  /// The changes; fastest when those of one content stand together.
  package var changes: [BagChange] = []
  /// The values that the changes refer to, and the bytes of ids, places and texts.
  package var buffer = CellBuffer()

  /// Makes an empty batch for a collection.
  package init(collection: Int64) {
    self.collection = collection
  }
}

/// One row more, or one row less, of a certain content.
package struct BagChange: Sendable {
  /// Whether a row comes or goes.
  package enum Delta: Int64, Sendable {
    case delete = -1
    case insert = 1
  }
  /// The content's hash, as UTF-8 bytes in the batch's buffer. Holds no `#`.
  package var id: ByteRange
  /// Whether a row comes or goes. An update is the delete of the old content and the insert of the
  /// new one, at one place.
  package var delta: Delta
  /// What makes two changes of this content the same change, in the batch's buffer: the place in the
  /// log, without the file, so that a repeat counts once; where there is no place, the file and the
  /// record in it.
  package var place: ByteRange
  /// The change's rank.
  package var rank: Rank
  /// The source's time of the change, microseconds; `Int64.min` for none.
  package var eventTime: Int64
  /// The manifest's id of its file.
  package var file: Int64
  /// The content: the same for all changes of one id.
  package var cells: Range<Int>

  /// Makes one of its parts.
  package init(
    id: ByteRange, delta: Delta, place: ByteRange, rank: Rank, eventTime: Int64, file: Int64,
    cells: Range<Int>
  ) {
    self.id = id
    self.delta = delta
    self.place = place
    self.rank = rank
    self.eventTime = eventTime
    self.file = file
    self.cells = cells
  }
}

/// Everything that is known of one content.
struct BagFacts {
  /// What makes two facts the same.
  struct Key: Hashable {
    var place: [UInt8]
    var delta: BagChange.Delta
  }

  /// When and whence.
  struct Fact: Hashable {
    var rank: Rank
    var eventTime: Int64
    var file: Int64
  }

  private(set) var facts: [Key: Fact] = [:]

  /// Takes up a fact; of two copies of one change the one of the higher rank counts.
  ///
  /// - Returns: whether that is news.
  mutating func insert(_ fact: Fact, _ key: Key) -> Bool {
    if let known = facts[key], known.rank >= fact.rank { return false }
    facts[key] = fact
    return true
  }

  /// The rows that there are: what the changes, in the order of the log, leave. A delete takes the
  /// row that came last; where there is none, it deleted a row from before the first file, and
  /// nothing happens.
  func rows(above floor: Rank?) -> [Fact] {
    let ordered = facts.sorted { left, right in
      if left.value.rank != right.value.rank { return left.value.rank < right.value.rank }
      return left.key.delta.rawValue < right.key.delta.rawValue
    }
    var rows: [Fact] = []
    for (key, fact) in ordered {
      if let floor, fact.rank <= floor { continue }
      switch key.delta {
      case .insert: rows.append(fact)
      case .delete: _ = rows.popLast()
      }
    }
    return rows
  }
}
