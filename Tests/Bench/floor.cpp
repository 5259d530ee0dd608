// The floor: what no loader of these files can leave out, and nothing else. It finds each record's
// operation, position and key, keeps the newest record of every key, sorts the keys, and inserts
// the final rows in key order into a SQLite file that is on the disk when the program ends. SQLite
// makes the pages, of one statement that reads the prepared rows as a table.
//
// It is a yardstick, not a loader: it reads only what `source-world generate` writes as JSON lines
// for one MySQL table with full images and the key `id`. It keeps no positions, tombstones,
// manifest or bad records, and stops at anything it does not expect.
//
// usage: floor DIRECTORY FILE.db
#include <fcntl.h>
#include <immintrin.h>
#include <sqlite3.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

constexpr int kThreads = 2;

[[noreturn]] void fail(const char *what) {
  std::fprintf(stderr, "floor: %s\n", what);
  std::exit(2);
}

// ---- Scanning ----------------------------------------------------------------------------------

/// Bytes that the scan may read behind the end of a file: a file's mapping is that much longer.
constexpr size_t kSlack = 64;

struct Text {
  const char *start;
  uint32_t count;
};

/// The first `needle` at or behind `at`, or `end`.
const char *find(const char *at, const char *end, std::string_view needle) {
  const __m256i first = _mm256_set1_epi8(needle.front());
  const __m256i last = _mm256_set1_epi8(needle.back());
  const size_t reach = needle.size() - 1;
  for (; at + reach < end; at += 32) {
    const __m256i heads = _mm256_loadu_si256(reinterpret_cast<const __m256i *>(at));
    const __m256i tails = _mm256_loadu_si256(reinterpret_cast<const __m256i *>(at + reach));
    uint32_t mask = static_cast<uint32_t>(_mm256_movemask_epi8(
        _mm256_and_si256(_mm256_cmpeq_epi8(heads, first), _mm256_cmpeq_epi8(tails, last))));
    for (; mask != 0; mask &= mask - 1) {
      const char *found = at + __builtin_ctz(mask);
      if (found + reach >= end) return end;
      if (std::memcmp(found, needle.data(), needle.size()) == 0) return found;
    }
  }
  return end;
}

/// The quote that ends the string that begins at `at`; `escaped` becomes true if there is a
/// backslash before it.
const char *string_end(const char *at, bool &escaped) {
  const __m256i quote = _mm256_set1_epi8('"');
  const __m256i slash = _mm256_set1_epi8('\\');
  while (true) {
    const __m256i block = _mm256_loadu_si256(reinterpret_cast<const __m256i *>(at));
    const uint32_t mask = static_cast<uint32_t>(_mm256_movemask_epi8(
        _mm256_or_si256(_mm256_cmpeq_epi8(block, quote), _mm256_cmpeq_epi8(block, slash))));
    if (mask == 0) {
      at += 32;
      continue;
    }
    at += __builtin_ctz(mask);
    if (*at == '"') return at;
    escaped = true;
    at += 2;
  }
}

uint64_t number(const char *at) {
  uint64_t value = 0;
  for (; *at >= '0' && *at <= '9'; ++at) value = value * 10 + static_cast<uint64_t>(*at - '0');
  return value;
}

// ---- One record --------------------------------------------------------------------------------

struct Record {
  uint64_t hash;
  uint64_t log;       // number of the log file
  uint64_t place;     // position in it, and the place in the event
  const char *image;  // behind the `{` of the image that holds the key
  const char *key;
  uint32_t key_count;
  bool is_delete;

  bool is_newer_than(const Record &other) const {
    return log != other.log ? log > other.log : place > other.place;
  }
};

uint64_t load(const char *at, uint32_t count) {
  uint64_t word = 0;
  std::memcpy(&word, at, count);
  return word;
}

/// A product of 64-bit words folded into one; keys are short.
uint64_t hash(const char *at, uint32_t count) {
  uint64_t state = 0x9E3779B97F4A7C15u ^ count;
  while (count > 0) {
    const uint32_t taken = std::min(count, 8u);
    const auto product = static_cast<unsigned __int128>(state ^ load(at, taken)) *
                         0xD6E8FEB86659FD93u;
    state = static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
    at += taken;
    count -= taken;
  }
  return state;
}

