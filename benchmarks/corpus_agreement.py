"""Whether the same law read from several formats is the same: counts and agreement.

    python -m benchmarks.corpus_agreement [--data DIR] [--markdown FILE]

Readings are compared unit by unit (article, paragraph, point, recital, annex), white space
normalised and nothing else. A difference is named by its kind and place; what is left is of
the sources: corrigenda, straight quotation marks, sentences a copy has lost. Progress goes
to stderr; `--markdown` writes the tables; the last line of stdout is one JSON object. Not
here: whether the text is the law in force.
"""

import argparse
import gzip
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from benchmarks.agreement import Agreement, compare
from benchmarks.report import finish, progress, say
from policy_service.corpus.importers.document import Document, PartKind, SourceFile
from policy_service.corpus.importers.eu import eurlex_xhtml, formex, gdprtext_json
from policy_service.corpus.importers.eu import markdown as eu_markdown

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
OTHERS = ("benchmarks.agreement_us", "benchmarks.agreement_oscal")
_QUOTES = str.maketrans("‘’‚“”„«»", "'''" + '"' * 5)
_NAMED = 20  # places named for a kind of difference


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """What one reading of one instrument holds; `what` by the words of the table's columns."""

    instrument: str
    form: str
    what: Mapping[str, int]
    seconds: float = 0.0  # to read it, of one core


class Family(Protocol):
    """A module that compares readings of its own instruments."""

    def rows(self, data: Path) -> list[Agreement]:
        """Compare readings of the same instrument."""
        ...

    def counts(self, data: Path) -> Sequence[object]:
        """Count what each reading holds: mappings or objects with the fields of `Count`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One reading: where its files are, and the importer's function that reads them."""

    instrument: str
    form: str
    pattern: str  # below `regulations`
    read: Callable[[Sequence[SourceFile]], tuple[Document, ...]]


GDPR_OJ = Source(
    instrument="GDPR", form="Formex 4, OJ", pattern="gdpr/gdpr-oj.fmx.xml", read=formex.read
)
GDPR_CONSOLIDATED = Source(
    instrument="GDPR",
    form="Formex 4, consolidated",
    pattern="gdpr/gdpr-consolidated.fmx.xml",
    read=formex.read,
)
GDPR_XHTML = Source(
    instrument="GDPR",
    form="EUR-Lex XHTML, OJ",
    pattern="gdpr/gdpr-eurlex.html.gz",
    read=eurlex_xhtml.read,
)
GDPR_JSON = Source(
    instrument="GDPR",
    form="GDPRtEXT JSON",
    pattern="gdpr/gdpr-gdprtext.json.gz",
    read=gdprtext_json.read,
)
GDPR_MARKDOWN = Source(
    instrument="GDPR", form="Markdown", pattern="gdpr/gdpr.md.gz", read=eu_markdown.read
)
AI_ACT = Source(
    instrument="AI Act", form="Formex 6, 16 files", pattern="ai-act/*.xml", read=formex.read
)
NIS2_FORMEX = Source(
    instrument="NIS2", form="Formex 4, zip", pattern="nis2/*.zip", read=formex.read
)
NIS2_MARKDOWN = Source(
    instrument="NIS2", form="Markdown", pattern="nis2/nis2.md.gz", read=eu_markdown.read
)
DORA = Source(instrument="DORA", form="Markdown", pattern="dora/*.md.gz", read=eu_markdown.read)
SOURCES = (
    GDPR_OJ,
    GDPR_CONSOLIDATED,
    GDPR_XHTML,
    GDPR_JSON,
    GDPR_MARKDOWN,
    AI_ACT,
    NIS2_FORMEX,
    NIS2_MARKDOWN,
    DORA,
)
PAIRS = (
    (GDPR_OJ, GDPR_XHTML, ""),
    (GDPR_OJ, GDPR_JSON, "the corrigendum of 23.5.2018 where it changes a recital"),
    (GDPR_OJ, GDPR_CONSOLIDATED, "the corrigendum of 23.5.2018"),
    (GDPR_OJ, GDPR_MARKDOWN, "the copy's straight quotes and lost second subparagraphs"),
    (GDPR_CONSOLIDATED, GDPR_MARKDOWN, "the copy's articles are those before the corrigendum"),
    (NIS2_FORMEX, NIS2_MARKDOWN, "the copy's straight quotes, lost dates and table layout"),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare every reading, print the tables, and end with one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, default=DATA, help="folder with `regulations`")
    parser.add_argument("--markdown", type=Path, help="write the tables to this file")
    options = parser.parse_args(arguments)
    if not (options.data / "regulations").is_dir():
        say(f"`{options.data.name}` has no folder `regulations`: give it by --data")
        finish({"skipped": "no regulations to compare"})
        return 0
    agreements, counted = _measure(options.data)
    text = tables(agreements, counted)
    if options.markdown:
        options.markdown.write_text(text, encoding="utf-8")
    else:
        say(text)
    finish(_figures(agreements, counted))
    return 0


def rows(data: Path) -> list[Agreement]:
    """Compare the readings of acts of the Union."""
    return compare_all(read_all(data))


def counts(data: Path) -> list[Count]:
    """Count what the readings of acts of the Union hold."""
    return count_all(read_all(data))


def explained(left: Mapping[str, str], right: Mapping[str, str], *, cause: str = "") -> str:
    """Name how two readings differ: kinds of difference, how many, and where.

    `cause` is where the sources themselves differ; it is given only if something does.
    """
    kinds: dict[str, list[str]] = {}
    for unit in left:
        if unit in right and (kind := _kind(left[unit], right[unit])):
            kinds.setdefault(kind, []).append(unit)
    kinds["only left"] = sorted(left.keys() - right.keys())
    kinds["only right"] = sorted(right.keys() - left.keys())
    kinds = {kind: units for kind, units in kinds.items() if units}
    if not kinds:
        return ""
    told = "; ".join(f"{len(units)} {kind}: {_places(units)}" for kind, units in kinds.items())
    return f"{cause} ({told})" if cause else told


