# Two commands matter: `make demo` and `make test`. Each installs what it lacks.
.PHONY: demo test check audit bench

# Build, then credential → token → guarded call → collected recording on sample calls; stays up until Ctrl-C.
# ARGS=--once ends it after the walk.
demo:
	@scripts/demo.sh $(ARGS)

# Every test, on SQLite and PostgreSQL, then formatting and lints. ARGS go to cargo test.
test:
	@scripts/test.sh $(ARGS)

# The quick look before a commit.
check:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cargo test --locked --package ringfence --test tidy

# Dependency policy, advisories, unused dependencies, spelling, documentation.
audit:
	@scripts/audit.sh

# The figures of bench/README.md, one by one: make bench, or make bench-issue, bench-grants, bench-gateway, bench-refused,
# bench-start, bench-collector, bench-pages.
bench:
	@bench/run.sh all

bench-%:
	@bench/run.sh $* $(ARGS)
