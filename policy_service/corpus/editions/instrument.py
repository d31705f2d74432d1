"""Which instrument an imported text belongs to, and what is known of it.

A name given by the caller wins. Else the identifiers that the text states are looked up among
the instruments that are known (the digests), the narrowest first; else the text is an
instrument of its own, named by its identifier or its title. A title alone never makes it one
that is known: whoever imports it must say so.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from policy_service.corpus.importers.document import Document, Part
from policy_service.corpus.importers.office.outline import slug_of
from policy_service.domain.errors import CorpusError
from policy_service.domain.provision import Instrument, InstrumentKind

_JURISDICTIONS = {"celex": "EU", "eli": "EU", "cfr": "US", "ca-civ": "US-CA"}
_SHORT_LENGTH = 60
_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")


class KnownInstrument(Protocol):
    """An instrument that the corpus has already; a digest is one."""

    @property
    def instrument(self) -> Instrument:
        """Return its header."""
        ...

    @property
    def short(self) -> str:
        """Return what people call it."""
        ...

    @property
    def family(self) -> str:
        """Return the name it shares with sister instruments; empty for none."""
        ...

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Return what others call it: `celex:32016R0679`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentDetails:
    """What the person who imports a text says of it; empty: as the text or the digest says."""

    title: str = ""
    short: str = ""
    kind: InstrumentKind | None = None
    jurisdictions: tuple[str, ...] = ()
    sectors: tuple[str, ...] = ()
    version: str = ""
    version_date: str = ""
    url: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The instrument that some parts of a document go to."""

    instrument: Instrument
    short: str
    family: str
    language: str
    known: bool


def instrument_names(
    document: Document, *, known: Sequence[KnownInstrument], named: str
) -> tuple[tuple[str, Part], ...]:
    """Name the instrument of every part of a document.

    A name given by the caller selects the parts that are that instrument's by their scopes,
    and all parts where the scopes say nothing of it. Raises `CorpusError` for a bad name, and
    for a text that has no more than its title in common with a known instrument.
    """
    if named and not _NAME.fullmatch(named):
        raise CorpusError(
            f"`{named}` is no name for an instrument: use lower case, digits and hyphens"
        )
    by_identifier = _by_identifier(known)
    identifiers = [one for one in document.identifiers if one in by_identifier]
    whole = by_identifier[identifiers[0]] if identifiers else ""
    unknown = _unknown_name(document)
    names = tuple(
        (_of_part(part, by_identifier) or whole or _unit_name(part) or unknown, part)
        for part in document.parts
    )
    if not named:
        if any(name == unknown for name, _ in names):
            _refuse_known_title(document, unknown, known)
        return names
    own = tuple((name, part) for name, part in names if name == named)
    return own or tuple((named, part) for part in document.parts)


def target_of(
    name: str, document: Document, *, known: Sequence[KnownInstrument], details: InstrumentDetails
) -> Target:
    """Put together what is known of an instrument. Raises `CorpusError` without a version date."""
    digest = next((one for one in known if one.instrument.id == name), None)
    base = digest.instrument if digest else _new(name, document)
    date = details.version_date or _date_of(document, base)
    if not date:
        raise CorpusError(
            f"{_files(document)} does not say from when its text holds: "
            "give the date, such as `--version-date 2025-01-31`"
        )
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", date):
        raise CorpusError(f"`{date}` is no date: write it as 2025-01-31")
    version = details.version or document.version or (base.version if digest else "") or date
    instrument = replace(
        base,
        title=details.title or base.title,
        kind=details.kind or base.kind,
        jurisdictions=details.jurisdictions or base.jurisdictions,
        sectors=details.sectors or base.sectors,
        version=version,
        version_date=date,
        url=details.url or _deeper(document.url, base.url),
    )
    return Target(
        instrument=instrument,
        short=details.short or (digest.short if digest else _short(instrument.title)),
        family=digest.family if digest else "",
        language=details.language or document.language or "en",
        known=digest is not None,
    )


