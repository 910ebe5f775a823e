//! Gets ICE servers from ice-service over gRPC, and watches them.
//!
//! ```no_run
//! use ice_service_client::v1::GetIceServersRequest;
//! use ice_service_client::{IceServiceClient, open_channel};
//! use std::time::Duration;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let channel = open_channel("https://ice.example.com", None)?;
//! let client = IceServiceClient::new(channel, || "the current token".to_owned());
//! let list = client.get(GetIceServersRequest::default(), Duration::from_secs(10)).await?;
//! println!("{:?}", list.ice_servers);
//! # Ok(())
//! # }
//! ```

mod channel;
mod client;
mod retries;
mod token;

pub use channel::open_channel;
pub use client::IceServiceClient;
pub use token::BearerToken;

/// The messages and the bare client, generated from the service's schema.
pub mod v1 {
    tonic::include_proto!("ice.v1");
}
