//! Compiles the `.proto` files, in Rust alone: nothing has to be installed beside the Rust toolchain.

use std::{env, error::Error, path::PathBuf};

/// The files that declare services; what they import is found from them.
const SERVICES: [&str; 4] = [
    "origin/v1/admin_service.proto",
    "origin/v1/certificate_service.proto",
    "origin/v1/log_service.proto",
    "origin/v1/verification_service.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=proto");
    let mut compiler = protox::Compiler::new(["proto"])?;
    // Imports and comments travel with the descriptors, so that reflection answers completely.
    compiler.include_imports(true).include_source_info(true).open_files(SERVICES)?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    std::fs::write(out.join("descriptors.bin"), compiler.encode_file_descriptor_set())?;
    tonic_prost_build::configure()
        // Certificates, tokens and leaves are passed on, not copied.
        .bytes(".origin.v1")
        .extern_path(".google.rpc.Status", "::tonic_types::Status")
        .compile_fds(compiler.file_descriptor_set())?;
    Ok(())
}
