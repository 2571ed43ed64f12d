//! The `origin` binary; everything is in [`origin_exchange::cli`].
#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    origin_exchange::cli::run()
}
