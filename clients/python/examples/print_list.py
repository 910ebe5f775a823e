"""Prints the list, and with ``--watch`` every list that replaces it.

With an https: URL, GRPC_DEFAULT_SSL_ROOTS_FILE_PATH names a PEM file of other authorities to trust.
"""

import asyncio
import json
import os
import sys
from contextlib import suppress

from ice_service_client import IceServerList, IceServerSource, IceServiceError


async def main() -> None:
    """Takes the address and the token from the environment."""
    token = os.environ.get("TOKEN")
    if not token:
        sys.exit("set TOKEN to the token that npm start printed")
    url = os.environ.get("ICE_URL", "http://127.0.0.1:8080")
    try:
        source = IceServerSource(url, token)
    except ValueError:
        sys.exit("set ICE_URL to the service's URL, such as https://ice.example.com")
    async with source:
        try:
            if "--watch" in sys.argv:
                async for servers in source.watch():
                    print_servers(servers)
            else:
                print_servers(await source.get())
        except IceServiceError as error:
            sys.exit(str(error))


def print_servers(servers: IceServerList) -> None:
    """Prints them as a browser's RTCPeerConnection takes them."""
    print(json.dumps([server.to_dict() for server in servers.ice_servers], indent=2), flush=True)


with suppress(KeyboardInterrupt):
    asyncio.run(main())
