"""Requests to workers: one picture decoded, one archive listed, whatever happens to the worker."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache

from saccade.core import paths
from saccade.core.decoding import DecodeOutcome, DecodeTask, FileEntry
from saccade.core.types import Failure, PixelRecipe
from saccade.sources.outcome import read_failure, read_members, read_outcome
from saccade.sources.process import WorkerGoneError, WorkerProcess
from saccade.sources.roster import Roster
from saccade.sources.wire import Cut, Header, Limits, check_cut, pack

_OPEN_S = 60.0
"""Seconds until the first sign of life of a worker that opens an archive."""

_ATTEMPTS = 2


@lru_cache(maxsize=64)
def cut_of(recipe: PixelRecipe) -> Cut:
    """The recipe as workers see it. Raises ValueError: it gives no picture."""
    return check_cut([recipe.size, recipe.fit, recipe.resample, recipe.resize])


def decode_one(roster: Roster, task: DecodeTask, recipe: PixelRecipe) -> DecodeOutcome:
    """The outcome of one task.

    Raises:
        UnavailableError: no worker can be started.
        RuntimeError: the pool was closed meanwhile.
    """
    name = paths.join(task.path, task.member)
    left = roster.limits.archive_s if task.member else roster.limits.wall_s
    request = _request(task, recipe)
    for attempt in range(1, _ATTEMPTS + 1):
        process = roster.take()
        end = time.monotonic() + left  # starting a worker does not count
        try:
            header, payload = _ask(process, request, end, roster.limits, recipe, archive=bool(task.member))
            outcome = read_outcome(task, header, payload, recipe)
        except WorkerGoneError as gone:
            roster.drop(process)
            roster.check_open()
            left = end - time.monotonic()
            # It may have been killed just before, for another reason: idle processes are easily killed.
            if attempt < _ATTEMPTS and not gone.timed_out and left > 0:
                continue
            return _cause(name, gone, roster.limits)
        except ValueError:
            roster.drop(process)
            return Failure(path=name, code="decode_crashed", reason="the decoder gave an invalid answer")
        except BaseException:
            roster.drop(process)
            raise
        if isinstance(outcome, Failure) and outcome.code == "decode_memory":
            roster.drop(process)  # its memory may be fragmented
        else:
            roster.give(process)
        return outcome
    raise AssertionError("unreachable: the last attempt returns")


def list_members(roster: Roster, path: str) -> Iterator[FileEntry | Failure]:
    """The entries of an archive, then a Failure if it is broken. Raises as `decode_one` does."""
    for attempt in range(1, _ATTEMPTS + 1):
        process = roster.take()
        begun = complete = False
        try:
            for entry in _members(process, path, roster.limits):
                begun = True
                yield entry
            complete = True
        except WorkerGoneError as gone:
            roster.check_open()
            if attempt < _ATTEMPTS and not begun and not gone.timed_out:
                continue  # as in `decode_one`
            yield _cause(path, gone, roster.limits)
        except ValueError:
            reason = "the archive reader gave an invalid answer"
            yield Failure(path=path, code="decode_crashed", reason=reason)
        finally:
            # If the caller stops early, the rest of the list is still in the pipe.
            (roster.give if complete else roster.drop)(process)
        return


def _request(task: DecodeTask, recipe: PixelRecipe) -> bytes:
    header: Header = {
        "op": "file" if task.data is None else "bytes",
        "path": _spelled(task.path),
        "member": task.member,
        "cut": None if task.hash_only else cut_of(recipe),
    }
    return pack(header, task.data or b"")


def _ask(
    process: WorkerProcess,
    request: bytes,
    end: float,
    limits: Limits,
    recipe: PixelRecipe,
    *,
    archive: bool,
) -> tuple[Header, bytes]:
    """Send a request and wait for its answer, longer while the worker reports that it is skipping members."""
    most = 3 * recipe.size**2
    process.send(request, limits.wall_s)
    patience = _OPEN_S if archive else limits.wall_s
    while True:
        left = min(patience, end - time.monotonic())
        header, payload = process.receive(max(left, 0.0), lambda size: size <= most)
        if header.get("kind") != "busy":
            return header, payload
        patience = limits.wall_s


def _members(process: WorkerProcess, path: str, limits: Limits) -> Iterator[FileEntry | Failure]:
    end = time.monotonic() + limits.archive_s
    patience = _OPEN_S
    process.send(pack({"op": "list", "path": _spelled(path)}), limits.wall_s)
    last = False
    while not last:
        left = max(min(patience, end - time.monotonic()), 0.0)
        header, _ = process.receive(left, lambda size: size == 0)
        patience = limits.wall_s
        if header.get("kind") == "busy":
            continue
        if header.get("kind") == "refused":
            yield read_failure(path, header)
            return
        entries, last = read_members(path, header)
        started = time.monotonic()
        yield from entries
        end += time.monotonic() - started  # the caller's own time does not count


def _spelled(path: str) -> str:
    """A path's bytes as Latin-1 text."""
    return os.fsencode(path).decode("latin-1")


def _cause(path: str, gone: WorkerGoneError, limits: Limits) -> Failure:
    """The failure of the file that a worker was reading when it ended."""
    ran_out = -int(getattr(signal, "SIGXCPU", 0))
    if gone.timed_out or (ran_out and gone.status == ran_out):
        reason = f"it took longer than {limits.wall_s:g} seconds to decode"
        return Failure(path=path, code="decode_timeout", reason=reason)
    status = gone.status
    if status == -int(getattr(signal, "SIGKILL", 9)):
        reason = "the system killed the decoder, most likely because memory ran out"
        return Failure(path=path, code="decode_memory", reason=reason)
    name = f"status {status}"
    if status is not None and status < 0:
        with suppress(ValueError):
            name = signal.Signals(-status).name
    return Failure(path=path, code="decode_crashed", reason=f"the decoder crashed on it ({name})")
