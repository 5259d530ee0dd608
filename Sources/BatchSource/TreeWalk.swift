import ChangeModel
import Glibc

/// One walk over directory trees; what ``DropScanner`` and ``DropWatcher`` list with.
///
/// Keeps one directory open at a time. Directories behind symbolic links come after all others of
/// their root, so that which of its names a directory is found under does not depend on the order
/// that the kernel lists in.
struct TreeWalk {
  private struct DirectoryKey: Hashable {
    var device: UInt64
    var inode: UInt64
  }

  /// What was found so far.
  var result = ScanResult()
  private let known: KnownFiles
  private let willList: ((BatchPath, BatchPath) -> Void)?
  private var root = BatchPath([])
  private var isRemote = false
  private var visited: Set<DirectoryKey> = []
  private var linked: [BatchPath] = []
  /// The absolute path of the directory in work, with a slash; names are appended for hashing.
  private var pathBuffer: [UInt8] = []
  /// The files of the directory in work that were not looked at yet.
  private var batch = EntryBatch()

  /// Makes a walk that has seen nothing.
  init(known: KnownFiles, willList: ((BatchPath, BatchPath) -> Void)?) {
    self.known = known
    self.willList = willList
  }

  /// Sets the root of what is visited next.
  mutating func enter(root: BatchPath, isRemote: Bool) throws(IngestError) {
    var status = stat()
    guard root.withCString({ stat($0, &status) }) == 0 else {
      throw SystemFailure.error(
        .fatal, file: root, doing: "list the drop", hint: "check that the drop is mounted")
    }
    self.root = root
    self.isRemote = isRemote
    let identity = DropIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    result.roots.append(DropRoot(path: root, identity: identity, isRemote: isRemote))
  }

  /// Visits a directory of the root and all below it.
  mutating func visitTree(from start: BatchPath) {
    var waiting = [start]
    while true {
      if waiting.isEmpty {
        guard !linked.isEmpty else { return }
        waiting = linked.sorted(by: >)
        linked = []
      }
      guard let next = waiting.popLast() else { return }
      waiting.append(contentsOf: visit(directory: next).sorted(by: >))
    }
  }