/// Where `needle` ends.
const char *behind(const char *at, const char *end, std::string_view needle) {
  const char *found = find(at, end, needle);
  if (found == end) fail("a record is not as the bench profile writes it");
  return found + needle.size();
}

/// An unescaped quote cannot lie inside a JSON string, so the needles below, which begin or end
/// with one, are members' names and nothing else; those of the cursor are escaped there.
Record read_record(const char *at, const char *end) {
  Record record;
  at = behind(at, end, "\"opType\":\"");
  record.is_delete = *at == 'D';
  at = behind(at, end, "\\\"log\\\":\\\"");
  const char *name_end = find(at, end, "\\\"");
  while (name_end[-1] >= '0' && name_end[-1] <= '9') --name_end;
  record.log = number(name_end);
  at = behind(at, end, "\\\"position\\\":");
  record.place = number(at) << 20;
  at = behind(at, end, "\\\"logSeqNum\\\":");
  record.place |= number(at);
  at = behind(at, end, record.is_delete ? "\"before\":{" : "\"after\":{");
  record.image = at;
  at = behind(at, end, "\"id\":\"");
  bool escaped = false;
  record.key = at;
  record.key_count = static_cast<uint32_t>(string_end(at, escaped) - at);
  if (escaped) fail("a key is escaped");
  record.hash = hash(record.key, record.key_count);
  return record;
}

// ---- All records, each thread its files --------------------------------------------------------

struct File {
  const char *start;
  size_t size;
};

