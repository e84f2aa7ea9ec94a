# All set-up is done here: from a fresh clone on Debian or Ubuntu with Python 3.11 nothing else is needed.
# Files under .venv/stamps say what is installed already, so that a second run starts at once.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# The first Python on the PATH that is new enough; say PYTHON=... to choose another.
PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
CELERY := celery[redis]==5.7.0
FLOWER := flower==2.0.1

# Written for Celery, and run by the tests on the drop-in: without what they depend on, for that is Celery.
THIRD_PARTY := django-celery-beat==2.9.0 django-celery-results==2.6.0 celery-redbeat==2.4.2 celery-once==3.0.1 celery-singleton==0.3.1
THIRD_PARTY_NEEDS := sentry-sdk==2.75.0 'django-timezone-field>=7' 'python-crontab>=3' 'cron-descriptor>=1.4' 'tenacity>=8' python-dateutil tzdata six

BIN := .venv/bin
STAMPS := .venv/stamps

.PHONY: help demo test check format bench clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(STAMPS)/demo ## a tour in one terminal, no server needed
	$(BIN)/celeriac demo

# Tests of these folders do not watch the clock, so two of them run at a time; everything else runs one by one.
TOGETHER := tests/unit tests/wire tests/typing tests/docs tests/packaging tests/conformance tests/dropin
# The tests of one file share a worker here, but two files may run at a time.
FILE_BY_FILE := tests/interop tests/scenarios

test: $(STAMPS)/dev $(STAMPS)/servers .venv-celery/installed .venv-dropin/installed ## all tests, against real servers that the tests start themselves (ARGS= for pytest)
ifdef ARGS
	$(BIN)/python -m pytest $(ARGS)
else
	@failed=0; \
	$(BIN)/python -m pytest --quiet --numprocesses 2 $(TOGETHER) || failed=1; \
	$(BIN)/python -m pytest --quiet --numprocesses 2 --dist loadfile $(FILE_BY_FILE) || failed=1; \
	$(BIN)/python -m pytest --quiet $(addprefix --ignore=,$(TOGETHER) $(FILE_BY_FILE)) tests || failed=1; \
	exit $$failed
endif

check: $(STAMPS)/dev ## format, lint, types, layers, sizes
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy --strict
	$(BIN)/mypy --strict --exclude "^bench/apps/(ours|theirs|client|sleepers)" tools bench
	cd drop-in/src && ../../$(BIN)/mypy --strict --ignore-missing-imports -p celery
	$(BIN)/lint-imports
	$(BIN)/python tools/sizes.py

format: $(STAMPS)/dev ## let ruff format and mend what it can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(STAMPS)/dev $(STAMPS)/servers .venv-celery/installed ## against Celery and the floor, in one run (ARGS=--quick: under a minute)
	$(BIN)/python -m bench $(ARGS)

clean: ## forget the virtual environments and caches
	rm -rf .venv .venv-celery .venv-dropin .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(STAMPS)/venv:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: install it, or say make PYTHON=/path/to/python3.11" >&2; exit 1; }
	$(PYTHON) -c 'import ensurepip' 2>/dev/null || tools/debian.sh python3-venv
	$(PYTHON) -m venv .venv
	mkdir -p $(STAMPS)
	touch $@

$(STAMPS)/demo: $(STAMPS)/venv pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[demo]'
	touch $@

$(STAMPS)/dev: $(STAMPS)/venv pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $(STAMPS)/demo $@

$(STAMPS)/servers: $(STAMPS)/venv tools/debian.sh Makefile
	command -v redis-server >/dev/null || tools/debian.sh redis-server
	test -x /usr/lib/rabbitmq/bin/rabbitmq-server || tools/debian.sh rabbitmq-server
	ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || tools/debian.sh postgresql
	touch $@

# Celery lives apart, and Flower with it: nothing of them may be importable where our own tests and worker run.
.venv-celery/installed: Makefile | $(STAMPS)/venv
	$(PYTHON) -m venv .venv-celery
	.venv-celery/bin/python -m pip install --quiet --disable-pip-version-check '$(CELERY)' hiredis 'cryptography>=42' '$(FLOWER)'
	touch $@

# So does the drop-in, which is called celery, too: installed as users install it, beside Django, Flask, Sphinx and pytest.
.venv-dropin/installed: Makefile pyproject.toml $(shell find drop-in -type f -not -name '*.pyc') | $(STAMPS)/venv
	test -x .venv-dropin/bin/python || $(PYTHON) -m venv .venv-dropin
	.venv-dropin/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[redis,rabbitmq,gevent,eventlet,yaml,solar,pydantic,auth]' 'pytest>=8.3' 'django>=5' 'flask>=3' 'sphinx>=7'
	.venv-dropin/bin/python -m pip install --quiet --disable-pip-version-check $(THIRD_PARTY_NEEDS)
	.venv-dropin/bin/python -m pip install --quiet --disable-pip-version-check --no-deps $(THIRD_PARTY)
	.venv-dropin/bin/python -m pip install --quiet --disable-pip-version-check --force-reinstall --no-deps ./drop-in
	rm -rf drop-in/build
	touch $@
