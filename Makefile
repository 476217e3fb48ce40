# Twolane on one machine: `make demo` needs Python 3.11 and pip, nothing else.
PYTHON ?= python3.11
BIN := .twolane/venvs/airflow/bin
STACK := $(BIN)/python -m stack
unexport PYTHONDONTWRITEBYTECODE VIRTUAL_ENV

.DEFAULT_GOAL := help
.PHONY: help install install-dev install-docs up down status logs demo submit model import-model test check chaos bench bench-latency bench-flood bench-rollback bench-pipeline bench-stream bench-async bench-engine bench-gpu bench-cascade bench-bundle bench-sequential bench-models bench-import bench-drift bench-router lane-curves bench-page bench-deadline bench-idle-gpu bench-spot lock screenshots install-docs check-page release-pictures clean

help: ## say what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

install: ## make the virtual environments from their locks
	@command -v $(PYTHON) >/dev/null || { echo 'Twolane needs Python 3.11: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11'; exit 1; }
	@$(PYTHON) -m stack.install

install-dev: ## the same, with what checks and tests need
	@$(PYTHON) -m stack.install --dev

up: install ## start everything; harmless when it runs already
	@$(STACK) up

down: ## stop everything
	@test ! -x $(BIN)/python || $(STACK) down

status: install ## what runs, and where it listens
	@$(STACK) status

logs: install ## ends of the logs; one as it grows: make logs C=airflow-scheduler
	@$(STACK) logs $(if $(C),--follow $(C))

demo: install ## start everything and run five batches through the lanes
	@$(STACK) demo

submit: install ## one file of yours: make submit FILE=news.jsonl ACCOUNT=trial-lumen [TIER= DEADLINE= MODEL= MODEL_ALIAS=]
	@test -n "$(FILE)" -a -n "$(ACCOUNT)" || { echo 'usage: make submit FILE=… ACCOUNT=… [TIER=… DEADLINE=minutes MODEL=… MODEL_ALIAS=…]'; exit 2; }
	@$(STACK) submit "$(FILE)" --account "$(ACCOUNT)" $(if $(TIER),--tier "$(TIER)") \
	  $(if $(DEADLINE),--deadline-minutes "$(DEADLINE)") $(if $(MODEL),--model-name "$(MODEL)") \
	  $(if $(MODEL_ALIAS),--model-alias "$(MODEL_ALIAS)")

model: install ## train, release and serve a model: make model MODEL=ticket-urgency [DATA=labelled.csv]
	@test -n "$(MODEL)" || { echo 'usage: make model MODEL=… [DATA=labelled.jsonl or .csv]'; exit 2; }
	@$(STACK) run -- $(BIN)/python -m include.cli.release --model "$(MODEL)" $(if $(DATA),--data "$(DATA)")

import-model: install ## serve a trained one: make import-model MODEL=name FROM=folder or models:/… [DOCS=labelled.csv]
	@test -n "$(MODEL)" -a -n "$(FROM)" || { echo 'usage: make import-model MODEL=… FROM=folder|models:/name/1|runs:/… [DOCS=labelled.csv]'; exit 2; }
	@$(STACK) run -- $(BIN)/python -m include.cli.import_model --name "$(MODEL)" \
	  $(if $(or $(findstring models:/,$(FROM)),$(findstring runs:/,$(FROM))),--mlflow,--hugging-face) "$(FROM)" \
	  $(if $(DOCS),--documents "$(DOCS)")

# Files in the order given, the long ones first, so that no core waits for the last of them.
PYTEST := $(BIN)/python -m pytest --dist loadfile --no-loadscope-reorder --numprocesses auto

test: check ## the checks, then every test
	@$(PYTEST) tests/contract/models tests/dags tests/unit
	@$(PYTEST) --maxprocesses 4 tests/contract --ignore tests/contract/models tests/e2e tests/integration

check: install-dev ## formatting, lint, types, import contracts
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/mypy --config-file include/models/mypy.ini
	@PYTHONPATH=.:plugins $(BIN)/lint-imports

