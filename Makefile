# Each target does its own set-up; on a fresh machine Python 3.11-3.13 and make are enough.
#   make demo             segment a generated head CT with known bleeds
#   make demo CT=folder   segment your own DICOM folder or NIfTI file
#   make test             all tests, one worker per core; PYTEST_ARGS="-k grid" chooses some
#   make test-fast        the unit tests without the slow ones, in less than 90 s on two cores
#   make lint             ruff, mypy, import-linter, codespell
#   make cmake-lists      write the extension's file lists
#   make fuzz N=2000      read N mutated scans, and count what was right, refused or wrong
#   make bench            seconds and memory of each stage for 28 to 600 slices; CT=folder for your own series
#   make check-speed      fail if a run takes much more processor time than it used to
#   make clean            remove the environment and what the targets wrote

supported := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(firstword $(foreach p,python3 python3.13 python3.12 python3.11,$(shell $(p) -c '$(supported)' 2>/dev/null && echo $(p))))
VENV ?= .venv
BIN := $(VENV)/bin
CT ?=
OUT ?= demo-output/$(if $(CT),$(shell date +%Y%m%d-%H%M%S),generated)
PYTEST_ARGS ?=
N ?= 2000
SEED ?= 0
# Tests that share a fixture or a screen stay on one worker; JOBS=0 runs all in one process.
JOBS ?= auto
# After the crash of a worker, pytest-xdist would wait for ever for the rest of its group.
PYTEST := $(BIN)/python -m pytest -n $(JOBS) --dist loadgroup --max-worker-restart=0

# pip builds the package itself in an environment of its own; these make the one list of versions hold there too.
export PIP_CONSTRAINT := constraints.txt
export PIP_BUILD_CONSTRAINT := constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1
unexport PYTHONPATH PYTHONHOME

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test test-fast lint cmake-lists fuzz bench check-speed clean

help:
	@sed -n 's/^#   //p' Makefile

demo: $(VENV)/.ready-run
ifeq ($(CT),)
	$(BIN)/ichseg demo --output "$(OUT)" --overwrite
else
	$(BIN)/ichseg segment "$(CT)" --output "$(OUT)"
endif

test: $(VENV)/.ready-test
	$(PYTEST) $(PYTEST_ARGS)

test-fast: $(VENV)/.ready-test
	$(PYTEST) -m "not slow" Testing/Python/unit $(PYTEST_ARGS)

lint: $(VENV)/.ready-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	PYTHONPATH=ICHSegmentation $(BIN)/lint-imports --no-logo .ci/panel_imports.toml
	$(BIN)/python .ci/cmake_lists.py --check
	$(BIN)/codespell

cmake-lists: $(VENV)/.ready-test
	$(BIN)/python .ci/cmake_lists.py

fuzz: $(VENV)/.ready-test
	$(BIN)/python Testing/Fuzz/run_fuzz.py --count $(N) --seed $(SEED)

bench: $(VENV)/.ready-run
	$(BIN)/python Testing/Benchmarks/$(if $(CT),bench_segment.py "$(CT)",bench_sizes.py)

check-speed: $(VENV)/.ready-run
	$(BIN)/python Testing/Benchmarks/check_speed.py

# The stamps are renewed when the versions or the requirements change.
$(VENV)/.ready-run: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.ready-test: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable ".[test,train,cohort]"
	@touch $@ $(VENV)/.ready-run

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed; none was found as python3. Name one: make PYTHON=/path/to/python" >&2; exit 1; }
	@echo "Setting up $(VENV) ..."
	@$(PYTHON) -m venv $(VENV) || $(PYTHON) -m virtualenv --quiet $(VENV) || \
	  { rm -rf $(VENV); echo "No virtual environment could be made; on Debian or Ubuntu: apt-get install python3-venv" >&2; exit 1; }

clean:
	rm -rf $(VENV) demo-output build dist .pytest_cache .ruff_cache .mypy_cache .coverage
