import ChangeModel

extension OrderJudge {
  func placeEpochs(of chains: FileChains, in verdict: inout OrderVerdict) {
    verdict.epochs = chains.files.map { $0.segments.map { _ in 0 } }
  }

  func resnapshots(in chains: FileChains, verdict: OrderVerdict) -> [OrderVerdict.Resnapshot] { [] }

  func closedWatermark(of chains: FileChains, verdict: OrderVerdict) -> OrderVerdict.Closed? { nil }
}
