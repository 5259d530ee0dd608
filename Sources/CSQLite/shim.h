#pragma once
#include <sqlite3.h>
#include <sys/syscall.h>
#include <unistd.h>

// SQLITE_STATIC and SQLITE_TRANSIENT are casts, which Swift does not import.
static inline sqlite3_destructor_type resequel_sqlite_static(void) { return SQLITE_STATIC; }
static inline sqlite3_destructor_type resequel_sqlite_transient(void) { return SQLITE_TRANSIENT; }

// Reads the first bytes of the main database file through SQLite's own descriptor: closing one of
// our own would drop every lock that this process holds on the file. Takes no lock and starts no
// recovery. Returns an SQLite result code. Where the file is shorter the rest is zeroed.
static inline int resequel_sqlite_read_header(sqlite3 *db, void *bytes, int count) {
  sqlite3_file *file = 0;
  int code = sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
  if (code != SQLITE_OK) return code;
  if (!file || !file->pMethods) return SQLITE_CANTOPEN;
  code = file->pMethods->xRead(file, bytes, count, 0);
  return code == SQLITE_IOERR_SHORT_READ ? SQLITE_OK : code;
}

// The size of the main database file in bytes, or -1.
static inline long long resequel_sqlite_file_size(sqlite3 *db) {
  sqlite3_file *file = 0;
  sqlite3_int64 size = 0;
  if (sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK) return -1;
  if (!file || !file->pMethods || file->pMethods->xFileSize(file, &size) != SQLITE_OK) return -1;
  return size;
}

// Something to point at when there are no bytes: a null pointer would bind NULL.
static inline const char *resequel_sqlite_nowhere(void) { return ""; }

// Without the count of allocated bytes, which nobody asks for, allocations need no lock. Takes effect
// only before the first connection; later it is refused, which harms nothing.
static inline void resequel_sqlite_count_no_memory(void) { sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); }

// Lets the system begin to write what of a file's bytes is in its cache only, and does not wait.
// glibc tells of this call (sync_file_range, with SYNC_FILE_RANGE_WRITE) only where _GNU_SOURCE is.
static inline void resequel_begin_write_back(int file, long long offset, long long count) {
  syscall(SYS_sync_file_range, file, offset, count, 2);
}
