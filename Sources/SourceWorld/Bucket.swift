/// A file of the bucket.
package struct BucketFile: Sendable, Hashable {
  /// Its path in the bucket, with slashes.
  package var relativePath: String
  /// What is in it.
  package var bytes: [UInt8]
  /// The records it holds, by true sequence number, in the file's order.
  package var events: [Int]
  /// Where in ``bytes`` each of these records ends.
  package var recordEnds: [Int]

  /// The records that the first so many bytes hold whole.
  package func events(inFirst byteCount: Int) -> ArraySlice<Int> {
    var count = 0
    while count < recordEnds.count && recordEnds[count] <= byteCount { count += 1 }
    return events[..<count]
  }
}

/// The records of a world as numbered batch files, in memory.
package struct Bucket: Sendable {
  /// What decided the files.
  package let plan: BucketPlan
  /// The batch files, in the order in which they were begun.
  package var files: [BucketFile]
  /// Files without records that describe the others: `schemas.yaml`, `object_metadata.yaml`.
  package var companions: [BucketFile]
  /// How many records the world has; repeats count once.
  package let eventCount: Int

  /// Writes a world's files.
  package init(world: World, plan: BucketPlan) {
    var writer = BucketWriter(world: world, plan: plan, keepsEvents: true)
    var files: [BucketFile] = []
    var companions: [BucketFile] = []
    _ = writer.write { piece in
      let file = BucketFile(
        relativePath: piece.path, bytes: piece.bytes, events: piece.events,
        recordEnds: piece.recordEnds)
      if piece.events.isEmpty { companions.append(file) } else { files.append(file) }
    }
    self.plan = plan
    self.files = files
    self.companions = companions
    eventCount = 1 + (files.lazy.flatMap(\.events).max() ?? -1)
  }

  /// The records that all files hold, each once, in true order.
  package var allEvents: [Int] { Array(0..<eventCount) }
}
