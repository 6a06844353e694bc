# make demo | test | test-long | check | bench are what people call; the rest serves them.
PYTHON ?= python3.11
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
JOBS   ?= 3
PYTEST := $(BIN)/python -m pytest

# Debian packages of `make test-long`; each is looked for by name and never skipped.
TOOLS := chromium default-jre-headless fonts-dejavu golang-go golang-golang-x-crypto-dev \
  golang-golang-x-mod-dev postgresql strace

# Rewriting the tests' asserts and compiling takes longer than many of the tests: it is kept.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help demo test test-long fuzz tools check format generate mutants mutants-wide bench lock clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

# --require-hashes: what is installed is what was reviewed. The two editable installs
# add only our own code and may therefore not bring anything along.
$(READY): requirements/dev.txt pyproject.toml client/pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e . -e client
	@touch $@

demo: $(READY)  ## a quarter of an organisation's deliveries through the real interfaces
	$(BIN)/pipeledger-server demo

test: $(READY)  ## every test that needs only Python packages, in parallel
	$(PYTEST) -n $(JOBS) --dist worksteal -q

test-long: $(READY)  ## kills, the second PostgreSQL, built wheels, large and damaged files, tools of others
	$(PYTEST) -n 2 --dist loadfile -m long -q -p no:cacheprovider --timeout 2400

fuzz: $(READY)  ## the random tests, quick and long, with examples that no run has drawn before
	$(PYTEST) -n 2 -m hypothesis --hypothesis-profile new -q --timeout 3000

tools: $(READY)  ## install the Debian packages and make the environments that test-long needs
	apt-get update -q
	DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $(TOOLS)
	$(BIN)/python -m tests.tools.environments

check: $(READY)  ## formatter, linter, types, import rules, generated files
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy domain store intake projections exporters api schema client/pipeledger tests bench
	$(BIN)/lint-imports

format: $(READY)  ## let the formatter and the linter mend what they can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

generate: $(READY)  ## write schema/events, docs/events.md, docs/integrations/controls.md from the code
	$(BIN)/python -m domain.events.schema
	$(BIN)/python -m tests.house.proving

mutants: $(READY)  ## does a test notice each small mistake in domain/log and domain/decisions?
	nice $(BIN)/python -m tests.tools.mutants domain

mutants-wide: $(READY)  ## the same of the client's verifier and the definitions in SQL; takes hours
	nice -n 19 $(BIN)/python -m tests.tools.mutants client
	nice -n 19 $(BIN)/python -m tests.tools.mutants.sql

bench: $(READY)  ## the figures of docs/performance.md, each beside its peer, in one table
	$(BIN)/python -m bench

# --universal and --no-annotate: one file for every platform; it names no host.
COMPILE := $(BIN)/uv pip compile --quiet --generate-hashes --universal --no-annotate \
  --python-version 3.11 --custom-compile-command 'make lock'

lock: $(READY)  ## pin the dependencies anew, with hashes
	$(BIN)/python -m pip install --quiet uv
	for part in server client dev; do $(MAKE) lock-$$part; done
	for tool in tests/tools/*.in; do $(COMPILE) $$tool -o $${tool%.in}.txt; done

lock-%:
	$(COMPILE) \
	  $(if $(filter server,$*),pyproject.toml client/pyproject.toml) \
	  $(if $(filter client,$*),client/pyproject.toml) \
	  $(if $(filter dev,$*),--group pyproject.toml:dev pyproject.toml client/pyproject.toml) \
	  -o requirements/$*.txt

clean:  ## forget the private environment
	rm -rf $(VENV)
