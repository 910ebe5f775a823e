"""Answers that the service does not give, but something between it and the client can."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import grpc
import grpc.aio
import pytest

from ice_service_client import IceServerSource, IceServiceError, _source
from ice_service_client._generated.ice.v1 import ice_service_pb2 as pb
from tests.processes import PATIENCE

Context = grpc.aio.ServicerContext[bytes, bytes]
Answers = Callable[[bytes, Context], AsyncIterator[bytes]]


@asynccontextmanager
async def start_service(answer: Answers) -> AsyncIterator[str]:
    """Starts a service that answers both methods with these messages."""
    server = grpc.aio.server()
    handler: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_stream_rpc_method_handler(answer)
    methods = {"GetIceServers": handler, "WatchIceServers": handler}
    service = grpc.method_handlers_generic_handler("ice.v1.IceService", methods)
    server.add_generic_rpc_handlers((service,))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        await server.stop(None)


def encode_list(username: str, ttl_seconds: int = 60) -> bytes:
    """Encodes a message of a watch, with a list for this user."""
    server = pb.IceServer(urls=["turn:turn.example.com"], username=username, credential="x")
    response = pb.GetIceServersResponse(ice_servers=[server], ttl_seconds=ttl_seconds)
    response.expire_time.GetCurrentTime()
    return pb.WatchIceServersResponse(response=response).SerializeToString()


@pytest.mark.parametrize("messages", [[], [b"\xff"]], ids=["none", "not a message"])
async def test_raises_when_the_answer_is_no_list(messages: list[bytes]) -> None:
    async def answer(request: bytes, context: Context) -> AsyncIterator[bytes]:
        for message in messages:
            yield message

    async with start_service(answer) as url, IceServerSource(url, "token") as source:
        with pytest.raises(IceServiceError, match="INTERNAL: ") as caught:
            await source.get()
    assert caught.value.is_transient


async def test_watch_leaves_out_a_list_that_is_repeated() -> None:
    async def answer(request: bytes, context: Context) -> AsyncIterator[bytes]:
        for username in ("a", "a", "b"):
            yield encode_list(username)
        await asyncio.Event().wait()

    async with (
        start_service(answer) as url,
        IceServerSource(url, "token") as source,
        asyncio.timeout(PATIENCE),
    ):
        lists = source.watch()
        usernames = [(await anext(lists)).ice_servers[0].username for _ in range(2)]
    assert usernames == ["a", "b"]


async def test_watch_waits_longer_where_each_stream_ends_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waits_after: list[int] = []

    def choose_no_delay(failures: int) -> float:
        waits_after.append(failures)
        return 0.0

    monkeypatch.setattr(_source, "choose_delay", choose_no_delay)
    streams = 0

    async def answer(request: bytes, context: Context) -> AsyncIterator[bytes]:
        nonlocal streams
        streams += 1
        yield encode_list("b" if streams > 3 else "a")

    async with (
        start_service(answer) as url,
        IceServerSource(url, "token") as source,
        asyncio.timeout(PATIENCE),
    ):
        lists = source.watch()
        assert [(await anext(lists)).ice_servers[0].username for _ in range(2)] == ["a", "b"]
    assert waits_after == [1, 2, 3]


async def test_watch_outlasts_a_proxy_that_has_lost_its_route(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_source, "choose_delay", lambda _failures: 0.0)
    calls = 0

    async def answer(request: bytes, context: Context) -> AsyncIterator[bytes]:
        nonlocal calls
        calls += 1
        if 1 < calls < 5:
            await context.abort(grpc.StatusCode.UNIMPLEMENTED, "HTTP status 404")
        yield encode_list(str(calls), ttl_seconds=1)

    async with (
        start_service(answer) as url,
        IceServerSource(url, "token") as source,
        asyncio.timeout(PATIENCE),
    ):
        lists = source.watch()
        usernames = [(await anext(lists)).ice_servers[0].username for _ in range(2)]
    # The second to the fourth call got no list.
    assert usernames == ["1", "5"]
