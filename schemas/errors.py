"""The two kinds of errors. Bad data is neither: it is a value (`schemas.records.Rejected`).

CallfunnelError
├── Transient   the same work again, later; nothing was acknowledged
└── Terminal    stop, and say what to do
"""


class CallfunnelError(Exception):
    """The world is not as the program needs it. The message names what, which, and what next."""


class Transient(CallfunnelError):
    """It may go through later: nothing was acknowledged, and the caller tries the same work again."""

    def __init__(self, message: str, *, retry_after_s: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Terminal(CallfunnelError):
    """Trying again cannot help. The message ends with what a person can do."""
