//! Compiles `proto/` without a system protoc.
//!
//! Three outputs: the types with the clients; the servers of the query and the
//! control service; and the ingest service over raw bytes, which the gateway
//! writes to the log as they came.

use prost::Message;
use std::path::{Path, PathBuf};
use std::{env, error, fs};
use tonic_prost_build::manual::{Method, Service};
use tonic_prost_build::{Config, FileDescriptorSet, configure, manual};

const PROTOS: &[&str] = &[
    "furrow/v1/interaction.proto",
    "furrow/v1/ingest.proto",
    "furrow/v1/record.proto",
    "furrow/v1/query.proto",
    "furrow/v1/control.proto",
];

/// Fields that hold other people's encoded messages: shared, not copied.
const SHARED_BYTES: &[&str] = &[
    ".furrow.v1.Beacon.batches",
    ".furrow.v1.BatchRecord.batch",
    ".furrow.v1.Control.rules",
    ".furrow.v1.PublishRulesRequest.rules",
    ".furrow.v1.DeadLetter.record",
];

/// Messages whose types are written by hand, and where.
const BY_HAND: &[(&str, &str)] = &[
    (".furrow.v1.PointerPath", "crate::columns::PointerPath"),
    (".furrow.v1.Measured", "crate::measure::Measured"),
];

fn main() -> Result<(), Box<dyn error::Error>> {
    let root = Path::new("../../proto");
    println!("cargo:rerun-if-changed=build.rs");
    for proto in PROTOS {
        println!("cargo:rerun-if-changed={}", root.join(proto).display());
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    let set = protox::compile(PROTOS, [root])?;
    embed(set.clone(), &out)?;
    types_and_clients(set.clone())?;
    servers(set, &out)?;
    raw_ingest_service();
    Ok(())
}

fn embed(mut set: FileDescriptorSet, out: &Path) -> Result<(), Box<dyn error::Error>> {
    for file in &mut set.file {
        file.source_code_info = None;
    }
    fs::write(out.join("furrow.binpb"), set.encode_to_vec())?;
    Ok(())
}

fn types_and_clients(set: FileDescriptorSet) -> Result<(), Box<dyn error::Error>> {
    let mut config = Config::new();
    config.enable_type_names();
    for (message, path) in BY_HAND {
        config.extern_path(*message, *path);
    }
    let mut builder = configure().build_client(true).build_server(false);
    for field in SHARED_BYTES {
        builder = builder.bytes(field);
    }
    builder.compile_fds_with_config(set, config)?;
    Ok(())
}

fn servers(mut set: FileDescriptorSet, out: &Path) -> Result<(), Box<dyn error::Error>> {
    set.file
        .retain(|file| !file.name().ends_with("ingest.proto"));
    let dir = out.join("server");
    fs::create_dir_all(&dir)?;
    let mut builder = configure();
    for field in SHARED_BYTES {
        builder = builder.bytes(field);
    }
    builder
        .build_client(false)
        .build_server(true)
        .extern_path(".furrow.v1", "crate::v1")
        .out_dir(dir)
        .compile_fds(set)?;
    Ok(())
}

fn raw_ingest_service() {
    let method = |name: &str, route: &str, comment: &str| {
        Method::builder()
            .name(name)
            .route_name(route)
            .comment(comment)
            .input_type("crate::ingest::RawBatch")
            .output_type("crate::v1::Ack")
            .codec_path("crate::ingest::RawCodec")
    };
    let service = Service::builder()
        .name("IngestService")
        .package("furrow.v1")
        .comment("Takes batches in as the bytes that came; what is acknowledged is durable.")
        .method(method("publish", "Publish", "One batch, one answer.").build())
        .method(
            method("stream", "Stream", "Batches are acknowledged one by one.")
                .client_streaming()
                .server_streaming()
                .build(),
        )
        .build();
    manual::Builder::new().compile(&[service]);
}
