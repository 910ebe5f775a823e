use crate::token::BearerToken;
use crate::v1::ice_service_client::IceServiceClient as GeneratedClient;
use crate::v1::{GetIceServersRequest, GetIceServersResponse, WatchIceServersRequest};
use std::time::Duration;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

/// Calls the service with a token. Clones share the channel.
#[derive(Clone)]
pub struct IceServiceClient {
    client: GeneratedClient<InterceptedService<Channel, BearerToken>>,
}

impl IceServiceClient {
    /// `get_token` is called for each call, and must not block.
    pub fn new(channel: Channel, get_token: impl Fn() -> String + Send + Sync + 'static) -> Self {
        let token = BearerToken::new(get_token);
        Self {
            client: GeneratedClient::with_interceptor(channel, token),
        }
    }

    /// Gets a list.
    ///
    /// # Errors
    ///
    /// What the service answers, `Unavailable` if it cannot be reached, and `DeadlineExceeded` or `Cancelled` if it does not
    /// answer within `timeout`.
    pub async fn get(
        &self,
        request: GetIceServersRequest,
        timeout: Duration,
    ) -> Result<GetIceServersResponse, Status> {
        let mut request = Request::new(request);
        request.set_timeout(timeout);
        let response = self.client.clone().get_ice_servers(request).await?;
        Ok(response.into_inner())
    }

    /// Gives `receive` each list, or the error after which the watch is opened again in 1 to 5 seconds.
    ///
    /// Each list replaces the one before. Returns the error with which the service rejects the watch. Drop the future to end
    /// the watch earlier.
    pub async fn watch(
        &self,
        request: WatchIceServersRequest,
        mut receive: impl FnMut(Result<GetIceServersResponse, Status>),
    ) -> Status {
        loop {
            let mut has_list = false;
            let end = self
                .watch_once(request.clone(), |list| {
                    has_list = true;
                    receive(Ok(list));
                })
                .await;
            // After a list, the token may only have expired: the next one is tried.
            if !has_list && is_rejection(end.code()) {
                return end;
            }
            receive(Err(end));
            tokio::time::sleep(Duration::from_millis(fastrand::u64(1000..5000))).await;
        }
    }

    async fn watch_once(
        &self,
        request: WatchIceServersRequest,
        mut receive: impl FnMut(GetIceServersResponse),
    ) -> Status {
        let mut messages = match self.client.clone().watch_ice_servers(request).await {
            Ok(response) => response.into_inner(),
            Err(status) => return status,
        };
        loop {
            match messages.message().await {
                Ok(Some(message)) => receive(message.response.unwrap_or_default()),
                Ok(None) => return Status::unavailable("the stream has ended"),
                Err(status) => return status,
            }
        }
    }
}

/// Whether the same call would be rejected again.
fn is_rejection(code: Code) -> bool {
    matches!(
        code,
        Code::Unauthenticated
            | Code::PermissionDenied
            | Code::InvalidArgument
            | Code::Unimplemented
    )
}
