"""Calls ice.v1.IceService/GetIceServers with grpcio, and prints the outcome as one line of JSON.

Arguments: the folder of the generated stubs, the target (host:port) and the token; - is no token.
Options: --ttl-seconds N, --timeout SECONDS, --ca-file FILE (the call then goes over TLS),
--watch (takes the first list of WatchIceServers instead), --repeat SECONDS (calls again and again for
so long; the first error, or the last response, is the outcome).
"""

import argparse
import json
import sys
import time

import grpc

parser = argparse.ArgumentParser()
parser.add_argument("stubs")
parser.add_argument("target")
parser.add_argument("token")
parser.add_argument("--ttl-seconds", type=int, default=0)
parser.add_argument("--timeout", type=float, default=5)
parser.add_argument("--ca-file")
parser.add_argument("--watch", action="store_true")
parser.add_argument("--repeat", type=float, default=0)
options = parser.parse_args()

sys.path.insert(0, options.stubs)

from google.protobuf import json_format  # noqa: E402
from ice.v1 import ice_service_pb2, ice_service_pb2_grpc  # noqa: E402

if options.ca_file is None:
    channel = grpc.insecure_channel(options.target)
else:
    with open(options.ca_file, "rb") as file:
        channel = grpc.secure_channel(
            options.target, grpc.ssl_channel_credentials(file.read())
        )

metadata = ()
if options.token != "-":
    metadata = (("authorization", f"Bearer {options.token}"),)

with channel:
    stub = ice_service_pb2_grpc.IceServiceStub(channel)
    try:
        call = {"metadata": metadata, "timeout": options.timeout}
        if options.watch:
            request = ice_service_pb2.WatchIceServersRequest(
                ttl_seconds=options.ttl_seconds
            )
            stream = stub.WatchIceServers(request, **call)
            response = next(stream).response
            stream.cancel()
        else:
            request = ice_service_pb2.GetIceServersRequest(
                ttl_seconds=options.ttl_seconds
            )
            ends_at = time.monotonic() + options.repeat
            response = stub.GetIceServers(request, **call)
            while time.monotonic() < ends_at:
                response = stub.GetIceServers(request, **call)
        print(json.dumps({"response": json_format.MessageToDict(response)}))
    except grpc.RpcError as error:
        outcome = {"code": error.code().name, "details": error.details()}
        print(json.dumps({"error": outcome}))
