"""Tokens, which prove the caller to the service."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable

import grpc

from ice_service_client._service_error import IceServiceError

TokenCallback = Callable[[str | None], str | Awaitable[str]]
"""Returns a token, or an awaitable of one. Gets the token that was just rejected, or ``None``."""


def check_token(token: str) -> None:
    """Does nothing if a header field can carry the token.

    Raises:
        ValueError: If not. grpcio's own error would show the token.
    """
    if not (token and token.isascii() and token.isprintable()):
        raise ValueError("token must have one or more printable ASCII characters, and no others")


async def find_token(token: str | TokenCallback, rejected: str | None = None) -> str:
    """Returns the token for a call.

    Raises:
        IceServiceError: If no header field can carry it.
        Exception: What the function raises.
    """
    found = token if isinstance(token, str) else token(rejected)
    try:
        text = await found if inspect.isawaitable(found) else found
    except asyncio.CancelledError:
        if is_task_canceled():
            raise
        # What the function waited for was canceled, which is none of the caller's.
        raise IceServiceError(grpc.StatusCode.CANCELLED, "the token was not fetched") from None
    try:
        check_token(text)
    except ValueError as error:
        raise IceServiceError(grpc.StatusCode.UNAUTHENTICATED, str(error)) from None
    return text


def is_task_canceled() -> bool:
    """Whether a ``CancelledError`` is meant for the task that runs."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0
