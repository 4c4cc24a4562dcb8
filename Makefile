# One door to every task of this project. `make` alone lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
SEEDS ?= 1000
EXAMPLES ?= 50
ARGS ?=
WORKERS ?= 2
SHOTS ?= build/screenshots

BIN := .venv/bin
READY := .venv/.ready
BROWSER := .venv/browser/.ready
TIERS := unit contract integration migration simulation scenarios browser e2e
# Compared by check-regen: everything that a generator may write.
GENERATED_UNDER := contracts services deploy docs README.md
NEEDS_PYTHON := Rajut needs Python 3.11 or newer with the venv module: install python3 and python3-venv, \
or name another interpreter with make PYTHON=...

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  %-12s %s\n", $$1, $$2}'

.PHONY: setup
setup: $(READY) $(BROWSER) ## create .venv from the hash-pinned requirements, if stale

$(READY): $(wildcard requirements/*.txt) pyproject.toml
	@$(PYTHON) -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		|| { echo "$(NEEDS_PYTHON)" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --no-input --require-hashes -r requirements/build.txt
	$(BIN)/python -m pip install --quiet --no-input --require-hashes --no-build-isolation \
		-r requirements/runtime.txt -r requirements/test.txt -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --no-input --no-deps --no-build-isolation \
		--config-settings editable_mode=compat --editable .
	@touch $@

$(BROWSER): $(wildcard tests/browser/package*.json) $(addprefix tests/browser/,.npmrc fonts.conf install.py unpack.mjs) | $(READY)
	$(BIN)/python -m tests.browser.install
	@touch $@

.PHONY: lint
lint: setup ## style, types, who imports whom, a promise on every test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/interrogate tests

.PHONY: test
test: setup ## everything that CI needs
	$(MAKE) -j2 lint check-regen
	$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m "not slow" $(TIERS:%=tests/%)

.PHONY: slow
slow: setup ## every command in the documents, keys replaced under load, a short fault run
	$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m slow $(TIERS:%=tests/%)

.PHONY: sim
sim: setup ## seeded simulations with a malicious peer (SEEDS=1000)
	$(BIN)/pytest -n $(WORKERS) --seeds=$(SEEDS) tests/simulation

.PHONY: fuzz
fuzz: setup ## made-up requests at the HTTP door (EXAMPLES=50 a route)
	$(BIN)/pytest --examples=$(EXAMPLES) --timeout=3600 tests/integration/test_node_desk.py -k description

.PHONY: fault
fault: setup ## kill, cut, wipe and fill real servers; a synthetic month
	$(BIN)/pytest tests/fault

.PHONY: screenshots
screenshots: setup ## pictures of every page, as the tests see it (SHOTS=build/screenshots)
	$(BIN)/pytest --shots=$(SHOTS) tests/browser

.PHONY: bench
bench: setup ## six figures beside the floor of the same run (ARGS=--quick)
	$(BIN)/python -m tests.perf $(ARGS)

.PHONY: demo
demo: $(READY) ## three complete agencies on this machine (ARGS=...)
	$(BIN)/python -m deploy.dev.demo $(ARGS)

.PHONY: regen
regen: setup ## write every generated file anew: a generator is a generate.py beside what it writes
	@for file in $$(find contracts services deploy docs -name generate.py | sort); do \
		module=$${file%.py}; echo "$$file"; $(BIN)/python -m "$${module//\//.}"; done

.PHONY: check-regen
check-regen: setup ## fail if a generated file is not what its generator writes
	@digest() { find $(GENERATED_UNDER) -type f -not -path '*/__pycache__/*' -print0 \
			| sort -z | xargs -0 sha256sum; }; \
		before=$$(digest); $(MAKE) regen; \
		diff <(echo "$$before") <(digest) || { echo "These were not up to date; they are now." >&2; exit 1; }

.PHONY: clean
clean: ## remove what the other targets made
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache build rajut.egg-info
	find contracts services deploy tests -name __pycache__ -type d -prune -exec rm -rf {} +
