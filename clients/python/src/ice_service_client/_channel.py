"""The connection to the service."""

from urllib.parse import urlsplit

import grpc
import grpc.aio

_OPTIONS = (
    # Notices a dead connection under a watch, which can be silent for hours.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    # How long the ping itself may take. By default a minute, whatever the timeout above.
    ("grpc.http2.ping_timeout_ms", 10_000),
    ("grpc.http2.max_pings_without_data", 0),
    # By default, up to two minutes pass before a service that is back is found again.
    ("grpc.max_reconnect_backoff_ms", 5_000),
    ("grpc.primary_user_agent", "ice-service-client-python"),
)


class Endpoint:
    """Where the service is, and how it is reached."""

    def __init__(self, url: str, credentials: grpc.ChannelCredentials | None) -> None:
        """Checks the arguments.

        Args:
            url: ``https://host``, ``http://host``, with a port where it is not 443 or 80.
            credentials: For TLS: other authorities or a client certificate.

        Raises:
            ValueError: If the URL is not such a URL, or ``credentials`` come with ``http://``.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("url must be a URL such as https://ice.example.com")
        if parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc:
            raise ValueError("url must have only a scheme, a host, and a port: gRPC has no others")
        if parts.scheme == "http" and credentials is not None:
            raise ValueError("credentials are for https: URLs")
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        self._is_secure = parts.scheme == "https"
        # Without the scheme, grpc takes a host named `unix` or `xds` for one.
        self._target = f"dns:///{host}:{parts.port or (443 if self._is_secure else 80)}"
        self._credentials = credentials

    def open_channel(self) -> grpc.aio.Channel:
        """Opens a channel for the event loop that runs."""
        if not self._is_secure:
            return grpc.aio.insecure_channel(self._target, options=_OPTIONS)
        credentials = self._credentials or grpc.ssl_channel_credentials()
        return grpc.aio.secure_channel(self._target, credentials, options=_OPTIONS)
