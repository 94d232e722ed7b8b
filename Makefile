# make demo    the whole pipeline on a small newsroom, in one command
# make test    everything that CI runs
# make check   format, lint, types, import rules, unit tests: fast

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
DEV    := $(VENV)/.installed-dev
# Two processes, a file of tests as a whole to one of them: the service's tests, most of whose time is waiting, go first
# and do not wait for each other. `make test TESTERS=1` runs them one after the other.
TESTERS ?= 2
PYTEST = $(BIN)/pytest -q -n $(TESTERS) --dist loadfile --no-loadscope-reorder

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
	$(PYTEST) tests/unit

test: $(DEV)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(PYTEST)

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
