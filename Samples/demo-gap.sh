#!/usr/bin/env bash
# The demonstration of gaps: a file is missing while others have come. `make demo-gap` calls it with
# the programs' directory.
set -euo pipefail

bin=$(cd "${1:?usage: demo-gap.sh DIRECTORY-OF-PROGRAMS}" && pwd)
work=$(mktemp -d)
sync=
trap 'if [[ -n $sync ]]; then kill -TERM "$sync" 2> /dev/null || true; fi; rm -rf "$work"' EXIT

say() { printf '\n== %s\n' "$*"; }

# Prints a command as one would type it, and runs it; what it says is wrong does not end the demo.
show() {
  printf '$ resequel %s\n' "${*//$work\//}"
  { "$bin/resequel" "$@" || printf '(exit status %s)\n' "$?"; } | sed "s|$work/||g"
}

# A count of the one collection, while others write: status ends with 1 where something is missing.
query() {
  { "$bin/resequel" status "$1" --json 2> /dev/null || true; } \
    | { grep -o "\"$2\":[0-9]*" || true; } | head -n 1 | cut -d : -f 2
}

# Waits until the database says what is expected.
await() {
  for _ in $(seq 300); do
    if [[ $(query "$1" "$2") == "$3" ]]; then return; fi
    sleep 0.1
  done
  echo "demo: $2 of $1 did not become $3" >&2
  exit 1
}

follow() {
  "$bin/resequel" sync "$work/$1" --db "$work/$2" --key orders=id --gap-wait "$3" --progress none \
    > "$work/summary.txt" 2> "$work/talk.txt" &
  sync=$!
}

stop() {
  kill -TERM "$sync"
  wait "$sync" || true
  sync=
}

# Moves a file in, as whatever writes a drop should.
deliver() { cp "$work/bucket/orders_$1.json" "$work/$2/.part" && mv "$work/$2/.part" "$work/$2/orders_$1.json"; }

world=(--seed 7 --profile bench --records 400)
"$bin/source-world" generate "${world[@]}" --files 4 --numbered --out "$work/bucket" > "$work/made.txt"

say "Of orders_1 to orders_4, orders_2.json has not come. Changes behind it wait, for ten minutes"
mkdir "$work/drop"
follow drop waiting.db 10m
for number in 1 3 4; do deliver "$number" drop; done
await "$work/waiting.db" waiting 200
show status "$work/waiting.db"

say "Readers see the table as it was after orders_1.json: older, but never half"
show inspect "$work/waiting.db" orders --limit 3

say "orders_2.json comes: everything is released in one commit"
deliver 2 drop
await "$work/waiting.db" waiting 0
stop
show status "$work/waiting.db"
"$bin/source-world" check "${world[@]}" --db "$work/waiting.db"

say "The same, with a wait of one second: then the table goes on, marked as provisional"
mkdir "$work/drop2"
follow drop2 expired.db 1s
for number in 1 3 4; do deliver "$number" drop2; done
await "$work/expired.db" provisional 200
show status "$work/expired.db"

say "orders_2.json comes after all: the rows are repaired, as if it had never been late"
deliver 2 drop2
await "$work/expired.db" provisional 0
stop
"$bin/source-world" check "${world[@]}" --db "$work/expired.db"
show verify "$work/expired.db" "$work/drop2"
