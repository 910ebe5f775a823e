"""Sends a packet through a TURN relay to a socket of its own and back, with aioice.

Standard input: JSON with host, port, transport (udp or tcp), username, and credential. Prints what came
back.
"""

import asyncio
import json
import socket
import sys

from aioice import turn


class Received(asyncio.DatagramProtocol):
    def __init__(self):
        self.packet = asyncio.get_running_loop().create_future()

    def connection_made(self, transport):
        pass

    def connection_lost(self, error):
        pass

    def datagram_received(self, data, address):
        if not self.packet.done():
            self.packet.set_result((data, address))


async def exchange(target):
    client, received = await turn.create_turn_endpoint(
        Received,
        server_addr=(target["host"], target["port"]),
        username=target["username"],
        password=target["credential"],
        transport=target["transport"],
    )
    peer, peer_received = await asyncio.get_running_loop().create_datagram_endpoint(
        Received, local_addr=("127.0.0.1", 0), family=socket.AF_INET
    )
    client.sendto(b"there", peer.get_extra_info("sockname"))
    data, relay = await peer_received.packet
    peer.sendto(data + b" and back", relay)
    data, _ = await received.packet
    client.close()
    peer.close()
    return data.decode()


async def main():
    target = json.load(sys.stdin)
    print(await asyncio.wait_for(exchange(target), timeout=30))


asyncio.run(main())
