use std::sync::Arc;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::{Request, Status};

/// Sends a token with each call (RFC 6750). It asks for the token each time, so an expired one can be replaced.
#[derive(Clone)]
pub struct BearerToken {
    get_token: Arc<dyn Fn() -> String + Send + Sync>,
}

impl BearerToken {
    pub fn new(get_token: impl Fn() -> String + Send + Sync + 'static) -> Self {
        Self {
            get_token: Arc::new(get_token),
        }
    }
}

impl Interceptor for BearerToken {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let mut value: MetadataValue<Ascii> = format!("Bearer {}", (self.get_token)())
            .parse()
            .map_err(|_| {
                Status::unauthenticated("the token has a character that a header cannot carry")
            })?;
        // Keeps it out of debug output, and out of the table that HTTP/2 compresses headers with.
        value.set_sensitive(true);
        request.metadata_mut().insert("authorization", value);
        Ok(request)
    }
}
