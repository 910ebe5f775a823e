"""Conversions for aiortc (``pip install 'ice-service-client[aiortc]'``).

aiortc takes the servers of a connection when it is made, and cannot change them or restart ICE.
Make a new connection before the credentials expire, or ask for credentials that outlive the call
(``ttl_seconds``).
"""

from aiortc import RTCBundlePolicy, RTCConfiguration, RTCIceServer
from aiortc.rtcconfiguration import RTCIceTransportPolicy

from ice_service_client._ice_server_list import IceServerList

__all__ = ["to_rtc_configuration", "to_rtc_ice_servers"]


def to_rtc_ice_servers(servers: IceServerList) -> list[RTCIceServer]:
    """Returns the servers for aiortc, which uses the first STUN and the first TURN URL.

    URLs with an IPv6 address are left out: aiortc cannot read them, and would make no connection.
    """
    return [
        RTCIceServer(urls=urls, username=server.username, credential=server.credential)
        for server in servers.ice_servers
        if (urls := [url for url in server.urls if "[" not in url])
    ]


def to_rtc_configuration(
    servers: IceServerList,
    *,
    relay_only: bool = False,
    bundle_policy: RTCBundlePolicy = RTCBundlePolicy.BALANCED,
) -> RTCConfiguration:
    """Returns a configuration for ``aiortc.RTCPeerConnection``.

    Without any server, aiortc gets an empty list: it would ask a public STUN server of Google
    otherwise.

    Args:
        servers: What ``IceServerSource.get`` returns.
        relay_only: Whether all media goes through the TURN server, which hides this machine's
            addresses from the other side.
        bundle_policy: The bundle policy of the connection.
    """
    policy = RTCIceTransportPolicy.RELAY if relay_only else RTCIceTransportPolicy.ALL
    return RTCConfiguration(
        iceServers=to_rtc_ice_servers(servers),
        iceTransportPolicy=policy,
        bundlePolicy=bundle_policy,
    )
