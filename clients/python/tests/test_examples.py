"""The examples. test_aiortc.py has the call."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import PATIENCE, TOKEN, IceService

FOLDER = Path(__file__).parents[1]


def start_example(name: str, *args: str, **env: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, FOLDER / "examples" / name, *args],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(FOLDER / "src"), **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def print_list(**env: str) -> tuple[int, str, str]:
    with start_example("print_list.py", **env) as example:
        output, errors = example.communicate(timeout=PATIENCE)
    return example.returncode, output, errors


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


def test_ends_without_a_traceback_at_ctrl_c(service: IceService) -> None:
    with start_example("print_list.py", "--watch", TOKEN=TOKEN, ICE_URL=service.url) as watching:
        assert watching.stdout is not None
        assert watching.stdout.readline() == "[\n"
        watching.send_signal(signal.SIGINT)
        _, errors = watching.communicate(timeout=PATIENCE)
    assert (watching.returncode, errors) == (0, "")


def test_says_how_to_install_aiortc(tmp_path: Path) -> None:
    (tmp_path / "aiortc.py").write_text("raise ImportError('No module named aiortc')")
    with start_example("relayed_call.py", PYTHONPATH=f"{tmp_path}:{FOLDER}/src") as example:
        _, errors = example.communicate(timeout=PATIENCE)
    message = "No module named aiortc: install it with pip install './clients/python[aiortc]'\n"
    assert (example.returncode, errors) == (1, message)


def test_says_that_the_token_is_rejected(service: IceService) -> None:
    message = "UNAUTHENTICATED: invalid auth token\n"
    assert print_list(TOKEN="wrong", ICE_URL=service.url) == (1, "", message)
