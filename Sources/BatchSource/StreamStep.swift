/// What one step of decompression did.
struct StreamStep {
  /// How many bytes of input were used up.
  var consumed = 0
  /// How many bytes of output were made; they are good even when there is a fault.
  var produced = 0
  /// What is wrong with the input behind the consumed bytes; nil while nothing is.
  var fault: String?
}
