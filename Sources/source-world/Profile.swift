import ArgumentParser
import SourceWorld

/// A kind of world.
enum Profile: String, CaseIterable, ExpressibleByArgument {
  /// Several tables, and some of everything that makes order hard.
  case demo
  /// Names, values, images and moves at their worst.
  case hostile
  /// One table of nine columns, about 1,100 bytes a record: half inserts, 40 % updates, 10 % deletes.
  case bench
  /// Like bench, three short columns.
  case narrow
  /// Like bench, forty columns.
  case wide
  /// Like bench, nine of ten updates to one row.
  case hotKey = "hot-key"
  /// Like bench, inserts only.
  case allInserts = "all-inserts"
  /// Like bench, updates only, of a twentieth as many rows.
  case allUpdates = "all-updates"
  /// Like bench, with a key of several columns.
  case compound
  /// Like bench, fifty tables.
  case manyTables = "many-tables"
  /// Like bench, ten records a file.
  case smallFiles = "small-files"
  /// Like bench, only what changed in the images.
  case minimal

  /// The world, before flags change it.
  func world(seed: UInt64, records: Int) -> WorldPlan {
    var plan = WorldPlan(seed: seed)
    plan.records = records
    switch self {
    case .demo: demo(&plan, records)
    case .hostile: hostile(&plan, records)
    default: bench(&plan, records)
    }
    return plan
  }

  /// How many records, where no flag says.
  var defaultRecords: Int {
    switch self {
    case .demo: 100_000
    case .hostile: 20_000
    default: 500_000
    }
  }

  /// How many files, where no flag says.
  func defaultFiles(records: Int) -> Int {
    switch self {
    case .demo, .hostile: 60
    case .smallFiles: max(1, records / 10)
    default: 50
    }
  }

  private func demo(_ plan: inout WorldPlan, _ records: Int) {
    plan.tableCount = 5
    plan.keySpace = max(20, records / 12)
    plan.snapshot = .changeShaped
    plan.snapshotRows = max(1, records / 200)
    plan.moveShare = 4
    plan.rollsOver = true
    plan.hasHeartbeat = true
    plan.addsColumn = true
  }

  private func hostile(_ plan: inout WorldPlan, _ records: Int) {
    plan.tableCount = 6
    plan.keySpace = max(6, records / 40)
    plan.hasHostileNames = true
    plan.hasHostileValues = true
    plan.images = .mixed
    plan.moveShare = 20
    plan.rollsOver = true
    plan.logFileBytes = 20_000
    plan.hasHeartbeat = true
    plan.addsColumn = true
    plan.snapshot = .changeShaped
  }

  private func bench(_ plan: inout WorldPlan, _ records: Int) {
    plan.tableCount = self == .manyTables ? 50 : 1
    plan.keys = self == .compound ? .compound : .single
    plan.valueColumns = self == .narrow ? 2...2 : self == .wide ? 39...39 : 8...8
    plan.textBytes = self == .narrow ? 6 : 32
    plan.images = self == .minimal ? .minimal : .full
    plan.hasFreshKeys = true
    plan.insertShare = self == .allInserts ? 100 : self == .allUpdates ? 0 : 50
    plan.deleteShare = self == .allInserts || self == .allUpdates ? 0 : 10
    plan.initialRows = self == .allUpdates ? max(1, records / 20) : 0
    plan.hotShare = self == .hotKey ? 90 : 0
    // Parts of compound keys repeat, as they do in line items.
    plan.keySpace = 2_500
    plan.nullShare = 4
    plan.idleShare = 0
  }
}
