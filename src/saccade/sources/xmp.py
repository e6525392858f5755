"""XMP: the metadata written by photo editors, read with a parser that expands nothing and fetches nothing."""

from xml.parsers import expat

from saccade.sources.text import clean, clean_keywords, parse_date
from saccade.sources.wire import Header

MAX_XMP_BYTES = 4 << 20
"""Longer packets are ignored (editors put previews and edit histories into them)."""

_MAX_ELEMENTS = 50_000
_DC = "http://purl.org/dc/elements/1.1/"
_PHOTOSHOP = "http://ns.adobe.com/photoshop/1.0/"
_BASIC = "http://ns.adobe.com/xap/1.0/"
_EXIF = "http://ns.adobe.com/exif/1.0/"
_RDF_ITEM = "http://www.w3.org/1999/02/22-rdf-syntax-ns# li"
_XML_LANG = "http://www.w3.org/XML/1998/namespace lang"

_WANTED = {
    f"{_DC} title": "title",
    f"{_PHOTOSHOP} Headline": "headline",
    f"{_DC} description": "caption",
    f"{_DC} subject": "keywords",
    f"{_DC} creator": "creator",
    f"{_DC} rights": "rights",
    f"{_EXIF} DateTimeOriginal": "taken_at",
    f"{_PHOTOSHOP} DateCreated": "taken_at",
    f"{_BASIC} CreateDate": "taken_at",
}


class _RefusedError(Exception):
    """The packet declares a document type (which may define entities) or is too long."""


class _Collector:
    """Collects the texts of the wanted properties while parsing."""

    def __init__(self) -> None:
        self.found: dict[str, list[str]] = {}
        self._property: str | None = None
        self._depth = 0
        self._property_depth = 0
        self._text: list[str] = []
        self._default = False
        self._elements = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._elements += 1
        if self._elements > _MAX_ELEMENTS or self._depth > 100:
            raise _RefusedError
        for key, value in attributes.items():  # simple properties may be attributes
            if key in _WANTED:
                self.found.setdefault(_WANTED[key], []).append(value)
        if self._property is None and name in _WANTED:
            self._property, self._property_depth = _WANTED[name], self._depth
        self._text.clear()
        self._default = attributes.get(_XML_LANG) == "x-default"

    def text(self, data: str) -> None:
        if self._property is not None:
            self._text.append(data)

    def end(self, name: str) -> None:
        if self._property is not None and (name == _RDF_ITEM or self._depth == self._property_depth):
            text = "".join(self._text).strip()
            values = self.found.setdefault(self._property, [])
            if text:
                values.insert(0 if self._default else len(values), text)
            self._default = False
            self._text.clear()
        if self._depth == self._property_depth:
            self._property, self._property_depth = None, 0
        self._depth -= 1


def read_xmp(packet: bytes) -> Header:
    """Title, caption, keywords, creator, rights and taken_at, if present. {} if it is not XMP."""
    start = packet.find(b"<")
    if start < 0 or len(packet) > MAX_XMP_BYTES:
        return {}
    collector = _Collector()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = collector.start
    parser.EndElementHandler = collector.end
    parser.CharacterDataHandler = collector.text
    parser.StartDoctypeDeclHandler = _refuse
    parser.buffer_text = True
    try:
        parser.Parse(packet[start:].rstrip(b"\0"), True)  # noqa: FBT003 - the C parser takes no keyword
    except _RefusedError:
        return {}
    except expat.ExpatError:
        pass  # content before the damage was read
    return _facts(collector.found)


def _facts(found: dict[str, list[str]]) -> Header:
    facts: Header = {}
    for name in ("title", "caption", "rights"):
        text = clean(found[name][0]) if found.get(name) else None
        if text:
            facts[name] = text
    headline = clean(found["headline"][0]) if found.get("headline") else None
    if headline and "title" not in facts:
        facts["title"] = headline
    creator = clean(", ".join(found.get("creator", [])[:20]), 500)
    if creator:
        facts["creator"] = creator
    keywords = clean_keywords(found.get("keywords", []))
    if keywords:
        facts["keywords"] = list(keywords)
    taken = next((date for date in map(parse_date, found.get("taken_at", [])) if date), None)
    if taken:
        facts["taken_at"] = taken
    return facts


def _refuse(*_declaration: object) -> None:
    raise _RefusedError
