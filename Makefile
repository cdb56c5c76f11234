# `make` alone lists the targets.
SHELL := /bin/bash
.DEFAULT_GOAL := help
STACK ?= dev
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PULUMI_ERROR_OUTPUT_STRING := 1
# Compiled modules stand beside the virtual environment: the tree stays clean, and a command starts half a second sooner.
export PYTHONPYCACHEPREFIX := $(CURDIR)/$(VENV)/bytecode
unexport PYTHONDONTWRITEBYTECODE
# Every `pulumi preview` and `pulumi up` from here runs the policy pack (Pulumi reads any option from PULUMI_OPTION_<NAME>).
export PULUMI_OPTION_POLICY_PACK ?= policy
REQUIREMENTS := requirements.txt requirements-dev.txt $(wildcard */requirements.txt pipeline/*/requirements.txt)

# A user's way, what is guarded, and what is repaired; everything else that needs the sandbox is run by `make nightly`.
USERS_WAY := $(addprefix tests/sandbox_e2e/test_,users_way.py 00_command_blocks.py 2_guards.py 3_repair.py zz_nothing_left.py)
ONLY_PYTHON := not sandbox and not kind and not engine and not readers and not judges and not browser
TIMES := --durations=15 --durations-min=5
# What waits for real software is run once more where it fails; a test that then passes is named at the end as unstable.
AGAIN := --reruns 1
# Parts of `make nightly`; empty means all that have not ended on this commit.
PART ?=

# Image of Kind's nodes; empty means the one that belongs to the installed Kind.
KIND_NODE_IMAGE ?=
# Folders below images/; empty means what the stack dev runs. BASES are other bases than the usual ones, as IMAGE=REFERENCE.
IMAGES ?=
BASES ?=
# File for the picture of the status page; empty means none.
PICTURE ?=
# Further options of `pulumi up` and `pulumi destroy`, such as --yes, and of `make faults`.
FLAGS ?=

.PHONY: help venv lint format test check engine engine-test nightly kind-test readers-test judges-test vulnerabilities browser-test plan pictures documents status doctor source-sql tables ddl cluster cluster-down images up down pulumi sandbox sandbox-cluster sandbox-down sandbox-test bench faults clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

venv: $(VENV)/.complete ## the virtual environment, with exact versions

$(VENV)/.complete: $(REQUIREMENTS)
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed, this is %d.%d; set PYTHON=/path/to/python3.11" % sys.version_info[:2])'
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { test "$$(id -u)" = 0 && apt-get update -qq && apt-get install -qq -y --no-install-recommends python3-venv; } \
	  || { echo 'Python comes without venv here: install the package python3-venv'; exit 1; }
	@echo "Making the virtual environment (about a minute the first time)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

lint: venv ## ruff, formatting, mypy --strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .

format: venv ## rewrite to the project's format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

check: lint test sandbox-test engine-test ## all that a change must pass (Debian, root; removes a sandbox that is there)

test: venv ## what needs only Python, a sample of each corpus, on two cores
	$(BIN)/pytest --quick $(TIMES) -n 2 --dist loadfile -m '$(ONLY_PYTHON)' tests

engine-test: engine sandbox-cluster ## the program by the real Pulumi engine: previews, refusal, up, change, review, destroy (Debian, root)
	$(BIN)/pytest --quick $(AGAIN) $(TIMES) -m 'engine and not long' tests/engine

sandbox-cluster: venv
	@$(BIN)/python -m pipeline sandbox cluster

nightly: venv ## every test there is, by parts, each noted in bench/verified.md; goes on where it was broken off: make nightly PART=long
	@$(BIN)/python -m tests.nightly $(PART)

kind-test: venv ## the tests that need Docker and Kind: they make the laptop's cluster, use it and remove it
	$(BIN)/pytest -m kind

readers-test: venv ## the views of the archive by the engines themselves: DuckDB, Spark, Trino for Athena, ClickHouse, dbt (Java 17, 1.5 GB the first time)
	@$(BIN)/python -m tests.readers.installation
	$(BIN)/pytest $(TIMES) -m readers tests/readers

judges-test: venv ## manifests, Dockerfiles, Python and bills of materials as judges that others wrote see them (Go; 5 GB and half an hour the first time)
	@$(BIN)/python -m tests.judges.installation
	$(BIN)/pytest $(TIMES) -m judges tests/judges

vulnerabilities: venv ## known vulnerabilities in the Python packages, by pip-audit; fails where the package index has no such data
	@$(BIN)/python -m tests.judges.installation
	$(VENV)/judges/bin/pip-audit --strict --path "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"

browser-test: venv ## the page of `status --html` in Chromium; PICTURE=docs/status.png writes the documents' picture of it anew
	PICTURE=$(PICTURE) $(BIN)/pytest -m browser tests/status

plan: venv ## what a stack declares, what memory it takes and what the policies say, offline: make plan STACK=dev
	@$(BIN)/python -m pipeline plan --stack $(STACK)

pictures: venv ## draw the memory of every stack anew: docs/memory-<stack>.svg
	@$(BIN)/python -m pipeline documents pictures

documents: venv ## everything in docs/ that is made from the code, pictures included
	@$(BIN)/python -m pipeline documents

status: venv ## a running stack on one screen, with what is late and what comes next: make status STACK=dev
	@$(BIN)/python -m pipeline status --stack $(STACK)

doctor: venv ## whether `up` of a stack would succeed here, with a cure for what is missing: make doctor STACK=dev
	@$(BIN)/python -m pipeline doctor --stack $(STACK)

source-sql: venv ## the SQL that makes an existing database ready, for its administrator: make source-sql STACK=prod
	@$(BIN)/python -m pipeline sql --stack $(STACK)

tables: venv ## write the typed model of an existing database's tables to tables/<stack>.yaml: make tables STACK=prod
	@$(BIN)/python -m pipeline tables --stack $(STACK)

ddl: export STATEMENTS := $(value DDL)
ddl: venv ## what a statement on the source database does to the pipeline, before it is run: make ddl STACK=prod DDL='ALTER TABLE …'
	@$(BIN)/python -m pipeline ddl --stack $(STACK) -- "$$STATEMENTS"

cluster: venv ## the laptop's Kubernetes: three nodes by Kind, the six ports on 127.0.0.1; again: sees that it is ready
	@$(BIN)/python -m pipeline laptop up --node-image "$(KIND_NODE_IMAGE)"

cluster-down: venv ## remove the laptop's Kubernetes and all data in it; `make down` goes first
	@$(BIN)/python -m pipeline laptop down

images: venv ## build the container images with Docker and load them into the cluster
	@$(BIN)/python -m pipeline images build $(IMAGES) $(addprefix --base ,$(BASES))
	@$(BIN)/python -m pipeline laptop load $(IMAGES)

up: pulumi venv ## create or change a stack with the Pulumi CLI, previewed and judged first: make up STACK=dev
	@test -f Pulumi.$(STACK).yaml || { echo "error: Pulumi.$(STACK).yaml does not exist, so there is no stack $(STACK): make it, or set STACK" >&2; exit 2; }
	pulumi stack select --create $(STACK)
	pulumi up --stack $(STACK) --policy-pack policy $(FLAGS)

down: pulumi venv ## delete everything that a stack has created: make down STACK=dev
	pulumi destroy --stack $(STACK) $(FLAGS)

pulumi:
	@command -v pulumi > /dev/null || { echo 'The Pulumi CLI is not on PATH: docs/getting-started.md says how to get it'; exit 1; }

engine: venv ## build the real Pulumi engine from Go modules (some minutes), for ENGINE=pulumi and the tests marked engine
	@$(BIN)/python -m pipeline sandbox engine

sandbox: venv ## the whole pipeline on this machine (Debian, root), by the real engine with ENGINE=pulumi; again: converge
	@$(BIN)/python -m pipeline sandbox up $(if $(ENGINE),--engine $(ENGINE))

sandbox-down: venv ## remove the sandbox, whichever checkout made it; cache, Debian packages and .venv stay
	@$(BIN)/python -m pipeline sandbox down

sandbox-test: venv ## a user's way through the running sandbox, its guards and its repair
	$(BIN)/pytest --quick $(AGAIN) $(TIMES) -m 'sandbox and not long' $(USERS_WAY)

bench: venv ## measure the running sandbox; figures go to bench/figures.md
	@$(BIN)/python -m pipeline bench

faults: venv ## sixty injected faults under load on the running sandbox, a long tier: make faults FLAGS='--seed 7 --minutes 15'
	@$(BIN)/python -m pipeline faults $(FLAGS)

clean: ## remove the virtual environment and tool caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
