package import ChangeModel

/// Puts changes back at their place in the source's log.
///
/// In: batches of changes, from files in any order. Out: per collection, the changes of every key
/// in the order of their ranks. Remembers what was admitted and not released; refuses nothing. A
/// pure value: no input or output, no tasks, no clock.
package struct Sequencer: Sendable {
  /// The stamps of the run's files, by slot.
  package private(set) var files: [FileStamp] = []
  var queues: [ChangeQueue] = []

  /// Makes a sequencer that has admitted nothing.
  package init() {}

  /// Adds a file, and returns its slot.
  package mutating func addFile(_ stamp: FileStamp) -> UInt32 {
    files.append(stamp)
    return UInt32(files.count - 1)
  }

  /// Where the changes of one decoder's table go, and what its numbers mean here.
  package struct Route: Sendable {
    /// The collection's slot; nil for a table whose changes are not taken.
    package var collection: Int?
    /// For each shape of the decoder's table, the columns in the collection's own numbers.
    package var shapes: [ColumnSet] = []
    /// For each shape, its index in the queue; filled on admission.
    var queueShapes: [UInt32] = []

    /// Makes a route to a collection, or to nowhere.
    package init(collection: Int?) {
      self.collection = collection
    }
  }

  /// Takes in a batch.
  ///
  /// - Parameters:
  ///   - batch: the changes, all from one file.
  ///   - file: the file's slot.
  ///   - values: where the batch's values begin.
  ///   - routes: for each of the batch's tables, where its changes go.
  ///   - lineages: for each of the batch's lineages, the hash of its name.
  /// - Returns: how many changes were taken.
  package mutating func admit(
    _ batch: borrowing ChangeBatch, from file: UInt32, values: ValuePlace = ValuePlace(),
    routes: inout [Route], lineages: [UInt32]
  ) -> Int {
    prepare(&routes)
    var taken = 0
    batch.keyBytes.withUnsafeBufferPointer { keyBytes in
      for change in batch.changes {
        let table = Int(change.table)
        guard let collection = routes[table].collection else { continue }
        queues[collection].append(
          change, keyBytes: keyBytes, values: values, file: file,
          lineage: lineages[Int(change.lineage)],
          shape: routes[table].queueShapes[Int(change.shape)])
        taken += 1
      }
    }
    return taken
  }

  /// Gives each route's new shapes an index in its collection's queue.
  private mutating func prepare(_ routes: inout [Route]) {
    for index in routes.indices {
      guard let collection = routes[index].collection else { continue }
      while queues.count <= collection { queues.append(ChangeQueue()) }
      while routes[index].queueShapes.count < routes[index].shapes.count {
        let shape = routes[index].shapes[routes[index].queueShapes.count]
        if let known = queues[collection].shapes.firstIndex(of: shape) {
          routes[index].queueShapes.append(UInt32(known))
        } else {
          queues[collection].shapes.append(shape)
          routes[index].queueShapes.append(UInt32(queues[collection].shapes.count - 1))
        }
      }
    }
  }

  /// Releases the changes of a collection, ordered by key and rank.
  package mutating func release(collection: Int) -> OrderedChanges {
    guard collection < queues.count else { return OrderedChanges(ChangeQueue(), files: files) }
    let queue = queues[collection]
    queues[collection] = ChangeQueue()
    return OrderedChanges(queue, files: files)
  }

  /// Orders changes of a collection that were set aside, as ``release(collection:)`` does.
  package func order(_ queue: ChangeQueue) -> OrderedChanges {
    OrderedChanges(queue, files: files)
  }

  /// How many changes of a collection wait to be released.
  package func count(collection: Int) -> Int {
    collection < queues.count ? queues[collection].count : 0
  }
}
