/// A pattern over names: `*` any run of characters, `?` one character, `[a-z]` or `[!a-z]` one of a
/// class, `\` the next character itself.
///
/// Letters' case counts. Characters are Unicode scalars, compared as they are (no normalisation),
/// because the source tells names apart the same way.
package struct Glob: Sendable, Hashable {
  /// One step of a pattern.
  private enum Step: Sendable, Hashable {
    case scalar(UInt32)
    case any
    case run
    case oneOf([ClosedRange<UInt32>], negated: Bool)
  }

  private let steps: [Step]

  /// Reads a pattern; nil when a `[` is never closed, a range runs backwards, or `\` ends it.
  package init?(_ pattern: String) {
    var scalars = pattern.unicodeScalars.map(\.value)[...]
    var steps: [Step] = []
    while let scalar = scalars.popFirst() {
      switch scalar {
      case UInt32(ascii: "*"):
        if steps.last != .run { steps.append(.run) }
      case UInt32(ascii: "?"):
        steps.append(.any)
      case UInt32(ascii: "["):
        guard let step = Glob.readClass(&scalars) else { return nil }
        steps.append(step)
      case UInt32(ascii: "\\"):
        guard let literal = scalars.popFirst() else { return nil }
        steps.append(.scalar(literal))
      default:
        steps.append(.scalar(scalar))
      }
    }
    self.steps = steps
  }

  /// Whether the pattern can match one name only.
  package var isLiteral: Bool {
    steps.allSatisfy { if case .scalar = $0 { true } else { false } }
  }

  /// Whether the whole name is of the pattern.
  ///
  /// - Complexity: O(pattern × name) at worst: only the last `*` is ever tried again.
  package func matches(_ name: String) -> Bool {
    let scalars = name.unicodeScalars.map(\.value)
    var step = 0
    var index = 0
    var resumeStep = -1
    var resumeIndex = 0
    while index < scalars.count {
      if step < steps.count, steps[step] == .run {
        resumeStep = step + 1
        resumeIndex = index
        step += 1
      } else if step < steps.count, Glob.accepts(steps[step], scalars[index]) {
        step += 1
        index += 1
      } else if resumeStep >= 0 {
        resumeIndex += 1
        step = resumeStep
        index = resumeIndex
      } else {
        return false
      }
    }
    while step < steps.count, steps[step] == .run { step += 1 }
    return step == steps.count
  }

  /// Reads what stands behind a `[`, its `]` included; nil when it is not a class.
  private static func readClass(_ scalars: inout ArraySlice<UInt32>) -> Step? {
    var negated = false
    if scalars.first == UInt32(ascii: "!") || scalars.first == UInt32(ascii: "^") {
      negated = true
      scalars.removeFirst()
    }
    var ranges: [ClosedRange<UInt32>] = []
    var isFirst = true
    while var low = scalars.popFirst() {
      if low == UInt32(ascii: "]"), !isFirst { return .oneOf(ranges, negated: negated) }
      isFirst = false
      if low == UInt32(ascii: "\\") {
        guard let literal = scalars.popFirst() else { return nil }
        low = literal
      }
      guard scalars.first == UInt32(ascii: "-"), let high = scalars.dropFirst().first,
        high != UInt32(ascii: "]")
      else {
        ranges.append(low...low)
        continue
      }
      guard low <= high else { return nil }
      scalars.removeFirst(2)
      ranges.append(low...high)
    }
    return nil
  }

  private static func accepts(_ step: Step, _ scalar: UInt32) -> Bool {
    switch step {
    case .scalar(let literal): literal == scalar
    case .any: true
    case .run: false
    case .oneOf(let ranges, let negated): ranges.contains { $0.contains(scalar) } != negated
    }
  }
}

extension UInt32 {
  fileprivate init(ascii scalar: Unicode.Scalar) { self = scalar.value }
}
