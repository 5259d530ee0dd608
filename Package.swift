// swift-tools-version: 6.1
import PackageDescription

/// One list for every Swift target: the strict language, and imports that say what they expose.
let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
  name: "resequel",
  products: [
    .executable(name: "resequel", targets: ["resequel"]),
    .executable(name: "source-world", targets: ["source-world"]),
    .executable(name: "decode-bench", targets: ["decode-bench"]),
  ],
  dependencies: [
    // Flags, help texts and usage errors of the command line.
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    // Reads the configuration file, and Arcion's `schemas.yaml` and `object_metadata.yaml`.
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    // The vocabulary. Imports nothing; everything imports it.
    .target(name: "ChangeModel", swiftSettings: strict),

    // Bytes to tokens. simdjson finds the structural characters, Swift walks them.
    .target(name: "CSimdJSON", linkerSettings: [.linkedLibrary("simdjson")]),
    .target(name: "Scanning", dependencies: ["CSimdJSON"], swiftSettings: strict),

    // SHA-256 for the ids of compound keys (libcrypto), XXH3 for the contents of files (libxxhash).
    .systemLibrary(
      name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(
      name: "CXXHash", pkgConfig: "libxxhash", providers: [.apt(["libxxhash-dev"])]),
    .target(name: "Hashing", dependencies: ["CCrypto", "CXXHash"], swiftSettings: strict),

    // Tokens to changes, one file per format.
    .target(
      name: "RecordFormats",
      dependencies: [
        "ChangeModel", "Scanning", "Hashing", .product(name: "Yams", package: "Yams"),
      ],
      swiftSettings: strict),

    // The drop: listing, watching, stability, decompression.
    // gunzip, more than twice as fast as zlib's (isal); tests compress with zlib.
    .systemLibrary(name: "CISAL", pkgConfig: "libisal", providers: [.apt(["libisal-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .target(
      name: "BatchSource",
      dependencies: ["ChangeModel", "Hashing", "CXXHash", "CISAL", "CZstd"],
      swiftSettings: strict),

    // Order restored. Pure values: no I/O, no clock. Large sorts fork over the cores.
    // Memory that will be wanted is asked for ahead: changes are in the order of their files, keys not.
    .systemLibrary(name: "CPrefetch"),
    .target(name: "Sequencing", dependencies: ["ChangeModel", "CPrefetch"], swiftSettings: strict),

    // The store.
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    .target(name: "SQLiteKit", dependencies: ["CSQLite", "ChangeModel"], swiftSettings: strict),
    .target(
      name: "CollectionStore", dependencies: ["ChangeModel", "SQLiteKit"], swiftSettings: strict),

    // The stages wired together; concurrency and configuration live here.
    // On how many processors this process may run is a call that Swift's Glibc leaves out.
    .systemLibrary(name: "CAffinity"),
    .target(
      name: "Pipeline",
      dependencies: [
        "ChangeModel", "Hashing", "RecordFormats", "BatchSource", "Sequencing", "SQLiteKit",
        "CollectionStore", "CPrefetch", "CAffinity", .product(name: "Yams", package: "Yams"),
      ],
      swiftSettings: strict),

    // The command: flags in, text out.
    .executableTarget(
      name: "resequel",
      dependencies: [
        "Pipeline", "CollectionStore", "ChangeModel",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict,
      // Swift's own libraries become a part of the program: it starts in half the time, its calls
      // into them cost 4 % less processor time, and it runs where no Swift is installed.
      linkerSettings: [
        .unsafeFlags(
          [
            "-static-stdlib", "-lCoreFoundation", "-l_FoundationICU", "-l_FoundationCShims",
            "-l_FoundationCollections",
          ], .when(platforms: [.linux]))
      ]),

    // A simulated source database and a hostile bucket, from a seed; and an oracle that shares no
    // code with what it checks.
    .target(name: "SourceWorld", swiftSettings: strict),
    .executableTarget(
      name: "source-world",
      dependencies: [
        "SourceWorld", "CSQLite",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "decode-bench",
      dependencies: ["ChangeModel", "RecordFormats", "CSimdJSON"],
      exclude: ["one-module.sh"], swiftSettings: strict),

    // Tests run in release on the modules that ship: no `@testable`.
    .testTarget(name: "ChangeModelTests", dependencies: ["ChangeModel"], swiftSettings: strict),
    .testTarget(name: "HashingTests", dependencies: ["Hashing"], swiftSettings: strict),
    .testTarget(name: "ScanningTests", dependencies: ["Scanning"], swiftSettings: strict),
    .testTarget(
      name: "RecordFormatsTests", dependencies: ["RecordFormats", "ChangeModel"],
      swiftSettings: strict),
    .testTarget(
      name: "BatchSourceTests",
      dependencies: ["BatchSource", "ChangeModel", "Hashing", "CZlib", "CZstd"],
      swiftSettings: strict),
    .testTarget(
      name: "SequencingTests", dependencies: ["Sequencing", "ChangeModel"], swiftSettings: strict),
    .testTarget(
      name: "CollectionStoreTests", dependencies: ["CollectionStore", "SQLiteKit", "ChangeModel"],
      swiftSettings: strict),
    .testTarget(name: "SourceWorldTests", dependencies: ["SourceWorld"], swiftSettings: strict),
    .testTarget(
      name: "PipelineTests",
      dependencies: [
        "Pipeline", "BatchSource", "CollectionStore", "SourceWorld", "ChangeModel", "SQLiteKit",
        "Hashing",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "CommandTests", dependencies: ["CollectionStore", "SQLiteKit"],
      exclude: ["Golden", "mounted_bucket.py"], swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx17
)
