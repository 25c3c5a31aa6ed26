# Each target does its own set-up, once: a virtual environment in .venv, made again when pyproject.toml
# changes. All it takes is make and Python 3.11 or newer with venv; `make PYTHON=python3.12 …` names one.

PYTHON ?= python3
VENV := .venv
# Not -m alone, which would put the root on sys.path and make `engine` importable beside `ohmtick.engine`.
RUN := $(VENV)/bin/python -P
# The stamp knows its folder: an environment that was moved or copied along would run the code of the old one.
STAMP := $(VENV)/set-up-$(firstword $(shell pwd -P | cksum))

.PHONY: help demo test check lint types format bench figures clean

help:
	@echo 'make demo      a network learns the bench task breadboard-iii; prints what happened and draws it'
	@echo 'make test      the tests and the doctests (SLOW=1: the long ones too; ARGS="-k clock": options for pytest)'
	@echo 'make check     ruff, its formatter (lint) and strict mypy (types)'
	@echo 'make format    let ruff format and mend what it can'
	@echo 'make bench     the speed of both engines, beside what one would use instead'
	@echo 'make figures   draw the figures of the documentation, and write its reference, again'
	@echo 'make clean     remove .venv, build products and caches, but no runs'

demo: $(STAMP)
	$(VENV)/bin/ohmtick run breadboard-iii
	@$(RUN) docs/demo.py

test: $(STAMP)
	$(RUN) -m pytest -n auto --maxprocesses 8 --dist worksteal $(if $(SLOW),-m '') $(ARGS)

check: lint types

lint: $(STAMP)
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .

# mypy names modules after folders, so it has to meet this one under the name of the package.
types: $(STAMP)
	@root=$$(pwd -P) && link=$$(mktemp -d) && trap 'rm -rf "$$link"' EXIT && trap 'exit 130' HUP INT TERM \
	&& ln -s "$$root" "$$link/ohmtick" && cd "$$link" && echo 'mypy --strict ohmtick' \
	&& "$$root/$(VENV)/bin/python" -P -m mypy --config-file ohmtick/pyproject.toml --cache-dir "$$root/.mypy_cache" ohmtick

format: $(STAMP)
	$(RUN) -m ruff check --fix .
	$(RUN) -m ruff format .

# ARGS="--quick" is short, ARGS="--million" and ARGS="--long" are not.
bench: $(STAMP)
	$(RUN) -m ohmtick.docs.bench $(ARGS)

figures: $(STAMP)
	$(RUN) docs/figures.py
	$(RUN) docs/reference.py

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +

# An environment that was finished here is brought up to date; any other is made anew.
$(STAMP): pyproject.toml
	@command -v '$(PYTHON)' >/dev/null || { \
		echo 'Ohmtick needs Python 3.11 or newer; there is no $(PYTHON) here. Name another: make PYTHON=python3.12'; exit 1; } >&2
	@'$(PYTHON)' -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Ohmtick needs Python 3.11 or newer; $(PYTHON) is $$('$(PYTHON)' --version 2>&1). Name another: make PYTHON=python3.12"; exit 1; } >&2
	@'$(PYTHON)' -c 'import ensurepip, venv' 2>/dev/null || { \
		echo 'Ohmtick needs the venv module of $(PYTHON): apt-get install python3-venv'; exit 1; } >&2
	@echo 'Setting up $(VENV), once (a minute or so) …'
	@test -e '$@' || '$(PYTHON)' -m venv --clear $(VENV)
	@PIP_DISABLE_PIP_VERSION_CHECK=1 $(RUN) -m pip install --quiet --editable '.[dev]'
	@touch '$@'
