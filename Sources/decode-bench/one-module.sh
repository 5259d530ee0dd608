#!/bin/sh
# Builds the decoder and its benchmark as one module, runs it by turns with the benchmark of the
# modules that ship, and prints how much slower these are. Fails above 1.1.
#
# The optimiser does not look across modules: this shows that nothing hot waits behind a wall.
# Needs `swift build -c release --product decode-bench` before. Call it from the package's root.
set -eu
records=${1:-150000}
turns=${2:-5}
build=.build/release
work=.build/one-module
rm -rf "$work"
mkdir -p "$work/sources" "$work/CSimdJSON"
for module in ChangeModel Hashing Scanning RecordFormats; do
  for file in Sources/$module/*.swift; do
    sed -E '/^(package |public )?import (ChangeModel|Hashing|Scanning|RecordFormats)$/d' \
      "$file" > "$work/sources/$module-$(basename "$file")"
  done
done
for file in Sources/decode-bench/*.swift; do
  sed -E '/^import (ChangeModel|Hashing|Scanning|RecordFormats)$/d' \
    "$file" > "$work/sources/$(basename "$file")"
done
cp Sources/CSimdJSON/include/CSimdJSON.h "$work/CSimdJSON/"
printf 'module CSimdJSON {\n  header "CSimdJSON.h"\n  link "simdjson"\n  export *\n}\n' \
  > "$work/CSimdJSON/module.modulemap"
clang++ -O2 -std=c++17 -ISources/CSimdJSON/include \
  -c Sources/CSimdJSON/CSimdJSON.cpp -o "$work/CSimdJSON.o"
yams=$(find "$build/Yams.build" "$build/CYaml.build" -name '*.o')
features="-enable-upcoming-feature ExistentialAny -enable-upcoming-feature InternalImportsByDefault"
features="$features -enable-upcoming-feature MemberImportVisibility"
# shellcheck disable=SC2086
swiftc -O -wmo -swift-version 6 -package-name resequel $features -suppress-warnings \
  -I "$build/Modules" -I "$work/CSimdJSON" -I Sources/CCrypto -I Sources/CXXHash -I .build/checkouts/Yams/Sources/CYaml/include \
  -module-name OneModule "$work"/sources/*.swift "$work/CSimdJSON.o" $yams -lstdc++ \
  -o "$work/decode-bench"
: > "$work/many"
: > "$work/one"
turn=0
while [ "$turn" -lt "$turns" ]; do
  "$build/decode-bench" "$records" 5 --decode-only >> "$work/many"
  "$work/decode-bench" "$records" 5 --decode-only >> "$work/one"
  turn=$((turn + 1))
done
median() { sort -g "$1" | sed -n "$((turns / 2 + 1))p"; }
awk -v many="$(median "$work/many")" -v one="$(median "$work/one")" 'BEGIN {
  printf "modules that ship: %.1f ms, one module: %.1f ms, ratio %.3f (wanted: at most 1.1)\n",
    many * 1000, one * 1000, many / one
  exit many / one > 1.1
}'
