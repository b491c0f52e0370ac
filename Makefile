# Two commands matter: `make run` and `make test`. Both do all their own set-up; only Python 3.11+ and make are needed.
.DEFAULT_GOAL := help
SHELL := /bin/sh
# Any Python from 3.11 to 3.13; where the plain python3 is another, one that is named by its version.
FITS := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for p in python3 python3.12 python3.11 python3.13; do $$p -c '$(FITS)' 2>/dev/null && { echo $$p; exit; }; done; echo python3)
VENV := .venv
BIN := $(VENV)/bin
RUN_STAMP := $(VENV)/.installed-run
DEV_STAMP := $(VENV)/.installed-dev
BENCH_STAMP := $(VENV)/.installed-bench
PIP := $(BIN)/python -m pip --disable-pip-version-check
ARGS ?=

.PHONY: help run demo test check bench faults secrets clean

help: ## Say what can be done
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 16

run: $(RUN_STAMP) ## Start the whole system on this machine; ARGS="--port 8001" passes options on
	@exec $(BIN)/handoff up $(ARGS)

demo: $(RUN_STAMP) ## Fill the running system with synthetic people
	@exec $(BIN)/handoff demo $(ARGS)

# What pytest makes of its asserts is kept for the next run, even where Python is told to write nothing down.
test: $(DEV_STAMP) ## Run every test; ARGS="-k name" passes options on
	@sh .ci/chromium
	@$(BIN)/python -m compileall -q leads tasks config tests
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest $(ARGS)

check: $(DEV_STAMP) ## Style, types, imports, configuration, migrations
	@$(BIN)/ruff format --check --quiet . && echo "format: as it should be"
	@$(BIN)/ruff check --quiet . && echo "style: as it should be"
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo 2>&1 | tail -n 4
	@$(BIN)/lint-imports >/dev/null 2>&1
	@$(BIN)/handoff check
	@$(BIN)/handoff migrate --check

bench: $(BENCH_STAMP) ## Measure, and compare with others in the same run; QUICK=1 is short, LONG=1 adds what needs millions of rows
	@QUICK=$(QUICK) LONG=$(LONG) $(BIN)/python -m benchmarks $(ARGS)

faults: $(DEV_STAMP) ## Break the running system in every way and count what was lost; QUICK=1 for the bounded form
	@$(BIN)/python -m tests.faults $(if $(QUICK),--quick) $(ARGS)
	@INBOUND_MAILS=$(if $(QUICK),120,10000) $(BIN)/python -m pytest -n0 -q -s tests/faults/test_postfix.py tests/inbound/test_flood.py

bench-data: $(BENCH_STAMP) ## Make the millions of rows that `make bench LONG=1` measures on; once, they are kept
	@$(BIN)/python -m benchmarks.data

secrets: ## Make the files docker-compose.yml reads; what is there already stays
	@sh -eu .ci/secrets

clean: ## Remove the virtual environment and caches; the data folder stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(BIN)/python:
	@$(PYTHON) -c '$(FITS)' 2>/dev/null \
		|| { echo "Python 3.11, 3.12 or 3.13 is needed: install one, or name it: make run PYTHON=/path/to/python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null \
		|| { echo "This Python comes without venv: install the package python3-venv (apt-get install python3-venv) and try again." >&2; exit 1; }
	@echo "making the virtual environment in $(VENV)"
	@rm -rf $(VENV) && $(PYTHON) -m venv $(VENV)

# Quiet unless it fails: whatever pip has to say stands in the log.
$(RUN_STAMP): requirements/run.txt requirements/redis.txt pyproject.toml | $(BIN)/python
	@echo "installing what requirements/run.txt locks (once; a minute or two)"
	@$(PIP) install -q --require-hashes --no-deps -r requirements/run.txt > $(VENV)/pip.log 2>&1 || { cat $(VENV)/pip.log >&2; exit 1; }
	@$(PIP) install -q --require-hashes --no-deps --only-binary :all: -r requirements/redis.txt > $(VENV)/pip-redis.log 2>&1 || true
	@$(PIP) install -q --no-deps --no-build-isolation -e . > $(VENV)/pip.log 2>&1 || { cat $(VENV)/pip.log >&2; exit 1; }
	@touch $@

$(DEV_STAMP): requirements/dev.txt $(RUN_STAMP)
	@echo "installing what requirements/dev.txt locks"
	@$(PIP) install -q --require-hashes --no-deps -r requirements/dev.txt > $(VENV)/pip.log 2>&1 || { cat $(VENV)/pip.log >&2; exit 1; }
	@touch $@

$(BENCH_STAMP): requirements/bench.txt $(DEV_STAMP)
	@echo "installing what requirements/bench.txt locks: others to measure against"
	@$(PIP) install -q --require-hashes --no-deps -r requirements/bench.txt > $(VENV)/pip.log 2>&1 || { cat $(VENV)/pip.log >&2; exit 1; }
	@touch $@
