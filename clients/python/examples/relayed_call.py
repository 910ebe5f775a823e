"""Connects two aiortc peers through the TURN server alone, and sends a message and its answer.

Needs aiortc (``pip install './clients/python[aiortc]'``), and a service with a TURN server, such as
``npm start -- --with-coturn``.
"""

import asyncio
import os
import sys

from ice_service_client import IceServerSource, IceServiceError

try:
    from aiortc import RTCDataChannel, RTCPeerConnection

    from ice_service_client.aiortc import to_rtc_configuration
except ImportError as error:
    sys.exit(f"{error}: install it with pip install './clients/python[aiortc]'")


async def main() -> None:
    """Takes the address and the token from the environment."""
    token = os.environ.get("TOKEN")
    if not token:
        sys.exit("set TOKEN to the token that npm start printed")
    async with IceServerSource(os.environ.get("ICE_URL", "http://127.0.0.1:8080"), token) as source:
        try:
            configuration = to_rtc_configuration(await source.get(), relay_only=True)
        except IceServiceError as error:
            sys.exit(str(error))
    caller, callee = RTCPeerConnection(configuration), RTCPeerConnection(configuration)
    try:
        async with asyncio.timeout(30):
            print(await exchange(caller, callee))
    except TimeoutError:
        sys.exit("no connection through the TURN server within 30 seconds")
    finally:
        await asyncio.gather(caller.close(), callee.close())


async def exchange(caller: RTCPeerConnection, callee: RTCPeerConnection) -> str:
    """Returns the answer to a message from one to the other."""
    answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    channel = caller.createDataChannel("chat")
    channel.on("open", lambda: channel.send("ping"))
    channel.on("message", answer.set_result)

    def reply_on(other: RTCDataChannel) -> None:
        other.on("message", lambda message: other.send(f"{message}, pong"))

    callee.on("datachannel", reply_on)
    await caller.setLocalDescription(await caller.createOffer())
    await callee.setRemoteDescription(caller.localDescription)
    await callee.setLocalDescription(await callee.createAnswer())
    await caller.setRemoteDescription(callee.localDescription)
    return await answer


asyncio.run(main())
