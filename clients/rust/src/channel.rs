use std::error::Error;
use std::time::Duration;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A watch can be silent for hours. Pings notice when the connection is lost meanwhile.
const PING_INTERVAL: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(10);

/// Makes a channel that connects at the first call, and again after the connection was lost.
///
/// `url` is such as `https://ice.example.com` or `http://127.0.0.1:8080`. With `https:`, the service's certificate must be
/// signed by `authority`, or without one by an authority that the system trusts.
///
/// # Errors
///
/// If `url` is no `http:` or `https:` URL, or `authority` is not PEM.
pub fn open_channel(url: &str, authority: Option<Certificate>) -> Result<Channel, Box<dyn Error>> {
    let endpoint = Endpoint::from_shared(url.to_owned())?
        .connect_timeout(CONNECT_TIMEOUT)
        .http2_keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(PING_TIMEOUT);
    let tls = ClientTlsConfig::new();
    let endpoint = match (endpoint.uri().scheme_str(), authority) {
        (Some("http"), _) => endpoint,
        (Some("https"), Some(authority)) => endpoint.tls_config(tls.ca_certificate(authority))?,
        (Some("https"), None) => endpoint.tls_config(tls.with_native_roots())?,
        _ => return Err("not an http or https URL".into()),
    };
    Ok(endpoint.connect_lazy())
}
