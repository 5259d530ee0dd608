import ArgumentParser

/// The arguments as the system gave them.
enum RawArguments {
  /// Refuses an argument that is not UTF-8: as a `String` it would name another file.
  ///
  /// - Throws: A usage error that says which one.
  static func check() throws(ValidationError) {
    for index in 1..<max(1, Int(CommandLine.argc)) {
      guard let argument = CommandLine.unsafeArgv[index] else { continue }
      guard String(validatingCString: argument) == nil else { continue }
      throw ValidationError(
        """
        argument \(index) is not valid UTF-8
          name the directory that holds it: names inside a directory may be any bytes
        """)
    }
  }
}
