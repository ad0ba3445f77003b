"""Looks for a person in bytes that must not hold one.

A number is looked for in every spelling people and programs use, and inside whatever decodes as
base64, hexadecimal or percent-encoding: a WhatsApp message id holds the number in clear text under
base64.
"""

import base64
import binascii
import re
import urllib.parse

from facts import Person

BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{12,}={0,2}")
HEX = re.compile(rb"(?:[0-9A-Fa-f]{2}){7,}")
ESCAPE = re.compile(rb"\\u([0-9a-fA-F]{4})")


def spellings(person: Person) -> set[bytes]:
    """Every way in which the person may stand in a text."""
    digits = person.phone
    national, local = "0" + digits[2:], digits[2:]
    plain = {digits, national, local, digits[-7:], digits[::-1]}
    grouped = {
        separator.join(parts)
        for separator in (" ", "-", ".", "\u00a0")
        for parts in (
            (digits[:2], local[:2], local[2:5], local[5:]),
            (national[:3], national[3:6], national[6:]),
            (local[:2], local[2:5], local[5:]),
        )
    }
    names = {person.name, *(part for part in person.name.split() if 3 < len(part))}
    texts = plain | grouped | names | {person.user_id, person.user_id.split(".")[-1]}
    return {form for text in texts for form in (text.encode(), text.encode("utf-16-le"))}


def unfolded(raw: bytes, depth: int = 2) -> list[bytes]:
    """`raw`, and all that can be decoded out of it."""
    plain = ESCAPE.sub(lambda found: chr(int(found[1], 16)).encode("utf-8", "replace"), raw)
    found = [raw, plain, urllib.parse.unquote_to_bytes(plain)]
    if 0 < depth:
        for text in BASE64.findall(plain):
            for start in range(4):
                found += _decoded(text[start:], depth)
        for text in HEX.findall(plain):
            found += unfolded(binascii.unhexlify(text), depth - 1)
    return found


def _decoded(text: bytes, depth: int) -> list[bytes]:
    text = text.rstrip(b"=").replace(b"-", b"+").replace(b"_", b"/")
    text = text[: len(text) - (len(text) % 4 == 1)]
    try:
        return unfolded(base64.b64decode(text + b"=" * (-len(text) % 4)), depth - 1)
    except binascii.Error:
        return []


def leaks(seen: list[bytes], people: list[Person], ids: list[str]) -> list[str]:
    """Where a person, or one of Meta's own message ids, stands in what was seen."""
    needles = {
        needle: f"{person.handle}'s `{needle.decode('utf-8', 'replace')}`"
        for person in people
        for needle in spellings(person)
    }
    for one in ids:
        needles[one.removeprefix("wamid.").encode()] = "a message id of Meta's"
    return [
        f"{name} in what reached the app as number {place}"
        for place, raw in enumerate(seen)
        for name in sorted({needles[n] for n in needles for text in unfolded(raw) if n in text})
    ]


def check_probe(person: Person) -> None:
    """The probe finds a person wherever one is put, and nobody where nobody is."""
    wamid = b"\x1c\x18\x0b" + person.phone.encode() + b"\x15\x02\x00\x12\x18\x02AB\x00"
    planted = [
        person.phone.encode(),
        b"call +27 " + b" ".join([person.phone[2:4].encode(), person.phone[4:7].encode(), person.phone[7:].encode()]),
        b'{"id":"wamid.' + base64.b64encode(wamid) + b'"}',
        b"/media/" + base64.urlsafe_b64encode(b"x" + wamid),
        b"hash=" + binascii.hexlify(person.phone.encode()),
        person.name.encode(),
        person.user_id.encode(),
        b"to=%2B" + b"".join(b"%3" + digit.encode() for digit in person.phone),
    ]
    for raw in planted:
        assert leaks([raw], [person], []), f"the probe is blind to {raw!r}"
    assert not leaks([b"ZA.00000000000000000000 wamid.AAAAAAAAAAAAAAAA"], [person], [])
