package import ChangeModel
import Glibc

/// Fetches records again by file, offset and length: the second pass.
///
/// Files are registered with the version that the first pass read. One that is another version by
/// the time it is opened, or changes while it is in use, makes the fetch, or ``verify()``, fail: no
/// row is ever made of two versions. Nothing is mapped into memory, so that a file that shrinks
/// under us is an error and no crash.
///
/// Keeps a bounded number of files open and, where requests ascend within a file, reads ahead. One
/// fetcher belongs to one thread.
package struct RecordFetcher: ~Copyable {
  /// How much a fetcher keeps.
  package struct Limits: Sendable {
    /// Files open at a time.
    package var descriptorCount = DescriptorLimit.fetcherShare
    /// Files that are read ahead at a time.
    package var windowCount = 64
    /// The bytes read ahead.
    package var windowByteCount = 64 << 10

    /// Makes the usual limits.
    package init() {}
  }

  private struct Slot {
    var root: BatchPath
    var pathOffset: Int
    var pathCount: Int
    var identity: FileIdentity
    /// The decompressed bytes that there are.
    var byteCount: UInt64
    var spill: Int32
    /// Index into `open`, -1 while the file is closed.
    var open: Int32 = -1
  }

  private struct OpenFile {
    var slot: Int
    var descriptor: CInt
    var base: UInt64
    var ownsDescriptor: Bool
    var isRecent = true
    /// Where the last request ended, and how many before it came in ascending order.
    var lastEnd: UInt64 = 0
    var ascendingCount = 0
    /// How many must have come so before it is worth reading ahead.
    var ascendingNeeded = 2
    var window: Int32 = -1
  }

  private struct Window {
    var buffer: UnsafeMutableRawBufferPointer
    var open: Int32 = -1
    var offset: UInt64 = 0
    var count = 0
    /// How many of its bytes were asked for.
    var servedCount = 0
  }

  private let limits: Limits
  private var slots: [Slot] = []
  private var paths: [UInt8] = []
  private var spills: [SpillExtent] = []
  private var open: [OpenFile] = []
  private var hand = 0
  private var windows: [Window] = []
  private var nextWindow = 0
  private var changed: IngestError?

  /// Makes a fetcher without files.
  package init(limits: Limits = Limits()) {
    precondition(limits.descriptorCount > 0 && limits.windowByteCount > 0)
    self.limits = limits
  }

  deinit {
    for file in open where file.ownsDescriptor { close(file.descriptor) }
    for window in windows { window.buffer.deallocate() }
  }

  /// Makes a file known.
  ///
  /// - Parameters:
  ///   - file: the file.
  ///   - identity: the version that the first pass read (``ReadOutcome/identity``).
  ///   - spill: its decompressed bytes; must be given for a compressed file.
  /// - Returns: the number to fetch its records by: 0 for the first file, one more for each.
  package mutating func register(
    _ file: BatchFile, identity: FileIdentity, spill: SpillExtent? = nil
  )
    -> Int
  {
    var spillIndex: Int32 = -1
    if let spill {
      spillIndex = Int32(spills.count)
      spills.append(spill)
    }
    slots.append(
      Slot(
        root: file.root, pathOffset: paths.count, pathCount: file.relativePath.bytes.count,
        identity: identity, byteCount: spill?.byteCount ?? identity.size, spill: spillIndex))
    paths.append(contentsOf: file.relativePath.bytes)
    return slots.count - 1
  }

  /// Reads a record.
  ///
  /// - Parameters:
  ///   - slot: what ``register(_:identity:spill:)`` returned.
  ///   - offset: where the record begins in the file's decompressed bytes.
  ///   - buffer: filled whole.
  /// - Throws: a file error when the file cannot be read, or is no longer the version registered.
  package mutating func fetch(slot: Int, offset: UInt64, into buffer: UnsafeMutableRawBufferPointer)
    throws(IngestError)
  {
    guard !buffer.isEmpty else { return }
    let length = UInt64(buffer.count)
    guard offset <= slots[slot].byteCount, length <= slots[slot].byteCount - offset else {
      throw changedError(slot)
    }
    if slots[slot].open < 0 { try openFile(slot) }
    let index = Int(slots[slot].open)
    open[index].isRecent = true
    if open[index].window >= 0 {
      let window = windows[Int(open[index].window)]
      if offset >= window.offset, offset - window.offset + length <= UInt64(window.count) {
        let start = Int(offset - window.offset)
        buffer.copyMemory(
          from: UnsafeRawBufferPointer(rebasing: window.buffer[start..<start + buffer.count]))
        windows[Int(open[index].window)].servedCount += buffer.count
        open[index].lastEnd = offset + length
        return
      }
    }
    // A short step forward is as good as none: the bytes between are read along.
    let isAscending =
      offset >= open[index].lastEnd
      && offset - open[index].lastEnd < UInt64(limits.windowByteCount / 4)
    open[index].ascendingCount = isAscending ? open[index].ascendingCount + 1 : 0
    open[index].lastEnd = offset + length
    if open[index].ascendingCount >= open[index].ascendingNeeded,
      buffer.count <= limits.windowByteCount / 2
    {
      try readAhead(index, offset, buffer)
    } else {
      let count = try read(index, offset, buffer)
      guard count == buffer.count else { throw changedError(slot) }
    }
  }

  /// Looks whether the files in use since the last call are still the versions registered. To be
  /// called before what was fetched is committed.
  ///
  /// - Throws: a file error naming the first that is not.
  package mutating func verify() throws(IngestError) {
    for file in open { check(file) }
    if let changed { throw changed }
  }

  /// Closes all files and forgets them; slots are numbered from 0 again.
  package mutating func removeAll() {
    for file in open where file.ownsDescriptor { close(file.descriptor) }
    open.removeAll(keepingCapacity: true)
    slots.removeAll(keepingCapacity: true)
    paths.removeAll(keepingCapacity: true)
    spills.removeAll()
    for index in windows.indices { windows[index].open = -1 }
    hand = 0
    changed = nil
  }

  // MARK: Open files

  private func path(_ slot: Int) -> BatchPath {
    let slot = slots[slot]
    return slot.root.appending(paths[slot.pathOffset..<slot.pathOffset + slot.pathCount])
  }

  private func changedError(_ slot: Int) -> IngestError {
    IngestError(
      .file, file: path(slot).description, cause: "changed while it was read",
      hint: "run again when it is complete")
  }

  private mutating func openFile(_ slot: Int) throws(IngestError) {
    var file: OpenFile
    if slots[slot].spill >= 0 {
      let extent = spills[Int(slots[slot].spill)]
      file = OpenFile(
        slot: slot, descriptor: extent.file.descriptor, base: extent.offset, ownsDescriptor: false)
    } else {
      let path = path(slot)
      let descriptor = path.withCString { path in
        SystemFailure.retrying { Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY) }
      }
      guard descriptor >= 0 else { throw SystemFailure.error(.file, file: path, doing: "open") }
      var status = stat()
      guard fstat(descriptor, &status) == 0,
        slots[slot].identity.hasSameContent(as: FileIdentity(status))
      else {
        close(descriptor)
        throw changedError(slot)
      }
      file = OpenFile(slot: slot, descriptor: descriptor, base: 0, ownsDescriptor: true)
    }
    if open.count < limits.descriptorCount {
      slots[slot].open = Int32(open.count)
      open.append(file)
      return
    }
    let victim = chooseVictim()
    evict(victim)
    slots[slot].open = Int32(victim)
    open[victim] = file
  }

  /// The file to close: the first that was not used since the clock's hand last came by.
  private mutating func chooseVictim() -> Int {
    while open[hand].isRecent {
      open[hand].isRecent = false
      hand = (hand + 1) % open.count
    }
    defer { hand = (hand + 1) % open.count }
    return hand
  }

  private mutating func evict(_ index: Int) {
    let file = open[index]
    check(file)
    if file.window >= 0 { windows[Int(file.window)].open = -1 }
    if file.ownsDescriptor { close(file.descriptor) }
    slots[file.slot].open = -1
  }

  /// Remembers when a file is no longer what was registered. Its name may have gone meanwhile: the
  /// bytes that were read are still those of the version.
  private mutating func check(_ file: OpenFile) {
    guard changed == nil, file.ownsDescriptor else { return }
    var status = stat()
    let registered = slots[file.slot].identity
    if fstat(file.descriptor, &status) == 0,
      registered.hasSameContent(as: FileIdentity(status))
    {
      return
    }
    changed = changedError(file.slot)
  }

  // MARK: Reading

  /// Reads until the buffer is full or the file ends. Returns how many bytes that were.
  private func read(_ index: Int, _ offset: UInt64, _ buffer: UnsafeMutableRawBufferPointer)
    throws(IngestError) -> Int
  {
    let file = open[index]
    var count = 0
    while count < buffer.count {
      let position = file.base &+ offset &+ UInt64(count)
      guard position <= UInt64(Int64.max) else { break }
      let more = SystemFailure.retrying {
        pread(
          file.descriptor, buffer.baseAddress! + count, buffer.count - count, off_t(position))
      }
      if more < 0 {
        throw SystemFailure.error(.file, file: path(file.slot), doing: "read")
      }
      if more == 0 { break }
      count += more
    }
    return count
  }

  private mutating func readAhead(
    _ index: Int, _ offset: UInt64, _ buffer: UnsafeMutableRawBufferPointer
  ) throws(IngestError) {
    if open[index].window < 0 { open[index].window = Int32(takeWindow(for: index)) }
    let window = Int(open[index].window)
    windows[window].count = 0
    let count = try read(index, offset, windows[window].buffer)
    windows[window].offset = offset
    windows[window].count = count
    windows[window].servedCount = buffer.count
    guard count >= buffer.count else { throw changedError(open[index].slot) }
    buffer.copyMemory(
      from: UnsafeRawBufferPointer(rebasing: windows[window].buffer[..<buffer.count]))
  }

  private mutating func takeWindow(for index: Int) -> Int {
    if windows.count < limits.windowCount {
      windows.append(
        Window(buffer: .allocate(byteCount: limits.windowByteCount, alignment: 64)))
      windows[windows.count - 1].open = Int32(index)
      return windows.count - 1
    }
    nextWindow = (nextWindow + 1) % windows.count
    let former = windows[nextWindow].open
    if former >= 0 {
      // A window taken away before it was of use would only have cost: more files are read in turn
      // than there are windows, and the next one of this file must be earned.
      let isUseful = windows[nextWindow].servedCount * 2 > windows[nextWindow].count
      open[Int(former)].ascendingNeeded =
        isUseful ? 2 : min(open[Int(former)].ascendingNeeded * 4, 4096)
      open[Int(former)].window = -1
      open[Int(former)].ascendingCount = 0
    }
    windows[nextWindow].open = Int32(index)
    return nextWindow
  }
}
