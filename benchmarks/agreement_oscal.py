"""How readings of NIST SP 800-53 in OSCAL agree with one another.

JSON with XML, YAML with JSON, profiles resolved here with NIST's own resolution of them, and
two versions of the catalogue. The rows and counts are printed by `benchmarks.corpus_agreement`.
"""

import re
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from benchmarks.agreement import Agreement, compare
from policy_service.corpus.importers.archive import unpack
from policy_service.corpus.importers.document import Document, PartKind, SourceFile
from policy_service.corpus.importers.limits import full_budget
from policy_service.corpus.importers.oscal.importer import read

_INSTRUMENT = "NIST SP 800-53 r5"
_CATALOG = "NIST_SP-800-53_rev5_catalog.json.gz"
_RESOLVED = {
    "HIGH": "NIST_SP-800-53_rev5_HIGH-baseline-resolved-profile_catalog-min.json.gz",
    "PRIVACY": "NIST_SP-800-53_rev5_PRIVACY-baseline-resolved-profile_catalog-min.json.gz",
    "LOW": "NIST_SP-800-53_rev5_LOW-baseline-resolved-profile_catalog.xml.gz",
}
_LABELS = re.compile(r"\[(?:Assignment|Selection)[^\[\]]*\]")


def rows(data: Path) -> list[Agreement]:
    """Compare every pair of readings of the same controls; `data` is the shared data folder."""
    folder = data / "oscal"
    high, low = (_texts(_read(folder, _RESOLVED[name])) for name in ("HIGH", "LOW"))
    catalog = _texts(_read(folder, _CATALOG))
    compared = [
        compare(
            _INSTRUMENT,
            ("LOW, XML", low),
            ("HIGH, JSON", {key: high[key] for key in high if key in low}),
            note="both 5.1.1; LOW is contained in HIGH",
        ),
        compare(
            _INSTRUMENT,
            ("LOW profile, YAML", _texts(_resolved(folder, "LOW", "yaml"))),
            ("LOW profile, JSON", _texts(_resolved(folder, "LOW", "json"))),
        ),
        compare(
            _INSTRUMENT,
            ("catalogue 5.0.1", {key: _unlabelled(catalog[key]) for key in catalog if key in high}),
            ("HIGH 5.1.1", {key: _unlabelled(high[key]) for key in high}),
            note="labels of parameters left out, which 5.1.1 words anew; two discussions differ",
        ),
    ]
    for name, file in _RESOLVED.items():
        ours = dict.fromkeys(_texts(_resolved(folder, name, "json")), "")
        theirs = dict.fromkeys(_texts(_read(folder, file)), "")
        compared.append(
            compare(
                _INSTRUMENT,
                (f"{name} profile, resolved here", ours),
                (f"{name}, resolved by NIST", theirs),
                note="which controls are selected; the catalogue at hand is 5.0.1",
            )
        )
    return compared


def counts(data: Path) -> list[Mapping[str, object]]:
    """Count controls and enhancements of every reading, with the seconds it took."""
    folder = data / "oscal"
    counted: list[Mapping[str, object]] = []
    forms = {
        "catalogue 5.0.1, JSON": _CATALOG,
        "HIGH 5.1.1, JSON": _RESOLVED["HIGH"],
        "PRIVACY 5.1.1, JSON": _RESOLVED["PRIVACY"],
        "LOW 5.1.1, XML": _RESOLVED["LOW"],
    }
    for form, name in forms.items():
        start = time.process_time()
        document = _read(folder, name)
        seconds = time.process_time() - start
        kinds = Counter(part.kind for part in document.parts)
        counted.append(
            {
                "instrument": _INSTRUMENT,
                "form": form,
                "what": {
                    "controls": kinds[PartKind.CONTROL],
                    "enhancements": kinds[PartKind.ENHANCEMENT],
                    "provisions": sum(bool(part.text) for part in document.parts),
                },
                "seconds": round(seconds, 2),
            }
        )
    return counted


def _read(folder: Path, name: str) -> Document:
    (document,) = read((_load(folder, name),))
    return document


def _resolved(folder: Path, name: str, syntax: str) -> Document:
    profile = _load(folder, f"NIST_SP-800-53_rev5_{name}-baseline_profile.{syntax}")
    (document,) = read((_load(folder, _CATALOG), profile))
    return document


def _load(folder: Path, name: str) -> SourceFile:
    packed = SourceFile(name=name, data=(folder / name).read_bytes())
    (file,) = unpack(packed, full_budget())
    return file


def _texts(document: Document) -> dict[str, str]:
    return {"/".join(part.steps): part.text for part in document.parts}


def _unlabelled(text: str) -> str:
    while (shorter := _LABELS.sub("…", text)) != text:
        text = shorter
    return text
