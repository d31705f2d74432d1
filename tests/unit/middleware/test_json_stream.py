"""Records come out of a JSON text in pieces exactly as the whole text holds them."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_service.domain.errors import MaskingError
from policy_service.middleware.json_stream import RecordStream

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


def records(
    text: bytes, *rows_at: str, cuts: tuple[int, ...] = (), largest: int = 10_000
) -> object:
    """Read a text cut into pieces; a list of the records, or the one record."""
    stream = RecordStream(rows_at, largest_record_bytes=largest)
    places = sorted({min(cut, len(text)) for cut in cuts} | {0, len(text)})
    found: list[object] = []
    for start, stop in pairwise(places):
        found += stream.feed(text[start:stop])
    found += stream.end()
    return found if stream.is_list else found[0]


@given(
    rows=st.lists(VALUES, max_size=4) | VALUES,
    envelope=st.lists(st.tuples(st.text(), VALUES, VALUES), max_size=2),
    ascii_only=st.booleans(),
    indent=st.sampled_from([None, 2]),
    cuts=st.lists(st.integers(0, 300), max_size=8).map(tuple),
)
def test_pieces_give_what_the_whole_gives(
    rows: object,
    envelope: list[tuple[str, object, object]],
    ascii_only: bool,
    indent: int | None,
    cuts: tuple[int, ...],
) -> None:
    """Wherever the text is cut, and whatever stands around the records."""
    body = rows
    for name, before, after in reversed(envelope):
        body = {f"{name}<": before, name: body, f"{name}>": after}
    text = json.dumps(body, ensure_ascii=ascii_only, indent=indent).encode("utf-8", "replace")
    if json.loads(text) != body:
        return  # a lone surrogate has no UTF-8
    assert records(text, *(name for name, _, _ in envelope), cuts=cuts) == rows


@pytest.mark.parametrize(
    "text",
    [
        b"", b" ", b"[", b"[1", b"[1,", b"[1,]", b"[1 2]", b"{", b'{"a"', b'{"a":1', b"[1]x",
        b"[1][2]", b'["\\', b'["abc', b"[NaN]", b"[Infinity]", b"tru", b"]", b"}", b",",
        b'[{"a":1}}', b"\xff",
        b'["\xff"]', b"[" * 5000 + b"]" * 5000,
    ],
)  # fmt: skip
def test_what_is_not_whole_or_not_json_is_withheld(text: bytes) -> None:
    """Ends that are missing, and what the parser refuses, in any cut; nothing of it is told."""
    for cuts in ((), tuple(range(min(len(text), 60)))):
        with pytest.raises(MaskingError, match="declared shape"):
            records(text, cuts=cuts, largest=1_000_000)


@pytest.mark.parametrize(
    "text", [b"[]", b'{"b": []}', b'{"a": 1', b'{"a" 1}', b"{1: 2}", b'{"a": [] x}']
)
def test_another_envelope_is_withheld(text: bytes) -> None:
    """The way to the records must be there, and closed after them."""
    with pytest.raises(MaskingError):
        records(text, "a", "b")


def test_memory_is_bounded_by_one_record() -> None:
    """A long list goes through in the memory of a record; a large record is refused early."""
    stream = RecordStream(("rows",), largest_record_bytes=1000)
    seen = sum(1 for _ in stream.feed(b'{"skipped": [1, 2], "rows": ['))
    for number in range(2000):
        seen += len(list(stream.feed(json.dumps({"n": number, "x": "y" * 50}).encode() + b",")))
        assert len(stream._data) < 1000
    assert seen == 2000
    list(stream.feed(b'{"x": "'))
    large = (record for _ in range(100) for record in stream.feed(b"y" * 100))
    with pytest.raises(MaskingError, match="too large"):
        list(large)
