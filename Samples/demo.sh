#!/usr/bin/env bash
# The demonstration: the published samples, then a generated source database whose files arrive in
# an order that nobody should have to live with. `make demo` calls it with the programs' directory.
set -euo pipefail

bin=$(cd "${1:?usage: demo.sh DIRECTORY-OF-PROGRAMS}" && pwd)
samples=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

say() { printf '\n== %s\n' "$*"; }

# Prints a command as one would type it, and runs it.
show() {
  printf '$ resequel %s\n' "${*//$work\//}"
  "$bin/resequel" "$@"
}

say "Published records, in files whose names are out of order"
for sample in "$samples"/*/; do
  name=$(basename "$sample")
  mapfile -t flags < "$sample/flags"
  "$bin/resequel" replay "$sample/drop" "${flags[@]}" --db "$work/$name.db" --progress none \
    > "$work/summary.txt" || { cat "$work/summary.txt"; echo "demo: $name failed" >&2; exit 1; }
  for expected in "$sample"/expected/*.jsonl; do
    table=$(basename "$expected" .jsonl)
    "$bin/resequel" inspect "$work/$name.db" "$table" --format json > "$work/rows.jsonl"
    if ! diff -u "$expected" "$work/rows.jsonl"; then
      echo "demo: $name: the table $table is not what it must be" >&2
      exit 1
    fi
    printf '%-30s table %-10s as expected, %s row(s)\n' \
      "$name" "$table" "$(wc -l < "$work/rows.jsonl")"
  done
done

say "The nation records of Arcion's documents: update in _1, insert in _2"
show inspect "$work/nation-updated.db" nation

. "$samples/demo-world.sh"