def _date_of(document: Document, base: Instrument) -> str:
    """Return the date a text states; for the digest's own version, not before the digest's.

    Some forms of an act state only the day it was adopted, others the day it was published,
    by which the digests go; both are one version.
    """
    same = bool(document.version) and document.version == base.version
    return max(document.version_date, base.version_date) if same else document.version_date


def _by_identifier(known: Sequence[KnownInstrument]) -> dict[str, str]:
    return {identifier: one.instrument.id for one in known for identifier in one.identifiers}


def _of_part(part: Part, by_identifier: Mapping[str, str]) -> str:
    """Name a part's instrument by its narrowest known scope; empty where none is known.

    A unit whose sisters are instruments of their own (a subpart of 45 CFR 164) is one too.
    """
    for scope in reversed(part.scopes):
        if scope in by_identifier:
            return by_identifier[scope]
    for number, scope in enumerate(part.scopes):
        if any(identifier.startswith(f"{scope}/") for identifier in by_identifier):
            return _scope_name(part.scopes[min(number + 1, len(part.scopes) - 1)])
    return ""


def _unit_name(part: Part) -> str:
    """Name a part's instrument by the widest unit it lies in; empty where it says none."""
    return _scope_name(part.scopes[0]) if part.scopes else ""


def _unknown_name(document: Document) -> str:
    for identifier in document.identifiers:
        if identifier.startswith(("cfr:", "celex:")):
            return _scope_name(identifier)
    return _title_name(document.title)


def _refuse_known_title(document: Document, name: str, known: Sequence[KnownInstrument]) -> None:
    """Refuse a text that would be taken for a known instrument by its title alone."""
    for one in known:
        called = (one.instrument.id, one.short, one.family)
        if name in {_title_name(each) for each in called if each}:
            raise CorpusError(
                f"{_files(document)} is called like `{one.instrument.id}` and states no identifier "
                f"of it: say `--instrument {one.instrument.id}` where it is that text, "
                "else another name"
            )


def _title_name(title: str) -> str:
    return slug_of(title.lower()).replace(".", "-")


def _scope_name(scope: str) -> str:
    """Write `cfr:45/164/D` as `45-cfr-164-d`."""
    scheme, _, rest = scope.partition(":")
    if scheme == "cfr":
        title, _, unit = rest.partition("/")
        return slug_of(f"{title} cfr {unit}".replace("/", " ")).replace(".", "-")
    return slug_of(f"{scheme} {rest}").replace(".", "-")


def _new(name: str, document: Document) -> Instrument:
    schemes = [identifier.partition(":")[0] for identifier in document.identifiers]
    places = sorted({_JURISDICTIONS[one] for one in schemes if one in _JURISDICTIONS})
    if places:
        kind = InstrumentKind.LAW
    else:
        kind = InstrumentKind.STANDARD if "oscal" in schemes else InstrumentKind.INTERNAL
    title = document.title or name
    if match := re.fullmatch(r"(\d+)-cfr-(\d+)(?:-([a-z]+))?", name):
        subpart = f", Subpart {match[3].upper()}" if match[3] else ""
        title = f"{match[1]} CFR Part {match[2]}{subpart}"
    return Instrument(
        id=name,
        title=title,
        kind=kind,
        jurisdictions=tuple(places) or ("INT",),
        sectors=(),
        version="",
        version_date="",
        url="",
    )


def _deeper(stated: str, known: str) -> str:
    """Prefer what the text states, unless the digest's address lies below it."""
    return known if known.startswith(stated) else stated


def _short(title: str) -> str:
    if len(title) <= _SHORT_LENGTH:
        return title
    return title[:_SHORT_LENGTH].rsplit(" ", 1)[0].rstrip(" ,;:(") + " …"


def _files(document: Document) -> str:
    return f"`{document.files[0]}`" if document.files else f"`{document.title}`"
