#pragma once
#include <isa-l/igzip_lib.h>
#include <stdlib.h>

// The state is 87 kB of arrays, more than Swift imports: it is only handed through.

static inline void *resequel_gunzip_create(void) { return malloc(sizeof(struct inflate_state)); }

// Begins a gzip member.
static inline void resequel_gunzip_begin(void *opaque) {
  struct inflate_state *state = (struct inflate_state *)opaque;
  isal_inflate_init(state);
  state->crc_flag = ISAL_GZIP;
}

// Decompresses some input. In: how many bytes there are, and how many have room. Out: how many of
// each were used. Returns 1 at the member's end, 0 before, and an ISAL error code below 0.
static inline int resequel_gunzip_step(
    void *opaque, const void *input, uint32_t *input_count, void *output, uint32_t *output_count) {
  struct inflate_state *state = (struct inflate_state *)opaque;
  state->next_in = (uint8_t *)input;
  state->avail_in = *input_count;
  state->next_out = (uint8_t *)output;
  state->avail_out = *output_count;
  int answer = isal_inflate(state);
  *input_count -= state->avail_in;
  *output_count -= state->avail_out;
  if (answer < 0) return answer;
  return state->block_state == ISAL_BLOCK_FINISH;
}
