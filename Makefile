# One line a target; what they do is in crossnotes/ and tests/.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
PIP := $(RUN) -m pip --disable-pip-version-check --quiet
UV := $(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header

.DEFAULT_GOAL := help
.PHONY: help html publish snippet-test drivers packages results results-from results-check propose-results django reference test check serve offline linkcheck intl intl-status intl-check targets lock bench chaos dist clean

help:  # Show this list
	@sed -n 's/^\([a-z-]*\):.*  # \(.*\)/  make \1\t\2/p' Makefile | expand -t 22

html: $(VENV)/site  # Build the site in both languages into build/html
	@$(RUN) -m crossnotes html

publish: $(VENV)/site  # Build the site for its place on the web (CROSSNOTES_BASE_URL), and refuse addresses of examples
	@$(RUN) -m crossnotes html --publish

serve: $(VENV)/site  # Build the site, serve it, and rebuild it on every change (PORT=8000)
	@$(RUN) -m crossnotes serve $(addprefix --port ,$(PORT))

offline: $(VENV)/site  # Build the site, and a zip of it for reading offline
	@$(RUN) -m crossnotes html --offline

linkcheck: $(VENV)/site  # Check every external link of the pages (needs a network)
	@$(RUN) -m crossnotes linkcheck

snippet-test: $(VENV)/site  # Run every code block (TARGETS="sqlite …" PAGES="docs/a.md:12 …")
	@$(RUN) -m crossnotes test $(PAGES) --ledger build/ledger $(or $(addprefix --target ,$(TARGETS)),--every-target)

targets: $(VENV)/site  # Show which databases are available, or why not
	@$(RUN) -m crossnotes targets

drivers: $(VENV)/test  # Install the drivers of all databases, and what the tests need

packages: $(VENV)/site  # Install the Debian packages that drivers and tests need (as root)
	@$(if $(filter-out 0,$(shell id -u)),sudo) $(RUN) tests/machine.py

results: $(VENV)/site  # Run every code block, and save the results in ledger/ (TARGETS="mysql@9.7 …")
	@$(RUN) -m crossnotes results $(addprefix --target ,$(TARGETS))

results-from: $(VENV)/site  # Save the results of another run (DIR=folder) in ledger/
	@$(RUN) -m crossnotes results-from $(DIR)

results-check: $(VENV)/site  # List the results in ledger/ that the ledgers of a CI run (DIR=folder) do not confirm
	@$(RUN) -m crossnotes results --check $(DIR)

propose-results: $(VENV)/site  # Make a pull request of the results of a CI run (DIR=folder), on GitHub Actions
	@.ci/propose-results $(DIR)

django: $(VENV)/site  # Install another series of Django than the locked one (DJANGO=6.0)
	@$(PIP) install "Django==$(DJANGO).*"

reference: $(VENV)/site  # Bring docs/guides/reference.md up to date with the code
	@$(RUN) .ci/reference.py

test: $(VENV)/test  # Run the tests, on real servers and in a real browser (SERVERS=current: on current versions, too; as root)
	@SERVERS="$(SERVERS)" $(RUN) -m pytest -n auto

check: $(VENV)/test  # Lint, types, English, links, translations
	@$(RUN) .ci/english.py && $(RUN) -m ruff check && $(RUN) -m ruff format --check && $(RUN) -m mypy && $(RUN) -m crossnotes html && $(RUN) -m crossnotes intl-check

intl: $(VENV)/site  # Update the catalogues of the translation
	@$(RUN) -m crossnotes intl

intl-status: $(VENV)/site  # Show what is translated, page by page
	@$(RUN) -m crossnotes intl-status

intl-check: html  # Check the translation: markup, numbers, names, terms, style, code
	@$(RUN) -m crossnotes intl-check

bench: $(VENV)/test  # Measure the speed beside other tools, into build/bench
	@$(RUN) benchmarks/run.py && $(RUN) benchmarks/docs.py && $(RUN) benchmarks/site.py

chaos: $(VENV)/test  # Interrupt commands at random, and check that nothing is left (ROUNDS=200)
	@$(RUN) benchmarks/chaos.py --rounds $(or $(ROUNDS),200)

lock: $(VENV)/test  # Update the locked requirements from pyproject.toml
	@$(UV) --upgrade --extra site --extra build pyproject.toml -o requirements.txt
	@$(UV) -c requirements.txt --extra site --extra build --extra mysql --extra oracle --extra postgresql --extra tidb --extra servers --extra test pyproject.toml -o requirements-test.txt

dist: $(VENV)/site  # Build the package and its SBOM into build/dist
	@$(RUN) .ci/dist.py

clean:  # Remove what was built, and the virtual environment
	rm -rf build $(VENV) .mypy_cache .ruff_cache .pytest_cache

$(VENV)/bin/python:
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "No virtual environment: $(PYTHON) needs its venv module (Debian: apt install python3-venv)." >&2; exit 1; }

$(VENV)/site: requirements.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing what the site needs into $(VENV) …"
	@$(PIP) install --require-hashes -r requirements.txt
	@$(PIP) install --no-deps --no-build-isolation --no-index -e .
	@touch $@

$(VENV)/test: requirements-test.txt pyproject.toml $(VENV)/site
	@$(RUN) tests/machine.py requirements-test.txt
	@touch $@
