//! `cargo test -p evercert-e2e --test e2e -- [NAME…]`: the suites whose names contain one of the words, or all.

fn main() -> std::process::ExitCode {
    evercert_e2e::main()
}
