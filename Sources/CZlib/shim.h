#pragma once
#include <zlib.h>

// Initialisers are macros, which Swift does not import. 31 = 15 window bits + 16 for gzip framing.
static inline int resequel_deflate_init_gzip(z_stream *stream, int level) {
  return deflateInit2(stream, level, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY);
}
