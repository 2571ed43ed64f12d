//! The `origin` binary; everything is in [`origin_exchange::cli`].
#![forbid(unsafe_code)]

// Taking a token apart is hundreds of small allocations, freed on another thread than they were made on: the
// system's allocator spent an eighth of issuing in them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    origin_exchange::cli::run()
}
