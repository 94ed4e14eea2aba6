# Everything a newcomer needs: `make demo` and `make test`. Both set up the virtual environment on first use.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
MODELS := .local/models/.ready
INFRA  := .venv-infra
ENVIRONMENT ?= production
DEPLOYMENT = --project "$(PROJECT)" --region "$(REGION)" --environment "$(ENVIRONMENT)" --proxy-url "$(PROXY_URL)" --vars "$(VARS)"

.PHONY: help setup models demo up test check check-infra format bench bench-growth bench-pictures openapi \
  screenshots deploy plan destroy lock clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

$(READY): requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; set PYTHON=python3.11")'
	@echo "Setting up $(VENV), once: one to three minutes."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

setup: $(MODELS) ## make the virtual environment

models: $(MODELS) ## fetch the models that cut characters out (180 MB, once)

$(MODELS): infra/models.txt | $(READY)
	$(BIN)/python -m infra.models
	@touch $@

demo: $(MODELS) ## paint a sample fairy tale on this machine; pictures go to out/
	$(BIN)/python -m infra.local demo $(ARGS)

up: $(MODELS) ## start the local stack and keep it running
	$(BIN)/python -m infra.local up $(ARGS)

test: $(MODELS) ## run every test, in two processes (ARGS="tests/unit -n 0": some of them, in one)
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(READY) ## ruff, formatting, mypy --strict, known vulnerabilities of what is deployed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	@mkdir -p .local
	@$(BIN)/pip-audit -r requirements.txt -r requirements-postprocess.txt --no-deps --disable-pip \
	  --progress-spinner off >.local/audit.txt 2>&1 || { cat .local/audit.txt; exit 1; }
	@grep -m 1 -i vulnerabilit .local/audit.txt
	@echo "pip-audit: $$(grep -c 'could not be audited' .local/audit.txt) packages are not known to this index"

$(INFRA)/.ready: requirements-infra.txt
	@echo "Setting up $(INFRA), once: one to two minutes."
	@$(PYTHON) -m venv $(INFRA)
	@$(INFRA)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-infra.txt
	@touch $@

check-infra: $(INFRA)/.ready ## Terraform's formatting, and checkov
	terraform fmt -check -recursive infra/terraform
	@BC_SKIP_MAPPING=TRUE CKV_SKIP_VERSION_CHECK=1 $(INFRA)/bin/checkov --directory infra/terraform --framework terraform \
	  --compact --quiet --skip-download

format: $(READY) ## reformat and apply the safe fixes
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY) ## measure one book, with and without notifyHook, then fifty at once (ARGS="--json FILE")
	$(BIN)/python -m infra.local bench $(ARGS)

bench-growth: $(READY) ## measure what a picture costs while 1 to 1,000 jobs wait (ARGS="--json FILE")
	$(BIN)/python -m infra.local.bench.growth $(ARGS)

bench-pictures: $(MODELS) ## measure cutting out: quality, time, memory; makes the sheets in docs/
	$(BIN)/python -m infra.local.bench.pictures $(ARGS)

openapi: $(READY) ## write docs/openapi.json anew, after a change of the API
	$(BIN)/python -m functions.api.openapi > docs/openapi.json

screenshots: $(MODELS) ## take the README's pictures of the studio anew
	$(BIN)/python -m tests.browser.screenshots

deploy: $(MODELS) ## deploy to Google Cloud (PROJECT=... REGION=... PROXY_URL=...; docs/deploy.md)
	$(BIN)/python -m infra.deploy deploy $(DEPLOYMENT)

plan: $(MODELS) ## show what deploy would change
	$(BIN)/python -m infra.deploy plan $(DEPLOYMENT)

destroy: $(READY) ## remove it from Google Cloud, with every book (CONFIRM=the project again)
	$(BIN)/python -m infra.deploy destroy $(DEPLOYMENT) --confirm "$(CONFIRM)"

lock: $(READY) ## pin every dependency anew
	@$(BIN)/python -m pip install --quiet pip-tools
	$(BIN)/pip-compile -q -U --strip-extras --no-header --no-emit-index-url --no-emit-find-links \
	  --annotation-style=line -o requirements.txt pyproject.toml
	$(BIN)/pip-compile -q -U --strip-extras --no-header --no-emit-index-url --no-emit-find-links \
	  --annotation-style=line --extra cutout -c requirements.txt -o requirements-postprocess.txt pyproject.toml
	$(BIN)/pip-compile -q -U --strip-extras --no-header --no-emit-index-url --no-emit-find-links \
	  --annotation-style=line --extra dev --extra cutout -c requirements.txt -o requirements-dev.txt pyproject.toml
	@# Apart from the rest: what checkov pins is older than what the server needs.
	echo checkov | $(BIN)/pip-compile -q -U --strip-extras --no-header --no-emit-index-url --no-emit-find-links \
	  --annotation-style=line -o requirements-infra.txt -

clean: ## remove what the other targets made
	rm -rf $(VENV) $(INFRA) .local out .mypy_cache .ruff_cache .pytest_cache .hypothesis
