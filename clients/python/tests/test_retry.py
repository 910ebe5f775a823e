"""Delays between tries."""

import pytest

from ice_service_client._retry import choose_delay, describe


@pytest.mark.parametrize(
    ("failures", "middle"), [(1, 1), (2, 2), (5, 16), (6, 30), (7, 30), (100_000, 30)]
)
def test_doubles_the_delay_and_spreads_it(failures: int, middle: float) -> None:
    delays = [choose_delay(failures) for _ in range(200)]
    assert middle / 2 <= min(delays) < max(delays) <= middle * 1.5


def test_describes_no_unknown_error() -> None:
    assert describe(OSError("GET https://idp.example.com?secret=abc")) == "OSError"
