import SQLiteKit

/// What happened.
extension CollectionStore {
  /// Remembers that something happened.
  package func insert(_ event: StoreEvent) throws {
    let statement = try connection.cached(
      "INSERT INTO _resequel_events (kind, collection, file, text, at) VALUES (?, ?, ?, ?, ?)")
    defer { statement.clear() }
    try statement.bind(1, event.kind)
    if let collection = event.collection { statement.bind(2, collection) }
    if let file = event.file { statement.bind(3, file) }
    try statement.bind(4, event.text)
    statement.bind(5, event.at)
    try statement.run()
  }

  /// The newest events, newest first.
  package func events(limit: Int) throws -> [StoreEvent] {
    let statement = try connection.cached(
      "SELECT kind, collection, file, text, at FROM _resequel_events ORDER BY id DESC LIMIT ?")
    defer { statement.clear() }
    statement.bind(1, limit)
    var events: [StoreEvent] = []
    while try statement.step() {
      events.append(
        StoreEvent(
          at: statement.integer(4), kind: statement.text(0) ?? "",
          collection: statement.isNull(1) ? nil : statement.integer(1),
          file: statement.isNull(2) ? nil : statement.integer(2), text: statement.text(3) ?? ""))
    }
    return events
  }
}
