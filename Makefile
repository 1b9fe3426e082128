# contextstats: `make demo` and `make test` do all the set-up themselves; `make help` lists the rest.

PYTHON ?= python3
VENV ?= .venv
BUILD ?= build
JOBS ?= 2
DEMO_OUTPUT ?= demo-output
PYTEST_ARGS ?=

BIN := $(VENV)/bin
SOURCES := pyproject.toml CMakeLists.txt README.md $(shell find cpp/include src python -type f -not -name '*.pyc' 2>/dev/null)
CPP_FILES = $(shell find cpp src -name '*.hpp' -o -name '*.cpp')
CMAKE_CPP = -DCONTEXTSTATS_TESTS=ON -DPython_EXECUTABLE=$(abspath $(BIN)/python)

.PHONY: help demo test test-full lint format ruff mypy layers clang-format cpp-test sanitize count pytest \
  r-check r-check-alone bench readme-picture clean
.DEFAULT_GOAL := help

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1: \2/'

demo: $(VENV)/run ## Install into .venv, fit the RAND Health Insurance Experiment, write a report
	$(BIN)/contextstats demo --output $(DEMO_OUTPUT)

test: $(VENV)/test $(VENV)/r ## Everything continuous integration runs
	@CONTEXTSTATS_REQUIRE_R=1 BIN=$(BIN) MAKE="$(MAKE)" tools/run_steps.sh \
	  ruff clang-format mypy layers cpp-test sanitize count pytest r-check r-check-alone

test-full: ## As test, statistical tests with all their replicates
	@CONTEXTSTATS_FULL=1 $(MAKE) test

lint: $(VENV)/test ## Ruff, clang-format, mypy, layers
	@BIN=$(BIN) MAKE="$(MAKE)" tools/run_steps.sh ruff clang-format mypy layers

# --- environments -----------------------------------------------------------------------------------------------

$(VENV)/python:
	tools/system_packages.sh run $(PYTHON)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	@touch $@

$(VENV)/run: $(SOURCES) | $(VENV)/python
	$(BIN)/python -m pip install --quiet .
	@touch $@

$(VENV)/test: $(SOURCES) | $(VENV)/python
	tools/system_packages.sh test $(PYTHON)
	$(BIN)/python -m pip install --quiet ".[dev]"
	@touch $@ $(VENV)/run

$(VENV)/r: tools/requirements_rpy2.txt tools/system_packages.sh | $(VENV)/python
	tools/system_packages.sh r $(PYTHON)
	$(BIN)/python -m pip install --quiet -r tools/requirements_rpy2.txt
	@touch $@

# --- the steps of `make test`, each also a target ---------------------------------------------------------------

ruff:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

clang-format:
	@$(BIN)/clang-format --dry-run --Werror $(CPP_FILES)

format: ## Rewrite the sources in the house format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/clang-format -i $(CPP_FILES)

mypy:
	$(BIN)/mypy

layers:
	$(BIN)/lint-imports

cpp-test: ## C++ tests, optimised build
	$(BIN)/cmake -S . -B $(BUILD)/cpp $(CMAKE_CPP) -DCMAKE_BUILD_TYPE=Release
	$(BIN)/cmake --build $(BUILD)/cpp --parallel $(JOBS)
	$(BIN)/ctest --test-dir $(BUILD)/cpp --output-on-failure

sanitize: ## C++ tests under the address and undefined-behaviour sanitizers
	$(BIN)/cmake -S . -B $(BUILD)/sanitize $(CMAKE_CPP) -DCONTEXTSTATS_SANITIZE=ON \
	  -DCMAKE_BUILD_TYPE=Sanitize -DCMAKE_CXX_FLAGS_SANITIZE="-O1 -g1"
	$(BIN)/cmake --build $(BUILD)/sanitize --parallel $(JOBS)
	$(BIN)/ctest --test-dir $(BUILD)/sanitize --output-on-failure

count:
	$(BIN)/python tools/count_tests.py

pytest: ## Python tests, with the code of the docs
	$(BIN)/python -m pytest -n $(JOBS) $(PYTEST_ARGS)

r-check: ## The R package with Python: R CMD check, all of its tests
	tools/r_check.sh $(abspath $(BIN)/python) $(BUILD)/r

r-check-alone: ## The R package without Python: R CMD check, tests that need it are skipped
	tools/r_check.sh none $(BUILD)/r-alone

# --- the rest ---------------------------------------------------------------------------------------------------

bench: $(VENV)/test ## Benchmarks
	@for script in benchmarks/bench_*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

readme-picture: $(VENV)/run ## Draw docs/images/varying_effect.png again
	$(BIN)/python tools/make_readme_picture.py

clean: ## Remove what the other targets made
	rm -rf $(VENV) $(BUILD) dist $(DEMO_OUTPUT)
