"""What a search is narrowed to, and how it is told to a vector store.

Narrowing never ranks: a provision is in or out. Places and sectors are those of the
organisation that asks; the instruments that reach it pass.
"""

import difflib
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

from policy_service.domain.errors import RetrievalError, UsageError
from policy_service.domain.identifiers import DataCategory, category_ancestors
from policy_service.domain.provision import ControlKind, Instrument, Provision, Standing
from policy_service.engines.search import Above, AnyOf, AtMost, Condition, Facets

OPEN_END = 99_991_231  # the day a version ends that no other has replaced
EVERYWHERE = "INT"
_EVERY = "*"  # every sector; every data category
_PLACE = re.compile(r"[A-Z]{2,3}(-[A-Z]{2,3})?")
_NO_DAY = 0
FacetMaker = Callable[[Provision], Facets]


class QuestionError(UsageError, RetrievalError):
    """What is asked is wrong: an empty question, or a filter by a name that nothing bears."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What a search is narrowed to; `None` narrows nothing.

    `jurisdiction` and `sector` are the organisation's own (`EU-DE` is reached by EU and
    INT). `category` keeps provisions with an obligation that covers the data category, and
    together with `kinds` one obligation must meet both. `in_force` is an ISO date; without
    it what no newer version has replaced is searched.
    """

    instruments: frozenset[str] | None = None
    jurisdiction: str | None = None
    sector: str | None = None
    kinds: frozenset[ControlKind] | None = None
    category: str | None = None
    in_force: str | None = None
    standings: frozenset[Standing] | None = None


def check_filters(filters: Filters, *, instruments: Collection[str]) -> None:
    """Refuse names that nothing bears. Raises `QuestionError` naming the nearest ones."""
    for name in sorted(filters.instruments or ()):
        if name not in instruments:
            raise QuestionError(
                f"no instrument `{name}` is indexed: nearest {_nearest(name, instruments)}"
            )
    if filters.category is not None and filters.category not in _categories():
        raise QuestionError(
            f"unknown data category `{filters.category}`: "
            f"nearest {_nearest(filters.category, _categories())}"
        )
    if filters.jurisdiction is not None and not _PLACE.fullmatch(filters.jurisdiction):
        raise QuestionError(
            f"jurisdiction `{filters.jurisdiction}` is no place; write `EU`, `US-CA` or the like"
        )
    if filters.in_force is not None:
        _day(filters.in_force)


def conditions_of(filters: Filters) -> tuple[Condition, ...] | None:
    """Write filters as conditions on facets; `None` where nothing can pass."""
    if any(one is not None and not one for one in _choices(filters)):
        return None
    words = (
        ("instrument", filters.instruments),
        ("jurisdictions", _reaching(filters.jurisdiction)),
        ("sectors", None if filters.sector is None else {_EVERY, filters.sector.casefold()}),
        ("duties", _duties(filters.kinds, filters.category)),
        ("standing", filters.standings),
    )
    chosen = tuple(
        AnyOf(name=name, words=tuple(sorted(map(str, values))))
        for name, values in words
        if values is not None
    )
    return (*chosen, *_dates(filters.in_force))


def facet_maker(instruments: Iterable[Instrument]) -> FacetMaker:
    """Return a function that says what a provision can be filtered by.

    An instrument that is not given reaches every place and sector.
    """
    known = {one.id: one for one in instruments}
    made: dict[tuple[str, str, str, Standing], Facets] = {}

    def facets(provision: Provision) -> Facets:
        if provision.obligations:
            return _facets(provision, known)
        key = (
            provision.instrument,
            provision.version_date,
            provision.superseded,
            provision.standing,
        )
        found = made.get(key)
        if found is None:
            found = made[key] = _facets(provision, known)
        return found

    return facets


def _facets(provision: Provision, known: Mapping[str, Instrument]) -> Facets:
    instrument = known.get(provision.instrument)
    places = instrument.jurisdictions if instrument else (EVERYWHERE,)
    sectors = [one.casefold() for one in instrument.sectors] if instrument else []
    return Facets(
        words=(
            ("instrument", (provision.instrument,)),
            ("jurisdictions", tuple(sorted(places))),
            ("sectors", tuple(sorted(sectors)) or (_EVERY,)),
            ("duties", _provided(provision)),
            ("standing", (provision.standing.value,)),
        ),
        numbers=(
            ("version_date", _day(provision.version_date) if provision.version_date else _NO_DAY),
            ("superseded", _day(provision.superseded) if provision.superseded else OPEN_END),
        ),
    )


def _provided(provision: Provision) -> tuple[str, ...]:
    """Name each obligation by its kind, its categories, and both together."""
    found = set()
    for obligation in provision.obligations:
        kind = obligation.kind.value
        categories = obligation.data_categories or (_EVERY,)
        found.add(f"{kind}:")
        found.update(f":{category}" for category in categories)
        found.update(f"{kind}:{category}" for category in categories)
    return tuple(sorted(found))


def _duties(kinds: frozenset[ControlKind] | None, category: str | None) -> set[str] | None:
    if kinds is None and category is None:
        return None
    wider = [""]
    if category is not None:
        wider = [*category_ancestors(DataCategory(category)), _EVERY]
    names = [""] if kinds is None else [kind.value for kind in kinds]
    return {f"{name}:{one}" for name in names for one in wider}


def _dates(in_force: str | None) -> tuple[Condition, ...]:
    if in_force is None:
        return (Above(name="superseded", number=OPEN_END - 1),)
    day = _day(in_force)
    return (AtMost(name="version_date", number=day), Above(name="superseded", number=day))


def _reaching(place: str | None) -> set[str] | None:
    if place is None:
        return None
    parts = place.split("-")
    wider = {"-".join(parts[:end]) for end in range(1, len(parts) + 1)}
    return {*wider, EVERYWHERE}


def _choices(filters: Filters) -> tuple[Collection[object] | None, ...]:
    return (filters.instruments, filters.kinds, filters.standings)


def _day(iso: str) -> int:
    try:
        return int(date.fromisoformat(iso).strftime("%Y%m%d"))
    except ValueError as error:
        raise QuestionError(f"`{iso}` is no date; write it as `2026-03-31`") from error


@cache
def _categories() -> frozenset[str]:
    from fideslang.default_taxonomy import DEFAULT_TAXONOMY

    return frozenset(str(one.fides_key) for one in DEFAULT_TAXONOMY.data_category)


def _nearest(word: str, known: Collection[str]) -> str:
    ordered = sorted(known)
    found = difflib.get_close_matches(word.lower(), ordered, n=3, cutoff=0.4)
    return ", ".join(f"`{one}`" for one in found or ordered[:3])
