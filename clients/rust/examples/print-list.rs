//! Prints the list as JSON. With `--watch`, prints each new list on a line of its own, until it is interrupted.
//!
//! | variable      | meaning                                                            |
//! | ------------- | ------------------------------------------------------------------ |
//! | `ICE_URL`     | URL of the service, `http://127.0.0.1:8080` by default             |
//! | `TOKEN`       | the token                                                          |
//! | `ICE_CA_FILE` | PEM file of the authority to trust instead of those of the system  |

use ice_service_client::v1::{GetIceServersRequest, GetIceServersResponse, WatchIceServersRequest};
use ice_service_client::{IceServiceClient, open_channel};
use std::env;
use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;
use tonic::Status;
use tonic::transport::Certificate;

const TTL_SECONDS: i32 = 3600;
const TIMEOUT: Duration = Duration::from_secs(10);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), String> {
    let client = create_client()?;
    if env::args().any(|argument| argument == "--watch") {
        let request = WatchIceServersRequest {
            ttl_seconds: TTL_SECONDS,
            ..Default::default()
        };
        let receive = |result: Result<GetIceServersResponse, Status>| match result {
            Ok(list) => print(&list),
            Err(status) => eprintln!("retrying: {}", describe(&status)),
        };
        return Err(describe(&client.watch(request, receive).await));
    }
    let request = GetIceServersRequest {
        ttl_seconds: TTL_SECONDS,
        ..Default::default()
    };
    let list = client.get(request, TIMEOUT).await;
    print(&list.map_err(|status| describe(&status))?);
    Ok(())
}

fn create_client() -> Result<IceServiceClient, String> {
    let token = env::var("TOKEN").unwrap_or_default();
    if token.is_empty() {
        return Err("set TOKEN to the token that npm start printed".to_owned());
    }
    let url = env::var("ICE_URL").unwrap_or_else(|_| "http://127.0.0.1:8080".to_owned());
    let authority = match env::var("ICE_CA_FILE") {
        Ok(file) => {
            let pem = std::fs::read(&file).map_err(|error| format!("{file}: {error}"))?;
            Some(Certificate::from_pem(pem))
        }
        Err(_) => None,
    };
    let channel = open_channel(&url, authority).map_err(|_| {
        "set ICE_URL to the service's URL, such as https://ice.example.com, and ICE_CA_FILE to a PEM file"
    })?;
    Ok(IceServiceClient::new(channel, move || token.clone()))
}

fn print(list: &GetIceServersResponse) {
    let json =
        serde_json::json!({ "iceServers": list.ice_servers, "ttlSeconds": list.ttl_seconds });
    println!("{json}");
}

/// The code, and the innermost cause of a broken connection or the service's message.
fn describe(status: &Status) -> String {
    let mut message = status.message().to_owned();
    let mut cause = status.source();
    while let Some(error) = cause {
        message = error.to_string();
        cause = error.source();
    }
    format!("{:?}: {message}", status.code())
}
