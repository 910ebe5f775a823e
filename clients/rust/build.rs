//! Generates the messages and the client from the service's schema. protox compiles the schema, so no `protoc` is needed.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folders = ["../../proto", "../../third_party/proto"];
    for folder in folders {
        println!("cargo:rerun-if-changed={folder}");
    }
    let schema = protox::compile(["ice/v1/ice_service.proto"], folders)?;
    let skip_empty = "#[serde(skip_serializing_if = \"String::is_empty\")]";
    tonic_prost_build::configure()
        .build_server(false)
        .type_attribute("IceServer", "#[derive(serde::Serialize)]")
        .field_attribute("IceServer.username", skip_empty)
        .field_attribute("IceServer.credential", skip_empty)
        .compile_fds(schema)?;
    Ok(())
}
