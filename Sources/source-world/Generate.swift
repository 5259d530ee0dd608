import ArgumentParser
import Glibc
import SourceWorld

/// `source-world generate`
struct Generate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write the batch files of a world, and the --key flags that they need.")

  /// How the files are written.
  enum Format: String, CaseIterable, ExpressibleByArgument {
    case json, pretty, array, native, csv, mixed
  }

  @OptionGroup var world: WorldOptions

  @Option(help: "The directory to write into; it should be empty.")
  var out: String

  @Option(help: "How records are written.")
  var format = Format.json

  @Option(help: "How many batch files (default: the profile's).")
  var files: Int?

  @Option(help: "So many writers share each table's records.")
  var writers = 1

  @Flag(help: "Name files orders_12.json, all in one directory.")
  var numbered = false

  @Flag(help: "All tables in the same files.")
  var shared = false

  @Flag(help: "Write schemas.yaml and object_metadata.yaml beside JSON too.")
  var metadata = false

  @Option(help: "A restart after about so many records repeats the last ones.")
  var restartEvery: Int?

  @Flag(help: "Compress each file with gzip.")
  var gzip = false

  @Option(help: "Where the --key flags go, one word a line (default: OUT.keys.args).")
  var keysFile: String?

  @Flag(help: "Say what was written as JSON.")
  var json = false

  func validate() throws {
    if writers < 1 { throw ValidationError("--writers must be at least 1.") }
    if let files, files < 1 { throw ValidationError("--files must be at least 1.") }
    if let restartEvery, restartEvery < 1 {
      throw ValidationError("--restart-every must be at least 1.")
    }
    if format == .csv && world.plan.addsColumn {
      throw ValidationError("CSV names its columns once: add --fixed-columns here and for check.")
    }
    if world.plan.snapshot == .flat && (numbered || shared) {
      throw ValidationError("flat rows do not name their table: leave out --numbered and --shared.")
    }
    if shared && (format == .csv || format == .mixed) {
      throw ValidationError("CSV does not name its table: leave out --shared.")
    }
  }

  func run() throws {
    let played = World(world.plan)
    let (summary, _) = try BucketDirectory(root: out).write(world: played, plan: bucketPlan)
    if gzip { try compress(summary.paths) }
    let keys = keysFile ?? "\(out).keys.args"
    let words = played.keyArguments.flatMap { ["--key", $0] }
    try writeLines(words, to: keys)
    if json {
      print(
        "{\"files\":\(summary.fileCount),\"bytes\":\(summary.byteCount),\"out\":\(quote(out)),"
          + "\"keys\":[\(played.keyArguments.map(quote).joined(separator: ","))],"
          + "\"keysFile\":\(quote(keys))}")
    } else {
      print(
        "wrote \(grouped(summary.fileCount)) files, \(grouped(summary.byteCount)) bytes, in \(out)")
      print("their keys are in \(keys):")
      for argument in played.keyArguments { print("  --key \(shellQuoted(argument))") }
    }
  }

  private var bucketPlan: BucketPlan {
    var plan = BucketPlan(seed: world.seed)
    let records = world.records ?? world.profile.defaultRecords
    switch format {
    case .json: plan.format = .jsonLines
    case .pretty: plan.format = .jsonPretty
    case .array: plan.format = .jsonArray
    case .native: plan.format = .native
    case .csv: plan.format = .csv
    case .mixed: plan.mixesFormats = true
    }
    plan.naming = numbered && format != .csv && format != .mixed ? .number : .part
    plan.sharesFiles = shared
    plan.fileCount = files ?? world.profile.defaultFiles(records: records)
    plan.variesFileSize = world.profile == .demo || world.profile == .hostile
    plan.writerCount = writers
    plan.restartEvery = restartEvery ?? (world.profile == .demo ? max(1, records / 4) : nil)
    plan.repeatCount = 40
    plan.hasMetadata = metadata
    return plan
  }

  private func compress(_ paths: [String]) throws {
    var rest = paths[...]
    while !rest.isEmpty {
      let batch = rest.prefix(500)
      rest = rest.dropFirst(500)
      try runGzip(batch.map { "\(out)/\($0)" })
    }
  }

  private func runGzip(_ paths: [String]) throws {
    let words = (["gzip", "-1", "-f", "--"] + paths).map { strdup($0) }
    defer { words.forEach { free($0) } }
    var process: pid_t = 0
    guard posix_spawnp(&process, "gzip", nil, nil, words + [nil], environ) == 0 else {
      throw ValidationError("gzip could not be started.")
    }
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0 && errno == EINTR {}
    guard status == 0 else { throw ValidationError("gzip failed.") }
  }

  private func writeLines(_ lines: [String], to path: String) throws {
    guard let file = fopen(path, "w") else { throw ValidationError("\(path) cannot be written.") }
    for line in lines { fputs("\(line)\n", file) }
    guard fclose(file) == 0 else { throw ValidationError("\(path) cannot be written.") }
  }
}
