# One command for each thing somebody wants: make demo, make test, make check, make bench.
# Needs python3 (3.11 or later), pip and make; everything else is fetched here, into .venv.

PYTHON := .venv/bin/python
PIP := --disable-pip-version-check --quiet
READY := .venv/.ready
# Whatever this shell is told: without its bytecode every start of a process would compile everything anew.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo test check bench pictures requirements debian clean
.DELETE_ON_ERROR:

demo: $(READY)  ## A whole house on this machine: broker, rooms, devices, a session in each
	$(PYTHON) -m ambiance demo $(ARGS)

test: $(READY) debian  ## Every test, against a real Mosquitto and PostgreSQL
	$(PYTHON) -m pytest $(ARGS)

check: $(READY)  ## Style and types
	$(PYTHON) -m ruff check .
	$(PYTHON) -m mypy

bench: $(READY) debian  ## How fast it is, against a bare program that does the same work without thought
	$(PYTHON) -m tests.benchmarks.run $(ARGS)

# Debian's python3 comes without ensurepip: then pip, which is there, fills the environment from outside.
$(READY): requirements.txt pyproject.toml
	@test -x $(PYTHON) || python3 -m venv .venv >/dev/null 2>&1 || rm -rf .venv
	@test -x $(PYTHON) || python3 -m venv --without-pip .venv >/dev/null 2>&1 || rm -rf .venv
	@test -x $(PYTHON) || { python3 -m pip $(PIP) install --user --break-system-packages virtualenv && python3 -m virtualenv --quiet .venv; }
	@echo "Fetching what Ambiance needs into .venv"
	@if $(PYTHON) -m pip --version >/dev/null 2>&1; then pip="$(PYTHON) -m pip"; else pip="python3 -m pip --python $(PYTHON)"; fi; \
	$$pip install $(PIP) --no-compile --require-hashes -r requirements.txt && \
	PYTHONWARNINGS=ignore $$pip install $(PIP) --no-deps --no-build-isolation -e .
	@touch $@

debian:
	@sh .ci/debian

pictures: $(READY) debian  ## The pictures of the pages in docs/images, from a running house
	$(PYTHON) -m tests.pictures

# The same versions wherever it is installed: hashes of every wheel, no addresses.
requirements: $(READY)
	@test -x .venv/bin/pip-compile || $(PYTHON) -m pip install $(PIP) pip-tools
	.venv/bin/pip-compile --quiet --generate-hashes --allow-unsafe --all-build-deps --strip-extras --extra test --extra postgresql \
		--no-header --no-annotate --no-emit-options \
		--output-file .venv/requirements.txt pyproject.toml
	{ sed -n '/^#/p' requirements.txt; sed '/^#/d; /^--/d' .venv/requirements.txt; } > .venv/requirements.new
	mv .venv/requirements.new requirements.txt

clean:
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks
