"""A TCP connection to an exchange: every wait has an end, and every trouble says where."""

from __future__ import annotations

import socket
import ssl

from schemas.errors import Terminal, Transient

_READ_BYTES = 65_536


class TcpLink:
    """Connected from the start. Raises Transient when the other side is away, Terminal for a certificate."""

    def __init__(self, host: str, port: int, tls: ssl.SSLContext | None, answer_s: float) -> None:
        self.where = f"{host}:{port}"
        self._answer_s = answer_s
        self._socket = self._connected(host, port, tls)

    def send(self, data: bytes) -> None:
        try:
            self._socket.settimeout(self._answer_s)
            self._socket.sendall(data)
        except OSError as error:
            raise Transient(f"{self.where}: {error.strerror or error}") from None

    def receive(self, within_s: float) -> bytes:
        """What came; b"" when time is up. Raises Transient when the other side has closed."""
        try:
            self._socket.settimeout(max(within_s, 0.001))
            data = self._socket.recv(_READ_BYTES)
        except TimeoutError:
            return b""
        except OSError as error:
            raise Transient(f"{self.where}: {error.strerror or error}") from None
        if not data:
            raise Transient(f"{self.where}: the exchange closed the connection")
        return data

    def close(self, goodbye: bytes = b"") -> None:
        """Close, after last words when the other side is there to hear them."""
        try:
            if goodbye:
                self._socket.sendall(goodbye)
        except OSError:
            pass  # it is gone already
        finally:
            self._socket.close()

    def _connected(self, host: str, port: int, tls: ssl.SSLContext | None) -> socket.socket:
        try:
            raw = socket.create_connection((host, port), self._answer_s)
        except OSError as error:
            raise Transient(f"{self.where}: {error.strerror or error}") from None
        if tls is None:
            return raw
        try:
            return tls.wrap_socket(raw, server_hostname=host)
        except ssl.SSLCertVerificationError as error:
            raw.close()
            raise Terminal(f"{self.where}: its certificate is not trusted: {error.verify_message}; see --ca") from None
        except OSError as error:
            raw.close()
            raise Transient(f"{self.where}: no TLS: {error.strerror or error}") from None
