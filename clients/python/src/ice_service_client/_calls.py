"""The two calls of the service, with a token and a deadline each."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import TypeVar

import grpc
import grpc.aio
from google.protobuf.message import Message

from ice_service_client._channel import Endpoint
from ice_service_client._generated.ice.v1 import ice_service_pb2 as pb
from ice_service_client._ice_server_list import IceServerList, from_response
from ice_service_client._service_error import IceServiceError, from_grpc_error
from ice_service_client._token import TokenCallback, find_token, is_task_canceled

_Result = TypeVar("_Result")
_Stream = grpc.aio.UnaryStreamCall[Message, pb.WatchIceServersResponse]

_Metadata = tuple[tuple[str, str], ...]

_OVERDUE_SHARE = 0.9
"""The service replaces a list when 65 to 75 % of its life have passed. Now it is overdue."""
_MIN_PATIENCE = 1.0
"""The next list may have arrived while the last one was used, and must be read, in seconds."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What is asked for: the fields of both requests."""

    region: str
    ttl_seconds: int
    max_urls: int
    user: str
    client_address: str


class ServiceCalls:
    """Calls one service for one caller. Opens its channel with the first call."""

    def __init__(
        self, endpoint: Endpoint, token: str | TokenCallback, selection: Selection, timeout: float
    ) -> None:
        """Sends nothing yet.

        Args:
            endpoint: Where the service is.
            token: As ``find_token`` takes it.
            selection: What to ask for.
            timeout: Bounds a call and the wait for its token, in seconds.

        Raises:
            TypeError: If a field of ``selection`` has another type.
            ValueError: If a number is beyond 32 bits.
        """
        self._endpoint = endpoint
        self._token = token
        self._get_request = pb.GetIceServersRequest(**asdict(selection))
        self._watch_request = pb.WatchIceServersRequest(**asdict(selection))
        self._timeout = timeout
        self._channel: grpc.aio.Channel | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._streams: set[_Stream] = set()

    async def get(self) -> IceServerList:
        """Calls GetIceServers.

        Raises:
            IceServiceError: If the call fails.
        """
        call = self._open_channel().unary_unary(
            _find_path("GetIceServers"),
            request_serializer=pb.GetIceServersRequest.SerializeToString,
            response_deserializer=pb.GetIceServersResponse.FromString,
        )

        async def send(metadata: _Metadata) -> pb.GetIceServersResponse:
            # None without a message, and with one that cannot be read.
            response: pb.GetIceServersResponse | None = await call(
                self._get_request, metadata=metadata, timeout=self._timeout
            )
            if response is None:
                raise IceServiceError(grpc.StatusCode.INTERNAL, "the answer is not a list")
            return response

        async with _limit(self._timeout):
            return from_response(await self._with_token(send))

    async def watch(self) -> AsyncGenerator[IceServerList]:
        """Calls WatchIceServers, and yields the lists of this one stream.

        Raises:
            IceServiceError: If the call fails, or ends.
        """
        start = self._open_channel().unary_stream(
            _find_path("WatchIceServers"),
            request_serializer=pb.WatchIceServersRequest.SerializeToString,
            response_deserializer=pb.WatchIceServersResponse.FromString,
        )

        async def open_stream(metadata: _Metadata) -> tuple[_Stream, IceServerList]:
            stream = start(self._watch_request, metadata=metadata)
            self._streams.add(stream)
            stream.add_done_callback(lambda _: self._streams.discard(stream))
            try:
                return stream, await _read(stream)
            except BaseException:
                stream.cancel()
                raise

        async with _limit(self._timeout):
            stream, servers = await self._with_token(open_stream)
        try:
            while True:
                yield servers
                async with _limit(_find_patience(servers)):
                    servers = await _read(stream)
        except grpc.aio.AioRpcError as error:
            raise from_grpc_error(error) from None
        finally:
            stream.cancel()

    async def close(self) -> None:
        """Ends all streams, and closes the connection."""
        # Some versions of grpcio leave open streams waiting when their channel is closed.
        for stream in [*self._streams]:
            stream.cancel()
        if self._channel is not None:
            await self._channel.close()

    def _open_channel(self) -> grpc.aio.Channel:
        loop = asyncio.get_running_loop()
        if self._channel is None:
            self._channel = self._endpoint.open_channel()
            self._loop = loop
        if loop is not self._loop:
            raise RuntimeError("the source belongs to another event loop")
        return self._channel

    async def _with_token(self, send: Callable[[_Metadata], Awaitable[_Result]]) -> _Result:
        """Sends a call, and once more with another token when its token is rejected."""
        token = await find_token(self._token)
        try:
            return await send(_to_metadata(token))
        except grpc.aio.AioRpcError as error:
            rejection = from_grpc_error(error)
        if rejection.code is not grpc.StatusCode.UNAUTHENTICATED:
            raise rejection
        next_token = await find_token(self._token, token)
        if next_token == token:
            raise rejection
        try:
            return await send(_to_metadata(next_token))
        except grpc.aio.AioRpcError as error:
            raise from_grpc_error(error) from None


def _find_path(method: str) -> str:
    """Returns the path of a method. The generated stub would need the top-level name ``ice``."""
    service = pb.DESCRIPTOR.services_by_name["IceService"]
    return f"/{service.full_name}/{service.methods_by_name[method].name}"


def _to_metadata(token: str) -> _Metadata:
    return (("authorization", f"Bearer {token}"),)


def _find_patience(servers: IceServerList) -> float | None:
    """Returns how long to wait for the next list, in seconds. ``None`` if there may be no other."""
    life = servers.ttl_seconds
    return None if life is None else max(life * _OVERDUE_SHARE - servers.age, _MIN_PATIENCE)


async def _read(stream: _Stream) -> IceServerList:
    try:
        message = await stream.read()
    except asyncio.CancelledError:
        if is_task_canceled():
            raise
        # Not this task was canceled, but the call, by close().
        raise IceServiceError(grpc.StatusCode.CANCELLED, "the connection was closed") from None
    if isinstance(message, pb.WatchIceServersResponse):
        return from_response(message.response)
    raise IceServiceError(grpc.StatusCode.UNAVAILABLE, "the stream has ended")


@asynccontextmanager
async def _limit(seconds: float | None) -> AsyncGenerator[None]:
    """Bounds a wait, and leaves the timeouts of what is inside as they are."""
    try:
        async with asyncio.timeout(seconds) as limit:
            yield
    except TimeoutError:
        if not limit.expired():
            raise
        raise IceServiceError(
            grpc.StatusCode.DEADLINE_EXCEEDED, f"no answer within {seconds:.3g} s"
        ) from None
