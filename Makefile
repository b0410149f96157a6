# A fresh machine needs only Python 3.11 or newer with venv, git and make; the targets install the rest into .venv.

PYTHON ?= python3
# DVC's stages call `python`, which must be the one of .venv.
WITH_VENV = PATH="$(CURDIR)/.venv/bin:$$PATH"

.PHONY: help install repro test page-test bench study trusted
.NOTPARALLEL:
.DEFAULT_GOAL := repro

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

install: .venv/installed ## Python packages with exact versions, in .venv; the other targets do it too

repro: trusted .venv/installed ## the whole pipeline; runs only what is out of date, JOBS trainings at a time
	$(WITH_VENV) python -m stages.repro params.yaml data/samples $(if $(JOBS),--jobs $(JOBS))

test: .venv/installed ## style, types and tests
	$(WITH_VENV) ruff check .
	$(WITH_VENV) ruff format --check .
	$(WITH_VENV) mypy
	$(WITH_VENV) pytest

page-test: .venv/installed ## tests the committed page in a headless Chromium; writes .page-test, reports/preview.png
	.venv/bin/python -m pip install --quiet --constraint constraints.txt --editable '.[page-test]'
	@command -v chromium chromium-browser google-chrome google-chrome-stable >/dev/null || \
		$$(test $$(id -u) = 0 || echo sudo) sh -c 'apt-get update --quiet && apt-get install --yes --quiet chromium' || \
		{ echo "make: no Chromium, and none could be installed: put one on the PATH" >&2; exit 1; }
	$(WITH_VENV) pytest --numprocesses 0 tests/browser/page.py tests/browser/calculator.py tests/browser/calculator_use.py

study: trusted .venv/installed ## lists the studies; NAME=learning_rate: measures its missing points, WORKERS at a time
	$(if $(NAME),$(WITH_VENV) dvc repro subset)
	$(WITH_VENV) python -m stages.study params.yaml studies.yaml $(NAME) $(if $(WORKERS),--workers $(WORKERS))

bench: trusted .venv/installed ## speed against other implementations, under load and by size; needs an idle machine
	$(WITH_VENV) dvc repro sample train@full-lstm
	$(WITH_VENV) python -m tests.benchmarks.speed \
		data/samples data/corpus.parquet data/models/full-lstm.safetensors reports/benchmarks.md
	$(WITH_VENV) python -m tests.benchmarks.load data/samples/full/train.parquet reports/load.md
	$(WITH_VENV) python -m tests.benchmarks.growth data/corpus.parquet reports/growth.csv reports/growth.svg

# If git refuses the repository because it belongs to another user, DVC trains everything and fails at the end.
trusted:
	@! test -e .git || git rev-parse --git-dir >/dev/null

# Installs exact versions once: a second make finds the marker and installs nothing. The marker is ignored if the
# scripts do not start, because the folder was moved or half removed, or its Python is gone.
ifneq ($(wildcard .venv/installed),)
ifneq ($(shell (.venv/bin/python -c '' && .venv/bin/dvc --version) >/dev/null 2>&1 || echo broken),)
.PHONY: .venv/installed
endif
endif

.venv/installed: constraints.txt pyproject.toml
	@case "$$($(PYTHON) -c 'import sys; print(sys.version_info >= (3, 11))' 2>/dev/null)" in \
		True) ;; \
		False) echo "make: $(PYTHON) is older than Python 3.11; try make PYTHON=python3.12" >&2; exit 1 ;; \
		*) echo "make: PYTHON=$(PYTHON): not found, or no Python; try make PYTHON=python3" >&2; exit 1 ;; \
	esac
	$(PYTHON) -m venv --clear .venv
	.venv/bin/python -m pip install --quiet --constraint constraints.txt --editable '.[test]'
	touch $@
