# make demo    the whole pipeline on a small newsroom, in one command
# make test    everything that CI runs
# make check   format, lint, types, import rules, unit tests: fast

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
DEV    := $(VENV)/.installed-dev

.PHONY: demo check test bench bench-quality faults format docs lock clean up

demo: $(STAMP)
	@$(BIN)/wirekeep demo

up: $(STAMP)
	@$(BIN)/wirekeep up

$(STAMP): pyproject.toml requirements.lock scripts/environment.sh
	@PYTHON="$(PYTHON)" sh scripts/environment.sh $(VENV)
	@touch $(STAMP)

$(DEV): $(STAMP)
	@PYTHON="$(PYTHON)" sh scripts/environment.sh $(VENV) dev
	@touch $(DEV)

check: $(DEV)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q tests/unit

test: $(DEV)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q

format: $(DEV)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

faults: $(DEV)
	WIREKEEP_FAULTS=20 $(BIN)/pytest -q -m faults tests

# BENCH="--pages 100 --rounds 1" for a quicker look; python -m benchmarks.throughput --help
bench: $(DEV)
	@PYTHON="$(PYTHON)" sh scripts/peers.sh .venv-peers
	$(BIN)/python -m benchmarks.throughput $(BENCH)

bench-quality: $(DEV)
	@PYTHON="$(PYTHON)" sh scripts/peers.sh .venv-peers
	$(BIN)/python -m benchmarks.quality_table $(BENCH)

docs: $(DEV)
	$(BIN)/python scripts/write_docs.py

lock: $(DEV)
	@sh scripts/lock.sh

clean:
	rm -rf $(VENV) .venv-peers .demo build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
