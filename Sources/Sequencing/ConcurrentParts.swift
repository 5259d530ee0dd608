import Dispatch

/// Pieces of one computation, each on a core of its own, while the caller waits.
enum ConcurrentParts {
  /// What a piece of work gives for each part.
  ///
  /// - Parameter work: is told which part; it may use what the others use only for reading.
  static func map<Result: Sendable>(
    _ count: Int, _ work: @Sendable (Int) -> Result
  ) -> [Result] {
    [Result](unsafeUninitializedCapacity: count) { results, initialized in
      // Each part has its own place in the result.
      nonisolated(unsafe) let results = results
      DispatchQueue.concurrentPerform(iterations: count) { part in
        results.initializeElement(at: part, to: work(part))
      }
      initialized = count
    }
  }
}
