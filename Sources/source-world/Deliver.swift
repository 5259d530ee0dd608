import ArgumentParser
import Glibc
import SourceWorld

/// `source-world deliver`
struct Deliver: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Put the files of a directory into a drop, one by one, in a random order.",
    discussion: "Each is written under a hidden name and renamed when it is whole.")

  @Option(help: "The directory that generate wrote.")
  var from: String

  @Option(help: "The drop.")
  var out: String

  @Option(help: "The seed of the order; without one the order is that of the names.")
  var shuffle: UInt64?

  @Option(help: "Files a second; 0: as fast as it goes.")
  var rate = 0

  func run() throws {
    var paths: [String] = []
    try list("", into: &paths)
    paths.sort { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
    if let shuffle {
      var random = SeededRandom(seed: shuffle)
      random.shuffle(&paths)
    }
    // What describes the others comes first.
    let ordered = paths.filter { $0.hasSuffix(".yaml") } + paths.filter { !$0.hasSuffix(".yaml") }
    let drop = BucketDirectory(root: out)
    for path in ordered {
      let parts = path.split(separator: "/").map(String.init)
      let hidden = (parts.dropLast() + [".\(parts[parts.count - 1]).part"]).joined(separator: "/")
      try drop.place(try contents(of: "\(from)/\(path)"), at: hidden)
      guard rename("\(out)/\(hidden)", "\(out)/\(path)") == 0 else {
        throw ValidationError("\(out)/\(path) cannot be written.")
      }
      if rate > 0 { usleep(UInt32(1_000_000 / rate)) }
    }
    print("delivered \(grouped(ordered.count)) files into \(out)")
  }

  private func list(_ directory: String, into paths: inout [String]) throws {
    guard let stream = opendir(directory.isEmpty ? from : "\(from)/\(directory)") else {
      throw ValidationError("\(from)/\(directory) cannot be read.")
    }
    defer { closedir(stream) }
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name == "." || name == ".." { continue }
      let path = directory.isEmpty ? name : "\(directory)/\(name)"
      if entry.pointee.d_type == UInt8(DT_DIR) {
        try list(path, into: &paths)
      } else {
        paths.append(path)
      }
    }
  }

  private func contents(of path: String) throws -> [UInt8] {
    guard let file = fopen(path, "r") else { throw ValidationError("\(path) cannot be read.") }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = fread(&chunk, 1, chunk.count, file)
      if count == 0 { return bytes }
      bytes += chunk[..<count]
    }
  }
}
