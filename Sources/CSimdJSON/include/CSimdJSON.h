#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// simdjson's stage 1: finds the structural characters of JSON text. Reusable; its memory grows
/// with the longest text that it was given.
typedef struct resequel_json_indexer resequel_json_indexer;

enum {
  /// The index is complete, and the text is valid UTF-8.
  RESEQUEL_JSON_INDEXED = 0,
  /// The index is complete, but the text is not valid UTF-8.
  RESEQUEL_JSON_NOT_UTF8 = 1,
  /// No index: a string is not closed, or holds a control character.
  RESEQUEL_JSON_BAD_STRING = 2,
  /// No index: the text holds nothing but white space.
  RESEQUEL_JSON_EMPTY = 3,
  /// No index: out of memory, or the text is 4 GiB or longer.
  RESEQUEL_JSON_TOO_LONG = 4,
};

/// Makes an indexer; null when memory is out.
resequel_json_indexer *resequel_json_indexer_create(void);
/// Frees an indexer.
void resequel_json_indexer_destroy(resequel_json_indexer *indexer);
/// Indexes a text, which needs no padding. The offsets stay valid until the next call; behind the
/// last one stands the text's length.
int resequel_json_index(
    resequel_json_indexer *indexer, const uint8_t *bytes, size_t count, const uint32_t **offsets,
    size_t *offset_count);
/// Whether bytes are valid UTF-8.
bool resequel_is_utf8(const uint8_t *bytes, size_t count);

/// Which of 16 bytes are a quote, a backslash, a control character or no ASCII: a bit for each, the
/// first byte's lowest. Swift's vectors have no such mask.
static inline uint32_t resequel_special_bytes(const void *bytes) {
  typedef int8_t bytes16 __attribute__((ext_vector_type(16)));
  typedef bool bits16 __attribute__((ext_vector_type(16)));
  bytes16 text;
  __builtin_memcpy(&text, bytes, sizeof text);
  // Seen with a sign, bytes that are no ASCII are below all control characters.
  bits16 special = __builtin_convertvector((text == '"') | (text == '\\') | (text < 0x20), bits16);
  uint16_t mask;
  __builtin_memcpy(&mask, &special, sizeof mask);
  return mask;
}

/// Which of 64 bytes are one of four: a bit for each, the first byte's lowest.
static inline uint64_t resequel_equal_bytes(
    const void *bytes, uint8_t first, uint8_t second, uint8_t third, uint8_t fourth) {
  typedef uint8_t bytes16 __attribute__((ext_vector_type(16)));
  typedef bool bits16 __attribute__((ext_vector_type(16)));
  uint64_t mask = 0;
  for (int part = 0; part < 4; part++) {
    bytes16 text;
    __builtin_memcpy(&text, (const uint8_t *)bytes + part * 16, sizeof text);
    bits16 equal = __builtin_convertvector(
        (text == first) | (text == second) | (text == third) | (text == fourth), bits16);
    uint16_t bits;
    __builtin_memcpy(&bits, &equal, sizeof bits);
    mask |= (uint64_t)bits << (part * 16);
  }
  return mask;
}

/// simdjson's own DOM parse, for comparison in benchmarks only. The bytes must be followed by 64
/// readable ones. Each returns how many records it parsed, or -1 on the first error.
typedef struct resequel_json_dom resequel_json_dom;
resequel_json_dom *resequel_json_dom_create(void);
void resequel_json_dom_destroy(resequel_json_dom *dom);
/// One `parse_many` over JSON Lines, in batches of `batch_size` bytes.
int64_t resequel_json_dom_many(
    resequel_json_dom *dom, const uint8_t *bytes, size_t count, size_t batch_size);
/// One `parse` for each line.
int64_t resequel_json_dom_lines(resequel_json_dom *dom, const uint8_t *bytes, size_t count);
/// The implementation that simdjson chose for this processor.
const char *resequel_json_implementation(void);

#ifdef __cplusplus
}
#endif
