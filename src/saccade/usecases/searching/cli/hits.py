"""Hits as text: what was found, how sure it is, and where; with pictures if the terminal supports them."""

from typing import TYPE_CHECKING

from saccade.doors.terminal.output import has_color, is_terminal, note, say
from saccade.doors.words import counted, duration, harmless, percent, shown_path
from saccade.usecases.searching.words import part_words

if TYPE_CHECKING:
    from saccade.core.hits import Hit, SearchResult
    from saccade.engine.context import LibraryContext

_BOLD, _DIM, _GREEN, _YELLOW, _RESET = "\x1b[1m", "\x1b[2m", "\x1b[32m", "\x1b[33m", "\x1b[0m"
_SURE, _MAYBE = 0.8, 0.5


def say_hits(context: "LibraryContext", result: "SearchResult", *, pictures: str) -> None:
    """Print a result.

    Args:
        pictures: "auto" (if stdout is a terminal that shows them), "always" or "never".
    """
    color = has_color()
    if not result.confident:
        say(_styled(no_match_line(context, result), _YELLOW, color=color))
    if result.hits and pictures != "never":
        _say_pictures(context, result, force=pictures == "always")
    widest = len(str(len(result.hits)))
    for hit in result.hits:
        say(hit_line(hit, widest=widest, color=color))
    if is_terminal() and is_terminal(error=True):
        note(f"{counted(len(result.hits), 'hit')} in {duration(result.took_ms / 1000)}")


def no_match_line(context: "LibraryContext", result: "SearchResult") -> str:
    """The first line when nothing matches."""
    images = context.catalog.health.counts().images
    interrupted = bool(context.catalog.runs.unfinished())
    unfinished = " Indexing was interrupted: `saccade index` resumes it." if interrupted else ""
    query = harmless(result.query)
    if not result.hits:
        among = "" if images else ": the library has no images"
        return f'No match for "{query}"{among}.{unfinished}'
    best = "the best one" if len(result.hits) == 1 else f"the best {len(result.hits)}"
    return (
        f"No confident match: {best} of {counted(images, 'image')} shown, but nothing here clearly matches "
        f'"{query}".{unfinished}'
    )


def hit_line(hit: "Hit", *, widest: int = 2, color: bool = False, below: str | None = None) -> str:
    """Rank, confidence, score, path (relative to `below`), and extras."""
    sure = _GREEN if hit.confidence >= _SURE else _YELLOW if hit.confidence >= _MAYBE else _DIM
    line = (
        f"{_styled(f'{hit.rank:>{widest}}', _DIM, color=color)}  "
        f"{_styled(f'{percent(hit.confidence):>5}', sure, color=color)}  "
        f"{_styled(f'{hit.score:6.3f}', _DIM, color=color)}  "
        f"{_styled(shown_path(hit.path, below), _BOLD, color=color)}"
    )
    extra = "; ".join(_extras(hit))
    return f"{line}  {_styled(f'({extra})', _DIM, color=color)}" if extra else line


def _extras(hit: "Hit") -> list[str]:
    """Which part of the image matches, parts of the query, words found, and the number of similar hits."""
    extras = [part for part in [part_words(hit.item)] if part]
    if len(hit.parts) > 1:
        extras.append(", ".join(f"{harmless(part.part)} {part.score:.2f}" for part in hit.parts))
    if hit.words:
        extras.append("named " + ", ".join(harmless(word) for word in hit.words))
    if hit.similar:
        extras.append(f"+{len(hit.similar)} similar")
    if len(hit.paths) > 1:
        extras.append(f"{len(hit.paths)} files")
    return extras


def _say_pictures(context: "LibraryContext", result: "SearchResult", *, force: bool) -> None:
    """Show the best hits as pictures, if the terminal can."""
    from saccade.doors.terminal import pictures

    kind = pictures.detect(terminal=is_terminal(), force=force)
    if kind is not None:
        pictures.show(context, [hit.path for hit in result.hits], kind)


def _styled(text: str, style: str, *, color: bool) -> str:
    """The text in a style, if styles are shown."""
    return f"{style}{text}{_RESET}" if color else text
