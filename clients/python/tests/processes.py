"""Real servers: the built service, and Debian's coturn."""

import base64
import hashlib
import hmac
import json
import os
import random
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self, TypeVar

Found = TypeVar("Found")

PROGRAM = Path(__file__).parents[3] / "dist" / "main.js"
TURN_SECRET = "north-north-north-north"
TOKEN = "python-client-token"
PATIENCE = 60.0
"""How long anything may take on a busy machine, in seconds."""


class ServerProcess:
    """A program in a folder of its own. It dies with the tests (Linux)."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="ice-service-client-"))
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *command: str) -> None:
        path = f"{os.environ['PATH']}:/usr/sbin"
        with (self.folder / "output.log").open("wb") as output:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", *command],
                cwd=self.folder,
                env={"PATH": path, "HOME": str(self.folder)},
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def output(self) -> str:
        return (self.folder / "output.log").read_text(encoding="utf8", errors="replace")

    def wait_for(self, find: Callable[[], Found | None]) -> Found:
        ends_at = time.monotonic() + PATIENCE
        while time.monotonic() < ends_at:
            assert self._process is not None
            if self._process.poll() is not None:
                break
            if (found := find()) is not None:
                return found
            time.sleep(0.05)
        raise AssertionError(f"it was not ready:\n{self.output()}")

    def end(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(PATIENCE)
            self._process = None

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(PATIENCE)
            self._process = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.kill()
        finally:
            shutil.rmtree(self.folder)


class IceService(ServerProcess):
    """The built program, on a port that it keeps when it starts again."""

    def __init__(
        self,
        *,
        stun_urls: Sequence[str] = ("stun:stun.example.com",),
        turn_urls: Sequence[str] = ("turn:turn.example.com",),
        tls: Mapping[str, str] | None = None,
        **config: object,
    ) -> None:
        super().__init__()
        self.port = 0
        self._tls = {} if tls is None else {"tls": tls}
        self._config = {
            "admin": False,
            "auth": {"connectorTokensFile": "tokens.yaml"},
            "shutdown": {"delay": "0s", "timeout": "0s"},
        } | config
        self.serve_urls(stun_urls, turn_urls)
        secret = self.folder / "turn.secret"
        secret.touch(mode=0o600)
        secret.write_text(TURN_SECRET)
        self.accept(TOKEN)

    def accept(self, *tokens: str) -> None:
        """Accepts these tokens only. A running service notices."""
        entries = [
            {"name": f"client-{index}", "hash": hash_token(token)}
            for index, token in enumerate(tokens)
        ]
        file = self.folder / "tokens.new"
        file.write_text(json.dumps({"tokens": entries}))
        file.rename(self.folder / "tokens.yaml")

    def serve_urls(self, stun_urls: Sequence[str], turn_urls: Sequence[str]) -> None:
        """Changes the list. A running service notices."""
        turn = {"urls": turn_urls, "secretFiles": ["turn.secret"]}
        self._config["ice"] = {"stunUrls": stun_urls} | ({"turn": turn} if turn_urls else {})
        self._write_config()

    def run(self) -> Self:
        self._write_config()
        self.start("node", str(PROGRAM), "serve", "--config", "ice.yaml")
        ready = self.wait_for(lambda: next(iter(self.log("ready")), None))
        self.port = int(str(ready["url"]).rsplit(":", 1)[1])
        return self

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    def log(self, message: str) -> list[dict[str, object]]:
        whole_lines = self.output().rpartition("\n")[0].splitlines()
        found = [json.loads(line) for line in whole_lines if f'"msg":"{message}"' in line]
        return [line for line in found if line["msg"] == message]

    def _write_config(self) -> None:
        listen = {"host": "127.0.0.1", "port": self.port, **self._tls}
        file = self.folder / "ice.new"
        file.write_text(json.dumps(self._config | {"listen": listen}))
        file.rename(self.folder / "ice.yaml")


class Coturn(ServerProcess):
    """A coturn that accepts the credentials of the service on loopback."""

    def run(self, *extra_lines: str) -> Self:
        self.port = find_free_port()
        first = 25_000 + 50 * random.randrange(150)
        lines = [
            "listening-ip=127.0.0.1",
            "relay-ip=127.0.0.1",
            f"listening-port={self.port}",
            f"min-port={first}",
            f"max-port={first + 49}",
            "use-auth-secret",
            f"static-auth-secret={TURN_SECRET}",
            "realm=turn.test",
            "no-tls",
            "no-dtls",
            "no-cli",
            "allow-loopback-peers",
            "verbose",
            "simple-log",
            "log-file=stdout",
            f"pidfile={self.folder}/turnserver.pid",
            f"userdb={self.folder}/turndb",
        ]
        (self.folder / "turnserver.conf").write_text("\n".join([*lines, *extra_lines, ""]))
        self.start("turnserver", "-c", "turnserver.conf")
        self.wait_for(lambda: accepts_tcp(self.port) or None)
        return self


def hash_token(token: str) -> str:
    return f"sha256:{hashlib.sha256(token.encode()).hexdigest()}"


def find_free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def create_turn_credential(life: float) -> tuple[str, str]:
    """Returns a username and a credential that the coturn accepts for so many seconds."""
    username = f"{int(time.time() + life)}:python"
    mac = hmac.digest(TURN_SECRET.encode(), username.encode(), hashlib.sha1)
    return username, base64.b64encode(mac).decode()


def accepts_tcp(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1):
            return True
    except OSError:
        return False
