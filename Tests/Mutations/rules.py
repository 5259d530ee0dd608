"""The rules of order and merging, and how each is broken.

A mutation replaces one text, which the named source must hold exactly once: an expression by
another, or anything by what holds BROKEN, whether the rule is to be broken, and maybe OLD, what
stood there.
"""
from typing import NamedTuple

FOLD = "Sources/Sequencing/SerialFold.swift"
KEY_FOLD = "Sources/Sequencing/KeyFold.swift"
MERGE = "Sources/CollectionStore/RowMerge.swift"
LINEAGES = "Sources/CollectionStore/LineageMerge.swift"
APPLIER = "Sources/CollectionStore/RowApplier.swift"
RANK = "Sources/ChangeModel/Rank.swift"
CURSOR = "Sources/RecordFormats/CursorReader.swift"
ORDERED = "Sources/Sequencing/OrderedChanges.swift"
PLACEMENT = "Sources/Sequencing/Placement.swift"
JUDGE = "Sources/Sequencing/OrderJudge.swift"
EPOCHS = "Sources/Sequencing/OrderJudge+Epochs.swift"
GAPS = "Sources/Sequencing/OrderJudge+Gaps.swift"
CLOSED = "Sources/Sequencing/OrderJudge+Closed.swift"
PARTS = "Sources/Sequencing/LogParts.swift"
LINKED = "Sources/Pipeline/LinkedRows.swift"
ORDER = "Sources/Pipeline/IngestAttempt+Order.swift"

COUNTS = "floor.kind == .delete ? isBefore(floor.rank, rank) : !isBefore(rank, floor.rank)"
GO = "rows[old] = deleted(at: rank, file: file)\n    write"
BY_POSITION = "if left.position != right.position { return left.position < right.position }"
BY_ORDINAL = "if left.ordinal != right.ordinal { return left.ordinal < right.ordinal }"
IS_PARALLEL = '!(name.hasPrefix("cassandra:") || name.hasPrefix("mongodb:"))'


class Mutation(NamedTuple):
    """How a rule is broken."""
    rule: str
    source: str
    old: str
    new: str
    # The case of the law that decides, or the name of another test.
    case: str
    is_of_law: bool = True


def by_test(*parts):
    """A mutation that another test decides."""
    return Mutation(*parts, is_of_law=False)


