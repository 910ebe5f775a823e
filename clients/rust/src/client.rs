use crate::retries::WatchRetries;
use crate::token::BearerToken;
use crate::v1::ice_service_client::IceServiceClient as GeneratedClient;
use crate::v1::{GetIceServersRequest, GetIceServersResponse, WatchIceServersRequest};
use std::future::Future;
use std::time::{Duration, Instant};
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Request, Status};

/// How long a watch may take until its first list.
const FIRST_LIST_TIMEOUT: Duration = Duration::from_secs(10);

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
        // tonic itself waits no longer than this for the headers of the response, but forever for its message.
        let response = within(timeout, self.client.clone().get_ice_servers(request)).await?;
        Ok(response.into_inner())
    }

    /// Gives `receive` each list, or the error after which the watch is opened again: after delays that grow from 1 to 30
    /// seconds, or as long as the service asks.
    ///
    /// Each list replaces the one before. Returns the error with which the service rejects the watch. Drop the future to end
    /// the watch earlier.
    pub async fn watch(
        &self,
        request: WatchIceServersRequest,
        mut receive: impl FnMut(Result<GetIceServersResponse, Status>),
    ) -> Status {
        let mut retries = WatchRetries::default();
        loop {
            let opened_at = Instant::now();
            let mut has_list = false;
            let end = self
                .watch_once(request.clone(), |list| {
                    has_list = true;
                    receive(Ok(list));
                })
                .await
                .err()
                .unwrap_or_else(|| Status::unavailable("the stream has ended"));
            let Some(delay) = retries.find_delay(&end, has_list, opened_at.elapsed()) else {
                return end;
            };
            receive(Err(end));
            tokio::time::sleep(delay).await;
        }
    }

    async fn watch_once(
        &self,
        request: WatchIceServersRequest,
        mut receive: impl FnMut(GetIceServersResponse),
    ) -> Result<(), Status> {
        let mut client = self.client.clone();
        let stream = within(FIRST_LIST_TIMEOUT, client.watch_ice_servers(request)).await?;
        let mut messages = stream.into_inner();
        let mut patience = FIRST_LIST_TIMEOUT;
        while let Some(message) = within(patience, messages.message()).await? {
            let list = message.response.unwrap_or_default();
            patience = find_patience(&list);
            receive(list);
        }
        Ok(())
    }
}

/// How long to wait for the next list. The service sends it when three quarters of the credentials' life have passed.
fn find_patience(list: &GetIceServersResponse) -> Duration {
    if list.expire_time.is_none() {
        return Duration::MAX;
    }
    let life = Duration::from_secs(list.ttl_seconds.max(1).unsigned_abs().into());
    life.mul_f64(0.9)
}

async fn within<T>(
    patience: Duration,
    call: impl Future<Output = Result<T, Status>>,
) -> Result<T, Status> {
    tokio::time::timeout(patience, call)
        .await
        .unwrap_or_else(|_| {
            Err(Status::deadline_exceeded(
                "the service has sent nothing for too long",
            ))
        })
}
