/// The forms of open templates: for each, by the presence of its columns.
struct OpenForms {
  private struct Entry {
    var presence: UInt64
    var template: Int32
    /// -1 where the entry is free.
    var form: Int32
  }
  private let entries: UnsafeMutablePointer<Entry>

  /// A power of two, twice as many as there are forms.
  private static let capacity = TemplateStore.formsMax * 2

  init(in memory: TemplateStore.Memory) {
    entries = memory.allocate(Entry.self, Self.capacity)
    entries.initialize(
      repeating: Entry(presence: 0, template: 0, form: -1), count: Self.capacity)
  }

  /// The form of a template's record; nil where it was not learned.
  @inline(__always)
  func form(_ template: Int, _ presence: UInt64) -> Int? {
    var place = Self.place(template, presence)
    while entries[place].form >= 0 {
      if entries[place].presence == presence, entries[place].template == template {
        return Int(entries[place].form)
      }
      place = (place &+ 1) & (Self.capacity &- 1)
    }
    return nil
  }

  /// Adds a form that is not there; there must be room.
  func insert(_ template: Int, _ presence: UInt64, form: Int) {
    var place = Self.place(template, presence)
    while entries[place].form >= 0 { place = (place &+ 1) & (Self.capacity &- 1) }
    entries[place] = Entry(presence: presence, template: Int32(template), form: Int32(form))
  }

  @inline(__always)
  private static func place(_ template: Int, _ presence: UInt64) -> Int {
    let mixed = (presence ^ UInt64(template) &<< 32) &* 0x9E37_79B9_7F4A_7C15
    return Int(truncatingIfNeeded: mixed &>> 40) & (capacity &- 1)
  }
}
