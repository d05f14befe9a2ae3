# make demo        drive a simulated machine from the console; without a display, or with HEADLESS=1, a whole small mission
# make demo-full   a whole mission on the larger example site in virtual time, with its picture and report
# make test-fast   what a change is tried with: ruff, and all tests of less than a second; 40 s of two cores
# make test        before every commit: lint, types, walls, tests; 5 minutes of two cores, nothing but Python, make and gcc
# make test-full   what that leaves out; CI runs both, and installs the programs that some tests need (tests/README.md)
# make release-tests  long missions and searches, minutes each; a shorter one of each kind is in test-full
# make docs        the pages and the API as a site in runs/docs
# make proof       the long runs a release rests on: only what has no result for the sources as they are, and goes on where ended
# make trials link-stops garbage journal-kills   real processes in real time, the worst printed; no part of CI
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PACKAGES := vehicle firmware_bridge sim campaign console flailpilot

.PHONY: demo demo-full test test-fast test-full release-tests explore branches campaign-sample mutation-touched trials link-stops garbage journal-kills console-trials console-bench pictures node-clients mutation mutation-controller twins line-stops \
	campaign three-days record-deaths report-sums stops proof coverage lint bench docs pins clean

demo: $(VENV)/.installed
	$(BIN)/flailpilot demo $(if $(HEADLESS),--headless) --out runs/demo

demo-full: $(VENV)/.installed
	$(BIN)/flailpilot sim configs/scenarios/example.toml --out runs/demo-full

# Tests wait for real processes too, so four run at once on two processors; `make test JOBS=2`, `PYTEST_ARGS=tests/control/safety`.
AT_ONCE = $(shell $(PYTHON) -c "import os; print(2 * (os.cpu_count() or 1))")
# Bytecode is kept whatever the environment says: else each process compiles the project and all tests anew.
RUN_TESTS := env -u PYTHONDONTWRITEBYTECODE $(BIN)/pytest --dist worksteal
PYTEST = $(RUN_TESTS) -n $(or $(JOBS),$(AT_ONCE))

test: lint
	$(PYTEST) $(PYTEST_ARGS)

test-fast: $(VENV)/.installed
	$(BIN)/ruff check --quiet $(PACKAGES) tests benchmarks
	$(PYTEST) -q -m "not real and not long and not slow and not release and not trials" $(PYTEST_ARGS)

# A living mutant of a safety file that was touched fails it: one whole run has shown none alive (docs/PROOF.md).
# Two parts at once: mypy is one process; most of what it does `make test` then finds done.
test-full: $(VENV)/.installed node-clients
	$(MAKE) --jobs=2 --output-sync=target collected branches campaign-sample lint mutation-touched
	$(PYTEST) -m "slow and not release and not trials" $(or $(PYTEST_ARGS),$$(cat runs/slow.files))

# All tests are found, what pytest makes of their files is kept, and the files with slow tests are noted: else each of four processes
# does all this anew.
.PHONY: collected
collected: $(VENV)/.installed
	@mkdir -p runs
	$(RUN_TESTS) --collect-only -q -m "slow and not release and not trials" > runs/slow.tests || { cat runs/slow.tests; exit 1; }
	@sed -n 's/::.*//p' runs/slow.tests | sort -u > runs/slow.files

# What few changes break and what takes minutes: whole long missions, three machines, thousands of drawn files. Before a release;
# no part of CI, where a shorter one of each kind is.
release-tests: $(VENV)/.installed
	$(PYTEST) -m "release and not trials" $(PYTEST_ARGS)

# Property tests with new random examples, once for each seed; the seed repeats what it found. No part of CI: there the
# examples are the same in every run.
SEEDS ?= $(shell $(PYTHON) -c "import random; print(random.randrange(2**32))")
explore: $(VENV)/.installed
	for seed in $(SEEDS); do FLAIL_HYPOTHESIS=explore $(PYTEST) -q -m "not slow and not release and not trials and not real" \
		--hypothesis-seed=$$seed $(or $(PYTEST_ARGS),tests) || exit 1; done

