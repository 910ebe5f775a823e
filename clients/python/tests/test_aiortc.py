"""Lists in aiortc, and calls through coturn alone."""

import asyncio
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiortc import RTCBundlePolicy, RTCDataChannel, RTCIceServer, RTCPeerConnection
from aiortc.rtcconfiguration import RTCIceTransportPolicy

from ice_service_client import IceServer, IceServerList
from ice_service_client.aiortc import to_rtc_configuration
from tests.processes import PATIENCE, TOKEN, Coturn, IceService, create_turn_credential

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.fixture
def coturn() -> Iterator[Coturn]:
    with Coturn() as created:
        yield created


def test_converts_a_list() -> None:
    stun = IceServer(("stun:stun.example.com",))
    turn = IceServer(("turn:a.example.com", "turns:b.example.com"), "user", "password")
    configuration = to_rtc_configuration(IceServerList((stun, turn)))
    assert configuration.iceServers == [
        RTCIceServer(["stun:stun.example.com"]),
        RTCIceServer(["turn:a.example.com", "turns:b.example.com"], "user", "password"),
    ]
    assert configuration.iceTransportPolicy is RTCIceTransportPolicy.ALL
    assert configuration.bundlePolicy is RTCBundlePolicy.BALANCED


async def test_leaves_out_what_aiortc_cannot_read() -> None:
    servers = IceServerList(
        (
            IceServer(("stun:[2001:db8::1]:3478",)),
            IceServer(("turn:[2001:db8::1]", "turn:192.0.2.1"), "user", "password"),
        )
    )
    configuration = to_rtc_configuration(servers)
    assert configuration.iceServers == [RTCIceServer(["turn:192.0.2.1"], "user", "password")]
    connection = RTCPeerConnection(configuration)
    connection.createDataChannel("data")
    await connection.close()


def test_asks_no_public_server_when_the_list_is_empty() -> None:
    assert to_rtc_configuration(IceServerList(())).iceServers == []


def test_the_example_calls_through_the_relay_alone(coturn: Coturn) -> None:
    coturn.run()
    url = f"turn:127.0.0.1:{coturn.port}"
    with IceService(stun_urls=(), turn_urls=(url,)) as service:
        env = {**os.environ, "ICE_URL": service.run().url, "TOKEN": TOKEN}
        outcome = subprocess.run(
            [sys.executable, EXAMPLES / "relayed_call.py"],
            env=env | {"PYTHONPATH": str(EXAMPLES.parent / "src")},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    assert (outcome.stdout, outcome.stderr) == ("ping, pong\n", "")
    relays = set(re.findall(r"Local relay addr: 127\.0\.0\.1:(\d+)", coturn.output()))
    peers = set(re.findall(r"peer 127\.0\.0\.1:(\d+) lifetime updated", coturn.output()))
    assert len(relays) == 2
    # Each relay sends only to the other one.
    assert peers == relays


async def test_coturn_keeps_a_relay_whose_credential_has_expired(coturn: Coturn) -> None:
    """It is refreshed with the credential of the start, as docs/refresh.md says."""
    coturn.run("max-allocate-lifetime=6")
    username, credential = create_turn_credential(4)
    expires_at = int(username.partition(":")[0])
    server = IceServer((f"turn:127.0.0.1:{coturn.port}",), username, credential)
    configuration = to_rtc_configuration(IceServerList((server,)), relay_only=True)
    caller, callee = RTCPeerConnection(configuration), RTCPeerConnection(configuration)
    try:
        async with asyncio.timeout(PATIENCE):
            channel = await connect(caller, callee)
            answers: asyncio.Queue[str] = asyncio.Queue()
            channel.on("message", answers.put_nowait)
            at_expiry: int | None = None
            while at_expiry is None or count_refreshes(coturn) < at_expiry + 4:
                channel.send("still there?")
                assert await answers.get() == "still there?"
                if at_expiry is None and time.time() > expires_at + 1:
                    at_expiry = count_refreshes(coturn)
                await asyncio.sleep(0.2)
    finally:
        await asyncio.gather(caller.close(), callee.close())


def count_refreshes(coturn: Coturn) -> int:
    return len(re.findall("refreshed, .*, lifetime=6", coturn.output()))


async def connect(caller: RTCPeerConnection, callee: RTCPeerConnection) -> RTCDataChannel:
    """Returns a channel of the caller, on which the callee echoes."""

    def echo_on(other: RTCDataChannel) -> None:
        other.on("message", other.send)

    callee.on("datachannel", echo_on)
    channel = caller.createDataChannel("echo")
    is_open = asyncio.Event()
    channel.on("open", is_open.set)
    await caller.setLocalDescription(await caller.createOffer())
    await callee.setRemoteDescription(caller.localDescription)
    await callee.setLocalDescription(await callee.createAnswer())
    await caller.setRemoteDescription(callee.localDescription)
    await is_open.wait()
    return channel
