"""Parts that several tests use."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import IceService


@pytest.fixture(scope="session")
def service() -> Iterator[IceService]:
    """A service that no test changes."""
    with IceService() as started:
        yield started.run()


@pytest.fixture
def own_service() -> Iterator[IceService]:
    """A service that is not running yet, for the test alone."""
    with IceService() as created:
        yield created


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificate")
    command = "openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2"
    name = ["-subj", "/CN=test", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run([*command.split(), *name], cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="session")
def tls_service(certificate: Path) -> Iterator[IceService]:
    tls = {"certFile": f"{certificate}/cert.pem", "keyFile": f"{certificate}/key.pem"}
    with IceService(tls=tls) as service:
        yield service.run()
