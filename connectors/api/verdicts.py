"""What a status of HTTP means for vendors who say no more with it. Pure."""

from __future__ import annotations

from connectors.api.adapter import ApiResponse, Verdict, VerdictKind


def by_status(response: ApiResponse, advice: str) -> Verdict:
    """`advice` says where the credential is made. An empty answer and `null` are nothing."""
    status = response.status
    if status == 204 or (status == 200 and response.body.strip() in (b"null", b"")):
        return Verdict(VerdictKind.EMPTY)
    if status == 200:
        return Verdict(VerdictKind.OK)
    message = f"status {status}"
    if status in (401, 403):
        return Verdict(VerdictKind.AUTH, f"the key is not taken: {advice} ({message})")
    if status == 402:
        return Verdict(VerdictKind.PLAN, f"the account is not paid ({message})")
    if status == 429:
        return slow_down(response, message)
    return Verdict(VerdictKind.RETRY if status >= 500 else VerdictKind.FATAL, message)


def slow_down(response: ApiResponse, message: str, usual_s: float = 60.0) -> Verdict:
    """For as long as Retry-After says, where that is in seconds."""
    seconds = response.headers.get("retry-after", "")
    return Verdict(VerdictKind.SLOW_DOWN, message, float(seconds) if seconds.isdecimal() else usual_s)
