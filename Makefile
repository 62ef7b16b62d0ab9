# Every routine of the project. `make demo` and `make test` need nothing but Python 3.11 or newer.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
EXTRAS ?= test,dev
READY  := $(VENV)/.ready
# Test processes, each computing on one thread: one more than there are cores, as some wait.
WORKERS  := $(shell $(PYTHON) -c 'import os; print(min(8, 1 + (os.cpu_count() or 1)))')
PARALLEL := -n $(WORKERS) --dist=worksteal

.PHONY: demo test test-fast lint lint-scripts format format-scripts bench campaign docs gallery inpainting latent order related clean

demo: $(READY)
	$(BIN)/ganvas assets fetch mobilestylegan_ffhq vgg_lpips insightface
	$(BIN)/ganvas run budget=quick study=demo
	@echo "look at:  outputs/demo/*/images/contact_sheet.webp, and astronaut/ beside it"

test: $(READY)
	$(BIN)/ganvas assets fetch mobilestylegan_ffhq vgg_lpips insightface
	$(BIN)/python -m pytest $(PARALLEL)

test-fast: $(READY)
	$(BIN)/python -m pytest $(PARALLEL) -m "not slow and not assets"

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The dashboard's scripts, where node is installed: a user of the program needs none.
ifneq ($(shell command -v npm),)
lint: lint-scripts
format: format-scripts
endif

lint-scripts format-scripts: %-scripts: node_modules/.ready
	npm run --silent $*

node_modules/.ready: package.json package-lock.json
	npm ci --no-fund --no-audit
	touch $@

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# uv installs in parallel and is itself an ordinary package; pip does the same, more slowly.
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("ganvas needs Python 3.11 or newer") if sys.version_info < (3, 11) else None'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet uv -c constraints.txt
	$(BIN)/uv pip install --python $(BIN)/python -c constraints.txt -e ".[$(EXTRAS)]" \
	  || $(BIN)/python -m pip install -c constraints.txt -e ".[$(EXTRAS)]"
	touch $@

# An hour and more; writes the tables and plots of docs/performance.md.
bench: $(READY)
	$(BIN)/ganvas assets fetch mobilestylegan_ffhq vgg_lpips
	$(BIN)/python docs/bench.py

# An hour at most: killed, starved and fed with rubbish (docs/reliability.md).
campaign: $(READY)
	$(BIN)/python docs/campaign.py

clean:
	rm -rf $(VENV) node_modules .pytest_cache .mypy_cache .ruff_cache dist build

docs: $(READY)
	$(BIN)/python docs/make_options.py
	$(BIN)/ganvas assets fetch mobilestylegan_ffhq vgg_lpips insightface
	$(BIN)/python docs/make_notebooks.py

gallery: $(READY)
	$(BIN)/ganvas assets fetch mobilestylegan_ffhq vgg_lpips insightface portraits
	$(BIN)/python docs/make_gallery.py budget=quick

inpainting: $(READY)
	$(BIN)/python -m pip install --quiet -c constraints.txt opencv-python-headless
	$(BIN)/ganvas assets fetch mobilestylegan_ffhq vgg_lpips insightface portraits
	$(BIN)/python docs/measure_inpainting.py

order: $(READY)
	$(BIN)/ganvas assets fetch mobilestylegan_ffhq vgg_lpips portraits
	$(BIN)/python docs/measure_order.py

related: $(READY)
	$(BIN)/ganvas assets fetch mobilestylegan_ffhq vgg_lpips insightface portraits
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[search]"
	$(BIN)/python docs/measure_related.py

latent: $(READY)
	$(BIN)/ganvas assets fetch mobilestylegan_ffhq vgg_lpips insightface bisenet portraits
	$(BIN)/python docs/measure_latent.py
