"""An HTML page that is one file: complete in itself, without scripts, harmless whatever its text says.

Names, titles and queries are whatever a stranger wrote: all text is escaped, a content security policy
forbids scripts and requests, and links are percent-encoded from the bytes of the path.
"""

import base64
import errno
import hashlib
import html
import os
from collections.abc import Iterable
from importlib.resources import files
from urllib.parse import quote_from_bytes

from saccade.core.errors import DiskFullError, PathNotFoundError, ReadOnlyError, StorageError
from saccade.doors.words import harmless

_NARROWEST, _WIDEST = 0.7, 2.4
"""Width over height of a tile; pictures beyond are cropped to it, in the tile only."""


def page(title: str, body: str, *, styles: Iterable[str], values: str = "") -> str:
    """The whole document.

    Args:
        title: plain text, for the window.
        body: HTML made by our own code, its text escaped.
        styles: names of the style sheets beside this module, after the one all pages share.
        values: more CSS: the policy allows no style on an element, so values become classes.
    """
    folder = files("saccade.doors.page")
    parts = (folder.joinpath(f"{name}_style.css").read_text("utf-8") for name in ("page", *styles))
    style = "".join(parts) + values
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'"
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{text(title)} - saccade</title>
<style>{style}</style>
</head>
<body>
<p class="mark">saccade</p>
<main>
{body}
</main>
<footer>Made on this machine by saccade. Thumbnails lie in this file; links lead to the originals.</footer>
</body>
</html>
"""


def write_page(path: str, document: str) -> None:
    """Write a document; the file appears whole or not at all, and replaces an older one.

    Raises:
        PathNotFoundError: its folder does not exist.   ReadOnlyError, DiskFullError, StorageError.
    """
    target = os.path.abspath(path)
    scratch = f"{target}.{os.getpid()}.tmp"
    try:
        with open(scratch, "xb") as file:
            file.write(document.encode())
        os.replace(scratch, target)
    except OSError as error:
        if os.path.exists(scratch):
            os.unlink(scratch)
        raise _write_error(error, path) from error


def _write_error(error: OSError, path: str) -> StorageError | PathNotFoundError:
    """Why a page could not be written, in our own words."""
    if error.errno == errno.ENOENT:
        return PathNotFoundError(f"no such folder: {os.path.dirname(path)}", hint="make it first")
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return ReadOnlyError(f"no permission to write {path}", hint="choose another place")
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return DiskFullError(f"no space left to write {path}", hint="choose another place")
    return StorageError(f"cannot write {path}: {error.strerror}", hint="choose another place")


def shape_of(width: int, height: int) -> int:
    """Width over height of a picture's tile, in hundredths."""
    ratio = width / max(1, height)
    return round(100 * min(_WIDEST, max(_NARROWEST, ratio)))


def shape_styles(shapes: Iterable[int]) -> str:
    """A class for each shape that occurs: s133 is 1.33 wide."""
    return "".join(f".s{shape} {{ --shape: {shape / 100}; }}\n" for shape in sorted(set(shapes)))


def text(words: str) -> str:
    """Any text as HTML, also within quotes."""
    return html.escape(harmless(words), quote=True)


def jpeg(data: bytes) -> str:
    """A JPEG as an address."""
    return "data:image/jpeg;base64," + base64.b64encode(data).decode()


def file_link(path: str) -> str:
    """The address of a file; of its archive when the picture lies in one."""
    end = path.find("!/")
    while end >= 0 and not os.path.exists(path):
        if os.path.isfile(path[:end]):
            path = path[:end]
            break
        end = path.find("!/", end + 1)
    return "file://" + quote_from_bytes(os.fsencode(os.path.abspath(path)))
