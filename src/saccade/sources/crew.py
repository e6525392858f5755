"""The threads of a pool: each sends one waiting task after another to a worker process."""

import os
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager, nullcontext

from saccade.core.decoding import DecodeOutcome, DecodeTask, FileEntry
from saccade.core.types import Failure, PixelRecipe
from saccade.sources.exchange import decode_one, list_members
from saccade.sources.roster import Roster
from saccade.sources.turns import Job, Stream, Turns
from saccade.sources.wire import Limits


class Crew:
    """Does tasks in up to `size` processes at the same time. Thread-safe.

    Args:
        size: at least 1.   limits: resource limits for one picture.
        idle_s: seconds an unused process is kept.
        cores: held while a picture is decoded.
    """

    def __init__(
        self, size: int, limits: Limits, idle_s: float, cores: AbstractContextManager[object] | None = None
    ) -> None:
        self.size = size
        self._cores = cores or nullcontext()
        self._roster = Roster(limits, keep=size, idle_s=idle_s)
        self._turns = Turns()
        self._threads: list[threading.Thread] = []
        self._starting = threading.Lock()
        self._process = os.getpid()

    def submit(self, stream: Stream, task: DecodeTask, recipe: PixelRecipe) -> Future[DecodeOutcome]:
        """Queue a task behind the others of its stream. Raises RuntimeError: closed."""
        self._check_process()
        future: Future[DecodeOutcome] = Future()
        needed = min(self._turns.put(stream, Job(task, recipe, future)), self.size)
        # A single picture needs one worker; tasks that would have to wait start more.
        if len(self._threads) < needed:
            with self._starting:
                if len(self._threads) < needed:
                    self._start_thread()
        return future

    def drop(self, stream: Stream) -> None:
        """Cancel the tasks of a stream that were not started."""
        self._turns.drop(stream)

    def list_archive(self, path: str) -> Iterator[FileEntry | Failure]:
        """The members of an archive, in a process besides those that decode. Raises RuntimeError: closed."""
        self._check_process()
        return list_members(self._roster, path)

    def close(self) -> None:
        """End all processes and threads, busy ones too; does not wait for the threads."""
        if os.getpid() != self._process:
            return  # after a fork they still belong to the parent
        self._turns.close()
        self._roster.close()

    def join(self) -> None:
        """Wait for the threads to end after `close`."""
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(timeout=10)

    def _check_process(self) -> None:
        if os.getpid() != self._process:
            raise RuntimeError("a decoder cannot be used in a forked process: make a new one there")

    def _start_thread(self) -> None:
        thread = threading.Thread(
            target=_serve, args=(self._turns, self._roster, self._cores), name="saccade-decode", daemon=True
        )
        self._threads.append(thread)
        thread.start()


def _serve(turns: Turns, roster: Roster, cores: AbstractContextManager[object]) -> None:
    """Do tasks until there will be no more."""
    while (job := turns.take()) is not None:
        task, recipe, future = job
        if future.set_running_or_notify_cancel():
            try:
                with cores:
                    outcome = decode_one(roster, task, recipe)
            except BaseException as error:  # noqa: BLE001 - raised again where the outcome is awaited
                turns.done()
                future.set_exception(error)
            else:
                turns.done()
                future.set_result(outcome)
                del outcome
        else:
            turns.done()
        del job, task, future  # pixels must not stay in memory while this thread waits
