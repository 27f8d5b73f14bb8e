.DEFAULT_GOAL := help
# Uses the first of these that can make a working .venv (a pyenv shim may fail; Debian needs python3-venv) and suits the locked packages.
PYTHON ?= python3.14 python3.13 python3.12 python3.11 python3
SUITS := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 15))
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Tests run in that many processes at once: on two cores a third fills the others' waits.
WORKERS ?= 3
# And so many with a Prefect server and a worker each; 0: in pytest's own process.
SERVERS ?= 0
# Which tests; `make test` leaves the slow ones to `make test-all`.
QUICK ?=
# Without bytecode each of hundreds of processes would compile us again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo up doctor ui test test-all lint types unit contract memory soak pictures workflow browser workflow-and-browser bench bench-matching bench-ledger bench-year bench-memory bench-start bench-quota bench-playlists faults campaigns test-faults test-chart-days test-moving-over mutants lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## make .venv from requirements.lock (every other target does it when needed)

$(READY): requirements.lock pyproject.toml
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || { \
		for python in $(PYTHON); do \
			$$python -c '$(SUITS)' 2>/dev/null && $$python -m venv --clear $(VENV) && exit 0; \
		done; \
		echo "No Python from 3.11 to 3.14 that can make a venv was found; tried: $(PYTHON)."; \
		echo "Install one (apt install python3 python3-venv, brew install python@3.14), or name yours: make PYTHON=/path/to/python3 …"; \
		exit 2; } >&2
	@echo "Installing the locked packages into $(VENV) ($$($(BIN)/python --version)), once; this takes a minute or two …"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock -c requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: $(READY) ## a morning's run with the sandbox; run it again for the next morning; ALL=1: all 36 genres
	@$(BIN)/beatporter demo $(if $(ALL),--all)

up: $(READY) ## everything for the mornings: server, deployments, alerts, worker; SANDBOX=1: without an account; ARGS="--port 4300"
	@$(BIN)/beatporter up $(if $(SANDBOX),--sandbox) $(ARGS)

doctor: $(READY) ## is everything in order, and what to do where it is not; SANDBOX=1
	@$(BIN)/beatporter doctor $(if $(SANDBOX),--sandbox) $(ARGS)

ui: $(READY) ## Prefect's pages for the demo's runs: artifacts, memory reports
	@$(BIN)/beatporter ui --demo

test: lint types unit ## before each push, in less than ten minutes
	@$(MAKE) --no-print-directory -j2 --output-sync=target QUICK='-m "not slow"' SERVERS=2 contract workflow memory faults

test-all: lint types unit ## everything, as CI runs it: the slow tests as well, a browser, small campaigns
	@$(MAKE) --no-print-directory -j2 --output-sync=target contract workflow-and-browser memory faults campaigns

lint: $(READY) ## ruff
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(READY) ## mypy --strict
	@$(BIN)/mypy

unit: $(READY) ## no sockets, no Prefect, seconds
	@$(BIN)/pytest -q -n $(WORKERS) --dist worksteal tests/unit

contract: $(READY) ## the same cases with the sandbox, a folder and a bucket emulator
	@$(BIN)/pytest -q -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(QUICK) tests/contract

memory: $(READY) ## memory budgets
	@$(BIN)/pytest -q $(QUICK) tests/memory
	@$(BIN)/pytest -q --memray tests/memory/test_step_budgets.py

soak: $(READY) ## 36 genres in one process, three rounds: does memory stay flat? ROUNDS=3
	@$(BIN)/python -m tests.memory.soak --rounds $(or $(ROUNDS),3)

pictures: $(READY) ## the pictures in docs/images: a first morning by clicks, the pages that a run publishes, the memory pages
	@SHOTS=$(CURDIR)/docs/images $(BIN)/pytest -q tests/browser/test_first_morning.py tests/browser/test_phones.py
	@$(BIN)/python -m tests.browser.memory_pictures

workflow: $(READY) ## Prefect, a real server and a real worker
	@$(BIN)/pytest -q -n $(SERVERS) --dist loadfile $(QUICK) tests/workflow

browser: $(READY) ## what Prefect's pages show, in a real Chromium; skipped without one
	@$(BIN)/pytest -q tests/browser

workflow-and-browser: $(READY) # both, on one server
	@$(BIN)/pytest -q tests/workflow tests/browser

faults: $(READY) ## a few schedules of the fault campaign
	@$(BIN)/python -m tests.campaign.faults --count 40
	@$(BIN)/python -m tests.campaign.faults --count 8 --seed 501 --postgres
	@$(BIN)/python -m tests.campaign.playlist_faults --count 30

campaigns: $(READY) ## small charts, quota and late-track campaigns
	@$(BIN)/pytest -q -n $(WORKERS) tests/campaign

test-faults: $(READY) ## the whole fault campaign; COUNT=1000 schedules, SEED=1
	@$(BIN)/python -m tests.campaign.faults --count $(or $(COUNT),1000) --seed $(or $(SEED),1)
	@$(BIN)/python -m tests.campaign.playlist_faults --count $(or $(COUNT),300) --seed $(or $(SEED),1)

test-chart-days: $(READY) ## a fortnight of 36 genres, charts and labels while the website shows only challenges
	@CHART_DAYS_GENRES=36 $(BIN)/pytest -q tests/campaign/test_chart_days.py

test-moving-over: $(READY) ## an old installation of 20 genres and 248,000 rows moved over, and the next morning's run
	@MOVING_OVER=full $(BIN)/pytest -q tests/contract/test_moving_over.py

mutants: $(READY) ## one-line mistakes in the rules that decide: is each noticed by a test?
	@$(BIN)/python -m tests.mutants

bench: $(READY) ## calls, wall time and memory of the daily run; a whole morning of 36 genres, inline and deployed
	@$(BIN)/python -m bench.daily_run
	@$(BIN)/python -m bench.whole_morning

bench-matching: $(READY) ## precision and recall of the matching, with intervals; real rows under every usual spelling
	@$(BIN)/python -m bench.matching
	@$(BIN)/python -m bench.matching_spellings

bench-ledger: $(READY) ## the ledger at 248 thousand to 10 million rows, a year of backups, a genre's second morning
	@$(BIN)/python -m bench.ledger
	@$(BIN)/python -m bench.ledger_mornings
	@$(BIN)/python -m bench.postgres_latency

bench-year: $(READY) ## a year of mornings: does the 365th cost more than the 7th? GENRES=12
	@$(BIN)/python -m bench.year --genres $(or $(GENRES),36)

bench-memory: $(READY) ## memory compared with the old way, at 248 thousand to 10 million rows of history
	@$(BIN)/python -m bench.memory

bench-start: $(READY) ## how long a person waits for a command, beside an empty Prefect flow
	@$(BIN)/python -m bench.start

bench-quota: $(READY) ## the first fill and ordinary days under Spotify's quota: calls per day by kind; second searches for tracks that come late
	@$(BIN)/python -m bench.quota

bench-playlists: $(READY) ## deduplicate, back up, restore and refresh 20 playlists of 6,000 tracks: calls beside the old way's
	@$(BIN)/python -m bench.playlists

lock: ## renew requirements.lock from pyproject.toml (needs uv)
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --group dev --extra postgres pyproject.toml -o requirements.lock

clean: ## remove .venv and everything the demo left
	rm -rf $(VENV) .beatporter
