//! Compiles the `.proto` files, in Rust alone: nothing has to be installed beside the Rust toolchain; and lists
//! the agreement files and templates of forms that are compiled in, so that a new one is a file and never code.

use std::{
    env,
    error::Error,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

/// The services for people and systems, spoken in `api`; what they import is found from them.
const SERVICES: [&str; 16] = [
    "origin/v1/admin_service.proto",
    "origin/v1/application_service.proto",
    "origin/v1/audit_service.proto",
    "origin/v1/certificate_service.proto",
    "origin/v1/continuity_service.proto",
    "origin/v1/customs_service.proto",
    "origin/v1/examination_service.proto",
    "origin/v1/exporter_service.proto",
    "origin/v1/liaison_service.proto",
    "origin/v1/list_service.proto",
    "origin/v1/log_service.proto",
    "origin/v1/policy_service.proto",
    "origin/v1/session_service.proto",
    "origin/v1/share_service.proto",
    "origin/v1/verification_service.proto",
    "origin/v1/webhook_service.proto",
];
/// What nodes say to each other, spoken in `exchange`: types of its own, in a folder of its own.
const PARTNERS: [&str; 1] = ["origin/v1/replication_service.proto"];

/// Files that come with the program: their folder, their ending, and the list of them that is compiled in.
const SHIPPED: [(&str, &str, &str); 2] =
    [("node-config/agreements", "toml", "agreements.rs"), ("node-config/forms", "typ", "forms.rs")];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=proto");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    for (folder, ending, list) in SHIPPED {
        shipped(folder, ending, &out.join(list))?;
    }
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

/// Writes the list of a folder's files, by name, as an expression of pairs: name and text.
fn shipped(folder: &str, ending: &str, list: &Path) -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={folder}");
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name().into_string().map_err(|name| format!("{} is not UTF-8", name.display()))?;
        if Path::new(&name).extension().is_some_and(|extension| extension == ending) {
            names.push(name);
        }
    }
    names.sort();
    let mut text = String::from("&[\n");
    for name in names {
        let path = format!("/{folder}/{name}");
        writeln!(text, "    ({name:?}, include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), {path:?}))),")?;
    }
    text.push_str("]\n");
    fs::write(list, text)?;
    Ok(())
}
