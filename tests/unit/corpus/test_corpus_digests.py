"""Digest files: what is read, and what is said of a file that does not fit."""

from pathlib import Path

import pytest

from policy_service.corpus.digests import Digest, read_digest
from policy_service.domain.errors import CorpusError
from policy_service.domain.provision import ControlKind, InstrumentKind, Strength
from policy_service.kit.hashing import sha256_text

GOOD = """\
instrument:
  id: sample
  title: Sample Act
  short: SA
  kind: law
  jurisdictions: [EU]
  sectors: [health]
  family: samples
  version: "1"
  version_date: 2020-01-31
  url: https://law.example/sample
provisions:
  - id: sample/art-1/a
    section: Article 1(a)
    title: Encryption
    text: >-
      Data is encrypted with AES.
      Keys are kept apart.
    url: https://law.example/sample/1
    obligations:
      - kind: encryption_at_rest
        strength: floor
        data_categories: [user.financial]
        parameters: {algorithm: AES, min_key_bits: 256, modes: [GCM]}
      - kind: key_management
        strength: advice
  - id: sample/art-2
    section: Article 2
    title: Records
    text: Records are kept.
"""


def _read(folder: Path, text: str, name: str = "sample.yaml") -> Digest:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return read_digest(path)


def _complaint(folder: Path, old: str, new: str) -> str:
    assert old in GOOD
    with pytest.raises(CorpusError) as caught:
        _read(folder, GOOD.replace(old, new))
    assert "\n" not in caught.value.message
    return caught.value.message


def test_a_digest_becomes_an_instrument_with_provisions(tmp_path: Path) -> None:
    """Header and entries of a digest arrive in the domain, with ISO date and own address."""
    digest = _read(tmp_path, GOOD)
    assert digest.instrument.kind is InstrumentKind.LAW
    assert digest.instrument.version_date == "2020-01-31"
    assert (digest.short, digest.family, digest.instrument.sectors) == (
        "SA",
        "samples",
        ("health",),
    )
    first, second = digest.provisions
    assert first.heading == ("SA",)
    assert (first.url, second.url) == (
        "https://law.example/sample/1",
        "https://law.example/sample",
    )
    assert second.obligations == ()


def test_text_is_one_line_and_hashed(tmp_path: Path) -> None:
    """Folded text is stored as one line, and the hash is that of the stored text."""
    first = _read(tmp_path, GOOD).provisions[0]
    assert first.text == "Data is encrypted with AES. Keys are kept apart."
    assert first.sha256 == sha256_text(first.text)


