/// The records that Arcion's CDC format documentation prints
/// (docs.arcion.io, references/cdc-format/arcion-internal-cdc-format), and those that TapData
/// recorded of a SAP ASE source.
enum Samples {
  static let nation: [String] = [
    #"{"tableName":{"namespace":{"catalog":"tpch_scale_0_01","schema":"default_schema","hash":-27122659},"name":"nation","hash":-1893420405},"opType":"I","cursor":"{\"extractorId\":0,\"timestamp\":1657516903000,\"extractionTimestamp\":1657516904088,\"log\":\"log-bin.000010\",\"position\":7461,\"logSeqNum\":1,\"slaveServerId\":1,\"v\":2}","before":{"n_comment":"null","n_nationkey":"null","n_regionkey":"null","n_name":"null"},"after":{"n_comment":"Testing comment","n_nationkey":"100","n_regionkey":"2","n_name":"Testing name"},"exists":{"n_comment":"1","n_nationkey":"1","n_regionkey":"1","n_name":"1"},"operationcount":"{\"insertCount\":30,\"updateCount\":0,\"deleteCount\":0,\"replaceCount\":0}"}"#,
    #"{"tableName":{"namespace":{"catalog":"tpch_scale_0_01","schema":"default_schema","hash":-27122659},"name":"nation","hash":-1893420405},"opType":"U","cursor":"{\"extractorId\":0,\"timestamp\":1657516946000,\"extractionTimestamp\":1657516947142,\"log\":\"log-bin.000010\",\"position\":9149,\"logSeqNum\":1,\"slaveServerId\":1,\"v\":2}","before":{"n_comment":"Testing comment","n_nationkey":"100","n_regionkey":"2","n_name":"Testing name"},"after":{"n_comment":"Testing comment","n_nationkey":"100","n_regionkey":"2","n_name":"Updating test name"},"exists":{"n_comment":"3","n_nationkey":"3","n_regionkey":"3","n_name":"3"},"operationcount":"{\"insertCount\":30,\"updateCount\":1,\"deleteCount\":0,\"replaceCount\":0}"}"#,
    #"{"tableName":{"namespace":{"catalog":"tpch_scale_0_01","schema":"default_schema","hash":-27122659},"name":"nation","hash":-1893420405},"opType":"D","cursor":"{\"extractorId\":0,\"timestamp\":1657516954000,\"extractionTimestamp\":1657516955151,\"log\":\"log-bin.000010\",\"position\":9872,\"logSeqNum\":1,\"slaveServerId\":1,\"v\":2}","before":{"n_comment":"Testing comment","n_nationkey":"100","n_regionkey":"2","n_name":"Updating test name"},"after":{"n_comment":"null","n_nationkey":"null","n_regionkey":"null","n_name":"null"},"exists":{"n_comment":"2","n_nationkey":"2","n_regionkey":"2","n_name":"2"},"operationcount":"{\"insertCount\":30,\"updateCount\":1,\"deleteCount\":1,\"replaceCount\":0}"}"#,
  ]

  static let region: [String] = [
    #"{"tableName":{"namespace":{"catalog":null,"schema":"io_blitzz","hash":696406511},"name":"region","hash":-821029210},"opType":"I","cursor":"{\"extractorId\":0,\"nodeID\":\"node1\",\"timestamp\":1620788088431,\"extractionTimestamp\":1620788088431,\"dscId\":1620787053905,\"mutId\":326118,\"partNum\":1,\"v\":2}","before":{"r_regionkey":"null","r_comment":"null","r_name":"null"},"after":{"r_regionkey":"10","r_comment":"India","r_name":"India"},"exists":{"r_regionkey":"1","r_comment":"1","r_name":"1"},"operationcount":"{\"insertCount\":6,\"updateCount\":0,\"deleteCount\":0,\"replaceCount\":0}"}"#,
    #"{"tableName":{"namespace":{"catalog":null,"schema":"io_blitzz","hash":696406511},"name":"region","hash":-821029210},"opType":"U","cursor":"{\"extractorId\":0,\"nodeID\":\"node1\",\"timestamp\":1620788090478,\"extractionTimestamp\":1620788090478,\"dscId\":1620787053905,\"mutId\":326190,\"partNum\":1,\"v\":2}","before":{"r_regionkey":"10","r_comment":"null","r_name":"null"},"after":{"r_regionkey":"null","r_comment":"USA","r_name":"null"},"exists":{"r_regionkey":"2","r_comment":"1","r_name":"0"},"operationcount":"{\"insertCount\":6,\"updateCount\":1,\"deleteCount\":0,\"replaceCount\":0}"}"#,
    #"{"tableName":{"namespace":{"catalog":null,"schema":"io_blitzz","hash":696406511},"name":"region","hash":-821029210},"opType":"D","cursor":"{\"extractorId\":0,\"nodeID\":\"node1\",\"timestamp\":1620788092539,\"extractionTimestamp\":1620788092539,\"dscId\":1620787053905,\"mutId\":326250,\"partNum\":1,\"v\":2}","before":{"r_regionkey":"10","r_comment":"null","r_name":"null"},"after":{"r_regionkey":"null","r_comment":"null","r_name":"null"},"exists":{"r_regionkey":"2","r_comment":"0","r_name":"0"},"operationcount":"{\"insertCount\":6,\"updateCount\":1,\"deleteCount\":1,\"replaceCount\":0}"}"#,
  ]

