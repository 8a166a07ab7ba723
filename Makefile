# A short list of verbs. Everything runs in .venv, which the first target makes.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
.DEFAULT_GOAL := help
.PHONY: help demo test check install-check bench bench-wal bench-recovery bench-checkpoint sim sim-checkpoints damage slow-disk kills crash fuzz lock clean

help:        ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 20

$(BIN)/fugue: pyproject.toml requirements/runtime.lock scripts/fugue hatch_build.py
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/runtime.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@$(BIN)/python -m compileall -q src
	@touch $(BIN)/fugue

$(VENV)/.dev: $(BIN)/fugue requirements/dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.lock
	@touch $(VENV)/.dev

demo: $(BIN)/fugue ## build sessions on real shells, kill everything, recover, compare
	@$(BIN)/python -m demo

WORKERS ?= 3
test: $(VENV)/.dev ## run all tests: WORKERS=3 at once
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

check: $(VENV)/.dev ## format, lint, types, import contracts, dead code
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/vulture

install-check: $(VENV)/.dev ## build wheel and sdist, install them by pip, pipx and uv into empty places, use each
	@$(BIN)/python scripts/check_install.py

SEEDS ?= 20000
RUN = --seeds $(SEEDS) $(if $(SEED),--seed $(SEED)) $(if $(FIRST),--first $(FIRST))
sim: $(VENV)/.dev ## simulate disk faults under the log, then under checkpoints, with fresh seeds: SEEDS=20000
	@$(BIN)/python -m tests.simulation.run $(RUN)
	@$(if $(SEED),,$(BIN)/python -m tests.simulation.run_checkpoints $(RUN))

sim-checkpoints: $(VENV)/.dev ## under checkpoints alone; both repeat a run with FIRST=n and replay one seed with SEED=n
	@$(BIN)/python -m tests.simulation.run_checkpoints $(RUN)

ROUNDS ?= 3000
damage: $(VENV)/.dev ## damage every kind of state file in every way, with an oracle: ROUNDS=3000, SEED=n ROUND=k plays one
	@$(BIN)/python -m tests.damage.run --rounds $(ROUNDS) $(if $(SEED),--seed $(SEED)) $(if $(ROUND),--round $(ROUND))

slow-disk: $(VENV)/.dev ## SIGKILL while every write and sync is slow: nothing shown or acknowledged is lost: ROUNDS=50
	@FUGUE_ROUNDS=$(if $(filter command line,$(origin ROUNDS)),$(ROUNDS),50) FUGUE_SEED=$(SEED) $(BIN)/python -m pytest -q -s -o faulthandler_timeout=0 tests/crash/test_slow_disk.py

kills: $(VENV)/.dev ## SIGKILL of everything, and of the server under load: ROUNDS=200 of each
	@FUGUE_ROUNDS=$(if $(filter command line,$(origin ROUNDS)),$(ROUNDS),200) FUGUE_SEED=$(SEED) $(BIN)/python -m pytest -q -s -o faulthandler_timeout=0 tests/crash/test_random_full_kills.py tests/crash/test_sigkill_of_the_server.py -k "full_kill or flood_in_four_panes_survives"

crash: $(VENV)/.dev ## real SIGKILLs and real disk faults
	@$(BIN)/python -m pytest tests/crash $(ARGS)

FRAMES ?= 1000000
FUZZ_SEED ?= 2
fuzz: $(VENV)/.dev ## random frames against a real server: FRAMES=1000000, FUZZ_SEED=2
	@FUGUE_FUZZ_FRAMES=$(FRAMES) FUGUE_FUZZ_SEED=$(FUZZ_SEED) $(BIN)/python -m pytest -q -o timeout=0 tests/integration/test_random_frames.py

bench: $(VENV)/.dev ## throughput and start-up against tmux
	@$(BIN)/python -m benchmarks

bench-wal: $(VENV)/.dev ## the log against raw pwrite, SQLite and okaywal (six minutes)
	@$(BIN)/python -m benchmarks.wal

bench-recovery: $(VENV)/.dev ## from SIGKILL to the first frame and the first echo
	@$(BIN)/python -m benchmarks.recovery_time

bench-checkpoint: $(VENV)/.dev ## checkpoints, scrollback memory and disk, recovery time
	@$(BIN)/python -m benchmarks.checkpoint

lock:        ## pin the dependencies anew
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile -q pyproject.toml --universal --generate-hashes --no-emit-index-url --no-header -o requirements/runtime.lock --python-version 3.11
	@$(BIN)/uv pip compile -q pyproject.toml --group dev --universal --generate-hashes --no-emit-index-url --no-header -o requirements/dev.lock --python-version 3.11

clean:       ## remove what was built
	@rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
