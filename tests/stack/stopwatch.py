"""How long something took on a machine that others work on too."""

from __future__ import annotations

import time

import psutil


class Stopwatch:
    """Runs from when it is made."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._busy_s = _busy_s()

    def undisturbed_s(self, own_cpu_s: float) -> float:
        """The seconds that passed, less the CPU seconds of others: by more than those, no core was kept from us.

        `own_cpu_s` is what was used since by the processes that are measured. On a machine that does nothing else it is
        the time that passed; on one that others keep busy it says little, and nothing wrong.
        """
        return time.monotonic() - self._began - max(0.0, _busy_s() - self._busy_s - own_cpu_s)


def _busy_s() -> float:
    """CPU seconds that this machine has worked, or was kept from working by its host."""
    times = psutil.cpu_times()
    idle_s = times.idle + getattr(times, "iowait", 0.0)
    return sum(times) - idle_s - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)


def cpu_s(process: psutil.Process) -> float:
    """CPU seconds of a process and all that it has started."""
    used_s = 0.0
    for one in (process, *process.children(recursive=True)):
        times = one.cpu_times()
        used_s += times.user + times.system + times.children_user + times.children_system
    return used_s
