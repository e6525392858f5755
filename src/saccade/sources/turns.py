"""The tasks waiting for a pool's workers, from several callers who take turns."""

import threading
from collections import deque
from concurrent.futures import Future
from typing import NamedTuple

from saccade.core.decoding import DecodeOutcome, DecodeTask
from saccade.core.types import PixelRecipe


class Job(NamedTuple):
    """A task, the recipe of its pixels, and where its outcome goes."""

    task: DecodeTask
    recipe: PixelRecipe
    future: Future[DecodeOutcome]


class Stream:
    """The waiting tasks of one caller, in order."""

    __slots__ = ("jobs",)

    def __init__(self) -> None:
        self.jobs: deque[Job] = deque()


class Turns:
    """Waiting jobs. Streams take turns, so that a single picture need not wait for the end of a long run."""

    def __init__(self) -> None:
        self._streams: deque[Stream] = deque()  # those with waiting jobs, the next one first
        self._changed = threading.Condition()
        self._waiting = self._working = 0
        self._closed = False

    def put(self, stream: Stream, job: Job) -> int:
        """Add a job at the end of its stream; the number of workers that could be busy now.

        Raises:
            RuntimeError: the pool is closed.
        """
        with self._changed:
            if self._closed:
                raise RuntimeError("the decoder is closed")
            if not stream.jobs:
                self._streams.append(stream)
            stream.jobs.append(job)
            self._waiting += 1
            self._changed.notify()
            return self._waiting + self._working

    def take(self) -> Job | None:
        """The next job, waiting for one; None when there will be no more. `done` must follow each job."""
        with self._changed:
            while not self._streams and not self._closed:
                self._changed.wait()
            if self._closed:
                return None
            stream = self._streams.popleft()
            job = stream.jobs.popleft()
            if stream.jobs:
                self._streams.append(stream)
            self._waiting -= 1
            self._working += 1
            return job

    def done(self) -> None:
        """Count a job as done."""
        with self._changed:
            self._working -= 1

    def drop(self, stream: Stream) -> None:
        """Cancel the waiting jobs of a stream."""
        with self._changed:
            jobs = list(stream.jobs)
            stream.jobs.clear()
            if jobs:
                self._streams.remove(stream)
                self._waiting -= len(jobs)
        for job in jobs:
            job.future.cancel()

    def close(self) -> None:
        """Cancel all waiting jobs and let those who wait for one go."""
        with self._changed:
            self._closed = True
            streams = list(self._streams)
            self._changed.notify_all()
        for stream in streams:
            self.drop(stream)
