"""IPTC-IIM: the records written by press photographers' tools."""

from collections.abc import Iterator

from saccade.sources.text import clean, clean_keywords, decode_bytes
from saccade.sources.wire import Header

_APPLICATION = 2
_TITLE, _HEADLINE, _KEYWORD, _CREATOR, _RIGHTS, _CAPTION = 5, 105, 25, 80, 116, 120
_MAX_RECORDS = 2000
_FIELDS = ((_TITLE, "title"), (_CAPTION, "caption"), (_RIGHTS, "rights"))


def read_iptc(data: bytes) -> Header:
    """Title, caption, keywords, creator and rights, if present."""
    found: dict[int, list[str]] = {}
    for dataset, value in _records(data):
        found.setdefault(dataset, []).append(decode_bytes(value))
    facts: Header = {}
    for dataset, name in _FIELDS:
        text = clean(found.get(dataset, [None])[0])
        if text:
            facts[name] = text
    headline = clean(found.get(_HEADLINE, [None])[0])
    if headline and "title" not in facts:
        facts["title"] = headline
    creator = clean(", ".join(found.get(_CREATOR, [])), 500)
    if creator:
        facts["creator"] = creator
    keywords = clean_keywords(found.get(_KEYWORD, []))
    if keywords:
        facts["keywords"] = list(keywords)
    return facts


def _records(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(dataset number, value) of the application record, up to the first invalid record."""
    at = 0
    for _ in range(_MAX_RECORDS):
        if at + 5 > len(data) or data[at] != 0x1C:
            return
        size = int.from_bytes(data[at + 3 : at + 5], "big")
        # A set top bit means a length longer than 32,767 bytes follows; no text worth reading is that long.
        if size & 0x8000 or at + 5 + size > len(data):
            return
        if data[at + 1] == _APPLICATION:
            yield data[at + 2], data[at + 5 : at + 5 + size]
        at += 5 + size
