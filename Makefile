# Two commands do everything: `make run` and `make test`. `make help` lists the rest.

UV_VERSION := 0.13.9
# A uv that is on the path is used; otherwise one is fetched into .tools, with nothing but Python.
UV := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)
RUN := $(UV) run --frozen --no-sync

# The packages are compiled when they are installed, so that every start is quick.
export UV_COMPILE_BYTECODE := 1

.PHONY: help run install install-tests test lint train encoder validate shell directory bench messenger-load evaluate

help: ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

run: install ## Install, train if needed, fill the directory, and serve http://localhost:8000
	@$(RUN) footbridge serve

test: install-tests lint ## Install what tests need and run the whole suite
	@$(RUN) pytest

lint: install-tests
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .
	@$(RUN) mypy

install: $(UV) ## Install Footbridge into .venv
	@$(UV) sync --frozen --no-dev --inexact --quiet

# Chromium comes from the system's packages, with apt when root; elsewhere an installed one is used.
install-tests: $(UV)
	@$(UV) sync --frozen --quiet
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || \
	  { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq && apt-get install -y -qq chromium >/dev/null; } || \
	  echo "No Chromium was found and it cannot be installed without root: the browser tests will be skipped." >&2

.tools/bin/uv:
	@python3 -m venv .tools && .tools/bin/python -m pip install --quiet "uv==$(UV_VERSION)"

train: install ## Train the model
	@$(RUN) footbridge train

directory: install ## Check the directory's files and load them
	@$(RUN) footbridge directory load

# In an environment of its own: tuning needs packages that Footbridge runs without.
encoder: $(UV) ## Tune the sentence encoder anew on the examples; half an hour or more
	@$(UV) run --no-project --isolated --python 3.11 --with-requirements tuning/requirements.txt python -m tuning

validate: install ## Let Rasa check domain, rules and examples
	@$(RUN) rasa data validate --data bot/data

shell: install ## Talk to the model in Rasa's shell (start `rasa run actions --actions bot.actions` beside it)
	@$(RUN) rasa shell --model bot/models

bench: install-tests ## Measure start, memory, training and turns, and print one table
	@$(RUN) python -m benchmarks.bench

messenger-load: install-tests ## Show what Messenger's channel promises under load; five minutes
	@$(RUN) python -m benchmarks.messenger

evaluate: install-tests ## Train a model, let it read the evaluation messages, and write what it understood
	@$(RUN) python -m evaluation