MUTATIONS = [
    # Changes, documents and how they merge.
    Mutation("what is older than a delete is gone", MERGE, COUNTS,
             "floor.kind == .delete ? true : !isBefore(rank, floor.rank)",
             "deletes whose next inserts are missing"),
    Mutation("an insert begins the row anew", MERGE, COUNTS,
             "floor.kind == .delete ? isBefore(floor.rank, rank) : true", "minimal images"),
    Mutation("the newest insert or delete is the floor", MERGE,
             "isBefore(left.rank, right.rank) ? right : left",
             "isBefore(left.rank, right.rank) ? left : right", "full images"),
    Mutation("the newest of each column wins", MERGE,
             "isBefore(entries[known].rank, layer.rank)", "true", "all before, updated after"),
    Mutation("a delete ends the row, in one call too", KEY_FOLD,
             "case .delete:\n      floor = change",
             "case .delete:\n      if !BROKEN { floor = change }", "full images"),
    Mutation("an insert begins the row anew, in one call too", KEY_FOLD,
             "floor = change\n      takeValues",
             "if !BROKEN { floor = change }\n      takeValues",
             "rows that end and come again"),
    Mutation("a moved row takes along what the move does not name", FOLD,
             "rows[new] = row\n    }",
             "rows[new] = BROKEN ? Row() : row\n    }", "key moves in minimal images"),
    Mutation("a moved row keeps the time of its insert", FOLD,
             "row.floorFile = file\n      row.values",
             "if BROKEN { row.eventTime = rank.eventTime }\n      OLD",
             "key moves in full images"),
    Mutation("a move leaves no row at the old key", FOLD, GO,
             "if !BROKEN { rows[old] = deleted(at: rank, file: file) }\n    write",
             "key moves in full images"),
    Mutation("a move from a key never seen sets no floor", FOLD, GO,
             "if BROKEN, rows[new]?.floor?.rank != rank "
             "{ rows[new] = deleted(at: rank, file: file) }\n    OLD", "chains of moves"),
    # A position, by its source.
    Mutation("MySQL's offset ranks within its log file", CURSOR,
             'try self.number(members, "position")', "0", "full images"),
    Mutation("the log file's number is a number", CURSOR,
             "string, number)",
             "string, BROKEN ? number % 1_000_000 : number)",
             "log files past six digits"),
    Mutation("rows at one position have an order", CURSOR,
             'try self.number(members, "logSeqNum", orElse: 0)',
             '~(try self.number(members, "logSeqNum", orElse: 0))',
             "several rows at one position"),
    Mutation("the counter ranks before ASE's log page", CURSOR,
             "UInt64(max(0, counter))", "0", "log pages used again"),
    Mutation("Cassandra's segment ranks before its offset", CURSOR,
             'try number(members, "dscId"), try number(members, "mutId")',
             'BROKEN ? (try number(members, "mutId")) : (try number(members, "dscId")),'
             ' BROKEN ? (try number(members, "dscId")) : (try number(members, "mutId"))',
             "several nodes"),
    Mutation("MongoDB's cluster time is the order", CURSOR,
             'try number(members, "resumeToken")', "0", "MongoDB"),
    Mutation("Informix' sequence number is the order", CURSOR,
             'try number(members, "seqNum"), 0',
             'BROKEN ? ~(try number(members, "seqNum")) : (try number(members, "seqNum")), 0',
             "Informix"),
    # The rank of a change.
    Mutation("the position ranks before the file's number", RANK, BY_POSITION,
             "if BROKEN, left.ordinal != right.ordinal { return left.ordinal < right.ordinal }\n"
             "      OLD",
             "two writers"),
    by_test(
        "of a conflict the file with the higher number wins", RANK, BY_ORDINAL,
        "if BROKEN, left.ordinal != right.ordinal { return left.ordinal > right.ordinal }\n    OLD",
        "3A of two states at one place"),
    Mutation("an epoch ranks after the one before, and its log after its snapshot", RANK,
             "left.phase < right.phase", "left.phase > right.phase", "a snapshot first"),
    Mutation("logs side by side are ordered by their own time", RANK,
             "return eventTime < other.eventTime",
             "return (eventTime < other.eventTime) != BROKEN",
             "two nodes change one key"),
    Mutation("so they are in one call", ORDERED, "for group in sort.parallel {",
             "for group in sort.parallel where !BROKEN {",
             "two nodes change one key, their clocks apart"),
    by_test("a row whose times fell is recomputed once a second log changes it", LINEAGES,
             "if stored.lineages == .oneWithFallingTimes || order ==",
             "if !BROKEN, stored.lineages == .oneWithFallingTimes || order ==",
             "times that fall in one node give one row in every order of calls"),
    Mutation("nodes are logs side by side, not one after the other", JUDGE, IS_PARALLEL, "true",
             "two nodes change one key"),
    # Epochs.
    Mutation("a log of another name is an epoch", EPOCHS, "if lineages.count <= 1 { return }",
             "if lineages.count <= 1 || BROKEN { return }",
             "another server's log, with lower numbers"),
    Mutation("such logs follow each other by the numbers of their files", EPOCHS,
             "($0.value.0, $0.value.1, $0.key) < ($1.value.0, $1.value.1, $1.key)",
             "(OLD) != BROKEN",
             "another server's log, with lower numbers"),
    Mutation("a log numbered anew whose counts go on is an epoch", PARTS,
             "if newCounts > oldCounts { return .newLog }",
             "if newCounts > oldCounts, !BROKEN { return .newLog }",
             "a restart, then many log files"),
    Mutation("two changes with one count are of two logs", PARTS,
             "if comparison == .differs { return .newLog }",
             "if comparison == .differs { return BROKEN ? .disorder : .newLog }",
             "a log that restarts at 1 with its counts"),
    Mutation("without counts a log that begins below all numbers is an epoch", PARTS,
             "return isBeginning && !isStepBack ? .newLog",
             "return isBeginning && !isStepBack && !BROKEN ? .newLog",
             "a log that restarts at 1, no counts"),
    by_test(
        "what repeats known records is no new log", PARTS,
        "if comparison == .repeats { return .disorder }",
        "if comparison == .repeats, !BROKEN { return .disorder }",
        "a resume that repeats records across a rotation is one epoch"),
    by_test(
        "numbers that return to where they fell from are no new log", PARTS,
        "high >= top && high > low && high - low > 1 && high - low >= depth / 2", "false",
        "numbers that return to where they fell from are one epoch"),
    by_test(
        "files that have each other's numbers are one log", PARTS, "joints.count > 1", "false",
        "files numbered at random are one log, as their counts and positions say"),
    Mutation("files that show a new epoch make the table anew", ORDER,
             "ledger.verdict.reranks(applied)", "false",
             "a log that restarts at 1, counts going on"),
    # Snapshots that come again.
    Mutation("a snapshot after changes begins an epoch", EPOCHS, "if isInLog {",
             "if isInLog, !BROKEN {", "a second snapshot replaces"),
    Mutation("a second snapshot that the counts prove whole replaces the table", CLOSED,
             "verdict.counters == .dense && Self.isComplete(epoch, summaries)", "false",
             "a second snapshot merges, changes having been lost"),
    Mutation("one that is not proven replaces where it is told to", ORDER,
             "$0.isComplete || replaces", "$0.isComplete",
             "a second snapshot replaces, changes having been lost"),
    Mutation("below a snapshot that replaces nothing counts", MERGE,
             "collection.floor.map { RowState.Floor(kind: .delete, rank: $0) }", "nil",
             "a second snapshot replaces"),
    by_test(
        "nothing comes along with a move from below such a snapshot", LINKED,
        "ordered.rank(of: change) <= floor", "false",
        "nothing comes along with a move from below a second snapshot"),
    # Copies.
    by_test(
        "a file with the bytes of another says nothing of the order", JUDGE,
        "originals.count == files.count", "true", "seeded worlds and deliveries"),
    # Gaps.
    by_test(
        "a skip of the counts is a gap only across a missing number", GAPS,
        "above < hole.counters.lowerBound", "false",
        "a skip of the counts across a missing number is a proven gap"),
    by_test(
        "a missing number across which the counts go on is no gap", GAPS,
        "guard verdict.counters == .dense else { return false }",
        "guard verdict.counters == .dense, !BROKEN else { return false }",
        "a missing number across which the counts go on is no gap"),
    by_test(
        "changes behind a gap wait", PLACEMENT, "awaited.contains(where: isBehind)", "false",
        "changes behind a missing file wait, it is named, and its coming releases them"),
    by_test(
        "changes that did not wait any longer are provisional", PLACEMENT,
        "!waits && waived.contains(where: isBehind)", "false",
        "when the wait is over changes are applied as provisional"),
    by_test(
        "changes of a transaction of which more may come wait", PLACEMENT,
        "!open.isEmpty && open[lineage] == position.word3", "false",
        "the last transaction waits for its other tables until the next one begins"),
    # The closed watermark.
    Mutation("what is above the closed watermark is remembered", MERGE,
             "entry.rank.isClosed(by: closed)", "true",
             "another server's log, with lower numbers"),
    by_test(
        "deletes above the closed watermark are remembered", MERGE,
        "closed.map(state.last.isClosed) != true", "closed == nil",
        "tombstones below a closed watermark are dropped, and those above stay"),
    by_test("what lies below what was forgotten is refolded", APPLIER,
             "isClosed(row, by: pruned)", "false",
        "a change at or below the closed rank is named and not merged"),
    by_test(
        "nothing is closed unless the counts begin at one", CLOSED,
        "covered.lowerBound == summaries[0].uncountedRows + 1", "true",
        "counts that do not begin at one close nothing"),
]
