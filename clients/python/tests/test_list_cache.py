"""The cache alone, with a clock that tests set."""

import asyncio
from dataclasses import dataclass, field

import grpc
import pytest

from ice_service_client import IceServer, IceServerList, IceServiceError
from ice_service_client._list_cache import ListCache
from ice_service_client._stopwatch import Stopwatch

DOWN = IceServiceError(grpc.StatusCode.UNAVAILABLE, "down")
REJECTED = IceServiceError(grpc.StatusCode.UNAUTHENTICATED, "invalid auth token")


@dataclass
class FakeService:
    """Answers with lists of its own, or with an error."""

    ttl_seconds: int | None = 100
    error: Exception | None = None
    now: float = 1000.0
    wall: float = 5000.0
    requests: int = 0
    release: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.release.set()

    async def request(self) -> IceServerList:
        self.requests += 1
        await self.release.wait()
        if self.error is not None:
            raise self.error
        server = IceServer((f"turn:{self.requests}.example.com",))
        return IceServerList((server,), self.ttl_seconds, _age=self.start_stopwatch())

    def start_stopwatch(self) -> Stopwatch:
        return Stopwatch(lambda: self.now, lambda: self.wall)

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self.wall += seconds


async def test_replaces_a_list_after_three_quarters_of_its_life() -> None:
    service = FakeService()
    cache = ListCache(service.request, service.start_stopwatch)
    first = await cache.get()
    service.pass_time(74)
    assert await cache.get() is first
    service.pass_time(1)
    assert await cache.get() is not first
    assert service.requests == 2


async def test_replaces_a_list_without_credentials_after_ten_minutes() -> None:
    service = FakeService(ttl_seconds=None)
    cache = ListCache(service.request, service.start_stopwatch)
    first = await cache.get()
    service.pass_time(599)
    assert await cache.get() is first
    service.pass_time(1)
    assert await cache.get() is not first


@pytest.mark.parametrize(("monotonic", "wall"), [(80, -3600), (0, 80)], ids=["set back", "asleep"])
async def test_goes_by_the_clock_that_has_moved_further(monotonic: float, wall: float) -> None:
    service = FakeService()
    cache = ListCache(service.request, service.start_stopwatch)
    await cache.get()
    service.now += monotonic
    service.wall += wall
    await cache.get()
    assert service.requests == 2


@pytest.mark.parametrize("error", [DOWN, OSError("of the token function")])
async def test_returns_the_last_list_while_it_lives(error: Exception) -> None:
    service = FakeService()
    cache = ListCache(service.request, service.start_stopwatch)
    first = await cache.get()
    service.error = error
    service.pass_time(80)
    assert await cache.get() is first
    service.pass_time(20)
    with pytest.raises(type(error)):
        await cache.get()
    service.error = None
    assert await cache.get() is not first


async def test_waits_between_requests_while_the_service_is_down() -> None:
    service = FakeService()
    cache = ListCache(service.request, service.start_stopwatch)
    await cache.get()
    service.error = DOWN
    service.pass_time(80)
    for _ in range(10):
        await cache.get()
    assert service.requests == 2
    service.pass_time(1.5)
    await cache.get()
    await cache.get()
    assert service.requests == 3


async def test_waits_as_long_as_the_service_asks() -> None:
    service = FakeService()
    cache = ListCache(service.request, service.start_stopwatch)
    await cache.get()
    service.error = IceServiceError(grpc.StatusCode.RESOURCE_EXHAUSTED, "slow down", 15)
    service.pass_time(80)
    await cache.get()
    service.pass_time(14)
    await cache.get()
    assert service.requests == 2
    service.pass_time(1)
    await cache.get()
    assert service.requests == 3


async def test_raises_what_is_final_at_once() -> None:
    service = FakeService()
    cache = ListCache(service.request, service.start_stopwatch)
    await cache.get()
    service.error = REJECTED
    service.pass_time(80)
    with pytest.raises(IceServiceError, match="UNAUTHENTICATED"):
        await cache.get()


async def test_goes_on_for_the_others_when_one_caller_is_canceled() -> None:
    service = FakeService()
    service.release.clear()
    cache = ListCache(service.request, service.start_stopwatch)
    one, other = asyncio.create_task(cache.get()), asyncio.create_task(cache.get())
    await asyncio.sleep(0)
    one.cancel()
    with pytest.raises(asyncio.CancelledError):
        await one
    service.release.set()
    assert (await other).ice_servers
    assert service.requests == 1