# Every branch of the safety room, and of what decides with it beside it, is taken, or this fails. The dearest are left
# out: they take no branch of their own. Of random examples a fifth are drawn, which is enough here; `make test` tries all.
SAFETY_FILES := vehicle/control/safety/*,vehicle/control/ground/support.py,vehicle/control/shock.py,vehicle/contracts/stop_*.py,firmware_bridge/handshake.py,firmware_bridge/operator_limits.py
SAFETY_TESTS := tests/control/safety --deselect=tests/control/safety/test_starter_rest.py::test_the_starter_rests_between_tries_and_after_three \
	--deselect=tests/control/safety/test_gate_links.py::test_no_driving_lease_is_shorter_than_two_ticks_and_the_line \
	$(foreach name,machine machine_complete shock_machine,--ignore=tests/control/safety/test_$(name).py)
branches: $(VENV)/.installed runs/.coverage.gate runs/.coverage.others
	$(BIN)/coverage combine --quiet --keep --data-file=runs/.coverage runs/.coverage.gate runs/.coverage.others
	$(BIN)/coverage report --data-file=runs/.coverage --include='$(SAFETY_FILES)' --show-missing --fail-under=100

# Two processes at once: the tests of the gate, and the others.
.PHONY: runs/.coverage.gate runs/.coverage.others
runs/.coverage.gate: LEFT_OUT = --ignore-glob='*/test_[!g]*.py'
runs/.coverage.others: LEFT_OUT = --ignore-glob='*/test_g*.py'
runs/.coverage.gate runs/.coverage.others: $(VENV)/.installed
	@mkdir -p runs
	FLAIL_HYPOTHESIS=branches $(BIN)/coverage run --data-file=$@ --branch --source=vehicle/control,vehicle/contracts,firmware_bridge -m pytest -q -p no:cacheprovider $(SAFETY_TESTS) $(LEFT_OUT)

# The first half of a simulated hour of the campaign below.
campaign-sample: $(VENV)/.installed
	$(BIN)/flailpilot campaign runs/campaign-sample --seeds 28

# Three quarters of a minute of mutants, drawn evenly from the files of the safety room that differ from BASE; none where none does.
BASE ?= HEAD~1
mutation-touched: $(VENV)/.installed
	$(BIN)/python -m tests.control.safety.mutate --since $(BASE) --seconds 45

# Real processes in real time; wants an idle machine.
trials: $(VENV)/.installed
	$(BIN)/pytest -m trials

# kill -9 of `drive` at random moments of a mission, real processes in real time (an hour and a half, an idle machine); goes
# on where it was ended. `make journal-kills TRIALS=20`.
journal-kills: $(VENV)/.installed
	$(BIN)/python benchmarks/journal_kills.py --trials $(or $(TRIALS),200)

# Stops over the operator link: eight failing radios and two recorded ones, a thousand each in virtual time, then fifty
# each with real processes (an hour, an idle machine); and garbage on its port.
link-stops: $(VENV)/.installed
	$(BIN)/python benchmarks/link_stops.py --trials 1000
	$(BIN)/python benchmarks/link_stops.py --real --trials 50

# What breaks between an operator's hands and the machine, with a real browser: how fast the set-point is zero, the worst printed;
# and the page's figures (memory over an hour). They want an idle machine, chromium and chromium-driver; no part of CI.
console-trials: $(VENV)/.installed
	$(BIN)/python -m benchmarks.console_trials --trials $(or $(TRIALS),28)

console-bench: $(VENV)/.installed
	$(BIN)/python -m benchmarks.console_bench $(if $(PARTS),--parts $(PARTS))
	$(if $(PARTS),,$(BIN)/pytest -m trials tests/console/map/test_map_speed.py)

# docs/images anew: the demo is driven by keys in a real browser (five minutes; chromium and chromium-driver).
pictures: $(VENV)/.installed
	$(BIN)/python -m benchmarks.console_pictures

# A vehicle whose cable, address and broker come a minute after it.
late-start: $(VENV)/.installed
	$(BIN)/python -m benchmarks.late_start --late 60

garbage: $(VENV)/.installed
	$(BIN)/python benchmarks/garbage.py --seconds 30

# Every mutant of the safety room must be killed; there is no list of exceptions. One that dies costs 0.02 to 0.3 s of one
# core, one that lives a quarter to three quarters of a minute, before the first all tests run once (half a minute);
# `python -m tests.control.safety.mutate --since REF` runs the files that were touched, `--seconds N` a drawn sample.
mutation: $(VENV)/.installed
	$(BIN)/python -m tests.control.safety.mutate

# At least 100 simulated hours of random faults (66 s a seed), an hour and a half of one core. Counts per catalogue row
# and per pair of faults are in runs/campaign/campaign.json; a failing seed is named with the command that repeats it.
campaign: $(VENV)/.installed
	$(BIN)/flailpilot campaign runs/campaign --seeds 5600

# A task of three days in simulation: stop, crash, hand-over, failed depth check, rework, follow-up, an imported document; and
# its completion report in runs/three-days/report (a minute and a half of one core).
three-days: $(VENV)/.installed
	$(BIN)/flailpilot days configs/scenarios/three_days/days.toml --out runs/three-days

