# `make run` starts Shotlist, `make test` runs the tests, `make quick` those that start no process, `make check` is the
# whole gate.
# Everything is installed into .venv in this folder, from the lock files, with hashes.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
# The locks hold everything, so pip is to resolve nothing: it would take `pydantic[email]` for another package than the
# locked `pydantic`, and stop as soon as a newer one is out (pip issue 9644).
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: run test quick check format chaos bench lock clean

run: .venv/run
	@exec $(BIN)/shotlist serve

test: .venv/dev
	$(BIN)/pytest --numprocesses 2 --dist loadfile

# In a minute or two, for the next look at what was just written; `make test` has the last word.
quick: .venv/dev
	$(BIN)/pytest --numprocesses 2 -m "not slow"

check: .venv/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/shotlist models check
	$(BIN)/shotlist log check

format: .venv/dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# 200 orders while processes die; ARGS="--seed 7 --embedded" and so on.
chaos: .venv/dev
	$(BIN)/python -m tests.faults.chaos $(ARGS)

# Figures side by side, about ten minutes; bench/results keeps them as JSON.
bench: .venv/dev
	$(BIN)/python -m bench.start
	$(BIN)/python -m bench.catalogue
	$(BIN)/python -m bench.submits
	$(BIN)/python -m bench.looks
	$(BIN)/python -m bench.clips

.venv/python:
	@test -n "$(PYTHON)" || { echo "Shotlist needs Python 3.11 or newer: install it, or say where it is: make PYTHON=/path/to/python3.12"; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo "This Python cannot make a virtual environment. On Debian: sudo apt install python3-venv"; exit 1; }
	@touch $@

.venv/run: .venv/python requirements.lock pyproject.toml
	@echo "Installing Shotlist into .venv (once, about a minute)…"
	@$(PIP) install --no-deps --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev: .venv/run requirements-dev.lock
	@echo "Installing what the tests need…"
	@$(PIP) install --no-deps --require-hashes -r requirements-dev.lock
	@touch $@

# Needs uv. Names, versions and hashes only: no addresses.
lock:
	uv pip compile pyproject.toml --group build --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 -q -o requirements.lock
	uv pip compile pyproject.toml --group build --group dev -c requirements.lock --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 -q -o requirements-dev.lock

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
