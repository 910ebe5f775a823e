"""Gathers candidates with aiortc, and prints them as JSON.

Standard input: a JSON list of RTCIceServer dictionaries.
"""

import asyncio
import json
import sys

from aiortc import RTCConfiguration, RTCIceServer, RTCPeerConnection


async def gather():
    servers = [RTCIceServer(**server) for server in json.load(sys.stdin)]
    connection = RTCPeerConnection(RTCConfiguration(iceServers=servers))
    connection.createDataChannel("test")
    await connection.setLocalDescription(await connection.createOffer())
    sdp = connection.localDescription.sdp
    await connection.close()
    return [line[2:] for line in sdp.splitlines() if line.startswith("a=candidate:")]


json.dump({"candidates": asyncio.run(gather())}, sys.stdout)
