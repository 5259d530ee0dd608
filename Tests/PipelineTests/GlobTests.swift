import Pipeline
import Testing

@Suite struct GlobTests {
  // Prevents: a pattern that takes a table it should not, or misses one.
  @Test(arguments: [
    ("nation", "nation", true), ("nation", "Nation", false), ("nation", "nations", false),
    ("*", "", true), ("*", "anything", true), ("?", "", false), ("?", "é", true),
    ("?", "ab", false), ("n*n", "nation", true), ("n*n", "nn", true), ("n*n", "n", false),
    ("*a*a*a*b", "aaaaaaaaaaaaaaaa", false), ("**x", "abx", true), ("a[bc]d", "acd", true),
    ("a[bc]d", "aed", false), ("a[!bc]d", "aed", true), ("a[^bc]d", "abd", false),
    ("t[0-9]", "t7", true), ("t[0-9]", "tx", false), ("t[]]", "t]", true), ("t[a-]", "t-", true),
    ("t[!]]", "t]", false), ("\\*", "*", true), ("\\*", "x", false), ("t[\\]]", "t]", true),
    ("tpch.*.nation", "tpch.default_schema.nation", true), ("日*", "日本", true),
    ("[あ-ん]", "い", true), ("", "", true), ("", "x", false),
  ])
  func `a pattern matches whole names`(pattern: String, name: String, matches: Bool) throws {
    #expect(try #require(Glob(pattern)).matches(name) == matches)
  }

  // Prevents: a broken pattern that silently matches nothing.
  @Test(arguments: ["[", "[a", "[!", "a\\", "[z-a]", "[]", "[a\\"])
  func `a broken pattern is refused`(pattern: String) {
    #expect(Glob(pattern) == nil)
  }
}