bench: install ## latency, the share of time outside the model, and memory, on the running stack
	@$(STACK) run -- $(BIN)/python -m benchmarks

bench-latency: install ## the express path, alone and beside 20,000 documents, on the running stack
	@$(STACK) run -- $(BIN)/python -m benchmarks latency

bench-flood: install ## 50 batches by queue with 20 demos through them, on the running stack [FLOOD='--batches 10 …']
	@$(STACK) run -- $(BIN)/python -m benchmarks.flood $(FLOOD)

bench-rollback: install ## rollback_model while a nightly batch is under way, on the running stack
	@$(STACK) run -- $(BIN)/python -m benchmarks.rollback

bench-pipeline: install ## manifest to both stores against the engine alone, on the running stack [DOCS=file.jsonl COUNT=100000]
	@$(STACK) run -- $(BIN)/python -m benchmarks.pipeline $(DOCS) $(if $(COUNT),--count $(COUNT))

bench-stream: install ## memory of the container and the front door, 10,000 to 1,000,000 documents [MODEL=folder COUNTS='10000 100000']
	@$(BIN)/python -m benchmarks.stream_memory $(MODEL) $(if $(COUNTS),--documents $(COUNTS))

bench-async: install ## an asynchronous endpoint from zero to n and back, told by CloudWatch (3 min)
	@$(BIN)/python -m benchmarks.async_scaling

bench-engine: install ## the engine beside its peers, interleaved: make bench-engine [DOCS=file.jsonl ARGS=--quick]
	@$(BIN)/python -m benchmarks.engine $(DOCS) $(ARGS)

bench-gpu: install-dev ## the torch engine on an NVIDIA card beside sentence-transformers: make bench-gpu [DOCS=file.jsonl]
	@$(BIN)/python -m benchmarks.gpu $(or $(DOCS),include/sample/news.jsonl) $(ARGS)

bench-cascade: install-dev ## train a cascade on a labelled file and measure it held out: make bench-cascade DOCS=file.jsonl [ARGS='--model folder']
	@test -n "$(DOCS)" || { echo "usage: make bench-cascade DOCS=… [ARGS='--model folder --set epochs=2']"; exit 2; }
	@$(BIN)/python -m benchmarks.cascade $(DOCS) $(ARGS)

bench-drift: install-dev ## false alarms of the watch for drift, and documents until a shift: make bench-drift DOCS=file.jsonl OTHER=file.jsonl
	@test -n "$(DOCS)" -a -n "$(OTHER)" || { echo 'usage: make bench-drift DOCS=… OTHER=…'; exit 2; }
	@$(BIN)/python -m benchmarks.drift $(DOCS) $(OTHER) $(ARGS)

bench-models: install-dev ## a release from labelled documents to a champion, on the running stack [DOCS=file.jsonl ARGS='--candidates linear frozen']
	@$(STACK) run -- $(BIN)/python -m benchmarks.models $(DOCS) $(ARGS)

bench-import: install-dev ## fine-tuned with transformers, imported, asked beside transformers, on the running stack
	@$(STACK) run -- $(BIN)/python -m benchmarks.imported $(ARGS)

bench-bundle: install ## two models on one encoder: one pass for both beside two passes
	@$(BIN)/python -m benchmarks.bundle $(ARGS)

chaos: install ## kill what batches depend on, at every step, and count; parts: ARGS="--lanes spot --victims worker"
	@$(BIN)/python -m benchmarks.chaos $(ARGS)

bench-sequential: install$(if $(DOCS),-dev) ## when a comparison is sure: simulated (3 min), or trained versions on [DOCS=file.jsonl]
	@nice $(BIN)/python -m benchmarks.sequential $(if $(DOCS),"$(DOCS)")

bench-router: install ## the router against fixed rules and a clairvoyant, simulated: make bench-router [ARRIVALS=trace.csv ARGS='--worlds 3'; worlds of measured curves: ARGS='--learned news-topic']
	@$(BIN)/python -m benchmarks.router $(if $(ARRIVALS),--arrivals "$(ARRIVALS)") $(ARGS)

