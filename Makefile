# One command for each thing that people do here; README tells what each is for. Everything else is Python.

PYTHON ?= python3
BIN := .venv/bin
CHROMIUM_NAMES := chromium chromium-browser google-chrome

.PHONY: run test check bench setup
.DEFAULT_GOAL := run

# `exec`: make's child is the service itself, so that a SIGTERM to make reaches it at once.
# PORT, DATA_DIR and the like come in from the environment or as `make run PORT=9000`: make passes on both.
run: setup
	@exec $(BIN)/python -m ussd_app run

test: setup
	@for name in $(CHROMIUM_NAMES); do command -v $$name >/dev/null && exit 0; done; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing Chromium for the browser tests …"; \
		{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium; } >/dev/null \
			|| echo "Chromium could not be installed." >&2; \
	else \
		echo "There is no Chromium here (Debian: apt-get install chromium)." >&2; \
	fi
	$(BIN)/python -m pytest -n 2 --dist loadfile

check: setup
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m ussd_app menus check

bench: setup
	$(BIN)/python -m benchmarks

setup: .venv/.ready

# Stamped last: an interrupted or failed installation is taken up again.
.venv/.ready: requirements.txt constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed: name one with PYTHON=…" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "Python cannot make a virtual environment here: apt-get install python3-venv" >&2; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	@echo "Installing the requirements into .venv …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt -c constraints.txt
	@touch $@