# A thousand deaths of the vehicle program in that task, and a cut of its journal at every write; half an hour of one core,
# goes on where it was ended. `make record-deaths DEATHS=20`.
record-deaths: $(VENV)/.installed
	test -d runs/three-days/report || $(MAKE) three-days
	$(BIN)/python -m benchmarks.record_deaths --task runs/three-days --writes
	$(BIN)/python -m benchmarks.record_deaths --task runs/three-days --deaths $(or $(DEATHS),1000)

# Reports of random missions with silent errors: every sum of every one adds up. An hour of one core, goes on where it was ended.
report-sums: $(VENV)/.installed
	$(BIN)/python -m benchmarks.report_sums --missions $(or $(MISSIONS),300)

# Stops under random modes, slopes, link failures, recorded links and deaths of the process: half an hour of one core.
stops: $(VENV)/.installed
	$(BIN)/python -m benchmarks.stop_latency --trials 10000 --traces ../shared/data/link --out runs/stops.jsonl

# Enumeration, kills, mutation, stops, twins, campaign, a thousand missions with silent errors (`envelope`) and what the rules
# cost without any (`costs`): ten hours of one core. What was found lies in runs/proof under the hash of all that it judges;
# kill it anywhere, start it again. `make proof PARTS="mutation stops" JOBS=1`,
# table and picture of docs/SAFETY.md from `envelope`: `python -m benchmarks.envelope_report --docs docs`,
# `WRITE=docs/PROOF.md` for the page, `KEPT=docs/proof` to go on from the packed results there and to add to them;
# `python -m benchmarks.proof --table` shows how it stands and runs nothing.
proof: $(VENV)/.installed
	$(BIN)/python -m benchmarks.proof $(if $(PARTS),--parts $(PARTS)) $(if $(JOBS),--jobs $(JOBS)) \
		$(if $(WRITE),--write $(WRITE)) $(if $(KEPT),--kept $(KEPT))

# Stops with real processes over a controller's line that is slow both ways; wants an idle machine, no part of CI.
line-stops: $(VENV)/.installed
	$(BIN)/python benchmarks/line_delay_stops.py

# The simulated controller against the C reference on random histories: twenty minutes of one core.
twins: $(VENV)/.installed
	$(BIN)/python -m tests.firmware_bridge.twins --histories 100000

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

# All pages of docs/ and the API pages as a site in runs/docs; links are checked and a warning fails it. Ten seconds of one core, and an
# environment of its own (170 MB, once), because neither the vehicle nor a test needs it. No part of CI.
DOCS := $(VENV)/docs
docs: $(DOCS)/.installed
	NO_MKDOCS_2_WARNING=1 $(DOCS)/bin/mkdocs build --strict
	@echo "runs/docs/index.html"

$(DOCS)/.installed: requirements/docs.txt
	test -x $(DOCS)/bin/python || $(PYTHON) -m venv $(DOCS)
	$(DOCS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/docs.txt
	touch $@

# Everything is pinned with hashes; the project itself is built from this tree (mavgen runs in that build).
$(VENV)/.installed: requirements/dev.txt requirements/clients.txt pyproject.toml firmware_bridge/mavlink/flail.xml firmware_bridge/mavlink/generate.py
	@echo "Installing Python packages into $(VENV), once: one to three minutes, some 1,000 MB."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/clients.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

# node-mavlink and axe-core, pinned with hashes, for the tests that use them; without npm, or where nothing comes, they are skipped.
NODE := $(VENV)/node
node-clients: $(NODE)/node_modules/.package-lock.json
$(NODE)/node_modules/.package-lock.json: requirements/node/package.json requirements/node/package-lock.json | $(VENV)/.installed
	mkdir -p $(NODE) && cp requirements/node/package.json requirements/node/package-lock.json $(NODE)/
	! command -v npm >/dev/null || (cd $(NODE) && npm ci --no-audit --no-fund --ignore-scripts --silent --prefer-offline --fetch-retries=5) || \
		echo "node-mavlink and axe-core were not installed: their tests are skipped"

# Needs uv on the path; writes no registry address.
pins:
	uv pip compile --universal --generate-hashes --python-version 3.11 --all-extras \
		pyproject.toml -o requirements/dev.txt --quiet
	uv pip compile --universal --generate-hashes --python-version 3.11 --no-deps \
		requirements/clients.in -o requirements/clients.txt --quiet
	uv pip compile --universal --generate-hashes --python-version 3.11 \
		requirements/docs.in -o requirements/docs.txt --quiet

clean:
	rm -rf $(VENV) runs .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
