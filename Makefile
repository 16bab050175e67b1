# Everything a newcomer needs. A fresh machine has python3 (3.11 or newer) and make; the rest is fetched from package indexes.
.DEFAULT_GOAL := help
.PHONY: help setup up down clean check contracts test test-faults bench audit sbom
.DELETE_ON_ERROR:
SHELL := /bin/sh

TOOLS := .ledigplads/tools
BIN := .venv/bin
PYTEST := $(BIN)/pytest
# Never a Python from elsewhere: the one of this machine, or a sentence that says what is missing.
export UV_PYTHON_DOWNLOADS := never
unexport VIRTUAL_ENV
UP_OPTIONS ?=

help:
	@echo "make up            start everything here and print the address to open (Ctrl-C stops it)"
	@echo "make up UP_OPTIONS='--brokers 3 --workers 2 --detach'"
	@echo "make down          stop it; everything is kept"
	@echo "make clean         stop it and forget its data"
	@echo "make check         style, types, import rules, spelling, contracts"
	@echo "make contracts     make docs/contracts from the code; stops at a change that breaks somebody"
	@echo "make test          all tests but the faults"
	@echo "make test-faults   kill -9 of every part while it works"
	@echo "make bench         the benchmarks"
	@echo "make audit         is a weakness known of anything we are made of? asks osv.dev"
	@echo "make sbom          what we are made of, as CycloneDX on stdout"

# The environment is made again when the lock changes.
.venv/.synced: uv.lock pyproject.toml
	@sh deploy/bootstrap.sh $(TOOLS)
	@touch $@

setup: .venv/.synced

up: setup
	@$(BIN)/ledigplads up $(UP_OPTIONS)

down: setup
	@$(BIN)/ledigplads down

clean: setup
	@$(BIN)/ledigplads clean

check: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell
	$(BIN)/ledigplads contracts --check

# CONTRACTS_OPTIONS=--accept-breaking writes although somebody is broken.
contracts: setup
	$(BIN)/ledigplads contracts $(CONTRACTS_OPTIONS)

test: setup
	$(PYTEST) tests/unit tests/contract tests/integration tests/e2e tests/browser

test-faults: setup
	$(PYTEST) tests/faults

bench: setup
	$(BIN)/ledigplads bench

# 0 nothing known, 1 something known, 3 nobody could be asked.
audit: setup
	$(BIN)/python -m deploy.supply.audit

sbom: setup
	@$(BIN)/python -m deploy.supply.sbom