File map_file(const std::string &path) {
  const int descriptor = open(path.c_str(), O_RDONLY);
  struct stat status;
  if (descriptor < 0 || fstat(descriptor, &status) != 0) fail("a file cannot be read");
  const size_t size = static_cast<size_t>(status.st_size);
  // Room behind the file first: its last page may be full.
  char *room = static_cast<char *>(
      mmap(nullptr, size + kSlack, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  if (room == MAP_FAILED ||
      (size > 0 &&
       mmap(room, size, PROT_READ, MAP_PRIVATE | MAP_FIXED, descriptor, 0) == MAP_FAILED)) {
    fail("a file cannot be mapped");
  }
  close(descriptor);
  return {room, size};
}

/// The half of the keys that a thread collapses.
int half(uint64_t hash) { return static_cast<int>(hash >> 63); }

/// What one thread read, by the half that the key belongs to.
struct Share {
  std::vector<Record> records[kThreads];
};

void read_files(const std::vector<std::string> &paths, std::atomic<size_t> &next, Share &share) {
  for (auto &records : share.records) records.reserve(200000);
  while (true) {
    const size_t index = next.fetch_add(1, std::memory_order_relaxed);
    if (index >= paths.size()) return;
    const File file = map_file(paths[index]);
    const char *at = file.start;
    const char *end = at + file.size;
    while (at < end) {
      const char *newline = find(at, end, "\n");
      const Record record = read_record(at, newline);
      share.records[half(record.hash)].push_back(record);
      at = newline + 1;
    }
  }
}

// ---- The newest record of each key, sorted -----------------------------------------------------

struct Row {
  unsigned __int128 prefix;  // the key's first 16 bytes, most significant first
  const Record *record;

  bool operator<(const Row &other) const {
    if (prefix != other.prefix) return prefix < other.prefix;
    const Record &a = *record, &b = *other.record;
    const int order = std::memcmp(a.key, b.key, std::min(a.key_count, b.key_count));
    return order != 0 ? order < 0 : a.key_count < b.key_count;
  }
};

Row make_row(const Record &record) {
  char bytes[16] = {};
  std::memcpy(bytes, record.key, std::min(record.key_count, 16u));
  const uint64_t high = __builtin_bswap64(load(bytes, 8));
  return {static_cast<unsigned __int128>(high) << 64 | __builtin_bswap64(load(bytes + 8, 8)),
          &record};
}

void collapse(const Share (&shares)[kThreads], int half, std::vector<Row> &rows) {
  size_t count = 0;
  for (const Share &share : shares) count += share.records[half].size();
  size_t capacity = 1024;
  while (capacity < count * 2) capacity *= 2;
  std::vector<const Record *> newest(capacity, nullptr);
  size_t keys = 0;
  for (const Share &share : shares) {
    const std::vector<Record> &records = share.records[half];
    for (size_t index = 0; index < records.size(); ++index) {
      // The slot that will be needed soon is fetched while this one is looked at.
      if (index + 8 < records.size()) {
        __builtin_prefetch(&newest[records[index + 8].hash & (capacity - 1)]);
      }
      const Record &record = records[index];
      size_t slot = record.hash & (capacity - 1);
      while (newest[slot] != nullptr &&
             (newest[slot]->hash != record.hash || newest[slot]->key_count != record.key_count ||
              std::memcmp(newest[slot]->key, record.key, record.key_count) != 0)) {
        slot = (slot + 1) & (capacity - 1);
      }
      if (newest[slot] == nullptr) ++keys;
      if (newest[slot] == nullptr || record.is_newer_than(*newest[slot])) newest[slot] = &record;
    }
  }
  rows.reserve(keys);
  for (const Record *record : newest) {
    if (record != nullptr && !record->is_delete) rows.push_back(make_row(*record));
  }
  std::sort(rows.begin(), rows.end());
}

// ---- Rows to SQLite: one thread prepares what the other inserts ---------------------------------

struct Cell {
  uint32_t offset;
  uint32_t count;
};

constexpr uint32_t kNull = UINT32_MAX;

/// So many rows, their values copied together.
struct Batch {
  static constexpr size_t kRows = 512;
  std::vector<char> bytes;
  std::vector<Cell> cells;
  size_t rows = 0;
  std::atomic<bool> is_full{false};
};

/// The names of an image's members, in its order.
std::vector<std::string> column_names(const char *at) {
  std::vector<std::string> names;
  while (*at == '"') {
    bool escaped = false;
    const char *end = string_end(at + 1, escaped);
    names.emplace_back(at + 1, end);
    if (escaped || end[1] != ':' || end[2] != '"') fail("an image is not as expected");
    at = string_end(end + 3, escaped) + 1;
    if (*at == ',') ++at;
  }
  return names;
}

/// Appends a JSON string's text without its escapes; those of `\u` do not occur.
uint32_t unescape(const char *at, const char *end, char *out) {
  const char *start = out;
  while (at < end) {
    if (*at != '\\') {
      *out++ = *at++;
      continue;
    }
    switch (at[1]) {
      case 'n': *out++ = '\n'; break;
      case 't': *out++ = '\t'; break;
      case 'r': *out++ = '\r'; break;
      case '"': case '\\': case '/': *out++ = at[1]; break;
      default: fail("an escape is not as expected");
    }
    at += 2;
  }
  return static_cast<uint32_t>(out - start);
}

class Preparer {
 public:
  Preparer(const std::vector<std::string> &columns, Batch *batches, size_t batch_count)
      : columns_(columns), batches_(batches), batch_count_(batch_count) {}

  /// Merges the sorted halves into batches, and ends with one of no rows.
  void run(const std::vector<Row> (&halves)[kThreads]) {
    const Row *left = halves[0].data(), *left_end = left + halves[0].size();
    const Row *right = halves[1].data(), *right_end = right + halves[1].size();
    begin();
    while (left != left_end || right != right_end) {
      const bool takes_left = right == right_end || (left != left_end && *left < *right);
      const Row *&next = takes_left ? left : right;
      // The records lie far apart: those needed soon are fetched now.
      const Row *end = takes_left ? left_end : right_end;
      if (next + 6 < end) {
        const char *ahead = next[6].record->image;
        for (int line = 0; line < 6; ++line) __builtin_prefetch(ahead + line * 64);
      }
      add(*next->record);
      ++next;
      if (batch().rows == Batch::kRows) flush();
    }
    if (batch().rows > 0) flush();
    flush();
  }

 private:
  Batch &batch() { return batches_[index_ % batch_count_]; }

  void begin() {
    Batch &batch = this->batch();
    batch.is_full.wait(true, std::memory_order_acquire);
    batch.rows = 0;
    used_ = 0;
    batch.cells.resize(Batch::kRows * columns_.size());
  }

  void flush() {
    batch().is_full.store(true, std::memory_order_release);
    batch().is_full.notify_one();
    ++index_;
    begin();
  }

  void add(const Record &record) {
    Batch &batch = this->batch();
    Cell *cells = &batch.cells[batch.rows * columns_.size()];
    const char *at = record.image;
    for (size_t index = 0; index < columns_.size(); ++index) {
      const std::string &name = columns_[index];
      if (std::memcmp(at + 1, name.data(), name.size()) != 0) fail("columns change their order");
      at += name.size() + 4;
      bool escaped = false;
      const char *end = string_end(at, escaped);
      const size_t count = static_cast<size_t>(end - at);
      if (batch.bytes.size() < used_ + count + 32) {
        batch.bytes.resize((used_ + count + 32) * 2);
      }
      if (count == 4 && std::memcmp(at, "null", 4) == 0) {
        cells[index] = {0, kNull};
      } else {
        char *out = batch.bytes.data() + used_;
        uint32_t kept = static_cast<uint32_t>(count);
        if (escaped) kept = unescape(at, end, out);
        else std::memcpy(out, at, count);
        cells[index] = {static_cast<uint32_t>(used_), kept};
        used_ += kept;
      }
      at = end + 2;
    }
    ++batch.rows;
  }

  const std::vector<std::string> &columns_;
  Batch *batches_;
  size_t batch_count_;
  size_t index_ = 0;
  size_t used_ = 0;
};

/// The prepared rows as a virtual table that is read once, so that one statement inserts them all: a
/// statement for each row opens its cursor anew and searches its place from the root.
class PreparedRows {
 public:
  PreparedRows(const std::vector<std::string> &columns, Batch *batches, size_t batch_count)
      : batches_(batches), batch_count_(batch_count), column_count_(columns.size()) {
    key_column_ = std::find(columns.begin(), columns.end(), "id") - columns.begin();
  }

  /// `descriptor` is the database's: what SQLite wrote is sent to the disk while more is made.
  void register_with(sqlite3 *database, int descriptor) {
    descriptor_ = descriptor;
    static sqlite3_module module = {};
    module.xConnect = connect;
    module.xBestIndex = [](sqlite3_vtab *, sqlite3_index_info *) { return SQLITE_OK; };
    module.xDisconnect = [](sqlite3_vtab *table) { delete table; return SQLITE_OK; };
    module.xOpen = open_cursor;
    module.xClose = [](sqlite3_vtab_cursor *) { return SQLITE_OK; };
    module.xFilter = [](sqlite3_vtab_cursor *cursor, int, const char *, int, sqlite3_value **) {
      rows(cursor).wait();
      return SQLITE_OK;
    };
    module.xNext = [](sqlite3_vtab_cursor *cursor) { rows(cursor).advance(); return SQLITE_OK; };
    module.xEof = [](sqlite3_vtab_cursor *cursor) { return rows(cursor).batch_->rows == 0 ? 1 : 0; };
    module.xColumn = [](sqlite3_vtab_cursor *cursor, sqlite3_context *context, int column) {
      rows(cursor).give(context, column);
      return SQLITE_OK;
    };
    module.xRowid = [](sqlite3_vtab_cursor *, sqlite3_int64 *) { return SQLITE_ERROR; };
    sqlite3_create_module(database, "prepared", &module, this);
  }

 private:
  struct Cursor : sqlite3_vtab_cursor {
    PreparedRows *rows;
  };
  struct Table : sqlite3_vtab {
    Cursor cursor;
  };

  static PreparedRows &rows(sqlite3_vtab_cursor *cursor) {
    return *static_cast<Cursor *>(cursor)->rows;
  }

  static int connect(sqlite3 *database, void *context, int, const char *const *,
                     sqlite3_vtab **result, char **) {
    auto *rows = static_cast<PreparedRows *>(context);
    std::string names = "_id";
    for (size_t column = 0; column < rows->column_count_; ++column) {
      names += ", c" + std::to_string(column);
    }
    Table *table = new Table{};
    table->cursor.rows = rows;
    *result = table;
    return sqlite3_declare_vtab(database, ("CREATE TABLE prepared (" + names + ")").c_str());
  }

  static int open_cursor(sqlite3_vtab *table, sqlite3_vtab_cursor **cursor) {
    *cursor = &static_cast<Table *>(table)->cursor;
    return SQLITE_OK;
  }

  void wait() {
    batch_ = &batches_[index_ % batch_count_];
    batch_->is_full.wait(false, std::memory_order_acquire);
    row_ = 0;
    cells_ = batch_->cells.data();
  }

  void advance() {
    cells_ += column_count_;
    if (++row_ < batch_->rows) return;
    batch_->is_full.store(false, std::memory_order_release);
    batch_->is_full.notify_one();
    if (++index_ % 64 == 0) sync_file_range(descriptor_, 0, 0, SYNC_FILE_RANGE_WRITE);
    wait();
  }

  void give(sqlite3_context *context, int column) {
    const Cell &cell = cells_[column == 0 ? key_column_ : static_cast<size_t>(column - 1)];
    if (cell.count == kNull) return;
    sqlite3_result_text(context, batch_->bytes.data() + cell.offset, static_cast<int>(cell.count),
                        SQLITE_STATIC);
  }

  Batch *batches_;
  size_t batch_count_;
  size_t column_count_;
  size_t key_column_;
  int descriptor_ = -1;
  size_t index_ = 0;
  size_t row_ = 0;
  Batch *batch_ = nullptr;
  const Cell *cells_ = nullptr;
};

class Writer {
 public:
  Writer(const char *path, const std::vector<std::string> &columns) {
    unlink(path);
    sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    if (sqlite3_open(path, &database_) != SQLITE_OK) fail("the database cannot be made");
    run("PRAGMA page_size = 32768; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
        "PRAGMA secure_delete = OFF; PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_size = -4096");
    std::string names;
    for (const std::string &column : columns) names += ", \"" + column + "\"";
    run("CREATE TABLE orders (_id TEXT PRIMARY KEY NOT NULL" + names + ") WITHOUT ROWID");
    descriptor_ = open(path, O_RDWR);
    if (descriptor_ < 0) fail("the database cannot be opened");
  }

  void insert(PreparedRows &rows) {
    rows.register_with(database_, descriptor_);
    run("INSERT INTO orders SELECT * FROM prepared");
  }

  /// Waits until the file is on the disk.
  void finish() {
    sqlite3_close(database_);
    if (fsync(descriptor_) != 0) fail("the database cannot be synced");
    close(descriptor_);
  }

 private:
  void run(const std::string &statements) {
    if (sqlite3_exec(database_, statements.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
      fail(sqlite3_errmsg(database_));
    }
  }

  sqlite3 *database_ = nullptr;
  int descriptor_ = -1;
};

// ---- All of it ---------------------------------------------------------------------------------

std::vector<std::string> list(const char *directory) {
  std::vector<std::string> paths;
  for (const auto &entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (entry.is_regular_file() && entry.path().extension() == ".json") {
      paths.push_back(entry.path().string());
    }
  }
  return paths;
}

void on_both(auto work) {
  std::thread other([&] { work(1); });
  work(0);
  other.join();
}

void report(const char *stage) {
  static const bool is_wanted = std::getenv("FLOOR_STAGES") != nullptr;
  static auto last = std::chrono::steady_clock::now();
  const auto now = std::chrono::steady_clock::now();
  if (is_wanted) {
    std::fprintf(stderr, "%-10s %.3f s\n", stage, std::chrono::duration<double>(now - last).count());
  }
  last = now;
}

}  // namespace

int main(int count, char **arguments) {
  if (count != 3) fail("usage: floor DIRECTORY FILE.db");
  report("start");
  const std::vector<std::string> paths = list(arguments[1]);
  std::atomic<size_t> next{0};
  static Share shares[kThreads];
  on_both([&](int thread) { read_files(paths, next, shares[thread]); });
  report("read");

  static std::vector<Row> halves[kThreads];
  on_both([&](int thread) { collapse(shares, thread, halves[thread]); });
  report("collapse");

  if (halves[0].empty()) fail("there are no rows");
  const std::vector<std::string> columns = column_names(halves[0][0].record->image);
  static Batch batches[8];
  Writer writer(arguments[2], columns);
  std::thread preparer([&] { Preparer(columns, batches, std::size(batches)).run(halves); });
  PreparedRows rows(columns, batches, std::size(batches));
  writer.insert(rows);
  report("insert");
  writer.finish();
  report("finish");
  // What is mapped and allocated goes with the process; the preparer may wait for ever.
  std::_Exit(0);
}
