//! A service that begins an answer and never ends it.

use ice_service_client::v1::GetIceServersRequest;
use ice_service_client::{IceServiceClient, open_channel};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tonic::Code;

/// SETTINGS, and HEADERS of stream 1 with `:status: 200` and the content type of gRPC.
const ANSWER: &[u8] = b"\0\0\0\x04\0\0\0\0\0\0\0\x13\x01\x04\0\0\0\x01\x88\x5f\x10application/grpc";

#[tokio::test]
async fn get_waits_no_longer_than_its_timeout() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let service = async {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        while !request.windows(9).any(is_empty_message) {
            socket.read_buf(&mut request).await.unwrap();
        }
        socket.write_all(ANSWER).await.unwrap();
        std::future::pending::<()>().await;
    };
    let client = IceServiceClient::new(open_channel(&url, None).unwrap(), || "token".to_owned());
    let call = client.get(GetIceServersRequest::default(), Duration::from_secs(1));
    let limit = tokio::time::sleep(Duration::from_secs(60));
    tokio::select! {
        result = call => assert_eq!(result.unwrap_err().code(), Code::DeadlineExceeded),
        () = service => unreachable!(),
        () = limit => panic!("it waits for the message"),
    }
}

/// Whether this is the head of a DATA frame of stream 1 with a message of no bytes.
fn is_empty_message(head: &[u8]) -> bool {
    head.starts_with(b"\0\0\x05\0") && head.ends_with(b"\0\0\0\x01")
}
