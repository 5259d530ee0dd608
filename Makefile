# Resequel's chores. `make` alone lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

SWIFT ?= swift
# Everything is built in release, in one place: debug walks bytes 17 to 38 times slower.
BUILD := $(SWIFT) build -c release
BIN := .build/release
# Where benchmarks keep their data between runs, their peers and their results (about 12 GB).
BENCH_DIR ?= .build/bench
PACKAGES := libsimdjson-dev libsqlite3-dev libisal-dev zlib1g-dev libzstd-dev libssl-dev libxxhash-dev pkg-config

.PHONY: help deps deps-mount deps-bench build demo demo-gap test simulate law mutate lint format bench
.PHONY: bench-quick bench-decode pass-through deps-guard guard clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

deps: ## install the system libraries that are missing (apt-get; as root or with sudo)
	@if ! command -v $(SWIFT) > /dev/null; then \
	  echo "make: Swift 6.3 or newer is needed: https://www.swift.org/install" >&2; exit 1; fi
	@if ! command -v apt-get > /dev/null; then \
	  if command -v pkg-config > /dev/null \
	    && pkg-config --exists sqlite3 libisal zlib libzstd libcrypto libxxhash simdjson; then exit 0; fi; \
	  echo "make: there is no apt-get here. Install these libraries with their headers, and pkg-config:" >&2; \
	  echo "  simdjson (3.0 or newer), SQLite (3.40 or newer), ISA-L, zlib, zstd, OpenSSL (libcrypto), xxHash" >&2; \
	  exit 1; fi
	@if ! command -v apt-get > /dev/null; then exit 0; fi; \
	missing=(); for package in $(PACKAGES); do \
	  [[ "$$(dpkg-query -W -f '$${db:Status-Status}' "$$package" 2> /dev/null)" == installed ]] \
	    || missing+=("$$package"); done; \
	if [[ $${#missing[@]} -eq 0 ]]; then exit 0; fi; \
	as_root=(); if [[ $$(id -u) -ne 0 ]]; then \
	  if ! command -v sudo > /dev/null; then \
	    echo "make: run as root: apt-get update && apt-get install $${missing[*]}" >&2; exit 1; fi; \
	  as_root=(sudo); fi; \
	"$${as_root[@]}" apt-get update -qq; \
	"$${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
	  apt-get install -y -qq --no-install-recommends "$${missing[@]}"

deps-mount: ## install what the test of a mounted bucket needs (s3fs, moto); without, it is skipped
	@as_root=(); [[ $$(id -u) -eq 0 ]] || as_root=(sudo); \
	command -v s3fs > /dev/null || { "$${as_root[@]}" apt-get update -qq; \
	  "$${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
	    apt-get install -y -qq --no-install-recommends s3fs; }; \
	python3 -c 'import boto3, moto.server, flask' 2> /dev/null \
	  || python3 -m pip install -q 'moto[server]' boto3

build: deps ## build the programs
	$(BUILD) --product resequel
	$(BUILD) --product source-world

demo: build ## the main job: the samples, then a shuffled drop of 100,000 records, checked
	@Samples/demo.sh $(BIN)

demo-gap: build ## a file is missing: it is named and waited for, and repaired when it comes late
	@Samples/demo-gap.sh $(BIN)

test: deps ## build and run all tests
	$(BUILD) --product resequel
	$(BUILD) --build-tests
	$(SWIFT) test -c release --disable-testable-imports --skip-build

lint: ## check the sources' format, and that the rules which `make mutate` breaks are still there
	$(SWIFT) format lint --strict --recursive --parallel Sources Tests
	python3 Tests/Mutations/mutate.py --check

format: ## format the sources in place
	$(SWIFT) format --in-place --recursive --parallel Sources Tests

simulate: deps ## replay SEEDS=100000 worlds, from SEED=1, against the oracle; shrink what fails
	$(BUILD) --build-tests
	SEED=$${SEED:-1} SEEDS=$${SEEDS:-100000} STEPS=$${STEPS:-} \
	  $(SWIFT) test -c release --disable-testable-imports --skip-build --filter seeded

law: deps ## deliver FILES=8 files in every order there is, for each case of the law, or CASE=
	$(BUILD) --build-tests
	FILES=$${FILES:-8} $(SWIFT) test -c release --disable-testable-imports --skip-build --no-parallel \
	  --filter 'every ordered partition'

mutate: deps ## break each rule in turn, and show which case of the law notices
	python3 Tests/Mutations/mutate.py

# The newest DuckDB whose SQLite extension PyPI has too: it is the fastest way into SQLite.
PEERS := duckdb==1.5.5 duckdb-extension-sqlite-scanner==1.5.5 orjson==3.13.0 sqlite-utils==4.2.1

deps-bench: ## install the peers of the benchmark into a virtual environment, and build the floor
	@[[ -x $(BENCH_DIR)/peers/bin/python ]] || python3 -m venv $(BENCH_DIR)/peers
	@$(BENCH_DIR)/peers/bin/python -m pip install -q --disable-pip-version-check $(PEERS)
	$(CXX) -std=c++20 -O3 -march=native -Wall -Wextra -o $(BENCH_DIR)/floor \
	  Tests/Bench/floor.cpp -lsqlite3 -lpthread

pass-through: deps ## build the program that restores no order, for the benchmark to compare with
	$(BUILD) --scratch-path $(BENCH_DIR)/pass-through -Xswiftc -DPASS_THROUGH --product resequel

RUN_BENCH = $(BENCH_DIR)/peers/bin/python Tests/Bench/bench.py --bin $(BIN) --dir $(BENCH_DIR) \
  --python $(BENCH_DIR)/peers/bin/python

bench: build deps-bench pass-through ## measure replay and sync beside DuckDB and others (half an hour)
	@$(RUN_BENCH) $(FLAGS) | tee $(BENCH_DIR)/results.md

bench-quick: build deps-bench ## one run of each on 500,000 records (a minute)
	@$(RUN_BENCH) --quick $(FLAGS) | tee $(BENCH_DIR)/quick.md

# Where the guard keeps what it builds and replays.
GUARD_DIR := .build/guard

deps-guard: ## install valgrind, with which `make guard` counts instructions
	@as_root=(); [[ $$(id -u) -eq 0 ]] || as_root=(sudo); \
	command -v valgrind > /dev/null || { "$${as_root[@]}" apt-get update -qq; \
	  "$${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
	    apt-get install -y -qq --no-install-recommends valgrind; }

guard: build ## count what a replay costs and compare it with thresholds; RECORD=1 sets them anew
	@mkdir -p $(GUARD_DIR)
	@$(CC) -O2 -Wall -Wextra -shared -fPIC -o $(GUARD_DIR)/count.so Tests/Guard/count.c -ldl
	@# Valgrind before 3.22 cannot read the debugging information that Swift writes.
	@strip --strip-debug -o $(GUARD_DIR)/resequel $(BIN)/resequel
	@python3 Tests/Guard/guard.py --bin $(BIN) --dir $(GUARD_DIR) $(if $(RECORD),--record)

bench-decode: deps ## measure decoding against simdjson's own parse
	$(BUILD) --product decode-bench
	$(BIN)/decode-bench
	Sources/decode-bench/one-module.sh

clean: ## remove what was built
	rm -rf .build