def test_obligations_are_numbered_under_their_provision(tmp_path: Path) -> None:
    """Obligations get ids `<provision>#1`, `#2` … and keep kind, strength and parameters."""
    first, second = _read(tmp_path, GOOD).provisions[0].obligations
    assert (first.id, second.id) == ("sample/art-1/a#1", "sample/art-1/a#2")
    assert (first.kind, first.strength) == (ControlKind.ENCRYPTION_AT_REST, Strength.FLOOR)
    assert first.parameters.integer("min_key_bits", 0) == 256
    assert first.parameters.texts("modes") == ("GCM",)
    assert first.data_categories == ("user.financial",)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("title: Records", "titel: Records", "line 29, entry `sample/art-2`: `titel` unknown key"),
        ("family: samples", "familie: samples", "line 8: `familie` unknown key"),
        ("[user.financial]", "[user.finance]", "unknown data category `user.finance`"),
        ("min_key_bits", "min_key_bit", "no parameter `min_key_bit`: nearest `min_key_bits`"),
        ("min_key_bits: 256", "min_key_bits: many", "`min_key_bits` must be a whole number"),
        ("strength: floor", "strength: maybe", "`strength` input should be 'floor' or 'advice'"),
        ("id: sample/art-2", "id: sample/art-1/a", "id `sample/art-1/a` is given twice"),
        ("id: sample/art-2", "id: other/art-2", "id `other/art-2` must start with `sample/`"),
        ("id: sample/art-2", "id: sample/Art 2", "`id` string should match pattern"),
        ("text: Records are kept.", 'text: "  "', "`text` string should have at least 1"),
        ("text: Records are kept.", "text:", "`text` input should be a valid string"),
        ('version: "1"', "version: 1", "`version` input should be a valid string"),
        ("2020-01-31", "20200131", "must be a date such as"),
        ("kind: law", "kind: rumour", "`kind` input should be"),
        ("  id: sample\n", "  id: simple\n", "name the file `simple.yaml` or correct the id"),
        ("title: Records", "title: [Records", "line 30: not valid YAML"),
        ("title: Records", "title: Records\n    title: Files", "line 30: `title` is given twice"),
        ("short: SA", "short: !!python/name:os.system", "not valid YAML"),
    ],
)
def test_a_wrong_digest_is_refused_with_its_place(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    """A mistake is reported in one line with file, line or entry, and what is wrong."""
    message = _complaint(tmp_path, old, new)
    assert said in message
    assert "`sample.yaml`" in message


@pytest.mark.parametrize(
    ("kind", "parameters", "said"),
    [
        ("access", "{basis: trust}", "`basis` must be one of need_to_know"),
        ("access", "{actions: [look]}", "`actions` has unknown `look`"),
        ("access", "{actions: read}", "`actions` must be a list"),
        ("access", "{actions: []}", "`actions` must be a list"),
        ("access", "{mfa: 1}", "`mfa` must be true or false"),
        ("masking", "{operators: [clear]}", "`operators` has unknown `clear`"),
        ("masking", "{visible_last: true}", "`visible_last` must be a whole number"),
        ("masking", "{unless_purposes: [advertising]}", "has unknown `advertising`: nearest"),
        ("masking", "{unless_purposes: marketing}", "must be a list of fideslang data uses"),
        ("encryption_in_transit", "{min_tls: 1.2}", "`min_tls` must be one of 1.2, 1.3"),
        ("encryption_at_rest", "{modes: GCM}", "`modes` must be a list of words"),
        ("encryption_at_rest", "{algorithm: 3}", "`algorithm` must be text"),
        ("retention", "{deadline_days: 3}", "`retention` has no parameter `deadline_days`"),
    ],
)
def test_parameters_are_a_closed_set(tmp_path: Path, kind: str, parameters: str, said: str) -> None:
    """A parameter that its kind does not have, or of the wrong type, is refused by name."""
    old = "      - kind: key_management\n"
    message = _complaint(tmp_path, old, f"      - kind: {kind}\n        parameters: {parameters}\n")
    assert said in message


def test_a_bare_null_is_the_operator_of_that_name(tmp_path: Path) -> None:
    """YAML reads an unquoted `null` as nothing; among operators it is still the operator."""
    new = "      - kind: masking\n        parameters: {operators: [deny, null]}\n"
    digest = _read(tmp_path, GOOD.replace("      - kind: key_management\n", new))
    assert digest.provisions[0].obligations[1].parameters.texts("operators") == ("deny", "null")


def test_a_tls_version_is_text(tmp_path: Path) -> None:
    """A quoted TLS version is accepted as it stands."""
    new = '      - kind: encryption_in_transit\n        parameters: {min_tls: "1.2"}\n'
    digest = _read(tmp_path, GOOD.replace("      - kind: key_management\n", new))
    assert digest.provisions[0].obligations[1].parameters.text("min_tls") == "1.2"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "`sample.yaml` is empty"),
        (b"- a list\n", "`sample.yaml`, line 1: must be a mapping"),
        (b"title: \xff\xfe\n", "`sample.yaml` is not UTF-8"),
        (b"provisions: [3]\n", "`sample.yaml`, line 1: `instrument` is missing"),
    ],
)
def test_a_file_that_is_no_digest_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    """A file that is empty, no mapping, or not text is named and refused."""
    path = tmp_path / "sample.yaml"
    path.write_bytes(content)
    with pytest.raises(CorpusError, match="sample") as caught:
        read_digest(path)
    assert said in caught.value.message


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """A file that is not there is named, without the folder it was looked for in."""
    with pytest.raises(CorpusError) as caught:
        read_digest(tmp_path / "nowhere.yaml")
    assert caught.value.message == "cannot read `nowhere.yaml`: check that the file exists"


def test_an_entry_that_is_no_mapping_is_refused(tmp_path: Path) -> None:
    """A provision that is a bare word is refused with its line."""
    broken = GOOD[: GOOD.index("  - id: sample/art-2")] + "  - just words\n"
    with pytest.raises(CorpusError) as caught:
        _read(tmp_path, broken)
    assert "line 27: must be a mapping" in caught.value.message
