# Each target makes its environment (.venv) first, from constraints.txt; a second run starts at once.
# Without make: python3 .ci/dev.py demo | test | lint | types | docs | tutorials | format | bench
PYTHON ?= python3

.PHONY: demo test lint types docs tutorials format bench clean

demo test lint types docs tutorials format:
	@$(PYTHON) .ci/dev.py $@ $(ARGS)

bench:  # make bench NAME=attention runs benchmarks/attention.py; without NAME, lists them
	@$(PYTHON) .ci/dev.py bench $(NAME) $(ARGS)

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
