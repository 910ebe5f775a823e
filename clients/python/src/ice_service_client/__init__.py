"""Gets STUN and TURN servers with expiring credentials from ice-service.

Example::

    import asyncio

    from ice_service_client import IceServerSource


    async def main() -> None:
        async with IceServerSource("http://127.0.0.1:8080", token="…") as source:
            print(await source.get())


    asyncio.run(main())

``ice_service_client.aiortc`` converts lists for aiortc.
"""

from ice_service_client._ice_server_list import IceServer, IceServerList
from ice_service_client._service_error import IceServiceError
from ice_service_client._source import IceServerSource
from ice_service_client._token import TokenCallback

__all__ = ["IceServer", "IceServerList", "IceServerSource", "IceServiceError", "TokenCallback"]
