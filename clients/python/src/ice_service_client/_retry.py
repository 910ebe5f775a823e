"""When and how to try again."""

import random

import grpc

from ice_service_client._service_error import IceServiceError

_MIN_DELAY = 1.0
MAX_DELAY = 30.0
"""The longest usual wait between two tries, in seconds, before it is spread."""
_MAX_RETRY_AFTER = 3600.0
"""The longest wait that the service can ask for: a mistake of a proxy must not end a watch."""
_BUGS = (AssertionError, AttributeError, NameError, RuntimeError, TypeError)
"""Errors that another try does not mend, such as of a token function that takes no argument."""


def is_transient(error: Exception) -> bool:
    """Whether to try again. What the token function raises counts as a failure of its network."""
    if isinstance(error, IceServiceError):
        return error.is_transient
    return not isinstance(error, _BUGS)


def is_token_rejected(error: Exception) -> bool:
    """Whether the service wants another token."""
    return isinstance(error, IceServiceError) and error.code is grpc.StatusCode.UNAUTHENTICATED


def is_unrouted(error: Exception) -> bool:
    """Whether it can be the answer of a proxy without a route: gRPC makes this code of a 404."""
    return isinstance(error, IceServiceError) and error.code is grpc.StatusCode.UNIMPLEMENTED


def find_retry_after(error: Exception) -> float:
    """Returns how long the service asks to wait, in seconds, an hour at most. 0 if it does not."""
    if isinstance(error, IceServiceError) and error.retry_after is not None:
        return min(error.retry_after, _MAX_RETRY_AFTER)
    return 0.0


def describe(error: Exception) -> str:
    """Returns what a log can have. The text of another error can contain a secret."""
    return str(error) if isinstance(error, IceServiceError) else type(error).__name__


def choose_delay(failures: int) -> float:
    """Returns twice as many seconds after each failure, spread at random by half.

    Args:
        failures: How many in a row, at least 1.
    """
    # 2 ** 1100 would overflow in a watch that fails for days.
    delay = min(_MIN_DELAY * 2.0 ** min(failures - 1, 10), MAX_DELAY)
    # Spread, so that the clients of a server do not come back together.
    return delay * random.uniform(0.5, 1.5)  # noqa: S311
