# Everything a developer or a new user runs. Uses uv when it is there, python -m venv and pip when not.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null)
STAMP := $(VENV)/.installed
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
# Half of what tests of a stack do is to wait for its processes.
WAITING_JOBS ?= $(shell expr $(JOBS) + 1)

.PHONY: setup demo test test-fast check bench lock schemas boards clean

setup: $(STAMP)

$(STAMP): pyproject.toml requirements.lock
ifdef UV
	uv venv --quiet --allow-existing $(VENV)
	uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	uv pip install --quiet --python $(BIN)/python --no-deps -e .
else
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps -e .
endif
	@touch $(STAMP)

demo: setup          ## an invented department: live in a terminal; elsewhere counted once and compared with its truth
	@if [ -t 1 ]; then $(BIN)/callfunnel demo; else $(BIN)/callfunnel demo --once; fi

# These measure time and want the machine to themselves; the others share the cores.
ALONE := tests/stack/test_up.py tests/demo tests/test_readme.py

test: setup          ## every test
	$(BIN)/python -m pytest -n $(WAITING_JOBS) --dist loadfile --no-loadscope-reorder --durations=30 $(addprefix --ignore=,$(ALONE))
	$(BIN)/python -m pytest --durations=10 $(ALONE)

test-fast: setup     ## minutes: without a stack, a server or a browser
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile -m "not servers" $(addprefix --ignore=,$(ALONE)) tests

check: setup         ## what CI runs beside the tests: style, types, generated files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m schemas.json_schema --check
	$(BIN)/python -m connectors.document --check
	$(BIN)/python -m connectors.http.openapi --check
	$(BIN)/python -m grafana.build --check
	$(BIN)/python -m grafana.alerts.build --check

schemas: setup       ## write the generated files again: JSON Schemas, docs/connectors.md, the HTTP door's description
	$(BIN)/python -m schemas.json_schema
	$(BIN)/python -m connectors.document
	$(BIN)/python -m connectors.http.openapi

boards: setup        ## write Grafana's dashboards and alert rules again
	$(BIN)/python -m grafana.build
	$(BIN)/python -m grafana.alerts.build

bench: setup         ## figures for bench/RESULTS.md
	$(BIN)/python -m bench

lock:                ## pin every dependency, for all platforms, with hashes
	uv pip compile --quiet --universal --python-version 3.11 --extra dev --generate-hashes --no-emit-index-url --no-header \
	    --output-file requirements.lock pyproject.toml

clean:
	rm -rf $(VENV) build *.egg-info
