"""Asks a TURN server for a relay with aioice, and prints the outcome as one line of JSON.

Standard input, or the only argument: JSON with host, port, transport (udp, tcp or tls), username,
credential, and caFile for tls. The relay is given back at once, unless `hold` is a number: then
that many relays are kept until the program is killed.
"""

import asyncio
import json
import ssl
import sys

from aioice import stun, turn


async def connect(target):
    server = (target["host"], target["port"])
    loop = asyncio.get_running_loop()
    # aioice reads the last two only after the allocation.
    arguments = (server, target["username"], target["credential"], 600, 500)
    if target["transport"] == "udp":
        _, client = await loop.create_datagram_endpoint(
            lambda: turn.TurnClientUdpProtocol(*arguments), remote_addr=server
        )
        return client
    context = None
    if target["transport"] == "tls":
        context = ssl.create_default_context(cafile=target["caFile"])
    _, client = await loop.create_connection(
        lambda: turn.TurnClientTcpProtocol(*arguments), *server, ssl=context
    )
    return client


async def allocate(client, hold):
    request = stun.Message(
        message_method=stun.Method.ALLOCATE, message_class=stun.Class.REQUEST
    )
    request.attributes["LIFETIME"] = client.lifetime
    request.attributes["REQUESTED-TRANSPORT"] = turn.UDP_TRANSPORT
    try:
        response, _ = await client.request_with_retry(request)
    except stun.TransactionFailed as failure:
        return {
            "allocated": False,
            "errorCode": failure.response.attributes["ERROR-CODE"][0],
            "realm": client.realm,
        }
    host, port = response.attributes["XOR-RELAYED-ADDRESS"]
    if not hold:
        await client.delete()
    return {
        "allocated": True,
        "relayedTransportAddress": f"{host}:{port}",
        "lifetimeSeconds": response.attributes["LIFETIME"],
        "realm": client.realm,
    }


async def main():
    target = json.loads(sys.argv[1]) if len(sys.argv) > 1 else json.load(sys.stdin)
    hold = target.get("hold", 0)
    for _ in range(max(hold, 1)):
        client = await connect(target)
        outcome = await asyncio.wait_for(allocate(client, hold > 0), timeout=30)
        if not outcome["allocated"]:
            break
    print(json.dumps(outcome), flush=True)
    if hold and outcome["allocated"]:
        await asyncio.Event().wait()


asyncio.run(main())
