import ChangeModel

/// The files of a collection in an order that depends on the set alone: series by series, each by
/// its numbers. A file's place is its index in that order.
struct FileChains {
  /// The files as they were given.
  let files: [FileEvidence]
  /// For each place, the index of the file among those given.
  let order: [Int]
  /// The series.
  private(set) var chains: [Chain] = []
  /// For each place, the index of its chain.
  private(set) var chainOfPlace: [Int] = []

  /// The files of one series.
  struct Chain {
    var series: UInt32
    var places: Range<Int>
  }

  /// One segment of one file.
  struct Link: Hashable {
    var place: Int
    var segment: Int
  }

  init(_ files: [FileEvidence]) {
    self.files = files
    order = files.indices.sorted { Self.precedes(files[$0], files[$1]) }
    chainOfPlace.reserveCapacity(order.count)
    for place in order.indices {
      let series = files[order[place]].series
      if let last = chains.indices.last, chains[last].series == series {
        chains[last].places = chains[last].places.lowerBound..<place + 1
      } else {
        chains.append(Chain(series: series, places: place..<place + 1))
      }
      chainOfPlace.append(chains.count - 1)
    }
  }

  func file(at place: Int) -> FileEvidence { files[order[place]] }

  func segment(_ link: Link) -> FileEvidence.Segment {
    files[order[link.place]].segments[link.segment]
  }

  /// The segments of a chain, one after the other.
  func links(of chain: Chain) -> [Link] {
    var links: [Link] = []
    links.reserveCapacity(chain.places.count)
    for place in chain.places {
      for segment in files[order[place]].segments.indices {
        links.append(Link(place: place, segment: segment))
      }
    }
    return links
  }

  /// How many stretches of counts there are in all files.
  var stretchCount: Int {
    files.reduce(0) { $0 + $1.segments.reduce(0) { $0 + $1.counts.ranges.count } }
  }

  /// All segments.
  var links: [Link] { chains.flatMap(links) }

  /// Versions of one file have one number: what they hold decides, never which came first.
  private static func precedes(_ left: FileEvidence, _ right: FileEvidence) -> Bool {
    if left.series != right.series { return left.series < right.series }
    if left.ordinal != right.ordinal {
      guard let first = left.ordinal else { return true }
      guard let second = right.ordinal else { return false }
      return first < second
    }
    if let first = left.segments.first?.firstPosition,
      let second = right.segments.first?.firstPosition, first != second
    {
      return first < second
    }
    if left.changes != right.changes { return left.changes < right.changes }
    return left.encoded.lexicographicallyPrecedes(right.encoded)
  }
}
