"""Every error saccade raises, in one tree.

SaccadeError
├── InputError                the request cannot be carried out
│   ├── PathNotFoundError     a path that does not exist
│   ├── NoImagesError         no image in the given place
│   ├── InvalidQueryError     an empty or invalid query (k below 1)
│   ├── InvalidFilterError    an unknown field, operator or value in a filter
│   ├── UnreadableImageError  a query picture that cannot be decoded
│   └── InvalidVectorError    a vector that is not finite, has no length, or has the wrong dimension
├── NotFoundError
│   ├── LibraryNotFoundError  no library here or above
│   └── ImageNotFoundError    no such image in the library
├── ConflictError
│   ├── EncoderMismatchError  a query embedded by another encoder than the space
│   ├── LibraryTooNewError    written by a newer saccade
│   └── LibraryBusyError      another process is writing
├── UnavailableError
│   ├── EncoderUnavailableError  the library's encoder is not available
│   └── MissingExtraError        an optional extra that is not installed
├── JobCanceledError         a job stopped because somebody asked for it
└── StorageError
    ├── DiskFullError         no space left
    ├── ReadOnlyError         no permission to write
    └── CorruptLibraryError   the catalog cannot be read

A class carries a stable `code`; `STATUS` maps each code to exit, HTTP and MCP status. Failures of single
files are values (`saccade.core.types.Failure`), not exceptions.
"""

from dataclasses import dataclass
from typing import ClassVar


class SaccadeError(Exception):
    """Base of all errors: what happened, where, and (in `hint`) what to do about it.

    Args:
        message: one line that names the subject.
        hint: one line that says what to do; may be empty.
    """

    code: ClassVar[str] = "internal"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class InputError(SaccadeError):
    """The request cannot be carried out as given."""

    code = "invalid_input"


class PathNotFoundError(InputError):
    """A path that does not exist."""

    code = "path_not_found"


class NoImagesError(InputError):
    """No image in the given place."""

    code = "no_images"


class InvalidQueryError(InputError):
    """An empty or invalid query."""

    code = "invalid_query"


class InvalidFilterError(InputError):
    """An unknown field, operator or value in a filter."""

    code = "invalid_filter"


class UnreadableImageError(InputError):
    """A picture given by the caller that cannot be decoded."""

    code = "unreadable_image"


class InvalidVectorError(InputError):
    """A vector that is not finite, has no length, or has the wrong dimension."""

    code = "invalid_vector"


class NotFoundError(SaccadeError):
    """Something named does not exist."""

    code = "not_found"


class LibraryNotFoundError(NotFoundError):
    """No library in the folder or above it."""

    code = "library_not_found"


class ImageNotFoundError(NotFoundError):
    """No such image in the library."""

    code = "image_not_found"


class ConflictError(SaccadeError):
    """The state of the library does not allow this."""

    code = "conflict"


class EncoderMismatchError(ConflictError):
    """Embeddings of two encoders would be mixed."""

    code = "encoder_mismatch"


class LibraryTooNewError(ConflictError):
    """The library was written by a newer saccade."""

    code = "library_too_new"


class LibraryBusyError(ConflictError):
    """Another process is writing to the library."""

    code = "library_busy"


class UnavailableError(SaccadeError):
    """A required component is not available."""

    code = "unavailable"


class EncoderUnavailableError(UnavailableError):
    """The library's encoder is not available."""

    code = "encoder_unavailable"


class MissingExtraError(UnavailableError):
    """An optional extra that is not installed."""

    code = "missing_extra"


class JobCanceledError(SaccadeError):
    """A job stopped because somebody asked for it; what it had finished is kept."""

    code = "job_canceled"


class StorageError(SaccadeError):
    """Reading or writing the library failed."""

    code = "storage_failed"


class DiskFullError(StorageError):
    """No space left on the library's disk."""

    code = "disk_full"


class ReadOnlyError(StorageError):
    """No permission to write to the library."""

    code = "read_only"


class CorruptLibraryError(StorageError):
    """The catalog cannot be read."""

    code = "library_corrupt"


def library_closed() -> InputError:
    """The error of every call on a closed library."""
    return InputError("this library is closed", hint="open it again: saccade.open_library()")


@dataclass(frozen=True, slots=True)
class Status:
    """An error's process exit status, HTTP status and JSON-RPC (MCP) error code."""

    exit: int
    http: int
    mcp: int


_BAD, _MISSING, _CONFLICT, _ABSENT, _STORAGE, _CANCELED = 2, 3, 4, 5, 6, 8
_MCP_PARAMS, _MCP_INTERNAL = -32602, -32603

STATUS: dict[str, Status] = {
    "internal": Status(1, 500, _MCP_INTERNAL),
    "invalid_input": Status(_BAD, 400, _MCP_PARAMS),
    "path_not_found": Status(_BAD, 400, _MCP_PARAMS),
    "no_images": Status(_BAD, 422, _MCP_PARAMS),
    "invalid_query": Status(_BAD, 422, _MCP_PARAMS),
    "invalid_filter": Status(_BAD, 422, _MCP_PARAMS),
    "unreadable_image": Status(_BAD, 422, _MCP_PARAMS),
    "invalid_vector": Status(_BAD, 422, _MCP_PARAMS),
    "not_found": Status(_MISSING, 404, _MCP_PARAMS),
    "library_not_found": Status(_MISSING, 404, _MCP_PARAMS),
    "image_not_found": Status(_MISSING, 404, _MCP_PARAMS),
    "conflict": Status(_CONFLICT, 409, _MCP_INTERNAL),
    "encoder_mismatch": Status(_CONFLICT, 409, _MCP_INTERNAL),
    "library_too_new": Status(_CONFLICT, 409, _MCP_INTERNAL),
    "library_busy": Status(_CONFLICT, 409, _MCP_INTERNAL),
    "unavailable": Status(_ABSENT, 503, _MCP_INTERNAL),
    "encoder_unavailable": Status(_ABSENT, 503, _MCP_INTERNAL),
    "missing_extra": Status(_ABSENT, 501, _MCP_INTERNAL),
    "job_canceled": Status(_CANCELED, 409, _MCP_INTERNAL),
    "storage_failed": Status(_STORAGE, 500, _MCP_INTERNAL),
    "disk_full": Status(_STORAGE, 507, _MCP_INTERNAL),
    "read_only": Status(_STORAGE, 500, _MCP_INTERNAL),
    "library_corrupt": Status(_STORAGE, 500, _MCP_INTERNAL),
}
"""Error code -> exit, HTTP and MCP status."""

EXIT_INTERRUPTED = 130
"""Exit status after Ctrl-C (128 + SIGINT, the shells' convention)."""

EXIT_PROBLEMS = 7
"""Exit status of a check (`doctor`, `check`, `leaks`, `duplicates --across`, `index --strict`) that found
something, and of an `undo` that could not put a file back."""
