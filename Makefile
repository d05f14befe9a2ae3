# make demo   a whole mission in the simulator, with its picture and report
# make test   what CI runs: lint, types, walls, tests
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PACKAGES := vehicle firmware_bridge sim console flailpilot

.PHONY: demo test trials link-stops garbage mutation-controller coverage lint bench pins clean

demo: $(VENV)/.installed
	$(BIN)/flailpilot sim configs/scenarios/example.toml --out runs/demo
	@echo "Picture: runs/demo/map.png   Report: runs/demo/report.html"

test: lint
	$(BIN)/pytest

# Real processes in real time; wants an idle machine.
trials: $(VENV)/.installed
	$(BIN)/pytest -m trials

# Stops over the operator link: eight failing radios and two recorded ones, a thousand each in virtual time, then fifty
# each with real processes (an hour, an idle machine); and garbage on its port.
link-stops: $(VENV)/.installed
	$(BIN)/python benchmarks/link_stops.py --trials 1000
	$(BIN)/python benchmarks/link_stops.py --real --trials 50

garbage: $(VENV)/.installed
	$(BIN)/python benchmarks/garbage.py --seconds 30

# Half an hour on one core.
mutation-controller: $(VENV)/.installed
	$(BIN)/python -m tests.firmware_bridge.mutate_controller

# Plans of real and 500 generated sites in both modes, each checked independently, beside other planners (hours on one
# core). `coverage-path-planner` is run along where it is installed; it is no part of the pinned set.
coverage: $(VENV)/.installed
	$(BIN)/python -m benchmarks.coverage fields peers generated

lint: $(VENV)/.installed
	$(BIN)/ruff check $(PACKAGES) tests benchmarks
	$(BIN)/ruff format --check $(PACKAGES) tests benchmarks
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.installed
	$(BIN)/python benchmarks/stack.py

# Everything is pinned with hashes; the project itself is built from this tree (mavgen runs in that build).
$(VENV)/.installed: requirements/dev.txt requirements/clients.txt pyproject.toml firmware_bridge/mavlink/flail.xml firmware_bridge/mavlink/generate.py
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/clients.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

# Needs uv on the path; writes no registry address.
pins:
	uv pip compile --universal --generate-hashes --no-emit-index-url --python-version 3.11 --all-extras \
		pyproject.toml -o requirements/dev.txt --quiet
	uv pip compile --universal --generate-hashes --no-emit-index-url --python-version 3.11 --no-deps \
		requirements/clients.in -o requirements/clients.txt --quiet

clean:
	rm -rf $(VENV) runs .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
