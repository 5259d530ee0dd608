#pragma once
#include <stddef.h>

/// Asks for the lines of the processor's cache that some bytes lie in, at least one, and does not wait
/// for them. Any address may be asked for. (Swift has no name for it.)
static inline void prefetch(const void *bytes, size_t count) {
  const char *start = (const char *)bytes;
  __builtin_prefetch(start);
  for (size_t offset = 64; offset < count; offset += 64) __builtin_prefetch(start + offset);
  if (count > 1) __builtin_prefetch(start + count - 1);
}
