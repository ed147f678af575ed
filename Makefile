# `make demo` and `make test` are all that a new user needs; both do their own
# set-up on a Debian machine with Rust.

# One target folder outside the checkout, so that a fresh clone reuses what an
# earlier one built.
export CARGO_TARGET_DIR ?= $(HOME)/.cache/psp-target
PSP = $(CARGO_TARGET_DIR)/release/psp

.PHONY: demo test test-libtorch bench lint deny advisories

demo: ## Render cars, search backbones on them, export, predict and report
	bash scripts/demo.sh

test: lint ## Format, lints, docs and tests on the Flex device
	scripts/browser.sh
	cargo test --release --workspace

test-libtorch: ## The tests of everything that touches tensors, on LibTorch
	bash scripts/test-libtorch.sh

bench: ## Speed of a fixed set, beside that of the last time on this machine
	bash scripts/bench.sh

lint:
	cargo fmt --all --check
	cargo clippy --release --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --release --workspace --no-deps --quiet

deny: ## Licences, sources and bans of all dependencies (cargo install --locked cargo-deny)
	cargo deny --all-features check licenses bans sources

advisories: ## Known vulnerabilities of dependencies; needs a network
	cargo deny --all-features check advisories
