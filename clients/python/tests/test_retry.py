"""Delays between tries."""

import grpc
import pytest

from ice_service_client import IceServiceError
from ice_service_client._retry import choose_delay, describe, find_retry_after


@pytest.mark.parametrize(
    ("failures", "middle"), [(1, 1), (2, 2), (5, 16), (6, 30), (7, 30), (100_000, 30)]
)
def test_doubles_the_delay_and_spreads_it(failures: int, middle: float) -> None:
    delays = [choose_delay(failures) for _ in range(200)]
    assert middle / 2 <= min(delays) < max(delays) <= middle * 1.5


def test_describes_no_unknown_error() -> None:
    assert describe(OSError("GET https://idp.example.com?secret=abc")) == "OSError"


@pytest.mark.parametrize(("asked", "waits"), [(None, 0), (40.0, 40), (1e400, 3600)])
def test_waits_an_hour_at_most(asked: float | None, waits: float) -> None:
    error = IceServiceError(grpc.StatusCode.UNAVAILABLE, "down", asked)
    assert find_retry_after(error) == waits
