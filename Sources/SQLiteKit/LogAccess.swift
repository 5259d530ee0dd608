import CSQLite

/// SQLite's access to files, with a write-ahead log that is written in pieces of many pages.
///
/// SQLite writes each page of a log by itself, and the page's header apart. To make a file longer by so
/// little at a time takes several times as long as to do it in large pieces, and most of the time of a
/// large transaction. Here pages are held back until there are more, or one comes that ends the
/// transaction: its header names the size of the database ("WAL Frame Header" in SQLite's
/// fileformat2.html), and before it nobody reads them. Whatever else is written goes to the file at
/// once, behind what was held back; whoever reads, measures, cuts, syncs or closes the file finds all
/// of it there. All files but logs are the system's alone.
enum LogAccess {
  /// The name that SQLite knows it by; nil where it could not be registered: then logs are written
  /// page by page.
  static let name = register() ? label.description : nil
  private static let label: StaticString = "resequel"

  private static func register() -> Bool {
    guard let system = sqlite3_vfs_find(nil) else { return false }
    // Stays as long as the process. Whatever does not open files is the system's own.
    let access = UnsafeMutablePointer<sqlite3_vfs>.allocate(capacity: 1)
    access.initialize(to: system.pointee)
    access.pointee.zName = UnsafeRawPointer(label.utf8Start).assumingMemoryBound(
      to: CChar.self)
    access.pointee.pNext = nil
    access.pointee.pAppData = UnsafeMutableRawPointer(system)
    access.pointee.szOsFile += Int32(LogFile.size)
    access.pointee.xOpen = { access, path, file, flags, outFlags in
      guard let file, let system = access?.pointee.pAppData else { return SQLITE_CANTOPEN }
      return LogAccess.open(
        path, file, flags, outFlags, system.assumingMemoryBound(to: sqlite3_vfs.self))
    }
    return sqlite3_vfs_register(access, 0) == SQLITE_OK
  }

  private static func open(
    _ path: UnsafePointer<CChar>?, _ file: UnsafeMutablePointer<sqlite3_file>, _ flags: Int32,
    _ outFlags: UnsafeMutablePointer<Int32>?, _ system: UnsafeMutablePointer<sqlite3_vfs>
  ) -> Int32 {
    guard flags & SQLITE_OPEN_WAL != 0 else {
      return system.pointee.xOpen(system, path, file, flags, outFlags)
    }
    let log = LogFile(file)
    // No methods: nothing is to be closed.
    file.pointee.pMethods = nil
    log.system.pointee.pMethods = nil
    let code = system.pointee.xOpen(system, path, log.system, flags, outFlags)
    guard code == SQLITE_OK else {
      if let methods = log.system.pointee.pMethods { _ = methods.pointee.xClose(log.system) }
      return code
    }
    log.begin()
    return SQLITE_OK
  }
}

/// A log that SQLite has open: memory of SQLite's, in which what is ours stands before the system's file.
private struct LogFile {
  private struct State {
    /// First, as in every `sqlite3_file`.
    var methods: UnsafePointer<sqlite3_io_methods>?
    /// What is held back, how many bytes that are, and where in the file they belong.
    var held: UnsafeMutableRawPointer
    var count = 0
    var start: Int64 = 0
    /// Whether the last of it is the header of a page.
    var awaitsPage = false
  }

  /// What it takes beside the system's file.
  static let size = (MemoryLayout<State>.size + 15) & ~15
  /// The system writes less than 128 KiB at a time.
  private static let capacity = 120 << 10
  private static let headerCount = 24
  private static let pageCountMin = 512

  private let state: UnsafeMutablePointer<State>
  /// The system's file.
  let system: UnsafeMutablePointer<sqlite3_file>

  init(_ file: UnsafeMutablePointer<sqlite3_file>) {
    let memory = UnsafeMutableRawPointer(file)
    state = memory.assumingMemoryBound(to: State.self)
    system = (memory + Self.size).assumingMemoryBound(to: sqlite3_file.self)
  }

  private var methods: sqlite3_io_methods { system.pointee.pMethods.pointee }

