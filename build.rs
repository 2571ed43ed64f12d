//! Compiles the `.proto` files, in Rust alone: nothing has to be installed beside the Rust toolchain.

use std::{env, error::Error, path::PathBuf};

/// The services for people and systems, spoken in `api`; what they import is found from them.
const SERVICES: [&str; 4] = [
    "origin/v1/admin_service.proto",
    "origin/v1/certificate_service.proto",
    "origin/v1/log_service.proto",
    "origin/v1/verification_service.proto",
];
/// What nodes say to each other, spoken in `exchange`: types of its own, in a folder of its own.
const PARTNERS: [&str; 1] = ["origin/v1/replication_service.proto"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=proto");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let mut compiler = protox::Compiler::new(["proto"])?;
    // Imports and comments travel with the descriptors, so that reflection answers completely.
    compiler.include_imports(true).include_source_info(true).open_files(SERVICES)?;
    std::fs::write(out.join("descriptors.bin"), compiler.encode_file_descriptor_set())?;
    tonic_prost_build::configure()
        // Certificates, tokens and leaves are passed on, not copied.
        .bytes(".origin.v1")
        .extern_path(".google.rpc.Status", "::tonic_types::Status")
        .compile_fds(compiler.file_descriptor_set())?;

    let mut partners = protox::Compiler::new(["proto"])?;
    partners.include_imports(true).open_files(PARTNERS)?;
    let folder = out.join("partners");
    std::fs::create_dir_all(&folder)?;
    tonic_prost_build::configure().bytes(".origin.v1").out_dir(folder).compile_fds(partners.file_descriptor_set())?;
    Ok(())
}
