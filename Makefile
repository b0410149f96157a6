# `make repro` and `make test` are all a fresh machine needs: Python 3.11 or newer with venv, git, make.

PYTHON ?= python3
export PATH := $(CURDIR)/.venv/bin:$(PATH)

.PHONY: repro test

repro: .venv/installed ## the whole pipeline; runs only what is out of date
	dvc repro

test: .venv/installed ## style and tests
	ruff check .
	ruff format --check .
	pytest

# Exact versions, once: a second make finds the marker and installs nothing.
.venv/installed: constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "make: $(PYTHON) is older than Python 3.11; try make PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --constraint constraints.txt --editable '.[test]'
	touch $@
