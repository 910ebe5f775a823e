"""Time that has passed, whatever happens to the clocks of the machine."""

import time
from collections.abc import Callable


class Stopwatch:
    """Measures the seconds since it was made.

    The monotonic clock stands still on most systems while the machine sleeps, and the wall clock
    can be set back. The one that has moved further is right, or early, which only costs a request.
    """

    def __init__(
        self,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """Starts the stopwatch."""
        self._monotonic = monotonic
        self._wall = wall
        self._monotonic_start = monotonic()
        self._wall_start = wall()

    @property
    def elapsed(self) -> float:
        """The seconds since the start. Never less than 0."""
        return max(self._monotonic() - self._monotonic_start, self._wall() - self._wall_start)
