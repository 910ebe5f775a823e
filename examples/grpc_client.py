"""Asks for the servers with grpcio and the code generated from proto/.

With an https: URL the call goes over TLS; GRPC_DEFAULT_SSL_ROOTS_FILE_PATH names a PEM file of other
authorities to trust.
"""

import os
import sys
from urllib.parse import urlsplit

token = os.environ.get("TOKEN")
if not token:
    sys.exit("set TOKEN to the token that npm start printed")
url = urlsplit(os.environ.get("ICE_URL", "http://127.0.0.1:8080"))
if url.scheme not in ("http", "https") or not url.hostname:
    sys.exit("set ICE_URL to the service's URL, such as https://ice.example.com")
try:
    import grpc
    from ice.v1 import ice_service_pb2, ice_service_pb2_grpc
except ImportError as error:
    sys.exit(f"{error}: generate the code and set PYTHONPATH as the README shows")

host = f"[{url.hostname}]" if ":" in url.hostname else url.hostname
if url.scheme == "https":
    channel = grpc.secure_channel(f"{host}:{url.port or 443}", grpc.ssl_channel_credentials())
else:
    channel = grpc.insecure_channel(f"{host}:{url.port or 80}")
with channel:
    try:
        response = ice_service_pb2_grpc.IceServiceStub(channel).GetIceServers(
            ice_service_pb2.GetIceServersRequest(ttl_seconds=3600),
            metadata=[("authorization", f"Bearer {token}")],
            timeout=5,
        )
    except grpc.RpcError as error:
        sys.exit(f"{error.code().name}: {error.details()}")
for server in response.ice_servers:
    print(list(server.urls), server.username)
