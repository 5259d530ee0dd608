#pragma once
#include <xxhash.h>
#if defined(__x86_64__) && __has_include(<xxh_x86dispatch.h>)
// Chooses the widest instructions that the processor has.
#include <xxh_x86dispatch.h>
#endif

// Swift does not see what a macro calls.
static inline XXH_errorcode XXH3_128bits_updateFast(
    XXH3_state_t *state, const void *bytes, size_t count) {
  return XXH3_128bits_update(state, bytes, count);
}
