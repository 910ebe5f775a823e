"""IceServerSource.watch, against the built service."""

import asyncio
import logging
from collections.abc import AsyncIterator

import grpc
import pytest

from ice_service_client import IceServerList, IceServerSource, IceServiceError
from tests.processes import PATIENCE, TOKEN, IceService, find_free_port


async def find_next(lists: AsyncIterator[IceServerList]) -> IceServerList:
    async with asyncio.timeout(PATIENCE):
        return await anext(lists)


def list_urls(servers: IceServerList) -> list[str]:
    return [url for server in servers.ice_servers for url in server.urls]


async def test_yields_the_list_at_once_and_keeps_it_for_get(service: IceService) -> None:
    async with IceServerSource(service.url, TOKEN) as source:
        servers = await find_next(source.watch())
        assert list_urls(servers) == ["stun:stun.example.com", "turn:turn.example.com"]
        assert await source.get() is servers


async def test_yields_a_changed_list(own_service: IceService) -> None:
    own_service.run()
    async with IceServerSource(own_service.url, TOKEN) as source:
        lists = source.watch()
        await find_next(lists)
        own_service.serve_urls(["stun:other.example.com"], ["turn:turn.example.com"])
        assert "stun:other.example.com" in list_urls(await find_next(lists))


async def test_goes_on_when_the_service_has_crashed_and_is_back(
    own_service: IceService, caplog: pytest.LogCaptureFixture
) -> None:
    own_service.run()
    async with IceServerSource(own_service.url, TOKEN) as source:
        lists = source.watch()
        first = await find_next(lists)
        own_service.kill()
        own_service.serve_urls(["stun:other.example.com"], ["turn:turn.example.com"])
        second = asyncio.create_task(find_next(lists))
        await asyncio.to_thread(own_service.run)
        assert "stun:other.example.com" in list_urls(await second)
        assert first.ice_servers != second.result().ice_servers
    assert "the watch of ICE servers starts again: UNAVAILABLE: " in caplog.text


async def test_waits_for_a_service_that_is_not_up_yet(own_service: IceService) -> None:
    own_service.port = find_free_port()
    async with IceServerSource(own_service.url, TOKEN) as source:
        first = asyncio.create_task(find_next(source.watch()))
        await asyncio.to_thread(own_service.run)
        assert list_urls(await first)


async def test_asks_for_the_next_token_when_one_has_ended(own_service: IceService) -> None:
    own_service.accept("old-token")
    own_service.run()
    tokens = ["old-token", "new-token"]
    asked: list[str | None] = []

    def find_token(rejected: str | None) -> str:
        asked.append(rejected)
        return tokens[0]

    async with IceServerSource(own_service.url, find_token) as source:
        lists = source.watch()
        first = await find_next(lists)
        del tokens[0]
        own_service.accept("new-token")
        assert (await find_next(lists)).ice_servers != first.ice_servers
    assert asked == [None, None]


async def test_raises_when_the_token_is_revoked(own_service: IceService) -> None:
    own_service.run()
    async with IceServerSource(own_service.url, TOKEN) as source:
        lists = source.watch()
        await find_next(lists)
        own_service.accept("another-token")
        with pytest.raises(IceServiceError) as caught:
            await find_next(lists)
    assert caught.value.code is grpc.StatusCode.UNAUTHENTICATED


async def test_survives_a_token_function_that_fails_for_a_while(
    service: IceService, caplog: pytest.LogCaptureFixture
) -> None:
    failures = [OSError("with a secret in its text"), OSError("again")]

    def find_token(_: str | None) -> str:
        if failures:
            raise failures.pop()
        return TOKEN

    with caplog.at_level(logging.DEBUG, "ice_service_client"):
        async with IceServerSource(service.url, find_token) as source:
            assert (await find_next(source.watch())).ice_servers
    assert "starts again: OSError" in caplog.text
    assert "secret" not in caplog.text


async def test_raises_when_the_token_function_cannot_work(service: IceService) -> None:
    async with IceServerSource(service.url, lambda: TOKEN) as source:  # type: ignore[arg-type,misc]
        with pytest.raises(TypeError):
            await find_next(source.watch())


async def test_gets_the_list_where_no_watch_is_allowed() -> None:
    with IceService(limits={"watchesPerCaller": 1}) as service:
        service.run()
        async with (
            IceServerSource(service.url, TOKEN) as one,
            IceServerSource(service.url, TOKEN) as other,
        ):
            first = one.watch()
            assert (await find_next(first)).ice_servers
            assert (await find_next(other.watch())).ice_servers


async def test_ends_when_the_source_is_closed(service: IceService) -> None:
    source = IceServerSource(service.url, TOKEN)
    lists = source.watch()
    await find_next(lists)
    rest = asyncio.create_task(find_next(lists))
    await asyncio.sleep(0)
    await source.aclose()
    with pytest.raises(StopAsyncIteration):
        await rest


async def test_ends_between_two_tries_when_the_source_is_closed() -> None:
    tries = 0
    has_tried = asyncio.Event()

    def find_token(_: str | None) -> str:
        nonlocal tries
        tries += 1
        # The watch has tried a stream and a request, and waits.
        if tries == 2:
            has_tried.set()
        raise OSError

    source = IceServerSource("http://127.0.0.1:1", find_token)
    first = asyncio.create_task(find_next(source.watch()))
    await has_tried.wait()
    await source.aclose()
    with pytest.raises(StopAsyncIteration):
        await first


async def test_can_be_canceled(service: IceService) -> None:
    async with IceServerSource(service.url, TOKEN) as source:
        lists = source.watch()
        await find_next(lists)
        rest = asyncio.create_task(find_next(lists))
        await asyncio.sleep(0)
        rest.cancel()
        with pytest.raises(asyncio.CancelledError):
            await rest
