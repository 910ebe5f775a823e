"""The list that was received last."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from ice_service_client._ice_server_list import IceServerList
from ice_service_client._retry import choose_delay, describe, find_retry_after, is_transient
from ice_service_client._stopwatch import Stopwatch
from ice_service_client._token import is_task_canceled

_logger = logging.getLogger("ice_service_client")

_REFRESH_SHARE = 0.75
"""A list is replaced when this part of its life has passed."""
_AGE_WITHOUT_LIFE = 600.0
"""A list without credentials is asked for again after this time, in seconds."""


class ListCache:
    """Keeps the last list, and asks for another one when it is due, with one request at a time."""

    def __init__(
        self,
        request: Callable[[], Awaitable[IceServerList]],
        start_stopwatch: Callable[[], Stopwatch] = Stopwatch,
    ) -> None:
        """Asks for nothing yet."""
        self._request = request
        self._start_stopwatch = start_stopwatch
        self._last: IceServerList | None = None
        self._failures = 0
        self._last_failure = start_stopwatch()
        self._delay = 0.0
        self._pending: asyncio.Task[IceServerList] | None = None
        self._is_closed = False

    def keep(self, servers: IceServerList) -> None:
        """Replaces the list by one that has just arrived."""
        self._last = servers
        self._failures = 0
        self._delay = 0.0

    async def get(self) -> IceServerList:
        """Returns the list, or another one if it is due.

        After a request that failed, the list is returned without another request for a while: 1 s,
        then longer each time, up to 30 s.

        Raises:
            RuntimeError: If the cache is closed.
            Exception: What the request raises, unless it is transient and the last list lives.
        """
        if self._is_closed:
            raise RuntimeError("the source is closed")
        last = self._last
        if last is not None and (_find_fresh_seconds(last) > 0 or self._can_wait_with(last)):
            return last
        if self._pending is None:
            self._pending = asyncio.create_task(self._refresh())
            self._pending.add_done_callback(self._settle)
        pending = self._pending
        try:
            # If one caller is canceled, the others still wait for it.
            return await asyncio.shield(pending)
        except asyncio.CancelledError:
            if self._is_closed and pending.cancelled() and not is_task_canceled():
                raise RuntimeError("the source was closed") from None
            raise
        except Exception as error:
            # A watch may have replaced it meanwhile.
            last = self._last
            if last is None or last.life_left <= 0 or not is_transient(error):
                raise
            return last

    def close(self) -> None:
        """Cancels the request."""
        self._is_closed = True
        if self._pending is not None:
            self._pending.cancel()

    async def _refresh(self) -> IceServerList:
        try:
            servers = await self._request()
        except Exception as error:
            if is_transient(error):
                _logger.warning("no new list of ICE servers: %s", describe(error))
                self._failures += 1
                self._last_failure = self._start_stopwatch()
                self._delay = max(choose_delay(self._failures), find_retry_after(error))
            raise
        self.keep(servers)
        return servers

    def _can_wait_with(self, servers: IceServerList) -> bool:
        return self._last_failure.elapsed < self._delay and servers.life_left > 0

    def _settle(self, task: asyncio.Task[IceServerList]) -> None:
        self._pending = None
        if not task.cancelled():
            # Marks it as seen. All who waited for it may have been canceled.
            task.exception()


def _find_fresh_seconds(servers: IceServerList) -> float:
    life = servers.ttl_seconds
    return (_AGE_WITHOUT_LIFE if life is None else life * _REFRESH_SHARE) - servers.age
