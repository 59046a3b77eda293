# Every target installs what it needs (scripts/needs.sh), names each stage and says how long it took.

.DEFAULT_GOAL := help
.NOTPARALLEL:
SHELL := /bin/sh

# Profile of the operators that demo and e2e run: dev builds in minutes, dist is what is delivered.
PROFILE ?= dev
# make demo KEEP=1 leaves the cluster running.
KEEP ?=
# Binaries of the dev build; .cargo/config.toml sets the target.
BIN := $(or $(CARGO_TARGET_DIR),target)/x86_64-unknown-linux-gnu/debug
IMAGES := target/e2e/images
STAGE := scripts/stage.sh
NEEDS := scripts/needs.sh

.PHONY: help
help: ## Lists the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  Variables: PROFILE=dev|dist (operators of demo and e2e), KEEP=1 (demo stays up), CASE=name (one e2e suite)"

.PHONY: demo
demo: ## The whole chain on a real cluster, proven under load (6 min; about 20 the first time)
	@$(NEEDS) build java cluster
	@$(STAGE) "demo 1/4: Kubernetes, Helm and Pebble from source (first time: about 8 min)" $(MAKE) --no-print-directory cluster-binaries
	@$(STAGE) "demo 2/4: operators, profile $(PROFILE) (first time: about 6 min)" scripts/images.sh $(PROFILE) $(IMAGES)
	@$(STAGE) "demo 3/4: driver" cargo build --workspace --bin evercert-demo
	@$(STAGE) "demo 4/4: the demo" $(BIN)/evercert-demo --images $(IMAGES) $(if $(KEEP),--keep)

.PHONY: test
test: ## Everything that has to hold: check, unit, e2e
	@$(NEEDS) build java dns cluster
	@$(STAGE) "test 1/3: check" $(MAKE) --no-print-directory check
	@$(STAGE) "test 2/3: unit, property and integration tests" $(MAKE) --no-print-directory unit
	@$(STAGE) "test 3/3: e2e on the real cluster" $(MAKE) --no-print-directory e2e

.PHONY: check
check: ## Formatting, lints, generated files, licences
	@$(NEEDS) build
	@$(STAGE) "rustfmt" cargo fmt --all --check
	@$(STAGE) "clippy" cargo clippy --workspace --all-targets -- -D warnings
	@$(MAKE) --no-print-directory verify
	@if command -v cargo-deny >/dev/null 2>&1; then $(STAGE) "cargo-deny" cargo deny --offline check bans licenses sources; \
	else echo "==> cargo-deny: not installed, skipped (cargo install cargo-deny)"; fi

.PHONY: unit
unit: ## Unit, property and integration tests; these use a real API server, no privileges
	@$(NEEDS) build java dns
	@$(STAGE) "Kubernetes, Helm and Pebble from source (first time: about 8 min)" $(MAKE) --no-print-directory cluster-binaries
	@$(STAGE) "cargo test" cargo test --workspace --no-fail-fast --exclude evercert-e2e

.PHONY: e2e
e2e: ## Suites on the real cluster (root; CASE=name for one)
	@$(NEEDS) build java cluster
	@$(STAGE) "Kubernetes, Helm and Pebble from source" $(MAKE) --no-print-directory cluster-binaries
	@$(STAGE) "operators, profile $(PROFILE)" scripts/images.sh $(PROFILE) $(IMAGES)
	@$(STAGE) "suites" cargo test --workspace --no-fail-fast --test e2e -- $(CASE)
ifeq ($(CASE),)
	@$(STAGE) "the cluster itself" cargo test --workspace --no-fail-fast --test cluster --test router -- --ignored
endif

.PHONY: bench
bench: ## Benchmarks against the real API server; a table and target/bench/report.json
	@$(NEEDS) build java dns
	@$(STAGE) "Kubernetes and Pebble from source" $(MAKE) --no-print-directory cluster-binaries
	@$(STAGE) "benchmarks, release build (first time: about 8 min)" cargo build --workspace --bins --release
	@$(STAGE) "measurements" $(BIN:debug=release)/evercert-bench

.PHONY: images
images: ## The three images as OCI archives in target/images, optimised (15 min), without a container engine
	@$(NEEDS) build
	@$(STAGE) "images, profile dist" scripts/images.sh dist target/images

.PHONY: charts
charts: ## The charts as archives in target/charts
	@$(NEEDS) build
	@$(STAGE) "Helm from source" $(MAKE) --no-print-directory cluster-binaries
	@mkdir -p target/charts
	@for chart in charts/*/; do "$$($(BIN)/evercert-cluster tools-bin)/helm" package "$$chart" --dependency-update -d target/charts || exit 1; done

.PHONY: generate
generate: ## Writes generated files anew (CRDs)
	@$(NEEDS) build
	@cargo build --workspace --bin evercert-crds
	@$(STAGE) "CRDs from the types" $(BIN)/evercert-crds charts/evercert-issuer/templates/crds

.PHONY: verify
verify: ## Generated files are what they would be generated to
	@$(NEEDS) build
	@cargo build --workspace --bin evercert-crds
	@$(STAGE) "generated files" $(BIN)/evercert-crds --check charts/evercert-issuer/templates/crds

.PHONY: clean
clean: ## Removes everything that was built, the cached Kubernetes included
	cargo clean

.PHONY: cluster-binaries
cluster-binaries:
	@cargo build --workspace --bin evercert-cluster
	@$(BIN)/evercert-cluster cluster-bin
	@$(BIN)/evercert-cluster tools-bin