  static let native: [String] = [
    #"{"tableName":{"namespace":{"catalog":null,"schema":"tpch","hash":-1732472540},"name":"region","hash":1193131537},"opType":"I","cursor":{"extractorId":0,"timestamp":1677165953000,"extractionTimestamp":1677146153753,"log":"log-bin.000001","position":3000,"logSeqNum":1,"slaveServerId":1,"v":2},"before":null,"after":{"r_regionkey":"7","r_comment":"Test_Comment","r_name":"Test_Region"}}"#,
    #"{"tableName":{"namespace":{"catalog":null,"schema":"tpch","hash":-1732472540},"name":"region","hash":1193131537},"opType":"D","cursor":{"extractorId":0,"timestamp":1677166413000,"extractionTimestamp":1677146613902,"log":"log-bin.000001","position":3310,"logSeqNum":1,"slaveServerId":1,"v":2},"before":{"r_regionkey":"1","r_comment":"Test_Replication","r_name":"AMERICA"},"after":null}"#,
    #"{"tableName":{"namespace":{"catalog":null,"schema":"tpch","hash":-1732472540},"name":"region","hash":1193131537},"opType":"U","cursor":{"extractorId":0,"timestamp":1677166633000,"extractionTimestamp":1677146833980,"log":"log-bin.000001","position":3620,"logSeqNum":1,"slaveServerId":1,"v":2},"before":{"r_regionkey":"2","r_comment":"Test_Replication","r_name":"ASIA"},"after":{"r_regionkey":"2","r_comment":"Testing_Replication","r_name":"ASIA"}}"#,
  ]

  static let cassandraCSV: [String] = [
    #"India,NULL,1,India,NULL,1,10,NULL,1,I,"{""extractorId"":0,""nodeID"":""node1"",""timestamp"":1620787841959,""extractionTimestamp"":1620787841959,""dscId"":1620787053904,""mutId"":1048408,""partNum"":1,""v"":2}","{""insertCount"":6,""updateCount"":0,""deleteCount"":0,""replaceCount"":0}""#,
    #"USA,NULL,1,NULL,NULL,0,NULL,10,2,U,"{""extractorId"":0,""nodeID"":""node1"",""timestamp"":1620787852116,""extractionTimestamp"":1620787852116,""dscId"":1620787053904,""mutId"":1048480,""partNum"":1,""v"":2}","{""insertCount"":6,""updateCount"":1,""deleteCount"":0,""replaceCount"":0}""#,
    #"NULL,NULL,0,NULL,NULL,0,NULL,10,2,D,"{""extractorId"":0,""nodeID"":""node1"",""timestamp"":1620787872370,""extractionTimestamp"":1620787872370,""dscId"":1620787053905,""mutId"":1721,""partNum"":1,""v"":2}","{""insertCount"":6,""updateCount"":1,""deleteCount"":1,""replaceCount"":0}""#,
  ]

  static let aseInsert =
    #"6,NULL,1,2023-07-13 20:43:05.0,NULL,1,"sfas"",""dsafas",NULL,1,8.9,NULL,1,2023-07-13 20:43:23.0,NULL,1,4,NULL,1,I,"{""extractorId"":0,""transactionLogPageNumber"":901,""transactionLogRowNumber"":145,""operationLogPageNumber"":901,""operationLogRowNumber"":146,""catalogName"":""testdb"",""timestamp"":1689252221014,""extractionTimestamp"":1689252221015,""v"":0}","{""insertCount"":4,""updateCount"":0,""deleteCount"":0,""replaceCount"":0}""#

  static let aseDelete =
    #"NULL,B,2,NULL,2023-07-24 00:00:00.0,2,NULL,2.3600000000,2,NULL,2.36,2,NULL,5,2,NULL,3.3300,2,NULL,4.3300000000,2,NULL,x,2,NULL,2023-07-24 00:00:00.0,2,NULL,3,2,NULL,BFdsd,2,NULL,"cZ{""",2,NULL,3,2,NULL,x,2,D,"{""extractorId"":0,""transactionLogPageNumber"":221605,""transactionLogRowNumber"":68,""operationLogPageNumber"":221605,""operationLogRowNumber"":70,""catalogName"":""testdb"",""timestamp"":1690164722442,""extractionTimestamp"":1690164722444,""v"":0}","{""insertCount"":1,""updateCount"":0,""deleteCount"":1,""replaceCount"":0}""#

  static let snapshot = #"{"r_regionkey":"0","r_comment":"lar deposits.","r_name":"AFRICA"}"#

  static func lines(_ records: [String]) -> [UInt8] {
    Array(records.map { $0 + "\n" }.joined().utf8)
  }
}
