# Holdfast's commands. `make` lists them; each sets up what it needs.

SHELL := /bin/sh
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
# What `make test` runs: T is a path or several, DB is sqlite or postgresql, ARGS go to pytest.
T ?=
DB ?=
ARGS ?=
JSON ?=
ONLY ?=

VENV := .venv
PY := $(VENV)/bin/python
PIP_INSTALL := $(PY) -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all:

.PHONY: help
help: ## List these commands
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' $(MAKEFILE_LIST) | while IFS='|' read -r name text; do printf '  make %-10s %s\n' "$$name" "$$text"; done

# --- what the commands stand on ----------------------------------------------------------------------------------------

# An environment whose Python went away (an upgrade, a moved folder) is made again.
ifneq ($(shell $(PY) -c 'import pip' 2>/dev/null && echo usable),usable)
.PHONY: $(PY)
endif

$(PY):
	@sh deploy/make-venv.sh "$(PYTHON)" $(VENV)

$(VENV)/.runtime-installed: $(PY) requirements.lock
	@echo "Installing what Holdfast runs on …"
	@$(PIP_INSTALL) -r requirements.lock
	@touch $@

$(VENV)/.development-installed: $(PY) requirements.lock requirements-dev.lock
	@echo "Installing what its tests and checks need …"
	@$(PIP_INSTALL) -r requirements-dev.lock
	@touch $@ $(VENV)/.runtime-installed

.PHONY: install
install: $(VENV)/.runtime-installed ## Install what Holdfast runs on into .venv, for a production of your own

# --- run --------------------------------------------------------------------------------------------------------------

.PHONY: serve
serve: $(VENV)/.runtime-installed ## Set up and serve on http://127.0.0.1:8000 (HOST=, PORT=)
	@exec $(PY) deploy/serve.py --host "$(HOST)" --port "$(PORT)"

# --- test -------------------------------------------------------------------------------------------------------------

.PHONY: test
test: $(VENV)/.development-installed ## Run the tests on SQLite, PostgreSQL and in a browser (T=tests/orgs, DB=sqlite, ARGS=-x)
	@$(PY) -m tests.harness.provision
	@exec $(PY) -m tests.harness $(if $(DB),--db $(DB)) $(T) $(if $(ARGS),-- $(ARGS))

.PHONY: proof
proof: $(VENV)/.development-installed ## Run the rest of the tests: kills, drills, runbooks, every case on both databases (DB=, ARGS=)
	@$(PY) -m tests.harness.provision
	@exec $(PY) -m tests.harness --rest $(if $(DB),--db $(DB)) $(if $(ARGS),-- $(ARGS))

.PHONY: bench
bench: $(VENV)/.development-installed ## Run the benchmarks on SQLite and PostgreSQL (JSON=1 for machines)
	@exec $(PY) -m tests.bench $(if $(JSON),--json)

.PHONY: mutation
mutation: $(VENV)/.development-installed ## Take each permission check away in turn: the access matrix must fail (ONLY=orgs/services, JSON=1)
	@exec $(PY) -m tests.mutation $(if $(ONLY),--only $(ONLY)) $(if $(JSON),--json)

TEMPLATES = find templates -name '*.html' -print0

# --- check ------------------------------------------------------------------------------------------------------------

.PHONY: check
check: check-lint check-types check-imports check-templates check-migrations check-deployment check-locks ## Run every static check (--keep-going to see all)

.PHONY: check-lint
check-lint: $(VENV)/.development-installed
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

.PHONY: check-types
check-types: $(VENV)/.development-installed
	$(PY) -m mypy

.PHONY: check-imports
check-imports: $(VENV)/.development-installed
	$(VENV)/bin/lint-imports

.PHONY: check-templates
check-templates: $(VENV)/.development-installed
	@$(TEMPLATES) | xargs -0 $(VENV)/bin/djade --check --target-version 5.2

.PHONY: check-migrations
check-migrations: $(VENV)/.development-installed
	$(PY) manage.py makemigrations --check --dry-run

# The production settings, with made-up values: no database is asked.
.PHONY: check-deployment
check-deployment: $(VENV)/.development-installed
	HOLDFAST_ENV=production HOLDFAST_ALLOWED_HOSTS=vault.example.com DATABASE_URL=postgresql://holdfast@localhost/holdfast \
		HOLDFAST_SECRET_KEY=$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(64))') \
		HOLDFAST_ROOT_KEY=$$($(PY) -c 'from vault.crypto.rootkey import generate_root_key_text as make; print(make())') \
		$(PY) manage.py check --deploy --fail-level WARNING

.PHONY: check-locks
check-locks:
	@! grep -nE 'https?://|index-url|find-links|file://' requirements*.lock package-lock.json .npmrc

# --- maintain ---------------------------------------------------------------------------------------------------------

.PHONY: format
format: $(VENV)/.development-installed ## Format code and templates, and mend what ruff can mend
	$(PY) -m ruff check --fix-only --quiet .
	$(PY) -m ruff format --quiet .
	$(TEMPLATES) | xargs -0 $(VENV)/bin/djade --target-version 5.2 || true

# The providers of root keys that need a library; each has a lock file with all that Holdfast then runs on.
EXTRAS := aws-kms openbao pkcs11
# uv makes lock files for every platform at once, which pip cannot; it is used for nothing else.
LOCK = $$uv/bin/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11 pyproject.toml
.PHONY: lock
lock: $(PY) ## Lock the dependencies again (UPGRADE=1 for newer versions)
	@uv=$$(mktemp -d) && trap 'rm -rf "$$uv"' EXIT && $(PY) -m venv "$$uv" && "$$uv/bin/python" -m pip install --quiet uv \
		&& $(LOCK) $(if $(UPGRADE),--upgrade) --output-file requirements.lock \
		&& $(LOCK) $(if $(UPGRADE),--upgrade) --all-extras --group dev --constraint requirements.lock --output-file requirements-dev.lock \
		&& for extra in $(EXTRAS); do \
			$(LOCK) --extra $$extra --constraint requirements-dev.lock --output-file requirements-$$extra.lock || exit; \
		done
	@$(MAKE) check-locks

.PHONY: clean
clean: ## Remove what was built or installed; var/, which holds the data, stays
	rm -rf $(VENV) node_modules .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage tests/artifacts
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
