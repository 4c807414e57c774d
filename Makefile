# Everything that a person types here. It needs python3 (3.11 or newer, with venv) and make.

PYTHON ?= python3
BIN := .venv/bin
EXTRAS := web,dask,mysql,postgres,explain,test,bench,check
ARGS ?=
# Processes that test side by side, one more than a small machine has cores: the daemon's own tests mostly wait.
TESTERS ?= 3

.PHONY: demo test faults check run bench venv clean

demo: venv  ## Show real files being scored: bundles trained, the daemon started, three files dropped, the daemon stopped.
	$(BIN)/python examples/demo.py $(ARGS)

test: venv  ## Run all tests; ARGS go to pytest: make test ARGS="-k claim".
	$(BIN)/pytest -n $(TESTERS) --dist loadfile $(ARGS)

faults: venv  ## Faults at every file operation, power cuts (as root), mutants; ARGS: --points N --cuts N --no-mutants --all.
	cd tests && ../$(BIN)/python -m faults $(ARGS)

check: venv  ## Lint, formatting, types, import contracts, pinned versions.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pip check

CONFIG ?= config/dropscore.toml

run: venv  ## Run the daemon and the panel together in the foreground; CONFIG names the configuration. ^C ends both.
	@trap 'kill $$web 2>/dev/null; wait' EXIT INT TERM; \
	$(BIN)/dropscore web --config $(CONFIG) & web=$$!; \
	$(BIN)/dropscore run --config $(CONFIG) $(ARGS)

bench: venv  ## Measure against the plain script; rewrites docs/performance.md.
	$(BIN)/python benchmarks/run.py $(ARGS)

venv: .venv/.ready

.venv/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -qq --disable-pip-version-check -c constraints.txt -e '.[$(EXTRAS)]'
	touch $@

clean:  ## Remove what this file made: the environment and the demo's folders.
	rm -rf .venv .demo .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
