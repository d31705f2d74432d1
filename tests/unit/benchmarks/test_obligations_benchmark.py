"""The benchmark of extraction: what is compared, learned and written, on invented texts."""

import json
from pathlib import Path

import pytest

from benchmarks import obligations
from benchmarks.obligations_fit import Example, Weights, examples_of, fit, held_out, sections_of
from policy_service.corpus.digests import Digest
from policy_service.corpus.extraction.evidence import FEATURES, Evidence
from policy_service.domain.edition import Edition, Provenance
from policy_service.domain.identifiers import DataCategory, ObligationId, ProvisionId, Sha256Hex
from policy_service.domain.parameters import Parameters
from policy_service.domain.provision import (
    ControlKind,
    Instrument,
    InstrumentKind,
    Obligation,
    Provision,
    Strength,
)


def _provision(name: str, text: str, *kinds: ControlKind) -> Provision:
    return Provision(
        id=ProvisionId(name),
        instrument=name.split("/", maxsplit=1)[0],
        section=name,
        title="",
        text=text,
        sha256=Sha256Hex("0" * 64),
        version="1",
        version_date="2026-01-01",
        url="",
        heading=("Act",),
        obligations=tuple(
            Obligation(
                id=ObligationId(f"{name}#{number}"),
                provision=ProvisionId(name),
                kind=kind,
                strength=Strength.ADVICE,
                data_categories=(DataCategory("user"),),
                parameters=Parameters({"min_days": 365} if kind is ControlKind.AUDIT else {}),
            )
            for number, kind in enumerate(kinds, start=1)
        ),
    )


def _instrument(name: str) -> Instrument:
    return Instrument(
        id=name,
        title=name,
        kind=InstrumentKind.LAW,
        jurisdictions=("EU",),
        sectors=(),
        version="1",
        version_date="2026-01-01",
        url="",
    )


def _pair(name: str) -> tuple[Edition, Digest]:
    """Make an official text of four units, and a digest of two of them."""
    edition = Edition(
        instrument=_instrument(name),
        short=name,
        family="",
        language="en",
        provenance=Provenance(
            format="markdown", files=("a.md",), source_sha256=Sha256Hex("0" * 64), size_bytes=1
        ),
        provisions=(
            _provision(f"{name}/art-1", "The firm shall encrypt personal data at rest."),
            _provision(f"{name}/art-2", "The firm shall, as to its systems:"),
            _provision(f"{name}/art-2/a", "retain audit logs for one year;"),
            _provision(f"{name}/art-3", "The firm shall log its visitors and encrypt."),
        ),
    )
    digest = Digest(
        instrument=_instrument(name),
        short=name,
        family="",
        provisions=(
            _provision(f"{name}/art-1", "Encrypt.", ControlKind.ENCRYPTION_AT_REST),
            _provision(f"{name}/art-2", "Keep logs.", ControlKind.AUDIT),
            _provision(f"{name}/art-9", "Not in the text.", ControlKind.ERASURE),
        ),
    )
    return edition, digest


def test_a_section_is_its_text_and_what_it_leads_to() -> None:
    """A lead-in brings its points; an entry without text is left out."""
    first, second = sections_of(*_pair("one"))
    assert first.units == ("one/art-1",)
    assert second.units == ("one/art-2", "one/art-2/a")


def test_examples_outside_the_digest_weigh_less() -> None:
    """What no digest speaks of is a wrong example of little weight."""
    edition, digest = _pair("one")
    found = list(examples_of(edition, list(sections_of(edition, digest))))
    assert {one.weight for one in found if one.right} == {1.0}
    assert any(one.weight < 1 and not one.right for one in found)


def test_weights_are_learned_without_the_family_they_score() -> None:
    """A fit tells right from wrong examples, the same each time, one fit for each family."""

    def example(family: str, strong: float) -> Example:
        features = {**dict.fromkeys(FEATURES, 0.0), "strong": strong}
        evidence = Evidence(kind=ControlKind.AUDIT, readings=(), features=features)
        return Example(family=family, evidence=evidence, right=strong > 0)

    examples = [example(family, strong) for family in ("a", "b") for strong in (0.0, 1.0) * 8]
    weights = fit(examples)
    assert weights == fit(examples)
    assert weights.score(examples[1].evidence) > 0.7 > weights.score(examples[0].evidence)
    assert set(held_out(examples)) == {"a", "b"}


def test_a_measurement_counts_what_is_found() -> None:
    """Kinds, categories, parameters, references and verdicts come out as figures."""
    pairs = {name: _pair(name) for name in ("gdpr", "other")}
    figures = obligations.measure(
        {name: edition for name, (edition, _) in pairs.items()},
        {name: digest for name, (_, digest) in pairs.items()},
    )
    targets = figures["targets"]
    assert isinstance(targets, dict)
    assert targets["obligations"] == 2
    assert targets["recall"] == 1.0
    assert targets["recall_with_category"] == 0.5  # audit logs are data of the system
    assert targets["parameters"] == {"min_days": {"gold": 1, "named": 1, "equal": 0}}
    assert figures["provisions"] == 8


def test_weights_are_written_as_a_module(tmp_path: Path) -> None:
    """The written file defines what the scorer imports."""
    path = tmp_path / "weights.py"
    features = dict.fromkeys(FEATURES, 0.5)
    bias = dict.fromkeys(ControlKind, -1.0)
    obligations.write_weights(Weights(features=features, bias=bias), path)
    scope: dict[str, object] = {}
    exec(path.read_text(encoding="utf-8"), scope)  # noqa: S102 - our own file, just written
    assert scope["WEIGHTS"] == features
    assert scope["BIAS"] == bias


def test_verdicts_are_counted() -> None:
    """The verdicts beside the benchmark are ids and one of three words, and no law text."""
    content = json.loads(obligations.JUDGED.read_text(encoding="utf-8"))
    assert {tuple(sorted(one)) for one in content["proposals"]} == {("id", "kind", "verdict")}
    assert {one["verdict"] for one in content["proposals"]} <= {"right", "partly", "wrong"}
    figures = obligations.judged_figures({"a": "right", "b": "partly", "c": "wrong", "d": "wrong"})
    assert figures["precision_kind"] == 0.5


def test_without_data_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A missing folder ends in one line and a JSON object that says it was skipped."""
    obligations.main(["--data", str(tmp_path / "none")])
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == {
        "skipped": "the data is not there"
    }


def test_an_empty_folder_has_no_texts(tmp_path: Path) -> None:
    """Sources that are not there are left out."""
    assert obligations.read_editions(tmp_path, {}) == {}


def test_the_official_text_is_paired_with_its_digest(shared_data: Path, tmp_path: Path) -> None:
    """The real GDPR imports onto the digest's ids, so that each entry has its section."""
    source = shared_data / "regulations" / "gdpr" / "gdpr-oj.fmx.xml"
    folder = tmp_path / "regulations" / "gdpr"
    folder.mkdir(parents=True)
    (folder / source.name).write_bytes(source.read_bytes())
    digests = {one.instrument.id: one for one in obligations.read_all_digests()}
    editions = obligations.read_editions(tmp_path, digests, quick=True)
    assert list(editions) == ["gdpr"]
    sections = list(sections_of(editions["gdpr"], digests["gdpr"]))
    assert len(sections) == len(digests["gdpr"].provisions)
