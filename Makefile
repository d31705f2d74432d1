PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
export HF_HUB_OFFLINE := 1
export TOKENIZERS_PARALLELISM := false
export OMP_WAIT_POLICY := PASSIVE

.DEFAULT_GOAL := help
.PHONY: help setup run walkthrough test quick check lint types format bench embeddings docs clean

help: ## List the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(VENV)/.installed: pyproject.toml deploy/constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip<26.2'
	$(BIN)/python -m pip install --quiet --constraint deploy/constraints.txt torch
	$(BIN)/python -m pip install --quiet --constraint deploy/constraints.txt --editable '.[dev]'
	touch $@

setup: $(VENV)/.installed ## Make the environment and install everything into it

run: setup ## Sample bank, scan, draft, verify; ends in a running portal
	$(BIN)/policy-service quickstart

walkthrough: setup ## The whole way without a browser: review, publish, query, audit, trace
	$(BIN)/policy-service quickstart --walkthrough --no-serve

test: setup ## The whole test suite, with branch coverage and its floors
	$(BIN)/python -m pytest -n 2 --dist loadfile --cov --cov-report=
	$(BIN)/python -m tests.tools.coverage_floors

quick: setup ## The tests that take no more than a few seconds each, without coverage
	$(BIN)/python -m pytest -n 2 --dist loadfile -m 'not slow and not browser'

check: setup lint types test ## Exactly what CI runs

lint: setup ## Style, import layers, file and function sizes
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/python -m tests.tools.sizes

types: setup ## mypy, strict
	$(BIN)/mypy

format: setup ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup ## Every benchmark, quick; writes docs/benchmarks.md
	$(BIN)/python -m benchmarks

embeddings: setup ## The embeddings of the shipped corpus, after a digest has changed
	$(BIN)/python -m tests.tools.embeddings

docs: setup ## The screenshots of the README, from the sample bank
	$(BIN)/python -m tests.tools.screenshots docs/images

clean: ## Remove the environment and every cache; state in .policy-service stays
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage*