  /// The file is open.
  func begin() {
    state.initialize(
      to: State(
        methods: Self.methods, held: .allocate(byteCount: Self.capacity, alignment: 16)))
  }

  func write(_ bytes: UnsafeRawPointer, _ count: Int, at offset: Int64) -> Int32 {
    let isNext = offset == state.pointee.start + Int64(state.pointee.count)
    let isHeader = count == Self.headerCount && !Self.endsTransaction(bytes)
    let isPage = state.pointee.awaitsPage && isNext && count >= Self.pageCountMin
    state.pointee.awaitsPage = isHeader
    let fits = isNext && state.pointee.count + count <= Self.capacity
    if !fits || !(isHeader || isPage) {
      let code = writeHeld()
      if code != SQLITE_OK { return code }
    }
    guard isHeader || isPage, count <= Self.capacity else {
      return methods.xWrite(system, bytes, Int32(count), offset)
    }
    if state.pointee.count == 0 { state.pointee.start = offset }
    (state.pointee.held + state.pointee.count).copyMemory(from: bytes, byteCount: count)
    state.pointee.count += count
    return SQLITE_OK
  }

  /// Whether a page's header says that a transaction ends with it.
  private static func endsTransaction(_ header: UnsafeRawPointer) -> Bool {
    header.loadUnaligned(fromByteOffset: 4, as: UInt32.self) != 0
  }

  /// Writes what is held back. What fails here is said to whoever asked for the next thing: of the
  /// same transaction, which fails.
  private func writeHeld() -> Int32 {
    let count = state.pointee.count
    if count == 0 { return SQLITE_OK }
    state.pointee.count = 0
    return methods.xWrite(system, state.pointee.held, Int32(count), state.pointee.start)
  }

  /// Does something else with the file.
  func perform(
    _ action: (sqlite3_io_methods, UnsafeMutablePointer<sqlite3_file>) -> Int32
  ) -> Int32 {
    state.pointee.awaitsPage = false
    let code = writeHeld()
    return code == SQLITE_OK ? action(methods, system) : code
  }

  var sectorSize: Int32 { methods.xSectorSize(system) }
  var deviceCharacteristics: Int32 { methods.xDeviceCharacteristics(system) }

  func close() -> Int32 {
    let written = writeHeld()
    let closed = methods.xClose(system)
    state.pointee.held.deallocate()
    state.pointee.methods = nil
    return written == SQLITE_OK ? closed : written
  }

  /// What SQLite calls; as long as the process.
  nonisolated(unsafe) private static let methods: UnsafePointer<sqlite3_io_methods> = {
    var methods = sqlite3_io_methods()
    methods.iVersion = 1
    methods.xClose = { LogFile($0!).close() }
    methods.xWrite = { LogFile($0!).write($1!, Int($2), at: $3) }
    methods.xRead = { file, bytes, count, offset in
      LogFile(file!).perform { $0.xRead($1, bytes, count, offset) }
    }
    methods.xTruncate = { file, size in LogFile(file!).perform { $0.xTruncate($1, size) } }
    methods.xSync = { file, flags in LogFile(file!).perform { $0.xSync($1, flags) } }
    methods.xFileSize = { file, size in LogFile(file!).perform { $0.xFileSize($1, size) } }
    methods.xLock = { file, lock in LogFile(file!).perform { $0.xLock($1, lock) } }
    methods.xUnlock = { file, lock in LogFile(file!).perform { $0.xUnlock($1, lock) } }
    methods.xCheckReservedLock = { file, result in
      LogFile(file!).perform { $0.xCheckReservedLock($1, result) }
    }
    methods.xFileControl = { file, code, argument in
      LogFile(file!).perform { $0.xFileControl($1, code, argument) }
    }
    methods.xSectorSize = { LogFile($0!).sectorSize }
    methods.xDeviceCharacteristics = { LogFile($0!).deviceCharacteristics }
    let kept = UnsafeMutablePointer<sqlite3_io_methods>.allocate(capacity: 1)
    kept.initialize(to: methods)
    return UnsafePointer(kept)
  }()
}
