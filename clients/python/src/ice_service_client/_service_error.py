"""Errors of calls."""

from collections.abc import Iterable

import grpc
import grpc.aio

_TRANSIENT_CODES = frozenset(
    {
        grpc.StatusCode.ABORTED,
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.UNKNOWN,
    }
)


class IceServiceError(Exception):
    """A call has failed: the service has rejected it, or it could not be reached.

    Attributes:
        code: The gRPC status, such as ``grpc.StatusCode.UNAUTHENTICATED``.
        message: What is wrong, in English.
        retry_after: How long the service asks to wait, in seconds, or ``None``.
    """

    def __init__(
        self, code: grpc.StatusCode, message: str, retry_after: float | None = None
    ) -> None:
        """Creates the error."""
        super().__init__(code, message, retry_after)
        self.code = code
        self.message = message
        self.retry_after = retry_after

    def __str__(self) -> str:
        """Returns the code and the message in one line."""
        return f"{self.code.name}: {self.message}"

    @property
    def is_transient(self) -> bool:
        """Whether the same call can succeed later."""
        return self.code in _TRANSIENT_CODES


def from_grpc_error(error: grpc.aio.AioRpcError) -> IceServiceError:
    """Translates an error of grpcio."""
    metadata = [*(error.initial_metadata() or ()), *(error.trailing_metadata() or ())]
    return IceServiceError(
        error.code(), error.details() or "no details", _find_retry_after(metadata)
    )


def _find_retry_after(metadata: Iterable[tuple[str, str | bytes]]) -> float | None:
    for key, value in metadata:
        if key == "retry-after" and isinstance(value, str) and value.isdecimal():
            return float(value)
    return None
