import Foundation
import Testing

/// What a person or a script gets to see of a transaction of which only a part is in the tables.
@Suite(needsProgram) struct SplitCommandTests {
  /// An insert in a log of SAP ASE, which names its transaction.
  private func insert(_ table: String, _ id: Int, transaction: Int, row: Int) -> String {
    #"{"tableName":{"namespace":{"catalog":"c","schema":"s","hash":0},"name":"\#(table)","hash":0},"#
      + #""opType":"I","cursor":{"extractorId":0,"transactionLogPageNumber":1,"#
      + #""transactionLogRowNumber":\#(transaction),"operationLogPageNumber":1,"#
      + #""operationLogRowNumber":\#(row),"catalogName":"c","timestamp":1000,"v":0},"#
      + #""before":{"id":"null"},"after":{"id":"\#(id)"},"exists":{"id":"1"},"#
      + #""operationcount":{"insertCount":\#(id),"updateCount":0,"deleteCount":0,"#
      + #""replaceCount":0}}"# + "\n"
  }

  // Prevents half a transaction from passing for the whole, and a monitor from not seeing it.
  @Test func `status counts the transactions that are split, and names the tables they wait in`()
    throws
  {
    try withRunner { runner in
      try runner.write(
        insert("t", 1, transaction: 10, row: 11) + insert("t", 2, transaction: 20, row: 21),
        to: "drop/t_1.json")
      try runner.write(
        insert("u", 1, transaction: 10, row: 12) + insert("u", 2, transaction: 20, row: 22)
          + insert("u", 3, transaction: 30, row: 31), to: "drop/u_1.json")
      let flags = ["--db", "a.db", "--progress", "none"]
      #expect(try runner.run(["replay", "drop", "--key", "t=id"] + flags).status == 1)
      let text = try runner.run(["status", "a.db"])
      #expect(text.status == 1)
      #expect(
        text.output.contains(
          "2 transactions are split: parts of them wait while others are applied\n"
            + "  waiting in c.s.u: parts of 2\n"), "\(text.output)")
      let split = try #require(try json(runner)["split"] as? [String: Any])
      #expect(split["transactions"] as? Int == 2 && split["exact"] as? Bool == true)
      let table = try #require((split["waiting_in"] as? [[String: Any]])?.first)
      #expect(table["name"] as? String == "c.s.u" && table["transactions"] as? Int == 2)

      #expect(try runner.run(["replay", "drop", "--key", "*=id"] + flags).status == 0)
      #expect(!(try runner.run(["status", "a.db"]).output.contains("split")))
      let whole = try #require(try json(runner)["split"] as? [String: Any])
      #expect(whole["transactions"] as? Int == 0)
    }
  }

  private func json(_ runner: CommandRunner) throws -> [String: Any] {
    let result = try runner.run(["status", "a.db", "--json"])
    let object = try JSONSerialization.jsonObject(with: Data(result.output.utf8))
    return try #require(object as? [String: Any])
  }
}
