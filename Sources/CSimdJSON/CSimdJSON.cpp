#include "CSimdJSON.h"

#include <cstring>
#include <memory>
#include <new>
#include <simdjson.h>

using simdjson::error_code;

struct resequel_json_indexer {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> parser;
  size_t capacity = 0;
};

resequel_json_indexer *resequel_json_indexer_create(void) {
  return new (std::nothrow) resequel_json_indexer();
}

void resequel_json_indexer_destroy(resequel_json_indexer *indexer) { delete indexer; }

static bool reserve(resequel_json_indexer *indexer, size_t count) {
  if (indexer->parser && indexer->capacity >= count) return true;
  size_t capacity = 1 << 16;
  while (capacity < count) capacity *= 2;
  if (capacity > UINT32_MAX) capacity = UINT32_MAX;
  // A depth of one: stage 2, which would need more, never runs.
  indexer->parser.reset();
  indexer->capacity = 0;
  if (simdjson::get_active_implementation()->create_dom_parser_implementation(
          capacity, 1, indexer->parser) != simdjson::SUCCESS) {
    return false;
  }
  indexer->capacity = capacity;
  return true;
}

int resequel_json_index(
    resequel_json_indexer *indexer, const uint8_t *bytes, size_t count, const uint32_t **offsets,
    size_t *offset_count) {
  *offsets = nullptr;
  *offset_count = 0;
  if (count == 0) return RESEQUEL_JSON_EMPTY;
  if (count >= UINT32_MAX || !reserve(indexer, count)) return RESEQUEL_JSON_TOO_LONG;
  error_code error = indexer->parser->stage1(bytes, count, simdjson::stage1_mode::regular);
  if (error != simdjson::SUCCESS && error != simdjson::UTF8_ERROR) {
    return error == simdjson::EMPTY ? RESEQUEL_JSON_EMPTY : RESEQUEL_JSON_BAD_STRING;
  }
  *offsets = indexer->parser->structural_indexes.get();
  *offset_count = indexer->parser->n_structural_indexes;
  return error == simdjson::UTF8_ERROR ? RESEQUEL_JSON_NOT_UTF8 : RESEQUEL_JSON_INDEXED;
}

bool resequel_is_utf8(const uint8_t *bytes, size_t count) {
  return simdjson::validate_utf8(reinterpret_cast<const char *>(bytes), count);
}

struct resequel_json_dom {
  simdjson::dom::parser parser;
};

resequel_json_dom *resequel_json_dom_create(void) {
  auto dom = new (std::nothrow) resequel_json_dom();
#ifdef SIMDJSON_THREADS_ENABLED
  if (dom) dom->parser.threaded = false;
#endif
  return dom;
}

void resequel_json_dom_destroy(resequel_json_dom *dom) { delete dom; }

int64_t resequel_json_dom_many(
    resequel_json_dom *dom, const uint8_t *bytes, size_t count, size_t batch_size) {
  simdjson::dom::document_stream stream;
  if (dom->parser.parse_many(bytes, count, batch_size).get(stream) != simdjson::SUCCESS) return -1;
  int64_t records = 0;
  for (auto record : stream) {
    if (record.error() != simdjson::SUCCESS) return -1;
    records++;
  }
  return records;
}

int64_t resequel_json_dom_lines(resequel_json_dom *dom, const uint8_t *bytes, size_t count) {
  int64_t records = 0;
  const uint8_t *end = bytes + count;
  while (bytes < end) {
    auto newline = static_cast<const uint8_t *>(memchr(bytes, '\n', size_t(end - bytes)));
    if (!newline) newline = end;
    simdjson::dom::element record;
    if (dom->parser.parse(bytes, size_t(newline - bytes), false).get(record) !=
        simdjson::SUCCESS) {
      return -1;
    }
    records++;
    bytes = newline + 1;
  }
  return records;
}

const char *resequel_json_implementation(void) {
  static const std::string name = simdjson::get_active_implementation()->name();
  return name.c_str();
}
