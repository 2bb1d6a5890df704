# Every command sets up what it needs first; finished steps are skipped. See CONTRIBUTING.md.
PYTHON := .venv/bin/python
ARGS ?=

.PHONY: run stop test check bench setup lock client

run: ## Set up, start everything, place the demo calls; CHECK=1 proves them and stops
	@tools/bootstrap.py --unless-running
	@exec .venv/bin/ucc up $(if $(filter 1 yes true,$(CHECK)),--check,--demo)

stop: ## Stop what `make run` started
	@if [ -x .venv/bin/ucc ]; then exec .venv/bin/ucc stop; else echo "UCC is not set up here, so nothing runs."; fi

test: ## Set up, start the test stack, run every test; ARGS='tests/live -k hold' narrows
	@tools/bootstrap.py --purpose test
	@exec $(PYTHON) $(if $(ARGS),-m pytest $(ARGS),tools/test.py)

check: ## Format, lint, types, layers, generated client: under a minute
	@tools/bootstrap.py --purpose check
	@exec $(PYTHON) tools/check.py

bench: ## Every benchmark; NAME=media runs one
	@tools/bootstrap.py --purpose test
	@exec $(PYTHON) -m benches $(NAME)

setup: ## Only the set-up
	@tools/bootstrap.py

client: ## Write the console's API document and client anew
	@tools/bootstrap.py --purpose check
	@exec $(PYTHON) tools/client.py

lock: ## Write the versions of this environment to requirements.lock
	@$(PYTHON) -m pip freeze --exclude-editable --exclude ucc > requirements.lock
