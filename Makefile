# `make run` and `make test` are all that anybody needs: each makes the virtual environment and installs what it lacks.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: run test lint bench clean

run: $(VENV)/installed
	$(BIN)/python app.py

# In the order of the tree: the long files of tests/browser first, so that neither process waits for the other at the end.
test: $(VENV)/installed-dev
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

lint: $(VENV)/installed-dev node_modules/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/node node_modules/eslint/bin/eslint.js --max-warnings 0 explorer

bench: $(VENV)/installed-dev
	$(BIN)/python -m tests.benchmarks
	$(BIN)/python -m tests.benchmarks.slider_latency

$(VENV)/installed: requirements.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

$(VENV)/installed-dev: requirements-dev.txt $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@

# Node comes as a Python package (requirements-dev.txt), so that nobody needs one of their own; only the linter uses it.
node_modules/installed: package.json package-lock.json $(VENV)/installed-dev
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/npm ci --silent
	touch $@

clean:
	rm -rf node_modules $(VENV) .pytest_cache .mypy_cache .ruff_cache
