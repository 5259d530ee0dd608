#pragma once
#include <zlib.h>

// inflateInit2 is a macro, which Swift does not import. 31 = 15 window bits + 16 for gzip framing.
static inline int resequel_inflate_init_gzip(z_stream *stream) { return inflateInit2(stream, 31); }
