// Preloaded into the program by guard.py: counts allocations, bytes read and written, and steps of
// SQLite's statements, and says at the end how many there were. The program is told that the machine
// has one core, so that threads do not make the counts differ between runs.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_ulong allocations, bytes_read, bytes_written, steps;

static void add(atomic_ulong *count, unsigned long amount) {
  atomic_fetch_add_explicit(count, amount, memory_order_relaxed);
}

static ssize_t counted(atomic_ulong *count, ssize_t bytes) {
  if (bytes > 0) add(count, (unsigned long)bytes);
  return bytes;
}

// glibc's own names for what is replaced here: looking them up would allocate.
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

void *malloc(size_t size) {
  add(&allocations, 1);
  return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
  add(&allocations, 1);
  return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size) {
  add(&allocations, 1);
  return __libc_realloc(memory, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  add(&allocations, 1);
  return __libc_memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
  *memory = aligned_alloc(alignment, size);
  return *memory ? 0 : 12;  // ENOMEM
}

ssize_t read(int file, void *buffer, size_t count) {
  return counted(&bytes_read, syscall(SYS_read, file, buffer, count));
}

ssize_t pread64(int file, void *buffer, size_t count, off64_t offset) {
  return counted(&bytes_read, syscall(SYS_pread64, file, buffer, count, offset));
}

ssize_t pread(int file, void *buffer, size_t count, off_t offset) {
  return pread64(file, buffer, count, offset);
}

ssize_t write(int file, const void *buffer, size_t count) {
  return counted(&bytes_written, syscall(SYS_write, file, buffer, count));
}

ssize_t pwrite64(int file, const void *buffer, size_t count, off64_t offset) {
  return counted(&bytes_written, syscall(SYS_pwrite64, file, buffer, count, offset));
}

ssize_t pwrite(int file, const void *buffer, size_t count, off_t offset) {
  return pwrite64(file, buffer, count, offset);
}

int sqlite3_step(void *statement) {
  static int (*step)(void *);
  if (!step) step = (int (*)(void *))dlsym(RTLD_NEXT, "sqlite3_step");
  add(&steps, 1);
  return step(statement);
}

int sched_getaffinity(pid_t thread, size_t size, cpu_set_t *processors) {
  (void)thread;
  CPU_ZERO_S(size, processors);
  CPU_SET_S(0, size, processors);
  return 0;
}

long sysconf(int name) {
  static long (*original)(int);
  if (name == _SC_NPROCESSORS_ONLN) return 1;
  if (!original) original = (long (*)(int))dlsym(RTLD_NEXT, "sysconf");
  return original(name);
}

// Valgrind writes into the set that it is given, and libdispatch gives one that cannot be written.
int sigsuspend(const sigset_t *set) {
  unsigned long own = *(const unsigned long *)set;
  return (int)syscall(SYS_rt_sigsuspend, &own, sizeof own);
}

__attribute__((destructor)) static void tell(void) {
  const char *path = getenv("GUARD_COUNTS");
  int file = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644) : -1;
  if (file < 0) return;
  dprintf(
      file,
      "{\"allocations\": %lu, \"bytes read\": %lu, \"bytes written\": %lu, \"SQLite steps\": %lu}\n",
      allocations, bytes_read, bytes_written, steps);
  close(file);
}
