"""How many of the digests' hand-made obligations extraction finds in the official texts.

    python -m benchmarks.obligations [--data DIR] [--quick] [--train]

Every figure of a family of instruments (`hipaa` is two of them) is taken with weights that
were learned from the others. A section is the official text under the id of a digest's entry;
where that is empty or only leads in (`… must:`), with what lies right below it. Precision
against the digests is a lower bound, for digests leave duties out; `judged` holds the verdicts of a
person on proposals elsewhere (`obligations_judged.json`: ids and verdicts, no text).
`--train` writes the shipped weights; `--quick` leaves the slow PDFs out.
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.obligations_fit import Section, Weights, examples_of, fit, held_out, sections_of
from benchmarks.report import Stopwatch, finish, progress, say
from policy_service.corpus.digests import Digest, read_digest
from policy_service.corpus.editions.build import editions_of
from policy_service.corpus.extraction import weights as shipped
from policy_service.corpus.extraction.edition_proposals import with_proposals
from policy_service.corpus.extraction.scorer import KEEP_AS_TEXT
from policy_service.corpus.importers.reading import read_source
from policy_service.corpus.references import count_references
from policy_service.domain.edition import Edition, ProposedObligation
from policy_service.domain.identifiers import DataCategory, category_covers
from policy_service.domain.parameters import ParameterValue
from policy_service.domain.provision import ControlKind, Obligation

REPOSITORY = Path(__file__).resolve().parent.parent
DATA = REPOSITORY.parent / "shared" / "data"
DIGESTS = REPOSITORY / "regulations_corpus"
JUDGED = Path(__file__).with_name("obligations_judged.json")
TARGETS = ("gdpr", "hipaa", "nist-800-53")
SOURCES = (
    "regulations/gdpr/gdpr-oj.fmx.xml",
    "regulations/ai-act",
    "regulations/nis2/32022L2555.fmx4.zip",
    "regulations/dora/dora.md.gz",
    "regulations/glba-reg-p/12cfr1016-2016-16132.regml.xml.gz",
    "oscal/NIST_SP-800-53_rev5_catalog.json.gz",
    "regulations/hipaa/hipaa-combined-regulation-text.pdf",
    "regulations/ccpa/ccpa_statute.pdf",
)


_WEIGHTS_SAY = """Learned weights of the scorer.

