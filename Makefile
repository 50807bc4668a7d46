# The commands of this repository. `make run` and `make test` need nothing but Debian 12 with make and ca-certificates: they
# install what is missing (scripts/packages.txt), build what has changed, and go.

LISTEN ?= 127.0.0.1:8080
DATA_DIR ?= data/demo
# Debian's own Python has the test libraries that scripts/packages.txt names; another one in PATH may not.
PYTHON ?= /usr/bin/python3
CURFEW := build/release/curfew
.DEFAULT_GOAL := help
.PHONY: help run build test check bench lint format package clean
# The recipes call cmake and npm, which bring their own parallelism.
.NOTPARALLEL:

help:
	@echo "make run       install what is missing, build, and serve the demonstration on http://$(LISTEN)"
	@echo "make test      install what is missing, build, and run every test"
	@echo "make build     the release: $(CURFEW), with the console in it"
	@echo "make check     the fast checks alone: layers, format, names, documents"
	@echo "make bench     the benchmarks (docs/performance.md)"
	@echo "make lint      clang-format, clang-tidy, eslint, prettier on what changed; ALL=1: on everything"
	@echo "make format    let clang-format and prettier rewrite what changed; ALL=1: everything"
	@echo "make package   a Debian package in build/package"
	@echo "make clean     remove what was built (not data/)"
	@echo
	@echo "LISTEN=HOST:PORT and DATA_DIR=DIR change where make run serves and keeps its data."

run:
	@scripts/install_dependencies.sh run build console
	@scripts/build.sh curfew
	@exec $(CURFEW) serve --demo --listen $(LISTEN) --data-dir $(DATA_DIR)

build:
	@scripts/install_dependencies.sh build console
	@scripts/build.sh all

test:
	@scripts/install_dependencies.sh run build console test
	@scripts/build.sh all
	@$(PYTHON) scripts/run_tests.py

check:
	@scripts/install_dependencies.sh test
	@$(PYTHON) scripts/run_tests.py house

bench:
	@scripts/install_dependencies.sh build console bench
	@scripts/run_benchmarks.sh

lint:
	@scripts/install_dependencies.sh build lint console
	@scripts/lint.sh

format:
	@scripts/install_dependencies.sh lint
	@scripts/lint.sh --fix

package:
	@scripts/install_dependencies.sh build console package
	@scripts/build.sh curfew
	@scripts/build_package.sh

clean:
	rm -rf build console/dist console/node_modules
