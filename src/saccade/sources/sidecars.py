"""Writes XMP with keywords: new, or added to an existing packet, which is otherwise kept byte for byte.

A sidecar of IMG.jpg is IMG.jpg.xmp, as digiKam and darktable write and read it: IMG.xmp could also belong to
an IMG.cr2 next to it. Keywords go into `dc:subject` (flat) and `lr:hierarchicalSubject` ("animal|dog").
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_DC = "http://purl.org/dc/elements/1.1/"
_LR = "http://ns.adobe.com/lightroom/1.0/"
_SUBJECT, _HIERARCHY = f"{_DC} subject", f"{_LR} hierarchicalSubject"
_LONGEST = 4 << 20
_START = b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
_END = b'\n<?xpacket end="w"?>'


class UnreadableXmpError(ValueError):
    """The XMP cannot be extended safely; the message says why."""


def sidecar_of(path: str) -> str:
    """The path of a file's XMP sidecar."""
    return f"{path}.xmp"


def keywords_of(labels: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Flat keywords and hierarchical ones of labels: "animal/dog" gives animal, dog and "animal|dog"."""
    flat: dict[str, None] = {}
    whole: dict[str, None] = {}
    for label in labels:
        flat.update(dict.fromkeys(label.split("/")))
        if "/" in label:
            whole[label.replace("/", "|")] = None
    return tuple(flat), tuple(whole)


def with_keywords(packet: bytes | None, labels: Sequence[str]) -> bytes:
    """The packet with these labels among its keywords; unchanged if it has them all.

    Args:
        packet: existing XMP, or None.
    Raises:
        UnreadableXmpError: it is not XMP, declares entities, or is not UTF-8.
    """
    flat, whole = keywords_of(labels)
    if packet is None:
        body = _description("", flat, whole)
        head = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{_RDF}">\n'.encode()
        return _START + head + body + b"</rdf:RDF></x:xmpmeta>" + _END
    found = _read(packet)
    subjects = tuple(dict.fromkeys([*found.keywords[_SUBJECT], *flat]))
    paths = tuple(dict.fromkeys([*found.keywords[_HIERARCHY], *whole]))
    if len(subjects) == len(set(found.keywords[_SUBJECT])) and len(paths) == len(
        set(found.keywords[_HIERARCHY])
    ):
        return packet
    pieces, at = [], 0
    for start, end in sorted(found.spans):
        pieces.append(packet[at:start])
        at = end
    pieces += [packet[at : found.close], _description(found.about, subjects, paths), packet[found.close :]]
    return b"".join(pieces)


def _description(about: str, flat: Sequence[str], whole: Sequence[str]) -> bytes:
    """One rdf:Description with the keywords."""
    parts = [f'<rdf:Description rdf:about={quoteattr(about)} xmlns:rdf="{_RDF}"']
    parts.append(f' xmlns:dc="{_DC}" xmlns:lr="{_LR}">')
    for name, words in (("dc:subject", flat), ("lr:hierarchicalSubject", whole)):
        if words:
            items = "".join(f"<rdf:li>{escape(word)}</rdf:li>" for word in words)
            parts.append(f"<{name}><rdf:Bag>{items}</rdf:Bag></{name}>")
    parts.append("</rdf:Description>\n")
    return "".join(parts).encode()


@dataclass(slots=True)
class _Packet:
    """A packet's keywords, their byte ranges, and where more can be inserted."""

    keywords: dict[str, list[str]] = field(default_factory=lambda: {_SUBJECT: [], _HIERARCHY: []})
    spans: list[tuple[int, int]] = field(default_factory=list)
    close: int = -1
    about: str = ""


class _Reader:
    """Finds keywords and their positions while parsing."""

    def __init__(self, packet: bytes) -> None:
        self.found = _Packet()
        self._packet = packet
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartDoctypeDeclHandler = _refuse
        self._inside, self._began = "", 0
        self._text: list[str] = []

    def run(self) -> _Packet:
        # Without a final call, bytes after the root (padding, zeros) are harmless.
        self._parser.Parse(self._packet.rstrip(b"\0 \n\r\t"), True)  # noqa: FBT003 - no keyword in C
        return self.found

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name in self.found.keywords and not self._inside:
            self._inside, self._began = name, self._parser.CurrentByteIndex
        elif name == f"{_RDF} Description" and not self.found.about:
            self.found.about = attributes.get(f"{_RDF} about", "")
        self._text.clear()

    def _characters(self, data: str) -> None:
        if self._inside:
            self._text.append(data)

    def _end(self, name: str) -> None:
        here = self._parser.CurrentByteIndex
        if self._inside and name == f"{_RDF} li":
            self.found.keywords[self._inside].append("".join(self._text).strip())
        elif self._inside == name:
            end = self._packet.find(b">", here) + 1
            self.found.spans.append((self._began, end))
            self._inside = ""
        elif name == f"{_RDF} RDF" and self._packet[here : here + 2] == b"</":
            self.found.close = here


def _read(packet: bytes) -> _Packet:
    if len(packet) > _LONGEST:
        raise UnreadableXmpError("its XMP is longer than 4 MB")
    try:
        packet.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableXmpError("its XMP is not UTF-8") from error
    try:
        found = _Reader(packet).run()
    except expat.ExpatError as error:
        raise UnreadableXmpError(f"its XMP is damaged: {error}") from error
    if found.close < 0:
        raise UnreadableXmpError("its XMP has no place for keywords")
    return found


def _refuse(*_declaration: object) -> None:
    raise UnreadableXmpError("its XMP declares a document type, which may define entities")
