"""Signed documents, their differences and the keys behind them, as laws."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_service.domain.bundle import Bundle, PolicyRow
from policy_service.domain.document_delta import (
    DocumentDelta,
    apply_delta,
    make_delta,
    merge_delta,
)
from policy_service.domain.errors import PolicyServiceError, SignatureError
from policy_service.domain.identifiers import RoleId, RuleId, Sha256Hex
from policy_service.domain.plain import from_plain, to_plain
from policy_service.domain.signed_document import (
    DocumentKind,
    SignedDocument,
    document_text,
    read_envelope,
    write_envelope,
)
from policy_service.enforcement.bundle_file import open_document
from policy_service.enforcement.trusted_keys import open_chain, open_keyset
from policy_service.engines.cryptography import Ed25519Signer
from policy_service.kit.hashing import sha256_text
from tests.builders import NOW, make_bundle
from tests.fixtures.bad_service import make_keyset, make_live, trusted

SIGNERS = [Ed25519Signer(seed=bytes([number]) * 32) for number in range(1, 6)]
LIVE = make_live(1)
OLD, NEW = make_bundle(revision=1), make_bundle(revision=2)
NEW = replace(NEW, rows=(NEW.rows[0], *NEW.rows[3:], replace(NEW.rows[1], effect="deny")))
NEXT = make_live(2, rows=NEW.rows)
DELTA = document_text(make_delta(LIVE, NEXT)).encode()
TRUST = open_keyset(make_keyset())
_NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=4)
_ROWS = st.lists(
    st.builds(
        PolicyRow,
        role=_NAMES.map(RoleId),
        resource=st.sampled_from(["bank.public.clients", "bank"]),
        action=st.just("read"),
        purpose=st.just("*"),
        effect=st.sampled_from(["allow", "deny"]),
        rule=st.integers(1, 9).map(lambda number: RuleId(f"R-{number:04d}")),
    ),
    max_size=8,
).map(tuple)
_LINKS = st.lists(st.tuples(_NAMES, _NAMES), max_size=6).map(tuple)


@st.composite
def _bundles(draw: st.DrawFn) -> Bundle:
    """A bundle with other rows, links and times than the next one."""
    revision = draw(st.integers(1, 3))
    bundle = make_bundle(revision=revision, issued_at=NOW - timedelta(days=revision))
    return replace(bundle, rows=draw(_ROWS), role_links=draw(_LINKS))


def _document(bundle: Bundle) -> SignedDocument:
    return replace(LIVE, text=document_text(bundle))


@settings(max_examples=20)
@given(old=_bundles(), new=_bundles())
def test_a_difference_leads_to_the_very_bytes_and_to_the_value_they_say(
    old: Bundle, new: Bundle
) -> None:
    """Applied to the old text it gives the new one; merged into the old value, the new value."""
    before, after = _document(old), _document(new)
    delta = from_plain(DocumentDelta, json.loads(document_text(make_delta(before, after))))
    assert apply_delta(before.text, delta) == replace(after, sha256=delta.sha256)
    assert merge_delta(Bundle, old, delta) == new == open_document(Bundle, after)


@settings(max_examples=40)
@given(data=st.data())
def test_a_garbled_difference_never_says_anything_else_than_what_was_signed(
    data: st.DataObject,
) -> None:
    """Whatever is done to a difference, it is refused, or text and value are the signed ones."""
    content = bytearray(DELTA)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] = data.draw(st.sampled_from(b'0123456789,[]{}":adenowly \\'))
    try:
        delta = from_plain(DocumentDelta, json.loads(bytes(content)))
        document = apply_delta(LIVE.text, delta)
        TRUST.check(document, now=NOW)
        value = merge_delta(Bundle, OLD, delta)
    except (ValueError, PolicyServiceError):
        return
    assert document.text == NEXT.text
    assert value == NEW


@pytest.mark.parametrize(
    ("name", "removed", "added"),
    [
        ("rows", [[0, 99]], []),
        ("rows", [[0, 0]], []),
        ("rows", [[2, 1], [1, 1]], []),
        ("rows", [], [{"at": 99, "text": "{}"}]),
        ("rows", [], [{"at": -1, "text": "{}"}]),
        ("rows", [], [{"at": 5, "text": "{}"}, {"at": 2, "text": "{}"}]),
        ("model_conf", [], []),
        ("unknown", [], []),
    ],
)
def test_a_difference_that_does_not_fit_is_refused(name: str, removed: list, added: list) -> None:
    """Places that are not there, lists that are none and unknown members are errors."""
    plain = to_plain(make_delta(make_live(1), make_live(2)))
    assert isinstance(plain, dict)
    changed = {**plain, "changed": [{"name": name, "removed": removed, "added": added}]}
    with pytest.raises(ValueError, match=r"delta|JSON list"):
        apply_delta(make_live(1).text, from_plain(DocumentDelta, changed))


def test_a_member_is_changed_once() -> None:
    """A difference that replaces a list and changes it too could be read in two ways."""
    delta = make_delta(make_live(1), make_live(2, rows=make_bundle().rows[1:]))
    twice = replace(delta, replaced=(*delta.replaced, delta.replaced[0]))
    with pytest.raises(ValueError, match="twice"):
        apply_delta(make_live(1).text, twice)


def test_one_changed_rule_is_a_small_difference() -> None:
    """Of two thousand rules one is changed: the difference is under one in a hundred bytes."""
    base = make_bundle().rows[0]
    rows = tuple(
        replace(base, rule=RuleId(f"R-{number:05d}"), effect="deny") for number in range(2000)
    )
    changed = (*rows[:700], replace(rows[700], purpose="essential"), *rows[701:])
    before, after = make_live(1, rows=rows), make_live(2, rows=changed)
    delta = document_text(make_delta(before, after))
    assert len(delta) * 100 < len(write_envelope(after)) + 100 * 1500  # but for the fixed part
    assert len(make_delta(before, after).changed[0].added) == 1


def test_a_signature_has_one_spelling() -> None:
    """Bits of base64 that carry nothing are signed too: another spelling is refused."""
    first = LIVE.signatures[0]
    respelt = first.signature[:-3] + chr(ord(first.signature[-3]) + 1) + "=="
    with pytest.raises(SignatureError, match="as it is written"):
        TRUST.check(replace(LIVE, signatures=(replace(first, signature=respelt),)), now=NOW)


@settings(max_examples=40)
@given(data=st.data())
def test_any_flipped_byte_is_noticed(data: st.DataObject) -> None:
    """Whichever byte of an envelope is changed, it is refused or still says what was signed."""
    content = bytearray(write_envelope(LIVE))
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(SignatureError):
        TRUST.check(read_envelope(bytes(content), DocumentKind.BUNDLE), now=NOW)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[1]",
        b"\xff",
        b"[" * 100_000,
        b'{"bundle":1e999}',
        b'{"bundle":{},"bundle":{}}',
        b'{ "bundle":{}}',
        b'{"bundle":{},"sha256":1,"key_id":"k","signature":"s"}',
    ],
)
def test_what_is_no_envelope_is_refused(content: bytes) -> None:
    """Whatever else comes, it is refused as not what was signed."""
    with pytest.raises(SignatureError, match="not what was signed"):
        read_envelope(content, DocumentKind.BUNDLE)


def test_one_kind_of_document_does_not_pass_for_another() -> None:
    """The signature of a key set does not fit the same bytes called a bundle."""
    keyset = make_keyset()
    renamed = replace(keyset, kind=DocumentKind.BUNDLE)
    with pytest.raises(SignatureError, match="0 of 1 signatures"):
        TRUST.check(renamed, now=NOW)


@settings(max_examples=40)
@given(
    holders=st.lists(st.sampled_from(["service", "alice", "bob"]), min_size=5, max_size=5),
    threshold=st.integers(1, 3),
    signing=st.sets(st.integers(0, 4)),
)
def test_a_threshold_counts_holders_and_not_keys(
    holders: list[str], threshold: int, signing: set[int]
) -> None:
    """A bundle passes exactly when as many different holders as wanted have signed it."""
    keys = tuple(trusted(signer, holder) for signer, holder in zip(SIGNERS, holders, strict=True))
    document = make_keyset(*SIGNERS, keys=keys, threshold=threshold)
    if threshold > len(set(holders)):
        with pytest.raises(SignatureError, match="holders"):
            open_keyset(document)
        return
    bundles = [make_live(1, SIGNERS[number]) for number in sorted(signing)]
    signatures = tuple(one.signatures[0] for one in bundles)
    signed = replace(LIVE, signatures=signatures)
    enough = len({holders[number] for number in signing}) >= threshold
    if enough:
        open_keyset(document).check(signed, now=NOW)
    else:
        with pytest.raises(SignatureError, match=f"of {threshold} signatures"):
            open_keyset(document).check(signed, now=NOW)


@settings(max_examples=30)
@given(
    old=st.sets(st.integers(0, 4), min_size=1),
    new=st.sets(st.integers(0, 4), min_size=1),
    signing=st.sets(st.integers(0, 4), min_size=1),
)
def test_a_key_set_follows_only_with_the_signatures_of_both(
    old: set[int], new: set[int], signing: set[int]
) -> None:
    """The next version needs one signer (the threshold here) of the old set and one of the new."""

    def keys(numbers: set[int]) -> tuple:
        return tuple(trusted(SIGNERS[number], f"holder-{number}") for number in sorted(numbers))

    first = open_keyset(make_keyset(keys=keys(old)))
    following = make_keyset(*(SIGNERS[n] for n in sorted(signing)), version=2, keys=keys(new))
    if old & signing and new & signing:
        assert first.advance(following, now=NOW).version == 2
    else:
        with pytest.raises(SignatureError):
            first.advance(following, now=NOW)


def test_documents_of_two_kinds_have_no_difference() -> None:
    """A bundle is never a change to a key set."""
    with pytest.raises(ValueError, match="different shape"):
        make_delta(LIVE, make_keyset())


def test_a_document_of_another_version_says_so() -> None:
    """What was signed and cannot be read here asks for another version of the package."""
    with pytest.raises(SignatureError, match="another version"):
        open_document(Bundle, replace(LIVE, text='{"bundle": 2}'))


def test_people_count_only_with_the_services_signature() -> None:
    """A directory that others have signed, or nobody, says nothing of who holds which role."""
    text = "{}"
    unsigned = replace(
        LIVE,
        kind=DocumentKind.DIRECTORY,
        text=text,
        sha256=Sha256Hex(sha256_text(text)),
        signatures=(),
    )
    with pytest.raises(SignatureError, match="not signed by the service"):
        TRUST.check(unsigned, now=NOW)


def test_versions_of_keys_that_are_known_are_passed_over() -> None:
    """A chain may begin before what was handed over."""
    root = make_keyset()
    assert open_chain(root, (root,), now=NOW).version == TRUST.version


def test_rows_may_go_from_two_places_at_once() -> None:
    """What stands between two rows that are gone stays where it was."""
    base = make_bundle().rows[0]
    rows = tuple(
        replace(base, rule=RuleId(f"R-{number:04d}"), effect="deny") for number in range(5)
    )
    before, after = make_live(1, rows=rows), make_live(2, rows=(rows[1], rows[3], rows[4]))
    assert apply_delta(before.text, make_delta(before, after)).text == after.text
