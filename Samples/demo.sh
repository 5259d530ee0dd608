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

say "A source database: 100,000 changes in its log, five tables, 200 batch files"
world=(--seed 20240607 --profile demo --records 100000)
"$bin/source-world" generate "${world[@]}" --files 200 --out "$work/bucket"
mapfile -t keys < "$work/bucket.keys.args"

say "Replayed in four calls, the files in a random order"
# A fixed source of randomness: the same order every time.
mapfile -t files < <(
  find "$work/bucket" -type f ! -name '*.yaml' | sort | shuf --random-source="$0")
quarter=$(( (${#files[@]} + 3) / 4 ))
for call in 0 1 2 3; do
  status=0
  "$bin/resequel" replay "${files[@]:call * quarter:quarter}" "${keys[@]}" \
    --db "$work/replay.db" > "$work/summary.txt" || status=$?
  head -n 2 "$work/summary.txt"
  # A part of the files may show holes (1); all of them together must not.
  if [[ $status -gt 1 || ($call -eq 3 && $status -ne 0) ]]; then
    cat "$work/summary.txt"
    echo "demo: replay ended with $status" >&2
    exit 1
  fi
done
"$bin/source-world" check "${world[@]}" --db "$work/replay.db"

say "Synced while the files arrive, stopped by SIGTERM, then synced once more"
mkdir "$work/drop"
"$bin/resequel" sync "$work/drop" "${keys[@]}" --db "$work/sync.db" --gap-wait 0 --progress none \
  > "$work/summary.txt" &
sync=$!
"$bin/source-world" deliver --from "$work/bucket" --out "$work/drop" --shuffle 7 --rate 400
kill -TERM "$sync"
wait "$sync"
head -n 2 "$work/summary.txt"
"$bin/resequel" sync "$work/drop" "${keys[@]}" --db "$work/sync.db" --once --settle 0 \
  --progress none > "$work/summary.txt" || { cat "$work/summary.txt"; exit 1; }
head -n 2 "$work/summary.txt"
"$bin/source-world" check "${world[@]}" --db "$work/sync.db"

say "The tables"
show inspect "$work/sync.db"
table=$("$bin/resequel" inspect "$work/sync.db" --format csv | sed -n '2s/,[0-9]*$//p')
echo
show inspect "$work/sync.db" "$table" --limit 5
echo
show status "$work/sync.db"

say "Both databases equal the source, whatever the order in which its files came."
