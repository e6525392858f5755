"""Deadlines for worker processes: a thread that acts when time is up."""

import math
import threading
import time
from collections.abc import Callable, Hashable


class Watchdog:
    """Runs an action at a deadline unless the deadline is lifted first.

    The thread starts with the first deadline and sleeps until the next one. Actions run in it while it
    holds its lock, so that after `stop` an action cannot run anymore: they must be quick, and their owner
    must not call the watchdog while holding a lock they need.
    """

    def __init__(self) -> None:
        self._deadlines: dict[Hashable, tuple[float, Callable[[], None]]] = {}
        self._changed = threading.Condition()
        self._wakes_at = math.inf
        self._running = True
        self._thread: threading.Thread | None = None

    def start(self, key: Hashable, seconds: float, action: Callable[[], None]) -> None:
        """Run the action in this many seconds unless `stop` is called; replaces the key's deadline."""
        with self._changed:
            end = time.monotonic() + seconds
            self._deadlines[key] = (end, action)
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="saccade-watchdog", daemon=True)
                self._thread.start()
            elif end < self._wakes_at:  # rare: tasks replace a deadline by a later one
                self._changed.notify()

    def stop(self, key: Hashable) -> None:
        """Lift the key's deadline."""
        with self._changed:
            self._deadlines.pop(key, None)

    def close(self) -> None:
        """End the thread; deadlines not reached are forgotten."""
        with self._changed:
            self._running = False
            self._changed.notify()

    def _watch(self) -> None:
        with self._changed:
            while self._running:
                now = time.monotonic()
                for key, (end, action) in list(self._deadlines.items()):
                    if end <= now:
                        del self._deadlines[key]
                        action()
                self._wakes_at = min((end for end, _ in self._deadlines.values()), default=math.inf)
                self._changed.wait(None if math.isinf(self._wakes_at) else max(self._wakes_at - now, 0.0))
