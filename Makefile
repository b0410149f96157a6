# `make repro` and `make test` are all a fresh machine needs: Python 3.11 or newer with venv, git, make.

PYTHON ?= python3
# DVC's stages call `python`, and must find the one that has the packages.
WITH_VENV = PATH="$(CURDIR)/.venv/bin:$$PATH"

.PHONY: repro test
.NOTPARALLEL:

repro: .venv/installed ## the whole pipeline; runs only what is out of date
	$(WITH_VENV) dvc repro

test: .venv/installed ## style and tests
	$(WITH_VENV) ruff check .
	$(WITH_VENV) ruff format --check .
	$(WITH_VENV) pytest

# Exact versions, once: a second make finds the marker and installs nothing.
.venv/installed: constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "make: $(PYTHON) is older than Python 3.11; try make PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv --clear .venv
	.venv/bin/python -m pip install --quiet --constraint constraints.txt --editable '.[test]'
	touch $@
