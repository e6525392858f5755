"""Keywords in XMP: added, never taken away; everything else stays byte for byte; nothing is expanded."""

import pytest

from saccade.sources.sidecars import UnreadableXmpError, keywords_of, sidecar_of, with_keywords
from saccade.sources.xmp import read_xmp

EDITED = b"""<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?>
<!-- mine -->
<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>
 <rdf:Description rdf:about='urn:1' xmlns:crs='http://ns.adobe.com/camera-raw-settings/1.0/'
   crs:Exposure2012='+0.35' xmlns:purl='http://purl.org/dc/elements/1.1/'>
  <purl:subject><rdf:Bag><rdf:li>holiday</rdf:li><rdf:li>a &amp; b</rdf:li></rdf:Bag></purl:subject>
  <purl:title><rdf:Alt><rdf:li xml:lang='x-default'>At sea</rdf:li></rdf:Alt></purl:title>
 </rdf:Description>
</rdf:RDF></x:xmpmeta>
<?xpacket end='w'?>
   """


def test_a_new_packet_is_read_back() -> None:
    """What was written is what is read; a path gives its parts and its whole."""
    made = with_keywords(None, ["animal/dog", 'a <b> & "c"'])
    assert read_xmp(made)["keywords"] == ["animal", "dog", 'a <b> & "c"']
    assert b"animal|dog" in made


def test_what_is_there_stays() -> None:
    """Keywords of others are kept, and every byte outside the keywords is untouched."""
    merged = with_keywords(EDITED, ["beach"])
    facts = read_xmp(merged)
    assert facts["keywords"] == ["holiday", "a & b", "beach"]
    assert facts["title"] == "At sea"
    before, _, after = EDITED.partition(
        b"<purl:subject><rdf:Bag><rdf:li>holiday</rdf:li><rdf:li>a &amp; b</rdf:li></rdf:Bag></purl:subject>"
    )
    assert merged.startswith(before)
    assert merged.endswith(after[after.index(b"</rdf:RDF>") :])
    assert b"crs:Exposure2012='+0.35'" in merged
    assert b'rdf:about="urn:1"' in merged


def test_adding_twice_changes_nothing() -> None:
    """A packet that says it already comes back as it is."""
    once = with_keywords(EDITED, ["beach", "animal/dog"])
    assert with_keywords(once, ["animal/dog", "beach"]) is once
    assert with_keywords(EDITED, ["holiday"]) is EDITED


@pytest.mark.parametrize(
    ("packet", "said"),
    [
        (b"<!DOCTYPE x [<!ENTITY e 'boom'>]><x>&e;</x>", "document type"),
        (b"<x></y>", "damaged"),
        (b"no xml at all", "damaged"),
        (b"<a/>", "no place"),
        ("<a>\u00e9</a>".encode("utf-16"), "not UTF-8"),
        (b"<a>" + b" " * (5 << 20), "longer"),
    ],
)
def test_what_cannot_be_read_is_refused(packet: bytes, said: str) -> None:
    """Never guessed at, never overwritten."""
    with pytest.raises(UnreadableXmpError, match=said):
        with_keywords(packet, ["beach"])


def test_names() -> None:
    """IMG.jpg has IMG.jpg.xmp; each keyword is named once."""
    assert sidecar_of("/a/IMG.jpg") == "/a/IMG.jpg.xmp"
    assert keywords_of(["a/b", "a", "b/c"]) == (("a", "b", "c"), ("a|b", "b|c"))
