"""What goes wrong between us and a server over HTTP, as our errors: in one place, since a text may hold the secret."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp

from schemas.errors import Terminal, Transient


@contextmanager
def http_errors(where: str, answer_s: float, *, advice: str = "", cut: str = "the answer was cut") -> Iterator[None]:
    """aiohttp's errors as ours. `where` names the server and holds no secret; `advice` follows a wrong certificate.

    The text of errors that are not named here may hold the address, which may be the secret: only their kind is said.
    """
    try:
        yield
    except aiohttp.ClientConnectorCertificateError as error:
        why = getattr(error.certificate_error, "verify_message", "") or "it is not trusted"
        raise Terminal(f"{where}: its certificate: {why}{advice}") from None
    except TimeoutError:
        raise Transient(f"{where}: no answer within {answer_s:.0f} s") from None
    except aiohttp.ClientConnectorError as error:
        raise Transient(f"{where}: {error.os_error.strerror or 'no connection'}") from None
    except (aiohttp.ClientError, OSError) as error:
        raise Transient(f"{where}: {cut} ({type(error).__name__})") from None
