# Needs Python 3.11+, make and git; everything else is installed on the way. `make` lists the targets.
#
#   PYTHON=python3.13   the interpreter for new virtual environments (default: the first suitable one found; the
#                       system's before others of its version, which are often built without optimization)
#   VENV=.venv-run      the virtual environment of `make run` (default: .venv)
#   CI=true             a missing test server is a failure instead of a skipped test

ifndef PYTHON
PYTHON := $(shell for name in python3.11 python3.12 python3.13 python3.14 python3; do \
	for python in /usr/bin/$$name $$name; do \
	$$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$python && exit; done; done)
endif

BIN := .venv/bin
BENCHES := compare export facade gateway images move move_verify relay reporting shadow uploads
export PYTHONUNBUFFERED := 1
# Where the environment forbids it, hundreds of processes would compile the same sources anew: half of their start.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test check bench docs clean python

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /  make \1 — /p' Makefile

run: VENV ?= .venv
run: python ## install, migrate, seed, start the shop and drive the journey (ONCE=1: stop after it; PORT=8000)
	@$(PYTHON) tools/environment.py $(VENV) base
	@$(VENV)/bin/python manage.py journey $(if $(ONCE),--once) $(if $(PORT),--port $(PORT))

test: python ## everything: servers, lint, types, layers, migrations, docs, tests, browser, the journey
	@$(PYTHON) tools/servers.py
	@$(PYTHON) tools/environment.py .venv dev mysql
	@$(BIN)/python tools/test.py

check: python ## lint, formatting, types, layers, migrations, system checks, docs, distribution
	@$(PYTHON) tools/environment.py .venv dev mysql
	@$(BIN)/python tools/check.py

bench: python ## measure against peers (NAME=uploads, images, facade, …; without NAME all of them)
	@for name in $(NAME); do test -f tests/bench/$$name.py || { \
		echo "there is no benchmark $$name; there are: $(BENCHES)" >&2; exit 2; }; done
	@$(PYTHON) tools/servers.py mariadb mysqlclient redis rabbitmq nginx wrk percona-toolkit
	@$(PYTHON) tools/environment.py .venv-bench bench
	@for name in $(or $(NAME),$(BENCHES)); do \
		.venv-bench/bin/python -m tests.bench.$$name || failed=1; \
	done; exit $${failed:-0}

docs: python ## build the documentation into docs/_build/html
	@$(PYTHON) tools/environment.py .venv docs
	@$(BIN)/sphinx-build --fail-on-warning --keep-going --quiet -b html docs docs/_build/html
	@echo "open docs/_build/html/index.html"

clean: ## remove everything the other targets made: environments, databases, photos, caches
	rm -rf .venv .venv-bench .venv-run var build dist *.egg-info docs/_build
	rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

python:
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or newer with venv and ensurepip was found on the PATH;" \
		"install one (Debian: apt-get install python3 python3-venv) or name it: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "$(PYTHON) is not a Python 3.11 or newer with venv and ensurepip; name another: make PYTHON=…" >&2; exit 1; }
