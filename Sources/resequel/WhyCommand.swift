import ArgumentParser
import Pipeline

/// `resequel why`.
struct WhyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "why",
    abstract: "Show every change that a row saw, where it stands, and which one won.",
    discussion: """
      Reads again those of the batch files that may hold changes of the row, where they were when \
      they were applied, and shows the row's changes in the order of the source's log: also of a \
      row that is deleted, and of what it was before its key changed. Files that are gone or \
      changed are named.

      Reads only; may run while replay or sync writes.

      Exit status: 0 this is the whole story; 1 no such row was ever seen, or files are missing; \
      2 could not run.
      """)

  @Argument(help: ArgumentHelp("The SQLite file.", valueName: "file"))
  var file: String

  @Argument(help: ArgumentHelp("The collection.", valueName: "collection"))
  var collection: String

  @Argument(
    help: ArgumentHelp(
      "The row's _id: the key's text, or the hash of a key of several columns.", valueName: "id"))
  var id: String

  @Flag(name: .long, help: "Leave out what the changes set; name the columns only.")
  var noValues = false

  @OptionGroup var reading: ReadingOption

  @Flag(name: .long, help: "Print one JSON object.")
  var json = false

  func run() throws {
    let configuration = try reading.configuration()
    let reader = try StoreReader(path: file)
    let story = try reader.story(
      of: id, in: reader.collection(named: collection), configuration)
    var output = OutputWriter()
    if json {
      try output.write(WhyJSON.bytes(of: story, showsValues: !noValues))
    } else {
      try output.write(WhyText.text(of: story, showsValues: !noValues))
    }
    try output.flush()
    if story.changes.isEmpty || !story.isComplete { throw Ending.incomplete }
  }
}
