import Glibc
import SourceWorld
import Testing

@Suite struct DirectoryTests {
  // Prevents: large worlds whose pieces are put together wrongly, which small ones never show.
  @Test func `a directory holds the bytes of the bucket in memory`() throws {
    var template = Array("/tmp/source-world-XXXXXX".utf8CString)
    let root = try #require(mkdtemp(&template).map { String(cString: $0) })
    var worldPlan = WorldPlan(seed: 12)
    worldPlan.records = 6_000
    worldPlan.keySpace = 500
    worldPlan.textBytes = 300
    let world = World(worldPlan)
    var plan = BucketPlan(seed: 2)
    plan.mixesFormats = true
    plan.fileCount = 4
    let bucket = Bucket(world: world, plan: plan)
    let (summary, _) = try BucketDirectory(root: root).write(world: world, plan: plan)
    #expect(summary.fileCount == bucket.files.count)
    #expect(bucket.files.contains { $0.bytes.count > 1 << 21 })
    for file in bucket.files + bucket.companions {
      let path = "\(root)/\(file.relativePath)"
      #expect(try read(path) == file.bytes, "\(file.relativePath)")
      unlink(path)
    }
    removeTree(root)
  }

  private func read(_ path: String) throws -> [UInt8] {
    let file = try #require(fopen(path, "r"))
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 32 << 20)
    let count = fread(&bytes, 1, bytes.count, file)
    return Array(bytes[..<count])
  }

  // The files are gone; the directories are left.
  private func removeTree(_ path: String) {
    if let stream = opendir(path) {
      while let entry = readdir(stream) {
        let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
          String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name != "." && name != ".." { removeTree("\(path)/\(name)") }
      }
      closedir(stream)
    }
    rmdir(path)
  }
}
