import ChangeModel
import Glibc

/// Makes errors for people of what a system call answered.
enum SystemFailure {
  /// Calls until the answer is not "interrupted"; -1 stands for failure, as in C.
  static func retrying<Value: SignedInteger>(_ call: () -> Value) -> Value {
    while true {
      let value = call()
      if value != -1 || errno != EINTR { return value }
    }
  }

  /// What the last call failed with, in words: `cannot open: permission denied`.
  static func error(
    _ severity: IngestError.Severity, file: BatchPath?, doing: String, code: CInt = errno,
    hint: String? = nil
  ) -> IngestError {
    IngestError(
      severity, file: file?.description, cause: "cannot \(doing): \(text(code))",
      hint: hint ?? self.hint(code))
  }

  static func text(_ code: CInt) -> String {
    let text = String(cString: strerror(code))
    return text.prefix(1).lowercased() + text.dropFirst()
  }

  private static func hint(_ code: CInt) -> String? {
    switch code {
    case EACCES, EPERM: "grant this user the right to read it"
    case EMFILE, ENFILE: "raise the limit of open files (ulimit -n)"
    case ENOSPC, EDQUOT: "free disk space and run again"
    case ENOTCONN, ESTALE, EIO: "check that the drop is mounted"
    default: nil
    }
  }
}
