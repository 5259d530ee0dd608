import ChangeModel
import Yams

/// Takes values out of YAML nodes, and says on which line one is not what it should be.
struct ConfigurationReader {
  /// How errors call the file.
  let name: String

  /// An error about a node: `file:line: cause`.
  func error(_ node: Node?, _ cause: String, hint: String? = nil) -> IngestError {
    error(line: node?.mark?.line, cause, hint: hint)
  }

  private func error(line: Int?, _ cause: String, hint: String? = nil) -> IngestError {
    IngestError(.fatal, file: line.map { "\(name):\($0)" } ?? name, cause: cause, hint: hint)
  }

  /// The document of a text; nil when it is empty.
  func compose(_ text: String) throws(IngestError) -> Node? {
    do {
      guard let root = try Yams.compose(yaml: text) else { return nil }
      // A file of comments only composes to an empty scalar.
      if let scalar = root.scalar, scalar.string.isEmpty { return nil }
      return root
    } catch let error as YamlError {
      throw self.error(error)
    } catch {
      throw IngestError(.fatal, file: name, cause: "not valid YAML")
    }
  }

  private func error(_ yaml: YamlError) -> IngestError {
    switch yaml {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      error(line: mark.line, "not valid YAML: \(problem)")
    case .duplicatedKeysInMapping(let duplicates, let context):
      error(
        line: context.mark.line,
        "the same key twice: \(duplicates.map { "\"\($0)\"" }.sorted().joined(separator: ", "))",
        hint: "remove one of the two")
    case .reader(let problem, _, _, _):
      error(line: nil, "not valid YAML: \(problem)")
    default:
      error(line: nil, "not valid YAML")
    }
  }

  /// The pairs of a mapping whose keys are free names.
  func entries(
    of node: Node, in place: String
  ) throws(IngestError) -> [(key: String, value: Node)] {
    guard let mapping = node.mapping else {
      throw error(node, "\(place): expected `name: value` lines")
    }
    var entries: [(key: String, value: Node)] = []
    for (key, value) in mapping {
      guard let text = key.scalar?.string else {
        throw error(key, "\(place): a key must be a name")
      }
      entries.append((text, value))
    }
    return entries
  }

  /// The pairs of a mapping whose keys are known words.
  ///
  /// - Throws: For a key that is in neither list, naming the nearest known one; and for one that is
  ///   known but not supported yet.
  func entries(
    of node: Node, known: [String], future: [String] = [], in place: String
  ) throws(IngestError) -> [(key: String, value: Node)] {
    let entries = try entries(of: node, in: place)
    guard let mapping = node.mapping else { return entries }
    for key in mapping.keys {
      let text = key.scalar?.string ?? ""
      if known.contains(text) { continue }
      if future.contains(text) { throw unsupported(key, "\(place): \"\(text)\"") }
      let nearest = EditDistance.nearest(to: text, among: known) ?? ""
      throw error(
        key, "\(place): unknown key \"\(text)\"", hint: "the nearest known key is \"\(nearest)\"")
    }
    return entries
  }

  /// An error about something that the configuration's description promises for later.
  func unsupported(_ node: Node, _ what: String) -> IngestError {
    error(node, "\(what) is not supported yet", hint: "remove it")
  }

  /// The text of a scalar, exactly as written.
  func text(_ node: Node, of key: String) throws(IngestError) -> String {
    guard let text = node.scalar?.string, !text.isEmpty else {
      throw error(node, "\"\(key)\": expected a text")
    }
    return text
  }

  /// The texts of a list, or the one text that stands in its place.
  func texts(_ node: Node, of key: String) throws(IngestError) -> [String] {
    guard let sequence = node.sequence else { return [try text(node, of: key)] }
    var texts: [String] = []
    for element in sequence { texts.append(try text(element, of: key)) }
    return texts
  }

  /// `true` or `false`.
  func flag(_ node: Node, of key: String) throws(IngestError) -> Bool {
    switch node.scalar?.string {
    case "true": return true
    case "false": return false
    default: throw error(node, "\"\(key)\": expected true or false")
    }
  }

  /// One of an enumeration's words.
  func oneOf<Word: RawRepresentable & CaseIterable>(
    _ node: Node, of key: String
  ) throws(IngestError) -> Word where Word.RawValue == String {
    if let word = Word(rawValue: node.scalar?.string ?? "") { return word }
    let words = Word.allCases.map(\.rawValue).joined(separator: ", ")
    throw error(node, "\"\(key)\": expected one of \(words)")
  }

  /// A length of time within limits.
  func duration(
    _ node: Node, of key: String, within limits: ClosedRange<Duration>
  ) throws(IngestError) -> Duration {
    guard case .finite(let duration)? = DurationText(node.scalar?.string ?? "") else {
      throw error(
        node, "\"\(key)\": expected a whole number and a unit (250ms, 5s, 10m, 24h, 90d)")
    }
    guard limits.contains(duration) else {
      throw error(
        node,
        "\"\(key)\": must be from \(DurationText.text(of: limits.lowerBound)) to \(DurationText.text(of: limits.upperBound))"
      )
    }
    return duration
  }

  /// A length of time, or nil for `forever`.
  func wait(_ node: Node, of key: String) throws(IngestError) -> Duration? {
    switch DurationText(node.scalar?.string ?? "") {
    case .finite(let duration): return duration
    case .forever: return nil
    case nil: throw error(node, "\"\(key)\": expected \(DurationText.form)")
    }
  }
}
