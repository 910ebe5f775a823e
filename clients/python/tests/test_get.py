"""IceServerSource.get, against the built service."""

import asyncio
import base64
import hashlib
import hmac
import math
import socket
import time
from pathlib import Path

import grpc
import pytest

from ice_service_client import IceServerSource, IceServiceError
from tests.processes import PATIENCE, TOKEN, TURN_SECRET, IceService, find_free_port


async def get_error(source: IceServerSource) -> IceServiceError:
    async with source:
        with pytest.raises(IceServiceError) as caught:
            await source.get()
    return caught.value


async def test_returns_the_list(service: IceService) -> None:
    async with IceServerSource(service.url, TOKEN, ttl_seconds=600) as source:
        servers = await source.get()
    stun, turn = servers.ice_servers
    assert (stun.urls, stun.username, stun.credential) == (("stun:stun.example.com",), None, None)
    assert turn.urls == ("turn:turn.example.com",)
    assert turn.username is not None
    mac = hmac.digest(TURN_SECRET.encode(), turn.username.encode(), hashlib.sha1)
    assert turn.credential == base64.b64encode(mac).decode()
    assert servers.ttl_seconds == 600
    assert 0 < servers.life_left <= 600
    assert servers.expire_time is not None
    assert abs(servers.expire_time.timestamp() - time.time() - 600) < 120
    assert servers.region is None


async def test_returns_a_list_without_turn() -> None:
    with IceService(turn_urls=()) as service:
        async with IceServerSource(service.run().url, TOKEN) as source:
            servers = await source.get()
    assert (servers.ttl_seconds, servers.expire_time) == (None, None)
    assert servers.life_left == math.inf


async def test_hides_the_credential_from_logs(service: IceService) -> None:
    async with IceServerSource(service.url, TOKEN) as source:
        servers = await source.get()
    credential = servers.ice_servers[1].credential
    assert credential
    assert credential not in repr(servers)
    assert servers.ice_servers[1].to_dict()["credential"] == credential


async def test_shares_one_request(own_service: IceService) -> None:
    own_service.run()
    async with IceServerSource(own_service.url, TOKEN) as source:
        lists = await asyncio.gather(*[source.get() for _ in range(20)])
        assert await source.get() is lists[0]
    assert all(each is lists[0] for each in lists)
    own_service.end()
    assert len(own_service.log("request")) == 1


async def test_asks_for_another_token_once(service: IceService) -> None:
    asked: list[str | None] = []

    async def find_token(rejected: str | None) -> str:
        asked.append(rejected)
        return "old-token" if rejected is None else TOKEN

    async with IceServerSource(service.url, find_token) as source:
        assert (await source.get()).ice_servers
    assert asked == [None, "old-token"]


@pytest.mark.parametrize("token", ["wrong", lambda _: "wrong"], ids=["text", "function"])
async def test_raises_when_the_token_is_rejected(service: IceService, token: str) -> None:
    error = await get_error(IceServerSource(service.url, token))
    assert error.code is grpc.StatusCode.UNAUTHENTICATED
    assert str(error) == "UNAUTHENTICATED: invalid auth token"
    assert not error.is_transient


async def test_raises_when_an_argument_is_out_of_range(service: IceService) -> None:
    error = await get_error(IceServerSource(service.url, TOKEN, ttl_seconds=5))
    assert error.code is grpc.StatusCode.INVALID_ARGUMENT
    assert "ttl_seconds must be 0 (the default) or from 60 to 86400" in error.message


async def test_says_how_long_to_wait() -> None:
    limits = {"caller": {"requests": 1, "window": "1h"}}
    with IceService(limits=limits) as service:
        service.run()
        async with IceServerSource(service.url, TOKEN) as source:
            await source.get()
        error = await get_error(IceServerSource(service.url, TOKEN))
    assert error.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert error.is_transient
    assert error.retry_after is not None
    assert 0 < error.retry_after <= 3600


async def test_raises_when_nothing_listens() -> None:
    error = await get_error(IceServerSource(f"http://127.0.0.1:{find_free_port()}", TOKEN))
    assert error.code is grpc.StatusCode.UNAVAILABLE
    assert error.is_transient


async def test_raises_when_nothing_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        error = await get_error(IceServerSource(url, TOKEN, timeout=0.2))
    assert error.code is grpc.StatusCode.DEADLINE_EXCEEDED


async def test_bounds_the_wait_for_a_token(service: IceService) -> None:
    async def hang(_: str | None) -> str:
        await asyncio.Event().wait()
        return TOKEN

    error = await get_error(IceServerSource(service.url, hang, timeout=0.2))
    assert error.code is grpc.StatusCode.DEADLINE_EXCEEDED


