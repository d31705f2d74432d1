"""Findings that compete become spans that do not overlap; long texts lose nothing at a cut."""

from hypothesis import given
from hypothesis import strategies as st

from policy_service.engines.text.cache import SpanCache
from policy_service.engines.text.fusion import fuse
from policy_service.engines.text.spans import CATEGORIES, ENTITIES, Found, Source, TextSpan
from policy_service.engines.text.windows import OVERLAP, SIZE, clean, cut, stitch

TEXT = "Anna Nováková, Dlouhá 5, 110 00 Praha, +420 608 123 456; kód 12-34"


def at(value: str, entity: str, score: float, source: Source = Source.RULE) -> Found:
    """Return a finding of `value` in `TEXT`."""
    start = TEXT.index(value)
    return Found(start=start, end=start + len(value), entity=entity, score=score, source=source)


def fused(*found: Found) -> list[tuple[str, str]]:
    """Return the values and entities that are left."""
    return [(TEXT[one.start : one.end], one.entity) for one in fuse(TEXT, found)]


def test_what_is_proven_wins_over_a_longer_guess() -> None:
    """A telephone number by rule keeps its characters from a surer model."""
    assert fused(
        at("110 00 Praha, +420 608 123 456", "LOCATION", 0.99, Source.NER),
        at("+420 608 123 456", "PHONE_NUMBER", 0.5),
    ) == [("+420 608 123 456", "PHONE_NUMBER")]


def test_a_model_never_outranks_a_rule_by_its_entity() -> None:
    """A number that only a model takes for an identifier stays a telephone number."""
    assert fused(
        at("608 123 456", "NATIONAL_ID", 1.0, Source.NER), at("608 123 456", "PHONE_NUMBER", 0.5)
    ) == [("608 123 456", "PHONE_NUMBER")]


def test_pieces_of_one_address_are_joined() -> None:
    """Parts with only commas and spaces between them are one span."""
    assert fused(
        at("Dlouhá 5", "LOCATION", 0.9), at("110 00 Praha", "LOCATION", 0.6, Source.NER)
    ) == [("Dlouhá 5, 110 00 Praha", "LOCATION")]


def test_two_names_with_a_comma_stay_two() -> None:
    """A list of places without a number is not an address across words."""
    assert fused(at("Anna", "PERSON", 0.9), at("Nováková", "PERSON", 0.9)) == [
        ("Anna Nováková", "PERSON")
    ]
    assert fused(at("Anna", "PERSON", 0.9), at("Dlouhá", "PERSON", 0.9)) == [
        ("Anna", "PERSON"),
        ("Dlouhá", "PERSON"),
    ]


def test_low_scores_and_unknown_entities_are_left_out() -> None:
    """What does not reach its least score, or is of no entity of ours, is nothing."""
    assert fused(at("Anna", "PERSON", 0.2), at("Praha", "STARSHIP", 1.0)) == []
    assert fused(at("12-34", "NATIONAL_ID", 0.6, Source.NER)) == []


def test_what_is_left_over_must_be_worth_it() -> None:
    """A third of a guess, or a rest without a letter, is no span of its own."""
    assert fused(
        at("Anna Nováková", "PERSON", 0.95), at("Nováková, Dlouhá", "ORGANIZATION", 0.5)
    ) == [("Anna Nováková", "PERSON")]
    assert fused(at("kód 12-34", "PASSPORT", 0.8), at("12-34", "CREDIT_CARD", 1.0)) == [
        ("12-34", "CREDIT_CARD")
    ]


def test_every_entity_has_a_category() -> None:
    """Each entity is a kind of personal data."""
    assert all(one == "user" or one.startswith("user.") for one in CATEGORIES.values())


_findings = st.lists(
    st.builds(
        lambda start, size, entity, score, source: Found(
            start=start,
            end=min(start + size, len(TEXT)),
            entity=entity,
            score=score,
            source=source,
        ),
        start=st.integers(0, len(TEXT) - 1),
        size=st.integers(1, 30),
        entity=st.sampled_from(sorted(ENTITIES)),
        score=st.floats(0, 1),
        source=st.sampled_from(Source),
    ),
    max_size=12,
)


@given(_findings)
def test_spans_are_ordered_and_apart(found: list[Found]) -> None:
    """Whatever is found, spans lie within the text, in order, without overlap."""
    last = 0
    for one in fuse(TEXT, found):
        assert last <= one.start < one.end <= len(TEXT)
        last = one.end


@given(_findings)
def test_order_of_findings_does_not_matter(found: list[Found]) -> None:
    """The same findings in another order give the same spans."""
    assert fuse(TEXT, found) == fuse(TEXT, found[::-1])


def test_windows_own_every_character_once() -> None:
    """The windows of a long text cover it, and each character belongs to one."""
    text = "word " * SIZE
    windows = list(cut(text))
    assert [one.low for one in windows[1:]] == [one.high for one in windows[:-1]]
    assert (windows[0].low, windows[-1].high) == (0, len(text))
    for one in windows:
        assert text[one.start : one.start + len(one.text)] == one.text
        assert one.start <= one.low < one.high <= one.start + len(one.text)
        assert len(one.text) <= SIZE


def test_a_text_without_spaces_is_cut_too() -> None:
    """Where no white space is near, the cut falls between letters."""
    assert sum(one.high - one.low for one in cut("x" * 3 * SIZE)) == 3 * SIZE


def test_a_span_over_a_cut_is_found_once() -> None:
    """Both windows see it; the one that owns its first character has the say."""
    text = "x " * SIZE
    first, second, *_ = cut(text)
    start = first.high - 4
    assert first.high - second.start == OVERLAP // 2

    def span(low: int) -> TextSpan:
        return TextSpan(start=low, end=low + 8, entity="PERSON", category="user.name", score=1.0)

    spans = stitch([(first, [span(start)]), (second, [span(start - second.start)])])
    assert [(one.start, one.end) for one in spans] == [(start, start + 8)]


def test_cleaning_keeps_every_offset() -> None:
    """Lone surrogates, NULs and endless signs are replaced one for one; the rest stays."""
    text = "a\x00b\ud800c" + "(" * 50 + "\té😀"
    assert clean(text) == "a b\ufffdc" + " " * 50 + "\té😀"


def test_cache_forgets_what_was_asked_for_longest_ago() -> None:
    """It holds so many texts and no more."""
    cache = SpanCache(size=2)
    cache.put("a", ())
    cache.put("b\ud800", ())
    assert cache.get("a") == ()
    cache.put("c", ())
    assert cache.get("b\ud800") is None
    assert cache.get("a") == ()
