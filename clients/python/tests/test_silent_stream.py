"""A stream that stays open and says nothing more, as behind a proxy whose backend is gone."""

import asyncio
from collections.abc import AsyncIterator

import grpc.aio
from google.protobuf.timestamp_pb2 import Timestamp

from ice_service_client import IceServerSource
from ice_service_client._generated.ice.v1 import ice_service_pb2 as pb
from tests.processes import PATIENCE

Context = grpc.aio.ServicerContext[pb.WatchIceServersRequest, pb.WatchIceServersResponse]


async def test_is_replaced_before_the_list_expires() -> None:
    streams = 0

    async def send_one(
        request: pb.WatchIceServersRequest, context: Context
    ) -> AsyncIterator[pb.WatchIceServersResponse]:
        nonlocal streams
        streams += 1
        server = pb.IceServer(urls=[f"turn:{streams}.example.com"])
        expire_time = Timestamp()
        expire_time.GetCurrentTime()
        yield pb.WatchIceServersResponse(
            response=pb.GetIceServersResponse(
                ice_servers=[server], expire_time=expire_time, ttl_seconds=2
            )
        )
        await asyncio.Event().wait()

    async def fail(request: pb.GetIceServersRequest, context: Context) -> None:
        await context.abort(grpc.StatusCode.UNAVAILABLE, "down")

    watch = grpc.unary_stream_rpc_method_handler(
        send_one,
        request_deserializer=pb.WatchIceServersRequest.FromString,
        response_serializer=pb.WatchIceServersResponse.SerializeToString,
    )
    server = grpc.aio.server()
    methods = {"GetIceServers": grpc.unary_unary_rpc_method_handler(fail), "WatchIceServers": watch}
    service = grpc.method_handlers_generic_handler("ice.v1.IceService", methods)
    server.add_generic_rpc_handlers((service,))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        async with (
            IceServerSource(f"http://127.0.0.1:{port}", "token") as source,
            asyncio.timeout(PATIENCE),
        ):
            lists = source.watch()
            for number in (1, 2, 3):
                servers = await anext(lists)
                assert servers.ice_servers[0].urls == (f"turn:{number}.example.com",)
                assert servers.life_left > 0
    finally:
        await server.stop(None)
