import Dispatch
import Glibc
import Synchronization

/// SIGINT and SIGTERM as the end of a task: the first asks for a clean stop, the second ends the
/// process at once.
enum Interruption {
  /// How a piece of work ended.
  struct Outcome<Value: Sendable>: Sendable {
    /// What it gave; nil when it was stopped before it had anything to give.
    var value: Value?
    /// Whether a signal asked it to stop.
    var wasInterrupted: Bool
  }

  private enum Step<Value: Sendable>: Sendable {
    case finished(Value)
    case stopped
    case signalled
  }

  /// Runs `work`, and cancels its task when a signal comes.
  ///
  /// - Throws: What `work` throws, but for its cancellation after a signal.
  static func run<Value: Sendable>(
    _ work: @escaping @Sendable () async throws -> Value
  ) async throws -> Outcome<Value> {
    let signals = StopSignals()
    defer { signals.cancel() }
    let stream = signals.stream
    return try await withThrowingTaskGroup(of: Step<Value>.self) { group in
      group.addTask {
        do { return .finished(try await work()) } catch is CancellationError { return .stopped }
      }
      group.addTask {
        for await _ in stream { return .signalled }
        return .stopped
      }
      var wasInterrupted = false
      while let step = try await group.next() {
        switch step {
        case .signalled:
          wasInterrupted = true
          group.cancelAll()
        case .finished(let value):
          group.cancelAll()
          return Outcome(value: value, wasInterrupted: wasInterrupted)
        case .stopped:
          group.cancelAll()
          return Outcome(value: nil, wasInterrupted: wasInterrupted)
        }
      }
      return Outcome(value: nil, wasInterrupted: wasInterrupted)
    }
  }
}

/// The two signals as a stream of one element.
private struct StopSignals {
  /// Gives one element at the first signal.
  let stream: AsyncStream<Int32>
  private let sources: [any DispatchSourceSignal]

  init() {
    let (stream, continuation) = AsyncStream.makeStream(of: Int32.self)
    let queue = DispatchQueue(label: "resequel.signals")
    let seen = SeenSignals()
    self.stream = stream
    sources = [SIGINT, SIGTERM].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      source.setEventHandler {
        guard seen.isFirst() else { _exit(128 + number) }
        if isatty(STDERR_FILENO) == 1 { Talk.write("\r\u{1B}[K") }
        Talk.say("resequel: stopping at the next commit (again: at once)")
        continuation.yield(number)
      }
      source.resume()
      return source
    }
  }

  /// Stops listening.
  func cancel() {
    for source in sources { source.cancel() }
  }
}

/// Whether a signal was seen before.
private final class SeenSignals: Sendable {
  private let isSeen = Mutex(false)

  /// True the first time it is asked.
  func isFirst() -> Bool {
    isSeen.withLock { isSeen in
      defer { isSeen = true }
      return !isSeen
    }
  }
}
