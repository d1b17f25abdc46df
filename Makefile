# What people type. Each does one thing; the build machine runs `test`.
PY := .venv/bin/python
LOCK := .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	--no-emit-index-url --no-emit-find-links

.PHONY: dev quick check test long hunt bench corpus fresh lock

dev:    ; @tests/run --setup-only
quick:  ; @tests/run --quick
check:  ; @tests/run --check
test:   ; @tests/run
long:   ; @$(PY) -m pytest -q -m long tests/long
hunt:   ; @$(PY) -m pytest -q -n 2 --hypothesis-profile=hunt -m "hypothesis and not long and not peer"
bench:  ; @$(PY) -m tests.bench $(BENCH)
corpus: ; @$(PY) -m tests.corpus --run
fresh:  ; @deploy/fresh

# The hashed locks: for building, for running, for developing. LOCKFLAGS=--upgrade takes newer versions.
lock:
	$(LOCK) $(LOCKFLAGS) --group build --output-file requirements-build.lock
	$(LOCK) $(LOCKFLAGS) --extra postgres --extra sftp pyproject.toml --output-file requirements.lock
	$(LOCK) $(LOCKFLAGS) --extra postgres --extra sftp --group dev pyproject.toml --constraint requirements.lock --output-file requirements-dev.lock