async def test_raises_when_the_work_of_the_token_function_is_canceled() -> None:
    """A canceled request for a token is no cancellation of those who wait for the list."""

    async def find_token(_: str | None) -> str:
        work = asyncio.get_running_loop().create_future()
        work.cancel()
        return str(await work)

    error = await get_error(IceServerSource("http://127.0.0.1:1", find_token))
    assert error.code is grpc.StatusCode.CANCELLED


async def test_stays_canceled_when_the_source_is_closed_as_well() -> None:
    waiting = asyncio.Event()

    async def hang(_: str | None) -> str:
        waiting.set()
        await asyncio.Event().wait()
        return "token"

    source = IceServerSource("http://127.0.0.1:1", hang)
    task = asyncio.create_task(source.get())
    await waiting.wait()
    closing = asyncio.create_task(source.aclose())
    # The source has been closed, and the task has not noticed yet.
    for _ in range(2):
        await asyncio.sleep(0)
    task.cancel()
    await closing
    with pytest.raises(asyncio.CancelledError):
        await task


def test_says_that_it_belongs_to_another_event_loop(service: IceService) -> None:
    source = IceServerSource(service.url, TOKEN, ttl_seconds=60)

    async def watch() -> None:
        async with asyncio.timeout(PATIENCE):
            await anext(source.watch())

    asyncio.run(watch())
    with pytest.raises(RuntimeError, match="event loop"):
        asyncio.run(watch())


async def test_raises_what_the_token_function_raises(service: IceService) -> None:
    def fail(_: str | None) -> str:
        raise TimeoutError("of the session")

    async with IceServerSource(service.url, fail) as source:
        with pytest.raises(TimeoutError, match="of the session"):
            await source.get()


@pytest.mark.parametrize("token", ["", "secret\n", "sécret", "secret\x00"])
async def test_never_shows_a_token_that_cannot_be_sent(service: IceService, token: str) -> None:
    with pytest.raises(ValueError, match="token must have one or more printable") as caught:
        IceServerSource(service.url, token)
    error = await get_error(IceServerSource(service.url, lambda _: token))
    assert error.message.startswith("token must have one or more printable")
    assert not error.is_transient
    assert "cret" not in f"{caught.value}{error}"


@pytest.mark.parametrize("ttl_seconds", [2**31, "600"])
def test_rejects_a_number(ttl_seconds: int) -> None:
    with pytest.raises((TypeError, ValueError)):
        IceServerSource("http://a", TOKEN, ttl_seconds=ttl_seconds)


async def test_ends_what_waits_when_it_is_closed() -> None:
    waiting = asyncio.Event()

    async def hang(_: str | None) -> str:
        waiting.set()
        await asyncio.Event().wait()
        return TOKEN

    source = IceServerSource("http://127.0.0.1:1", hang)
    task = asyncio.create_task(source.get())
    await waiting.wait()
    await source.aclose()
    with pytest.raises(RuntimeError, match="closed"):
        await task
    with pytest.raises(RuntimeError, match="closed"):
        await source.get()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_trusts_another_authority(
    tls_service: IceService, certificate: Path, host: str
) -> None:
    pem = (certificate / "cert.pem").read_bytes()
    credentials = grpc.ssl_channel_credentials(root_certificates=pem)
    url = tls_service.url.replace("127.0.0.1", host)
    async with IceServerSource(url, TOKEN, credentials=credentials) as source:
        assert (await source.get()).ice_servers


async def test_trusts_no_unknown_authority(tls_service: IceService) -> None:
    error = await get_error(IceServerSource(tls_service.url, TOKEN))
    assert error.code is grpc.StatusCode.UNAVAILABLE


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:8080",
        "localhost",
        "ftp://a",
        "http://",
        "http://a/path",
        "http://a?b",
        "http://user:password@a",
        "http://a:99999",
    ],
)
def test_rejects_a_url(url: str) -> None:
    with pytest.raises(ValueError, match=r"url must|Port"):
        IceServerSource(url, TOKEN)


async def test_calls_a_host_whose_name_is_a_scheme_of_grpc() -> None:
    error = await get_error(IceServerSource("http://unix:1", TOKEN, timeout=1))
    assert "resolving unix:1" in error.message


async def test_calls_an_ipv6_address() -> None:
    error = await get_error(IceServerSource("http://[::1]:1/", TOKEN))
    assert "ipv6:%5B::1%5D:1" in error.message


@pytest.mark.parametrize("timeout", [0, -1, math.nan])
def test_rejects_a_timeout(timeout: float) -> None:
    with pytest.raises(ValueError, match="timeout"):
        IceServerSource("http://a", TOKEN, timeout=timeout)
