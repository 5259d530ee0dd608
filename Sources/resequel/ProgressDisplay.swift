import ArgumentParser
import ChangeModel
import Glibc
import CollectionStore
import Pipeline
import Synchronization

/// How progress is shown.
enum ProgressMode: String, ExpressibleByArgument, CaseIterable {
  /// Bars on a terminal, lines elsewhere.
  case auto
  /// A line every few seconds.
  case plain
  /// Nothing.
  case none
}

/// Shows events on stderr while a run goes on.
///
/// May be called from any task; draws at most ten times a second.
final class ProgressDisplay: Sendable {
  private struct State {
    var phase: Progress.Phase?
    var phaseStart = ContinuousClock.now
    var baseline: UInt64 = 0
    var lastShown: ContinuousClock.Instant?
    var hasBar = false
    /// What was read since the last time there was nothing to do.
    var files = 0
    var records = 0
    var complaints: Set<String> = []
  }

  private let state = Mutex(State())
  private let terminal: Terminal
  private let showsBars: Bool
  private let showsLines: Bool
  private let isFollowing: Bool

  /// Makes a display. One that follows a drop for ever also says what it applied and what went
  /// wrong; otherwise the summary at the end does.
  init(mode: ProgressMode, isFollowing: Bool) {
    terminal = Terminal(descriptor: STDERR_FILENO)
    showsBars = mode == .auto && terminal.isInteractive
    showsLines = mode == .plain || (mode == .auto && !terminal.isInteractive)
    self.isFollowing = isFollowing
  }

  /// Shows an event.
  func show(_ event: PipelineEvent) {
    state.withLock { state in
      switch event {
      case .progress(let progress): show(progress, &state)
      case .fileFailed(let error): complain("\(error)", &state)
      case .tableHeld(let held):
        complain(SummaryText.lines(of: held).joined(separator: "\n"), &state)
      case .noted(let event): complain(event.text, &state)
      case .idle: showIdle(&state)
      }
    }
  }

  /// Removes the bar, if there is one.
  func finish() {
    state.withLock { clear(&$0) }
  }

  private func show(_ progress: Progress, _ state: inout State) {
    state.files = progress.filesDone
    state.records = progress.records
    guard showsBars || showsLines else { return }
    let now = ContinuousClock.now
    if state.phase != progress.phase {
      state.phase = progress.phase
      state.phaseStart = now
      state.baseline = ProgressLine(progress: progress, seconds: 0, baseline: 0).amounts.done
      if !showsBars, state.lastShown == nil { state.lastShown = now }
    }
    let pause: Duration = showsBars ? .milliseconds(100) : .seconds(5)
    if let last = state.lastShown, now - last < pause { return }
    state.lastShown = now
    let line = ProgressLine(
      progress: progress, seconds: (now - state.phaseStart) / .seconds(1),
      baseline: state.baseline)
    if showsBars {
      let width = Terminal.width(of: STDERR_FILENO)
      Talk.write("\r" + line.drawn(on: terminal, width: width) + "\u{1B}[K")
      state.hasBar = true
    } else {
      Talk.say(line.plain)
    }
  }

  /// Says something that a person should see now, once.
  private func complain(_ text: String, _ state: inout State) {
    guard isFollowing, state.complaints.insert(text).inserted else { return }
    clear(&state)
    Talk.say(text)
  }

  private func showIdle(_ state: inout State) {
    state.phase = nil
    clear(&state)
    if showsBars || showsLines, state.files > 0 {
      let records = Figures.count(state.records, "record")
      Talk.say("read \(records) of \(Figures.count(state.files, "file")), waiting for more")
    }
    state.files = 0
    state.records = 0
    guard showsBars else { return }
    Talk.write("waiting for files")
    state.hasBar = true
  }

  private func clear(_ state: inout State) {
    guard state.hasBar else { return }
    Talk.write("\r\u{1B}[K")
    state.hasBar = false
  }
}
