import Foundation
import Testing

/// Texts that are kept beside the tests, and compared word for word. `RECORD_GOLDEN=1` writes them
/// anew; review the difference.
enum Golden {
  /// Expects a text to be the one that is kept under a name.
  static func expect(
    _ text: String, is name: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let url = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "Golden/\(name).txt")
    if ProcessInfo.processInfo.environment["RECORD_GOLDEN"] == "1" {
      try Data(text.utf8).write(to: url)
      return
    }
    let kept = try? String(contentsOf: url, encoding: .utf8)
    #expect(
      text == kept ?? "", "RECORD_GOLDEN=1 records it anew", sourceLocation: sourceLocation)
  }
}
