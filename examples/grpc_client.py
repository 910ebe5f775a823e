"""Asks for the servers with grpcio and the code generated from proto/."""

import os
import sys
from urllib.parse import urlsplit

import grpc
from ice.v1 import ice_service_pb2, ice_service_pb2_grpc

target = urlsplit(os.environ.get("ICE_URL", "http://127.0.0.1:8080")).netloc
token = os.environ.get("TOKEN")
if not token:
    sys.exit("set TOKEN to the token that npm start printed")
with grpc.insecure_channel(target) as channel:
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