def count_of(one: object) -> Count:
    """Read a count of another family, which may be a mapping or an object."""
    if isinstance(one, Count):
        return one
    names = ("instrument", "form", "what", "seconds")
    fields = one if isinstance(one, Mapping) else {n: getattr(one, n, None) for n in names}
    what = fields.get("what")
    return Count(
        instrument=str(fields.get("instrument")),
        form=str(fields.get("form")),
        what=dict(what) if isinstance(what, Mapping) else {},
        seconds=float(fields.get("seconds") or 0.0),
    )


def tables(agreements: Sequence[Agreement], counted: Sequence[Count]) -> str:
    """Write both tables as Markdown."""
    lines = ["| instrument | form | holds | seconds |", "| --- | --- | --- | ---: |"]
    for one in counted:
        holds = ", ".join(f"{number:,} {words}" for words, number in one.what.items())
        lines.append(f"| {one.instrument} | {one.form} | {holds} | {one.seconds:.2f} |")
    lines += [
        "",
        "| instrument | left | right | units in both | equal | only left | only right | why |",
        "| --- | --- | --- | ---: | ---: | ---: | ---: | --- |",
    ]
    for row in agreements:
        numbers = f"{row.units:,} | {row.equal:,} | {row.only_left:,} | {row.only_right:,}"
        note = row.note.replace("|", "\\|")
        lines.append(f"| {row.instrument} | {row.left} | {row.right} | {numbers} | {note} |")
    return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A source as it was read."""

    document: Document
    seconds: float

    @property
    def texts(self) -> dict[str, str]:
        """Give the text of every unit by the steps of its id."""
        return {"/".join(part.steps): part.text for part in self.document.parts}


def _measure(data: Path) -> tuple[list[Agreement], list[Count]]:
    readings = read_all(data)
    agreements, counted = compare_all(readings), count_all(readings)
    for name in OTHERS:
        family = _family(name)
        if family is None:
            say(f"{name}: not in this tree, left out")
            continue
        say(f"{name}: reading")
        agreements += family.rows(data)
        counted += [count_of(one) for one in family.counts(data)]
    return agreements, counted


def _family(name: str) -> Family | None:
    try:
        return cast(Family, import_module(name))
    except ModuleNotFoundError as error:
        if error.name == name:
            return None
        raise


def read_all(data: Path) -> dict[Source, Reading]:
    """Read every source that is there."""
    readings = {}
    for number, source in enumerate(SOURCES, start=1):
        paths = sorted((data / "regulations").glob(source.pattern))
        if paths:
            began = time.process_time()
            (document,) = source.read([file for path in paths for file in _files(path)])
            spent = time.process_time() - began
            readings[source] = Reading(document=document, seconds=spent)
        progress("read acts of the Union", number, len(SOURCES))
    return readings


def _files(path: Path) -> Iterator[SourceFile]:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            for name in sorted(archive.namelist()):
                yield SourceFile(name=name.rpartition("/")[2], data=archive.read(name))
    elif path.suffix == ".gz":
        yield SourceFile(name=path.stem, data=gzip.decompress(path.read_bytes()))
    else:
        yield SourceFile(name=path.name, data=path.read_bytes())


def compare_all(readings: Mapping[Source, Reading]) -> list[Agreement]:
    """Compare the pairs of which both readings are there."""
    found = []
    for left, right, cause in PAIRS:
        if left in readings and right in readings:
            texts = readings[left].texts, readings[right].texts
            found.append(
                compare(
                    left.instrument,
                    (left.form, texts[0]),
                    (right.form, texts[1]),
                    note=explained(*texts, cause=cause),
                )
            )
    return found


def count_all(readings: Mapping[Source, Reading]) -> list[Count]:
    """Count the units of every reading."""
    found = []
    for source, reading in readings.items():
        kinds = Counter(part.kind for part in reading.document.parts)
        what = {
            "articles": kinds[PartKind.ARTICLE],
            "recitals": kinds[PartKind.RECITAL],
            "annexes": kinds[PartKind.ANNEX],
            "provisions": sum(bool(part.text) for part in reading.document.parts),
        }
        found.append(
            Count(
                instrument=source.instrument,
                form=source.form,
                what=what,
                seconds=reading.seconds,
            )
        )
    return found


def _kind(left: str, right: str) -> str:
    one, other = " ".join(left.split()), " ".join(right.split())
    if one == other:
        return ""
    if one.translate(_QUOTES) == other.translate(_QUOTES):
        return "by quotation marks"
    if one.replace(" ", "") == other.replace(" ", ""):
        return "by blanks"
    one, other = one.translate(_QUOTES), other.translate(_QUOTES)
    if one.startswith(other) or other.startswith(one):
        return "cut short"
    return "by words"


def _places(units: Sequence[str]) -> str:
    more = f" and {len(units) - _NAMED} more" if len(units) > _NAMED else ""
    return ", ".join(units[:_NAMED]) + more


def _figures(agreements: Sequence[Agreement], counted: Sequence[Count]) -> dict[str, object]:
    return {
        "counts": [{"instrument": one.instrument, "form": one.form, **one.what} for one in counted],
        "agreement": [
            {
                "instrument": row.instrument,
                "left": row.left,
                "right": row.right,
                "units": row.units,
                "equal": row.equal,
                "only_left": row.only_left,
                "only_right": row.only_right,
            }
            for row in agreements
        ],
    }


if __name__ == "__main__":
    raise SystemExit(main())
