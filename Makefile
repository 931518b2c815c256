# make demo    the main job on the embedded territories; the report is named at the end
# make test    the tests, on every Python of 3.11 to 3.13 found   (ARGS="-k gateways" goes to pytest)
# make check   lint and test: what CI runs
# make help    the other targets

PYTHON ?= python3
BIN := .venv/bin
TWIN := $(BIN)/twin
SEEDS ?= 2
STUDY_SEEDS ?= 20
INFLUENCE_SEEDS ?= 10
OUT ?= out/demo

# Byte code must be written, and nothing of another Python may leak in.
unexport PYTHONDONTWRITEBYTECODE PYTHONPATH PYTHONHOME VIRTUAL_ENV
export UV_PYTHON_DOWNLOADS := never

.NOTPARALLEL:
.DEFAULT_GOAL := help
.PHONY: help base dev demo test lint format check networks study influence pictures lock clean distclean

help:
	@echo "make demo       compare the metropolis with its village, and each with a what-if; writes $(OUT)/"
	@echo "make test       run the tests on every Python of 3.11 to 3.13 found (ARGS=... for pytest)"
	@echo "make lint       format, lint, types, import contracts"
	@echo "make format     put the code into the project's format"
	@echo "make check      lint and test"
	@echo "make networks   rebuild the embedded territories from the published extract (MAP=file takes a copy)"
	@echo "make study      the village study with $(STUDY_SEEDS) seeds; can be stopped and resumed"
	@echo "make influence  the study of who moves whom with $(INFLUENCE_SEEDS) seeds; can be stopped and resumed"
	@echo "make pictures   the pictures of the README, from the committed scenarios and the study's table"
	@echo "make lock       resolve the locked versions anew"
	@echo "make clean      remove results and caches; make distclean removes the environments as well"

base:
	@$(PYTHON) .ci/environment.py base

dev:
	@$(PYTHON) .ci/environment.py dev

# All four days are lived by the first line, which draws a seed's people once; the others, side by side, read them back.
demo: base
	$(TWIN) compare scenarios/metropolis.toml scenarios/village.toml \
	  scenarios/metropolis_school_street.toml scenarios/village_bus_line.toml --seeds $(SEEDS) --out $(OUT)/metropolis-village
	$(TWIN) compare scenarios/village.toml scenarios/village_bus_line.toml --seeds $(SEEDS) --out $(OUT)/village-bus-line \
	  > $(OUT)/village-bus-line.txt & beside=$$!; \
	$(TWIN) compare scenarios/metropolis.toml scenarios/metropolis_school_street.toml --seeds $(SEEDS) \
	  --out $(OUT)/metropolis-school-street && wait $$beside && cat $(OUT)/village-bus-line.txt
	@echo; echo "Reports, to be opened in a browser (no network needed):"; find $(OUT) -name '*.html' | sort

test:
	@$(PYTHON) .ci/test.py $(ARGS)

lint: dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

check: lint test

# Every finished run is a line of the table; a study that was stopped goes on behind the last one.
study: base
	$(BIN)/python -m benchmarks.studies.village --seeds $(STUDY_SEEDS)
	$(BIN)/python -m benchmarks.studies.village_closed --seeds $(STUDY_SEEDS)

influence: base
	$(BIN)/python -m benchmarks.studies.influence --seeds $(INFLUENCE_SEEDS)

pictures: base
	$(BIN)/python -m benchmarks.pictures

networks: base
	$(BIN)/python networks/rebuild.py $(MAP)

clean:
	rm -rf out dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -not -path './.venv*' -prune -exec rm -rf {} +

distclean: clean
	rm -rf .venv .venv-3.*

UV_COMPILE := $(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --group build

lock: dev
	$(UV_COMPILE) --output-file requirements.lock $(LOCK_ARGS)
	$(UV_COMPILE) --extra test --extra dev --constraints requirements.lock --output-file requirements-dev.lock $(LOCK_ARGS)
