# Two commands do all the set-up on a fresh machine: make demo, make test.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help demo test lint clean

help:  ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

.venv/installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

.venv/installed-dev: .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

demo: .venv/installed  ## build the bundled corpus into nine languages, offline; show three rows, and what was refused
	$(BIN)/mycook build --recipe mini --langs all --offline --show 3
	@echo 'next: source .venv/bin/activate && mycook features simulate --dataset build/mini/dataset --out build/mini/features'

lint: .venv/installed-dev  ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: lint  ## lint, then all tests
	.ci/packages
	$(BIN)/python -m pytest

clean:  ## remove what the other targets made, the builds excepted
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
