# `make demo` and `make test` set up everything they need in .venv; nothing else is touched.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: demo test check fuzz mutants lint bench lock wheel clean

demo: $(READY)  ## index real photos, search them, show the results
	$(BIN)/saccade demo

test: lint  ## lint, types, import rules and every test
	$(BIN)/pytest

check: lint  ## the same without the slow tests
	$(BIN)/pytest -m "not slow"

fuzz: $(READY)  ## property tests with new examples, 20 times as many; prints what reproduces a failure
	SACCADE_FUZZ=20 $(BIN)/pytest -m hypothesis

mutants: $(READY)  ## small changes of the code that no test notices; prints a score
	$(BIN)/python tools/mutants.py

lint: $(READY)
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

bench: $(READY)  ## every published number; prints JSON and renews the README's table
	$(BIN)/python -m benchmarks --keep

lock:  ## renew requirements/dev.txt; hashes only, no address
	$(PYTHON) -m venv .venv-lock && .venv-lock/bin/pip install -q pip-tools
	.venv-lock/bin/pip-compile -q --upgrade --extra demo --extra map --extra verify --generate-hashes --no-header --strip-extras \
	    --allow-unsafe --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
	    -o requirements/dev.txt pyproject.toml requirements/dev.in
	rm -rf .venv-lock

wheel: $(READY)  ## dist/saccade-*.whl
	$(BIN)/python -m hatchling build -t wheel

clean:
	rm -rf .venv dist build demo .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

$(READY): requirements/dev.txt pyproject.toml
	$(PYTHON) -c "import sys; assert sys.version_info >= (3, 11), 'saccade needs Python 3.11 or newer'"
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@
