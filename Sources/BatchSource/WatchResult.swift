package import ChangeModel

/// What a watcher has to tell since it was asked last.
package struct WatchResult: Sendable {
  /// Files to be read now: new ones, and new versions of known ones.
  package var ready = BatchFileList()
  /// Whether one of them was given out before, in another version.
  package var hasNewVersions = false
  /// Errors that were not told before: files and directories that could not be looked at.
  package var errors: [IngestError] = []
  /// Whether the whole drop was listed.
  package var didScan = false
  /// Whether a side file came or changed.
  package var didSideFilesChange = false
  /// Whether ``WakeUp/ring()`` ended the wait.
  package var wasWoken = false

  /// Makes a result of nothing.
  package init() {}

  /// Whether there is anything to act on.
  package var isEmpty: Bool {
    ready.isEmpty && errors.isEmpty && !didSideFilesChange && !wasWoken
  }
}
