# `make` alone lists the targets.
SHELL := /bin/bash
.DEFAULT_GOAL := help
STACK ?= dev
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PULUMI_ERROR_OUTPUT_STRING := 1
export PYTHONDONTWRITEBYTECODE := 1
# Every `pulumi preview` and `pulumi up` from here runs the policy pack (Pulumi reads any option from PULUMI_OPTION_<NAME>).
export PULUMI_OPTION_POLICY_PACK ?= policy
REQUIREMENTS := requirements.txt requirements-dev.txt $(wildcard */requirements.txt)

# What asks the sandbox's cluster or changes it runs one test after another: several measure times and memory. The rest of a tier
# runs before that, two files at a time. Each tier is these paths and whatever else carries its mark, so that no test is in neither.
ON_THE_PIPELINE := tests/doctor tests/sandbox/test_kubernetes_live.py tests/sandbox_e2e
ON_A_CLUSTER := $(sort $(wildcard tests/engine/test_live_*.py))
TWO_FILES := -n 2 --dist loadfile
TIMES := --durations=15 --durations-min=5

# Image of Kind's nodes; empty means the one that belongs to the installed Kind.
KIND_NODE_IMAGE ?=
# Folders below images/; empty means what the stack dev runs. BASES are other bases than the usual ones, as IMAGE=REFERENCE.
IMAGES ?=
BASES ?=
# Further options of `pulumi up` and `pulumi destroy`, such as --yes, and of `make faults`.
FLAGS ?=

.PHONY: help venv lint format test engine engine-test long-engine-test kind-test plan pictures documents doctor source-sql tables cluster cluster-down images up down pulumi sandbox sandbox-down sandbox-test long-test bench faults clean

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

test: venv ## everything that needs only Python, a file of tests at a time on each of up to four cores
	$(BIN)/pytest $(TIMES) -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder -m 'not sandbox and not kind and not engine'

engine-test: engine ## the tests of the real Pulumi engine, on a cluster of its own (Debian, root; no sandbox may be there)
	$(BIN)/pytest $(TIMES) $(TWO_FILES) -m engine $(addprefix --ignore=,$(ON_A_CLUSTER))
	@$(BIN)/python -m pipeline sandbox cluster
	$(BIN)/pytest $(TIMES) -m 'engine and not long' $(ON_A_CLUSTER)

long-engine-test: engine ## the engine's tests marked long, on a cluster of its own: the other credentials rotated under load
	@$(BIN)/python -m pipeline sandbox cluster
	$(BIN)/pytest $(TIMES) -m 'engine and long' $(ON_A_CLUSTER)

kind-test: venv ## the tests that need Docker and Kind: they make the laptop's cluster, use it and remove it
	$(BIN)/pytest -m kind

plan: venv ## what a stack declares, what memory it takes and what the policies say, offline: make plan STACK=dev
	@$(BIN)/python -m pipeline plan --stack $(STACK)

pictures: venv ## draw the memory of every stack anew: docs/memory-<stack>.svg
	@$(BIN)/python -m pipeline documents pictures

documents: venv ## everything in docs/ that is made from the code, pictures included
	@$(BIN)/python -m pipeline documents

doctor: venv ## whether `up` of a stack would succeed here, with a cure for what is missing: make doctor STACK=dev
	@$(BIN)/python -m pipeline doctor --stack $(STACK)

source-sql: venv ## the SQL that makes an existing database ready, for its administrator: make source-sql STACK=prod
	@$(BIN)/python -m pipeline sql --stack $(STACK)

tables: venv ## write the typed model of an existing database's tables to tables/<stack>.yaml: make tables STACK=prod
	@$(BIN)/python -m pipeline tables --stack $(STACK)

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

sandbox-test: venv ## every test marked sandbox, but for those marked long, against the running sandbox
	$(BIN)/pytest $(TIMES) $(TWO_FILES) -m 'sandbox and not long' $(addprefix --ignore=,$(ON_THE_PIPELINE))
	$(BIN)/pytest $(TIMES) -m 'sandbox and not long' $(ON_THE_PIPELINE)

long-test: venv ## the tests marked long, against the running sandbox: breaks of the history, older databases, backfills
	$(BIN)/pytest $(TIMES) -m 'sandbox and long' $(ON_THE_PIPELINE)

bench: venv ## measure the running sandbox; figures go to bench/figures.md
	@$(BIN)/python -m pipeline bench

faults: venv ## sixty injected faults under load on the running sandbox, a long tier: make faults FLAGS='--seed 7 --minutes 15'
	@$(BIN)/python -m pipeline faults $(FLAGS)

clean: ## remove the virtual environment and tool caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