  /// Visits files of the root's own directory by name, whatever their names look like.
  mutating func visit(files names: [[UInt8]]) {
    let start = begin(directory: BatchPath([]))
    let descriptor = root.withCString { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    if descriptor < 0 {
      fail(root, "list")
    } else {
      for name in names {
        name.withUnsafeBufferPointer { batch.append($0, BatchFileName.parse($0)) }
      }
      addBatch(in: descriptor, areNamed: true)
      for kind in SideFiles.Kind.allCases {
        if kind.fileName.withCString({ faccessat(descriptor, $0, F_OK, 0) }) == 0 {
          result.sideFiles.add(kind, directory: root)
        }
      }
      close(descriptor)
    }
    result.files.endDirectory(start: start)
  }

  private mutating func begin(directory: BatchPath) -> Int {
    pathBuffer = (directory.bytes.isEmpty ? root : root.appending(directory.bytes)).bytes
    if pathBuffer.last != UInt8(ascii: "/") { pathBuffer.append(UInt8(ascii: "/")) }
    return result.files.beginDirectory(root: root, relativePath: directory)
  }

  /// Lists one directory. Returns its subdirectories.
  private mutating func visit(directory: BatchPath) -> [BatchPath] {
    willList?(root, directory)
    let path = directory.bytes.isEmpty ? root : root.appending(directory.bytes)
    let descriptor = path.withCString { path in
      SystemFailure.retrying { open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    }
    guard descriptor >= 0 else {
      // Gone since its parent was listed: nobody's mistake, unless it is the drop itself.
      if errno != ENOENT || directory.bytes.isEmpty { fail(path, "list") }
      return []
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0,
      visited.insert(
        DirectoryKey(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
      ).inserted, let stream = fdopendir(descriptor)
    else {
      close(descriptor)
      return []
    }
    defer { closedir(stream) }
    let start = begin(directory: directory)
    var children: [BatchPath] = []
    errno = 0
    while let entry = readdir(stream) {
      visit(entry: entry, of: directory, descriptor, &children)
      errno = 0
    }
    if errno != 0 { fail(path, "list") }
    addBatch(in: descriptor)
    result.files.endDirectory(start: start)
    return children
  }

  private mutating func visit(
    entry: UnsafeMutablePointer<dirent>, of directory: BatchPath, _ descriptor: CInt,
    _ children: inout [BatchPath]
  ) {
    let bytes = UnsafeRawPointer(entry) + MemoryLayout<dirent>.offset(of: \.d_name)!
    let text = bytes.assumingMemoryBound(to: CChar.self)
    let name = UnsafeBufferPointer(
      start: bytes.assumingMemoryBound(to: UInt8.self), count: strlen(text))
    let type = entry.pointee.d_type
    let parsed = BatchFileName.parse(name)
    if let reason = TemporaryName.reason(name, parsed) {
      let isDots = name.elementsEqual([0x2E]) || name.elementsEqual([0x2E, 0x2E])
      if !isDots { ignore(name, reason) }
      return
    }
    if type != UInt8(DT_REG), let kind = directoryKind(text, in: descriptor, type: type) {
      let child = directory.appending(name)
      if kind == .linked { linked.append(child) } else { children.append(child) }
    } else if let kind = SideFiles.kind(name) {
      result.sideFiles.add(kind, directory: BatchPath(pathBuffer.dropLast()))
    } else if parsed.format == .unknown {
      ignore(name, .unknownExtension)
    } else {
      batch.append(name, parsed)
      if batch.isFull { addBatch(in: descriptor) }
    }
  }

  private enum DirectoryKind {
    case own, linked
  }

  /// Whether an entry is a directory, or a symbolic link to one; nil for neither.
  private func directoryKind(_ name: UnsafePointer<CChar>, in descriptor: CInt, type: UInt8)
    -> DirectoryKind?
  {
    if type == UInt8(DT_DIR) { return .own }
    guard type == UInt8(DT_LNK) || type == UInt8(DT_UNKNOWN) else { return nil }
    var status = stat()
    guard fstatat(descriptor, name, &status, 0) == 0, status.st_mode & S_IFMT == S_IFDIR else {
      return nil
    }
    if type == UInt8(DT_LNK) { return .linked }
    guard fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return nil }
    return status.st_mode & S_IFMT == S_IFLNK ? .linked : .own
  }

  /// Looks at the files that are waiting for it, and adds those whose version is not known.
  private mutating func addBatch(in descriptor: CInt, areNamed: Bool = false) {
    let batch = self.batch
    self.batch = EntryBatch()
    let looks = batch.look(
      in: descriptor, directory: pathBuffer, known: known, keepsInode: !isRemote)
    for (index, look) in looks.enumerated() {
      batch.withName(index) { name, parsed in
        add(name, parsed, look, isNamed: areNamed)
      }
    }
  }

  private mutating func add(
    _ name: UnsafeBufferPointer<UInt8>, _ parsed: BatchFileName.Parsed, _ look: EntryBatch.Look,
    isNamed: Bool
  ) {
    switch look {
    case .failed(let code): failToFind(name, code: code, isNamed: isNamed)
    case .notRegular: ignore(name, .notRegular)
    case .known: result.unchangedCount += 1
    case .changed(let identity):
      result.changedCount += 1
      result.files.add(name: name, parsed: parsed, identity: identity)
    case .new(let identity): result.files.add(name: name, parsed: parsed, identity: identity)
    }
  }

  /// A name that cannot be looked at: a file that has gone since is nobody's mistake, a link that
  /// leads nowhere is.
  private mutating func failToFind(
    _ name: UnsafeBufferPointer<UInt8>, code: CInt, isNamed: Bool
  ) {
    let path = absolute(name)
    if code == ENOENT {
      var link = stat()
      guard path.withCString({ lstat($0, &link) }) == 0 else {
        if isNamed { fail(path, "find", code: code) }
        return
      }
      result.errors.append(
        IngestError(
          .file, file: path.description, cause: "is a symbolic link that leads nowhere",
          hint: "remove the link, or restore its target"))
      return
    }
    fail(path, "look at the file", code: code)
  }

  private mutating func fail(_ path: BatchPath, _ doing: String, code: CInt = errno) {
    result.errors.append(SystemFailure.error(.file, file: path, doing: doing, code: code))
  }

  private mutating func ignore(
    _ name: UnsafeBufferPointer<UInt8>, _ reason: IgnoredFiles.Reason
  ) {
    let directory = pathBuffer
    result.ignored.add(reason, BatchPath(directory + name))
  }

  private func absolute(_ name: UnsafeBufferPointer<UInt8>) -> BatchPath {
    BatchPath(pathBuffer + Array(name))
  }
}
