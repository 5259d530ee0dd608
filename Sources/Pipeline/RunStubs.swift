package import ChangeModel

// Stand-ins of the two runs, with the signatures that the command calls. The real ones replace
// this file.

/// Reads a finished dump once.
package struct Replay {
  private let configuration: Configuration

  /// Makes a replay; `rebuild` names a collection to be made anew from the files.
  package init(_ configuration: Configuration, rebuild: String? = nil) {
    self.configuration = configuration
  }

  /// Applies what lies at the paths.
  package func run(
    paths: [String], onEvent: @escaping @Sendable (PipelineEvent) -> Void
  ) async throws -> RunSummary {
    throw IngestError(.fatal, cause: "replay is not built yet")
  }
}

/// Follows a drop.
package struct Sync {
  private let configuration: Configuration

  /// Makes a sync.
  package init(_ configuration: Configuration) {
    self.configuration = configuration
  }

  /// Applies what comes into the drop until its task is cancelled, or once.
  package func run(
    drop: String, once: Bool, onEvent: @escaping @Sendable (PipelineEvent) -> Void
  ) async throws -> RunSummary {
    throw IngestError(.fatal, cause: "sync is not built yet")
  }
}
