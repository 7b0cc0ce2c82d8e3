# Two commands set everything up on a fresh machine: `make render` and `make test`.
# They need Python 3.11 or newer and, for the tests, Go (or kubeconform and kustomize on PATH).

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TOOLS := .tools
CLUSTER ?= examples/clusters/nd-h100-v5.yaml
OUT ?= out
include tools/versions.mk

# Tools of the checkout come after those that the machine has.
export PATH := $(PATH):$(CURDIR)/$(TOOLS)


.PHONY: help render test lint tools overlays docs schemas conformance scheduler labels bench package mutants coverage clean

help: ## Show what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(BIN)/aksrdma: pyproject.toml tools/versions.mk
	$(PYTHON) -c 'import sys; sys.exit("aksrdma needs Python 3.11 or newer; make PYTHON=...") if sys.version_info < (3, 11) else 0'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=$(PIP_FLOOR)"
	$(BIN)/python -m pip install --quiet --editable . && touch $@

$(VENV)/test: $(BIN)/aksrdma
	$(BIN)/python -m pip install --quiet --group test && touch $@

$(VENV)/lint: $(BIN)/aksrdma
	$(BIN)/python -m pip install --quiet --group lint && touch $@

render: $(BIN)/aksrdma ## Render CLUSTER to OUT, show the tree and what to run next
	@$(BIN)/aksrdma render $(CLUSTER) --out-dir $(OUT)
	@$(BIN)/python tools/show_tree.py $(OUT)
	@printf '\nNext:\n  less %s/INSTALL.md                 # every command for this cluster, in order\n' "$(OUT)"
	@printf '  %s validate %s\n' "$(BIN)/aksrdma" "$(OUT)"
	@printf '  kubectl kustomize %s/nicclusterpolicy/%s\n' "$(OUT)" "$$(sed -n 's/.*profile `\([a-z-]*\)`.*/\1/p' $(OUT)/INSTALL.md)"
	@printf '  $$EDITOR %s && make render\n' "$(CLUSTER)"

test: $(VENV)/test tools ## Run the tests
	AKSRDMA_NEED_TOOLS=$${AKSRDMA_NEED_TOOLS:-$${CI:+1}} $(BIN)/python -m pytest $(PYTEST_ARGS)

tools: ## Install kubeconform and kustomize below .tools, unless they are on PATH
	@PATH="$(PATH)" tools/install_tools.sh "$(CURDIR)/$(TOOLS)" \
	  kubeconform=github.com/yannh/kubeconform/cmd/kubeconform@$(KUBECONFORM_VERSION) \
	  kustomize=sigs.k8s.io/kustomize/kustomize/v5@$(KUSTOMIZE_VERSION)

lint: $(VENV)/lint $(VENV)/test ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

overlays: $(BIN)/aksrdma ## Render overlays/ and the outputs of examples/ again
	$(BIN)/python tools/render_overlays.py

docs: $(BIN)/aksrdma ## Write what the documentation takes from the code again
	$(BIN)/python tools/render_docs.py

package: $(BIN)/aksrdma ## Build wheel and sdist and see that the wheel works by itself
	tools/check_package.sh $(PYTHON) $(BIN)/python

bench: $(VENV)/test tools ## Run the benchmarks
	$(BIN)/python -m benchmarks

conformance: $(VENV)/test ## Compare verdicts with kubectl-validate; needs AKSRDMA_SHARED, a folder with CRDs
	@PATH="$(PATH)" tools/install_tools.sh "$(CURDIR)/$(TOOLS)" \
	  kubectl-validate=sigs.k8s.io/kubectl-validate@$(KUBECTL_VALIDATE_VERSION)
	$(BIN)/python -m tools.conformance $(CONFORMANCE_ARGS)

scheduler: $(VENV)/test ## Compare the counts of fit with kube-scheduler's; needs AKSRDMA_SCHEDULER_JUDGE, the program of tools/scheduler_judge
	$(BIN)/python -m tools.scheduler_judge $(SCHEDULER_ARGS)

labels: $(VENV)/test ## Compare what NodeFeatureRules do with Node Feature Discovery itself; LABELS_ARGS is the program of tools/node_feature_judge
	$(BIN)/python -m tools.node_feature_judge $(LABELS_ARGS)

rehearsal: $(VENV)/test ## Run INSTALL.md and UNINSTALL.md of every example on a control plane of its own; OPERATOR_SRC, CHART
	$(BIN)/python -m tools.rehearsal $(if $(OPERATOR_SRC),--operator-src $(OPERATOR_SRC)) $(if $(CHART),--chart $(CHART)) $(REHEARSAL_ARGS)

mutants: $(VENV)/test ## Change random lines of logic, and count how many changes the tests catch
	$(BIN)/python -m tools.mutants $(MUTANTS_ARGS)

coverage: $(VENV)/test ## Run the tests and show which branches they leave out
	$(BIN)/python -m pip install --quiet coverage
	$(BIN)/python -m coverage run --branch --source aksrdma -m pytest -q
	$(BIN)/python -m coverage report --skip-covered --skip-empty

clean: ## Remove what make has made
	rm -rf $(VENV) $(TOOLS) $(OUT) dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
