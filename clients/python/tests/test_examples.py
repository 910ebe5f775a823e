"""The example that prints a list. test_aiortc.py has the other one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import PATIENCE, TOKEN, IceService

FOLDER = Path(__file__).parents[1]


def print_list(**env: str) -> tuple[int, str, str]:
    outcome = subprocess.run(
        [sys.executable, FOLDER / "examples" / "print_list.py"],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(FOLDER / "src"), **env},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return outcome.returncode, outcome.stdout, outcome.stderr


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_trusts_another_authority(tls_service: IceService, certificate: Path, host: str) -> None:
    status, output, errors = print_list(
        ICE_URL=tls_service.url.replace("127.0.0.1", host),
        TOKEN=TOKEN,
        GRPC_DEFAULT_SSL_ROOTS_FILE_PATH=str(certificate / "cert.pem"),
    )
    assert (status, errors) == (0, "")
    assert "stun:stun.example.com" in output


def test_says_that_no_token_is_set() -> None:
    message = "set TOKEN to the token that npm start printed\n"
    assert print_list() == (1, "", message)


@pytest.mark.parametrize("url", ["127.0.0.1:8080", "localhost", "ftp://a"])
def test_says_that_the_url_is_none(url: str) -> None:
    message = "set ICE_URL to the service's URL, such as https://ice.example.com\n"
    assert print_list(TOKEN=TOKEN, ICE_URL=url) == (1, "", message)


def test_says_that_the_token_is_rejected(service: IceService) -> None:
    message = "UNAUTHENTICATED: invalid auth token\n"
    assert print_list(TOKEN="wrong", ICE_URL=service.url) == (1, "", message)
