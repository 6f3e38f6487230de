# `make run` and `make test` need Python 3.11 or newer, and nothing else installed or running.
PYTHON ?= python3
VENV   := .venv/bin
ARGS   ?=

.DEFAULT_GOAL := help
.PHONY: help run start status stores reset doctor admin templates gmail settings test properties schemathesis lint format simulate-matching bench install install-dev install-ocr clean

help: ## list these commands
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-17s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: install ## start everything with the sandbox: three phones at http://localhost:8400
	@exec $(VENV)/python -m run run --with-parent $(ARGS)

start: install ## start the product alone, with the settings of the environment (production by default)
	@exec $(VENV)/python -m run start --with-parent $(ARGS)

status: install ## say what runs, and where
	@exec $(VENV)/python -m run status $(ARGS)

stores: install ## start only the embedded PostgreSQL and Valkey, and say their addresses
	@exec $(VENV)/python -m run stores $(ARGS)

reset: install ## empty the sandbox's data folder
	@exec $(VENV)/python -m run reset $(ARGS)

doctor: install ## check the settings against the live services, and say what is missing
	@exec $(VENV)/python -m doctor $(ARGS)

admin: install ## make an admin's account for the API, or let one in again: ARGS="bilal@example.com" (and --sandbox beside make run)
	@exec $(VENV)/python -m doctor.admin $(ARGS)

templates: install ## create WhatsApp's templates that are missing, and say how each stands
	@exec $(VENV)/python -m doctor.templates $(ARGS)

gmail: install ## let Sarai read the mailbox that wallets write to: ARGS="--no-browser --port 8406"
	@exec $(VENV)/python -m doctor.gmail_consent $(ARGS)

settings: install ## write docs/settings.md from config.py
	@exec $(VENV)/python -m doctor.settings_page

test: lint ## lint, and run all tests; a part of them: make test ARGS="tests/models -x"
	@exec $(VENV)/python -m pytest $(ARGS)

properties: install-dev ## thousands of random conversations: make properties ARGS="--sequences 2000 --seed 7"
	@exec $(VENV)/python -m tests.properties $(ARGS)

schemathesis: install-dev ## thousands of made-up calls of the API: make schemathesis ARGS="-n 500"
	@exec $(VENV)/python -m tests.api $(ARGS)

lint: install-dev ## check style, types and who imports whom
	@$(VENV)/ruff check . && $(VENV)/ruff format --check . && $(VENV)/mypy && $(VENV)/lint-imports

format: install-dev ## put the code into its usual shape
	@$(VENV)/ruff check --fix . ; $(VENV)/ruff format .

simulate-matching: install-dev ## see how rightly transfers are matched, by our rule and document 004's: ARGS="--rates 40"
	@exec $(VENV)/python -m simulate $(ARGS)

bench: install-dev ## measure: make bench ARGS="open", "closed", "booking", "memory", "startup", "messages"
	@exec $(VENV)/python -m bench $(ARGS)

install: ## bring .venv up to date (every command does this by itself)
	@$(PYTHON) run/bootstrap.py requirements.txt

install-dev:
	@$(PYTHON) run/bootstrap.py requirements-dev.txt

install-ocr: ## read screenshots with the better engine (400 MB; apt's tesseract-ocr is the small one)
	@$(PYTHON) run/bootstrap.py requirements-ocr.txt

clean: ## remove .venv and what the tools left; the data stays
	@rm -rf .venv .venv.lock .pytest_cache .hypothesis .schemathesis .mypy_cache .ruff_cache .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
