import BatchSource
import ChangeModel
import CollectionStore

/// Follows a drop: whatever comes is applied as soon as it is complete.
package struct Sync: Sendable {
  private let configuration: Configuration

  /// Makes a sync.
  package init(_ configuration: Configuration) {
    self.configuration = configuration
  }

  /// Applies what comes into the drop.
  ///
  /// - Parameters:
  ///   - drop: the directory.
  ///   - once: whether to end when nothing more can be done now; else it ends when its task is
  ///     cancelled.
  ///   - onEvent: told how it goes.
  /// - Returns: what was done, and what is left undone.
  /// - Throws: a fatal ``IngestError``; the database is as after the last commit.
  // Off the caller's actor: on the main one every hop of the pipeline costs 200 times as much.
  @concurrent
  package func run(
    drop: String, once: Bool, onEvent: @escaping @Sendable (PipelineEvent) -> Void
  ) async throws -> RunSummary {
    try DatabasePlace.check(configuration.database)
    let store = try CollectionStore(opening: .file(configuration.database), mode: .readWrite)
    var session = try await IngestSession(
      configuration, store: store, width: Cores.count, waits: true)
    do {
      let memory = try await session.withStore { store in
        try DropMemory(of: BatchPath(drop), in: store)
      }
      let follower = try DropFollower(
        drop: BatchPath(drop), configuration: configuration, known: memory.known,
        remembered: memory.identity)
      var summary = RunSummary()
      do {
        try await follow(follower, once: once, &session, &summary, onEvent: onEvent)
      } catch is CancellationError {
        // A clean stop: the last commit stands, the rest is read again next time.
      }
      try await session.complete(&summary)
      try await session.finish()
      return summary
    } catch {
      await session.abandon()
      throw error
    }
  }

  private func follow(
    _ follower: DropFollower, once: Bool, _ session: inout IngestSession,
    _ summary: inout RunSummary, onEvent: @escaping @Sendable (PipelineEvent) -> Void
  ) async throws {
    var identity: DropIdentity?
    var patience = once ? Patience(settle: configuration.settle) : nil
    // What waited when the last run ended may not have to any longer.
    summary.merge(try await session.ingest(ScanResult(), onEvent: onEvent))
    var arriving: [BatchFile]?
    while true {
      let deadline = try await session.timeToDeadline()
      if deadline == .zero {
        summary.merge(
          try await session.ingest(ScanResult(), arriving: arriving, onEvent: onEvent))
      }
      let news = try await follower.next(
        timeout: [patience?.timeout, deadline].compactMap(\.self).min())
      arriving = news.arriving
      if news.identity != identity, let found = news.identity {
        try await session.withStore { store in try DropMemory.keep(found, in: store) }
        identity = found
      }
      if news.listing.files.isEmpty && news.listing.errors.isEmpty {
        guard var left = patience else { continue }
        // What ends as soon as files do is worth staying for: a transaction that may have more parts.
        if let deadline, deadline <= configuration.settle { continue }
        if news.isSettled {
          if news.fileCount == 0 { summary.remarks.append(RunSummary.noFiles) }
          return
        }
        if left.isOver {
          summary.warnings += news.arriving.map { "\($0.path) is still being written" }
          return
        }
        left.waited()
        patience = left
        continue
      }
      let done = try await session.ingest(news, of: follower, onEvent: onEvent)
      arriving = await follower.arriving
      for table in done.held where !summary.held.contains(table) { onEvent(.tableHeld(table)) }
      for error in done.failedFiles { onEvent(.fileFailed(error)) }
      await follower.retry(done.unreadFiles.values.map(\.self))
      summary.merge(done)
      // Between bursts, the file alone is brought up to date.
      if await follower.isSettled {
        try await session.withStore { store in _ = try store.checkpoint() }
        onEvent(.idle)
      }
    }
  }

  /// How long `--once` waits for files that may still be written.
  private struct Patience {
    let settle: Duration
    private var rounds = 0

    init(settle: Duration) {
      self.settle = settle
    }

    /// The first look lists the drop; then files get the time in which they must be unchanged.
    var timeout: Duration { rounds == 0 ? .zero : settle }
    var isOver: Bool { rounds > 2 }

    mutating func waited() { rounds += 1 }
  }
}

/// What the store remembers of a drop.
struct DropMemory: Sendable {
  /// The versions that need not be read again.
  var known = KnownFiles()
  /// What the drop's directory was; nil for a first run.
  var identity: DropIdentity?

  private static let setting = "drop"

  /// Reads what is remembered.
  init(of drop: BatchPath, in store: CollectionStore) throws {
    if let text = try store.setting(Self.setting) {
      let parts = text.split(separator: " ").compactMap { UInt64($0) }
      if parts.count == 2 { identity = DropIdentity(device: parts[0], inode: parts[1]) }
    }
    for file in try store.allFiles() {
      switch file.state {
      case .applied:
        known.insert(path: BatchPath(file.path), identity: file.identity)
      case .pending, .torn, .failed, .superseded:
        // Given out once more, to be looked at, or at least told of.
        break
      }
    }
  }

  /// Remembers what the drop is.
  static func keep(_ identity: DropIdentity, in store: CollectionStore) throws {
    try store.transaction {
      try store.setSetting(setting, "\(identity.device) \(identity.inode)")
    }
  }
}

extension FileRecord {
  /// Which version of the file was read.
  var identity: FileIdentity {
    FileIdentity(
      device: device, inode: inode, size: size, modificationTime: modified, changeTime: 0)
  }
}
