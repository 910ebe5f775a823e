"""A source of ICE servers: a cache in front of the service, and a watch that reconnects."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from types import TracebackType
from typing import Self

import grpc

from ice_service_client._calls import Selection, ServiceCalls
from ice_service_client._channel import Endpoint
from ice_service_client._ice_server_list import IceServerList
from ice_service_client._list_cache import ListCache
from ice_service_client._retry import (
    MAX_DELAY,
    choose_delay,
    describe,
    find_retry_after,
    is_token_rejected,
    is_transient,
    is_unrouted,
)
from ice_service_client._stopwatch import Stopwatch
from ice_service_client._token import TokenCallback, check_token

_logger = logging.getLogger("ice_service_client")


class IceServerSource:
    """Gets lists of ICE servers from one service, for one caller.

    Nothing is sent before the first call. Use a source in one event loop, and close it::

        async with IceServerSource("https://ice.example.com", token) as source:
            servers = await source.get()
    """

    def __init__(
        self,
        url: str,
        token: str | TokenCallback,
        *,
        region: str = "",
        ttl_seconds: int = 0,
        max_urls: int = 0,
        user: str = "",
        client_address: str = "",
        timeout: float = 10.0,
        credentials: grpc.ChannelCredentials | None = None,
    ) -> None:
        """Creates a source.

        Args:
            url: Where the service is: ``https://host`` or ``http://host``, with a port where it is
                not 443 or 80.
            token: A JWT or a connector token, or a function that returns one or an awaitable of
                one. The function is called for each call, so it can return a new token before the
                last one expires. Its argument is ``None``, or the token that the service has just
                rejected: return another one, or the call fails.
            region: The preferred region. Empty for the default of the service.
            ttl_seconds: How long the credentials are to live, in seconds, within the bounds of the
                service. 0 for the default of the service.
            max_urls: The most URLs to get. 0 for all.
            user: The end user for whom a backend asks. Its token must be allowed to name users.
            client_address: The IP address of that end user.
            timeout: How long a call may take, in seconds, with the time that ``token`` takes.
            credentials: For TLS with another authority, or with a client certificate:
                ``grpc.ssl_channel_credentials(root_certificates=Path("ca.pem").read_bytes())``.

        Raises:
            TypeError: If an argument has another type.
            ValueError: If the URL, the token, or a number is invalid.
        """
        if not timeout > 0:
            raise ValueError("timeout must be more than 0 seconds")
        if isinstance(token, str):
            check_token(token)
        selection = Selection(region, ttl_seconds, max_urls, user, client_address)
        self._calls = ServiceCalls(Endpoint(url, credentials), token, selection, timeout)
        self._cache = ListCache(self._calls.get)
        self._closed = asyncio.Event()

    async def get(self) -> IceServerList:
        """Returns the list, from the cache until three quarters of its life have passed.

        Calls at the same time share one request. If the service is down, the last list is returned
        while it lives, and the next request waits for 1 s, then longer each time, up to 30 s.

        Raises:
            IceServiceError: If the service rejects the call or cannot be reached in time.
            RuntimeError: If the source is closed.
            Exception: What the ``token`` function raises.
        """
        return await self._cache.get()

    async def watch(self) -> AsyncGenerator[IceServerList]:
        """Yields the list at once, and again before it expires and whenever it changes.

        Reconnects by itself, with growing random delays, and logs why as a warning of the logger
        ``ice_service_client``. Ends when the source is closed. To end it earlier, cancel the task
        or use ``contextlib.aclosing``.

        Raises:
            IceServiceError: If the service rejects the call for good, for example with a token that
                was revoked.
        """
        failures = 0
        yielded: IceServerList | None = None

        def can_pass(error: Exception) -> bool:
            # From where a list has come, a restarting service comes back.
            return is_transient(error) or (yielded is not None and is_unrouted(error))

        while not self._closed.is_set():
            wait = 0.0
            is_open = False
            since_start = Stopwatch()
            try:
                async with aclosing(self._calls.watch()) as stream:
                    async for servers in stream:
                        is_open = True
                        self._cache.keep(servers)
                        if yielded is None or servers.ice_servers != yielded.ice_servers:
                            yielded = servers
                            yield servers
            except Exception as error:
                if self._closed.is_set():
                    return
                # A token that ends during a stream is no verdict: the next stream asks for another.
                has_token_ended = is_open and is_token_rejected(error)
                if not (has_token_ended or can_pass(error)):
                    raise
                wait = find_retry_after(error)
                _logger.warning("the watch of ICE servers starts again: %s", describe(error))
            # What ends each stream at once must not be called every second.
            failures = 1 if is_open and since_start.elapsed > MAX_DELAY else failures + 1
            try:
                # What a stream does not bring, a request may.
                servers = await self.get()
            except Exception as error:
                if self._closed.is_set():
                    return
                if not can_pass(error):
                    raise
                wait = max(wait, find_retry_after(error))
            else:
                if yielded is None or servers.ice_servers != yielded.ice_servers:
                    yielded = servers
                    yield servers
            with suppress(TimeoutError):
                async with asyncio.timeout(max(choose_delay(failures), wait)):
                    await self._closed.wait()

    async def aclose(self) -> None:
        """Ends all calls and watches, and closes the connection."""
        self._closed.set()
        self._cache.close()
        await self._calls.close()

    async def __aenter__(self) -> Self:
        """Returns the source."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Closes the source."""
        await self.aclose()
