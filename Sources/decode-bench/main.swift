import CSimdJSON
import ChangeModel
import Glibc
import RecordFormats

/// How fast Arcion JSON becomes changes, next to simdjson's own parsers over the same bytes in the
/// same run, on one core.
///
/// `decode-bench [RECORDS] [ROUNDS]` reports all and exits with 1 when decoding is not fast enough;
/// with `--decode-only` it prints nothing but the median seconds of our own decoding.
struct DecodeBench {
  let data: ArcionSet
  let rounds: Int

  var bytes: Int { data.byteCounts.reduce(0, +) }

  func run() -> Bool {
    var stage: [Double] = []
    var many: [Double] = []
    var lines: [Double] = []
    var decoded: [Double] = []
    // The first round warms memory and caches up and is not counted.
    for round in 0...rounds {
      let times = (indexAlone(), parseMany(), parseLines(), decode())
      guard round > 0 else { continue }
      stage.append(times.0)
      many.append(times.1)
      lines.append(times.2)
      decoded.append(times.3)
    }
    let dom = min(median(many), median(lines))
    report("simdjson stage 1 alone", median(stage))
    report("simdjson DOM, parse_many", median(many))
    report("simdjson DOM, a parse a line", median(lines))
    report("decode to changes", median(decoded))
    let ratio = dom / median(decoded)
    print("decode is \(rounded(ratio)) times as fast as simdjson's DOM (wanted: 1.2)")
    return ratio >= 1.2
  }

  /// Prints the median seconds of decoding.
  func runDecodeOnly() {
    _ = decode()
    print(median((0..<rounds).map { _ in decode() }))
  }

  private func report(_ name: String, _ seconds: Double) {
    let padded = name + String(repeating: " ", count: max(1, 32 - name.count))
    print(
      "\(padded)\(rounded(seconds * 1000)) ms  \(rounded(Double(bytes) / seconds / 1e9)) GB/s")
  }

  private func rounded(_ value: Double) -> String {
    let scaled = Int((value * 100).rounded())
    let cents = scaled % 100
    return "\(scaled / 100).\(cents < 10 ? "0" : "")\(cents)"
  }

  private func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

  private func time(_ body: () -> Int) -> Double {
    let start = now()
    let records = body()
    let end = now()
    precondition(records == data.recordCount, "\(records) of \(data.recordCount) records")
    return end - start
  }

  /// Processor time: what else the machine does must not count.
  private func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  /// Shows each file in windows of this many bytes, as the pipeline does.
  private static let window = 1 << 20

  private func indexAlone() -> Double {
    let indexer = resequel_json_indexer_create()
    defer { resequel_json_indexer_destroy(indexer) }
    var offsets: UnsafePointer<UInt32>?
    var count = 0
    return time {
      for (file, total) in zip(data.files, data.byteCounts) {
        file.withUnsafeBufferPointer { bytes in
          guard let base = bytes.baseAddress else { return }
          var start = 0
          while start < total {
            var end = min(start + 128 * 1024, total)
            while bytes[end - 1] != 0x0A { end -= 1 }
            let status = resequel_json_index(indexer, base + start, end - start, &offsets, &count)
            precondition(status == 0 && count > 0)
            start = end
          }
        }
      }
      return data.recordCount
    }
  }

  private func parseMany() -> Double {
    let dom = resequel_json_dom_create()
    defer { resequel_json_dom_destroy(dom) }
    return time {
      parse { resequel_json_dom_many(dom, $0, $1, 1_000_000) }
    }
  }

  private func parseLines() -> Double {
    let dom = resequel_json_dom_create()
    defer { resequel_json_dom_destroy(dom) }
    return time { parse { resequel_json_dom_lines(dom, $0, $1) } }
  }

  private func parse(_ parser: (UnsafePointer<UInt8>, Int) -> Int64) -> Int {
    var records = 0
    for (file, total) in zip(data.files, data.byteCounts) {
      file.withUnsafeBufferPointer { bytes in
        if let base = bytes.baseAddress { records += Int(parser(base, total)) }
      }
    }
    return records
  }

  private func decode() -> Double {
    var decoder = RecordDecoder { _ in
      var plan = TablePlan()
      plan.key = .columns(["o_orderkey"])
      return plan
    }
    var batch = ChangeBatch()
    return time {
      var records = 0
      for (index, file) in data.files.enumerated() {
        decoder.begin(FileContext(name: "orders_\(index).json"))
        file.withUnsafeBytes { bytes in
          var start = 0
          let total = data.byteCounts[index]
          while start < total {
            batch.removeAll()
            let end = min(start + Self.window, total)
            start += decoder.decode(
              UnsafeRawBufferPointer(rebasing: bytes[start..<end]), isEnd: end == total,
              into: &batch)
            precondition(batch.quarantined.isEmpty)
            records += batch.changes.count
          }
        }
      }
      return records
    }
  }
}

let arguments = CommandLine.arguments.dropFirst().compactMap { Int($0) }
let bench = DecodeBench(
  data: ArcionSet(seed: 1, recordCount: arguments.first ?? 300_000, tableCount: 6),
  rounds: arguments.dropFirst().first ?? 7)
if CommandLine.arguments.contains("--decode-only") {
  bench.runDecodeOnly()
  exit(0)
}
print(
  "\(bench.data.recordCount) records, \(bench.bytes / bench.data.recordCount) bytes each, simdjson: "
    + String(cString: resequel_json_implementation()))
let isFastEnough = bench.run()
exit(isFastEnough ? 0 : 1)
