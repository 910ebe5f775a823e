"""The list of ICE servers, as the service answers."""

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ice_service_client._generated.ice.v1 import ice_service_pb2
from ice_service_client._stopwatch import Stopwatch


@dataclass(frozen=True, slots=True)
class IceServer:
    """One entry of the list (the W3C RTCIceServer dictionary).

    Attributes:
        urls: STUN and TURN URLs (RFC 7064, RFC 7065). Never empty.
        username: The TURN username. ``None`` for STUN servers.
        credential: The TURN password, which is left out of ``repr``. ``None`` for STUN servers.
    """

    urls: tuple[str, ...]
    username: str | None = None
    credential: str | None = field(default=None, repr=False)

    def to_dict(self) -> dict[str, str | list[str]]:
        """Returns the entry as a browser's ``RTCPeerConnection`` takes it, ready for JSON."""
        server: dict[str, str | list[str]] = {"urls": list(self.urls)}
        if self.username is not None and self.credential is not None:
            server |= {"username": self.username, "credential": self.credential}
        return server


@dataclass(frozen=True, slots=True)
class IceServerList:
    """What the service has answered.

    Attributes:
        ice_servers: STUN servers, then TURN servers.
        ttl_seconds: What was left of the credentials' life, in seconds, when the list arrived.
            ``None`` without TURN servers.
        expire_time: When the first credential expires, in UTC, by the clock of the service.
            ``life_left`` does not depend on this machine's clock. ``None`` without TURN servers.
        region: The region that was chosen. ``None`` when the service has no regions.
    """

    ice_servers: tuple[IceServer, ...]
    ttl_seconds: int | None = None
    expire_time: datetime | None = None
    region: str | None = None
    _age: Stopwatch = field(default_factory=Stopwatch, repr=False, compare=False)

    @property
    def age(self) -> float:
        """The seconds since the list arrived."""
        return self._age.elapsed

    @property
    def life_left(self) -> float:
        """The seconds until the first credential expires. Negative after that, ``inf`` without."""
        return math.inf if self.ttl_seconds is None else self.ttl_seconds - self.age


def from_response(response: ice_service_pb2.GetIceServersResponse) -> IceServerList:
    """Reads a response that has just arrived."""
    has_turn = response.HasField("expire_time")
    return IceServerList(
        ice_servers=tuple(
            IceServer(tuple(server.urls), server.username or None, server.credential or None)
            for server in response.ice_servers
        ),
        ttl_seconds=response.ttl_seconds if has_turn else None,
        expire_time=response.expire_time.ToDatetime(tzinfo=UTC) if has_turn else None,
        region=response.region or None,
    )