lane-curves: install ## keep the running stack's measured curves for bench-router: make lane-curves MODEL=news-topic
	@test -n "$(MODEL)" || { echo 'usage: make lane-curves MODEL=news-topic'; exit 2; }
	@$(STACK) run -- $(BIN)/python -m benchmarks.router.export "$(MODEL)"

bench-deadline: install ## a deadline put at risk by a slow lane: foreseen, acted on and met, beside the same batch left alone
	@$(BIN)/python -m benchmarks.deadline

bench-idle-gpu: install ## a GPU left idle, let go by watch_gpus, its saving on the page, on the running stack (9 min)
	@$(STACK) run -- $(BIN)/python -m benchmarks.idle_gpu $(ARGS)

bench-page: install-dev ## the page's queries on a ledger of a million rows, in a database of its own [ARGS='--rows 100000']
	@$(BIN)/python -m benchmarks.page $(ARGS)

bench-spot: install ## the spot policy against its rivals: make bench-spot [TRACES=folder]
	@$(BIN)/python -m benchmarks.spot $(if $(TRACES),--traces "$(TRACES)")

UV := .twolane/tools/bin/uv
COMPILE := $(UV) pip compile --quiet --upgrade --no-header --no-annotate --no-emit-index-url \
  --no-emit-find-links --python-version 3.11
COMPILE_ASTRO := $(subst 3.11,3.12,$(COMPILE)) --python-platform x86_64-manylinux_2_28

lock: install ## resolve the requirements again
	@$(COMPILE) requirements/dev.in -o requirements/dev.lock
	@$(COMPILE) -c requirements/dev.lock requirements/local.in -o requirements/local.lock
	@$(COMPILE) -c requirements/dev.lock requirements.txt -o requirements.lock
	@$(COMPILE) --override include/models/training/overrides.txt \
	  include/models/training/requirements.txt -o include/models/training/requirements.lock
	@$(COMPILE) -c include/models/training/requirements.lock include/models/requirements.txt \
	  -o include/models/requirements.lock
	@$(COMPILE) requirements/docs.in -o requirements/docs.lock
	@$(COMPILE) -c requirements/dev.lock mlflow/requirements.txt -o mlflow/requirements.lock
	@for name in $(basename $(wildcard benchmarks/engine/requirements/*.in)); do \
	  $(COMPILE) $$name.in -o $$name.lock && sed -i 's/+cpu$$//' $$name.lock || exit 1; done
	@$(COMPILE_ASTRO) requirements.txt -o requirements/astro.lock
	@$(COMPILE_ASTRO) requirements/sagemaker.in -o requirements/sagemaker.lock

screenshots: install-docs ## take the pictures of docs/images from a running stack (Debian: chromium chromium-driver)
	@.twolane/venvs/docs/bin/python docs/screenshots.py

install-docs:
	@test -d .twolane/venvs/docs/lib/python3.11/site-packages/selenium || \
	  { $(PYTHON) -m venv .twolane/venvs/docs && \
	    .twolane/venvs/docs/bin/pip install --quiet --no-deps -r requirements/docs.lock; }

check-page: install install-docs ## every figure that a browser sees on the page against the running stack's tables
	@.twolane/venvs/docs/bin/python docs/screenshots.py --figures .twolane/figures.json
	@$(STACK) run -- $(BIN)/python -m benchmarks.page.compare .twolane/figures.json

release-pictures: ## take a release's pictures into docs/images, after make bench-models: make release-pictures SET=ag_news
	@test -n "$(SET)" || { echo 'usage: make release-pictures SET=…'; exit 2; }
	@$(PYTHON) docs/release_pictures.py "$(SET)"

clean: down ## throw away data, logs and passwords; the virtual environments stay
	@rm -rf .twolane/airflow .twolane/aws .twolane/postgres .twolane/run .twolane/logs .twolane/env .twolane/passwords.json .twolane/chaos
