"""Tokens, which prove the caller to the service."""

import inspect
from collections.abc import Awaitable, Callable

TokenCallback = Callable[[str | None], str | Awaitable[str]]
"""Returns a token, or an awaitable of one. Gets the token that was just rejected, or ``None``."""


async def find_token(token: str | TokenCallback, rejected: str | None = None) -> str:
    """Returns the token for a call.

    Raises:
        ValueError: If no header field can carry it. grpcio's own error would show it.
    """
    found = token if isinstance(token, str) else token(rejected)
    text = await found if inspect.isawaitable(found) else found
    if not (text and text.isascii() and text.isprintable()):
        raise ValueError(
            "the token must have one or more printable ASCII characters, and no others"
        )
    return text