Written by `python -m benchmarks.obligations --train`, learned from the shipped
digests and the official texts of the same sections: GDPR, AI Act, NIS2, DORA, HIPAA, CCPA,
Regulation P and NIST SP 800-53. They hold no text of either.
"""


@dataclass(slots=True, kw_only=True)
class Tally:
    """Counts of one family, or of several."""

    gold: int = 0
    found: int = 0
    proposed: int = 0
    with_category: int = 0
    parameters: Counter[str] = field(default_factory=Counter)
    parameters_named: Counter[str] = field(default_factory=Counter)
    parameters_equal: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Tally") -> None:
        """Add the counts of another family."""
        self.gold += other.gold
        self.found += other.found
        self.proposed += other.proposed
        self.with_category += other.with_category
        self.parameters += other.parameters
        self.parameters_named += other.parameters_named
        self.parameters_equal += other.parameters_equal

    def figures(self) -> dict[str, object]:
        """Return the shares; parameters only of obligations that were found."""
        return {
            "obligations": self.gold,
            "recall": _share(self.found, self.gold),
            "precision": _share(self.found, self.proposed),
            "recall_with_category": _share(self.with_category, self.gold),
            "parameters": {
                name: {
                    "gold": count,
                    "named": self.parameters_named[name],
                    "equal": self.parameters_equal[name],
                }
                for name, count in sorted(self.parameters.items())
            },
        }


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.obligations")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--quick", action="store_true", help="leave the slow PDFs out")
    parser.add_argument("--train", action="store_true", help="write the shipped weights")
    options = parser.parse_args(arguments)
    if not options.data.is_dir():
        say(f"`{options.data}` is missing; give --data")
        finish({"skipped": "the data is not there"})
        return
    digests = {one.instrument.id: one for one in read_all_digests()}
    with Stopwatch() as reading:
        editions = read_editions(options.data, digests, quick=options.quick)
    finish({"read_cpu_s": reading.cpu_s, **measure(editions, digests, train=options.train)})


def read_all_digests() -> list[Digest]:
    """Read the shipped digests, by name."""
    return [read_digest(path) for path in sorted(DIGESTS.glob("*.yaml"))]


def read_editions(
    data: Path, digests: Mapping[str, Digest], *, quick: bool = False
) -> dict[str, Edition]:
    """Import the official texts as the product does; those without a digest are left out."""
    found: dict[str, Edition] = {}
    for number, name in enumerate(SOURCES):
        progress("importing", number, len(SOURCES))
        if (quick and name.endswith(".pdf")) or not (data / name).exists():
            continue
        source = read_source(data / name)
        for report in editions_of(
            source.documents, known=list(digests.values()), source=source.files
        ):
            found[report.edition.instrument.id] = report.edition
    return {name: one for name, one in found.items() if name in digests}


def measure(
    editions: Mapping[str, Edition], digests: Mapping[str, Digest], *, train: bool = False
) -> dict[str, object]:
    """Score every family with weights learned from the others."""
    sections = {name: list(sections_of(one, digests[name])) for name, one in editions.items()}
    examples = [
        one for name, edition in editions.items() for one in examples_of(edition, sections[name])
    ]
    if train:
        write_weights(fit(examples), Path(shipped.__file__))
    scores = held_out(examples)
    tallies: dict[str, Tally] = {}
    bins: list[tuple[float, bool]] = []
    with Stopwatch() as extracting:
        for number, (name, edition) in enumerate(editions.items()):
            progress("extracting", number, len(editions))
            family = digests[name].family or name
            proposals = _by_provision(with_proposals(edition, score=scores[family]).proposals)
            for section in sections[name]:
                tallies.setdefault(family, Tally()).add(_compare(section, proposals))
                bins.extend(_calibration(section, proposals))
    targets = Tally()
    for family in TARGETS:
        targets.add(tallies.get(family, Tally()))
    return {
        "keep_as_text_below": KEEP_AS_TEXT,
        "targets": targets.figures(),
        "families": {name: one.figures() for name, one in sorted(tallies.items())},
        "reliability": _reliability(bins),
        "references": {
            name: {"mentioned": count.mentioned, "resolved": count.resolved}
            for name, edition in sorted(editions.items())
            for count in [count_references(edition.provisions)]
        },
        "judged": judged_figures(_verdicts()),
        "extract_cpu_s": extracting.cpu_s,
        "provisions": sum(len(one.provisions) for one in editions.values()),
    }


def write_weights(weights: Weights, path: Path) -> None:
    """Write the shipped module of weights."""
    features = "\n".join(f'    "{name}": {value},' for name, value in weights.features.items())
    bias = "\n".join(
        f"    ControlKind.{kind.name}: {value}," for kind, value in weights.bias.items()
    )
    path.write_text(
        f'"""{_WEIGHTS_SAY}"""'
        "\n\nfrom policy_service.domain.provision import ControlKind\n\n"
        f"WEIGHTS: dict[str, float] = {{\n{features}\n}}\n"
        f"BIAS: dict[ControlKind, float] = {{\n{bias}\n}}\n",
        encoding="utf-8",
    )
    say(f"wrote {path.name}")


def judged_figures(verdicts: Mapping[str, str]) -> dict[str, object]:
    """Count verdicts: `right`, `partly` (right kind, a part is wrong) and `wrong`."""
    counts = Counter(verdicts.values())
    total = sum(counts.values())
    return {
        "proposals": total,
        "right": counts["right"],
        "partly": counts["partly"],
        "wrong": counts["wrong"],
        "precision_kind": _share(counts["right"] + counts["partly"], total),
    }


def _verdicts() -> dict[str, str]:
    if not JUDGED.is_file():
        return {}
    found = json.loads(JUDGED.read_text(encoding="utf-8"))
    return {str(one["id"]): str(one["verdict"]) for one in found["proposals"]}


def _by_provision(
    proposals: Sequence[ProposedObligation],
) -> dict[str, list[ProposedObligation]]:
    found: dict[str, list[ProposedObligation]] = {}
    for one in proposals:
        found.setdefault(str(one.obligation.provision), []).append(one)
    return found


def _compare(section: Section, proposals: Mapping[str, list[ProposedObligation]]) -> Tally:
    proposed = _of_section(section, proposals)
    gold: dict[ControlKind, Obligation] = {}
    for obligation in section.gold:
        gold.setdefault(obligation.kind, obligation)
    tally = Tally(gold=len(gold), proposed=len({one.kind for one in proposed}))
    for kind, wanted in gold.items():
        same = [one for one in proposed if one.kind is kind]
        tally.found += bool(same)
        tally.with_category += any(
            _overlap(one.data_categories, wanted.data_categories) for one in same
        )
        if same:
            _compare_parameters(tally, same, wanted)
    return tally


def _compare_parameters(tally: Tally, same: Sequence[Obligation], wanted: Obligation) -> None:
    for name, value in wanted.parameters.items():
        tally.parameters[name] += 1
        values = [one.parameters[name] for one in same if name in one.parameters]
        tally.parameters_named[name] += bool(values)
        tally.parameters_equal[name] += any(_agree(value, one) for one in values)


def _agree(left: ParameterValue, right: ParameterValue) -> bool:
    if isinstance(left, tuple) and isinstance(right, tuple):
        return set(left) == set(right)
    return left == right


def _of_section(
    section: Section, proposals: Mapping[str, list[ProposedObligation]]
) -> list[Obligation]:
    return [one.obligation for unit in section.units for one in proposals.get(unit, [])]


def _overlap(left: Sequence[DataCategory], right: Sequence[DataCategory]) -> bool:
    """Tell whether two lists of categories meet; none means every category."""
    return (
        not left
        or not right
        or any(category_covers(a, b) or category_covers(b, a) for a in left for b in right)
    )


def _calibration(
    section: Section, proposals: Mapping[str, list[ProposedObligation]]
) -> Iterator[tuple[float, bool]]:
    kinds = {one.kind for one in section.gold}
    for unit in section.units:
        for one in proposals.get(unit, []):
            yield one.confidence, one.obligation.kind in kinds


def _reliability(pairs: Sequence[tuple[float, bool]]) -> dict[str, dict[str, object]]:
    """Show for each band of confidence how many proposals the digests have."""
    bands = ((KEEP_AS_TEXT, 0.4), (0.4, 0.6), (0.6, 0.8), (0.8, 1.01))
    found: dict[str, dict[str, object]] = {}
    for low, high in bands:
        within = [(sure, right) for sure, right in pairs if low <= sure < high]
        found[f"{low:.2f}-{min(high, 1):.2f}"] = {
            "proposals": len(within),
            "mean_confidence": _share(sum(sure for sure, _ in within), len(within)),
            "in_digest": _share(sum(right for _, right in within), len(within)),
        }
    return found


def _share(part: float, whole: float) -> float:
    return round(part / whole, 3) if whole else 0.0


if __name__ == "__main__":
    main()
