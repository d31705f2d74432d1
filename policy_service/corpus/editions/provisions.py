"""Parts to provisions: ids below the instrument, headings from outermost to own, addresses."""

import re
from collections.abc import Mapping, Sequence

from policy_service.corpus.editions.address import address_of
from policy_service.corpus.editions.hidden import Cleaning
from policy_service.corpus.editions.instrument import Target
from policy_service.corpus.importers.document import Part
from policy_service.domain.identifiers import ProvisionId, Sha256Hex
from policy_service.domain.provision import Provision, Standing
from policy_service.kit.hashing import sha256_text

_UNFIT = re.compile(r"[^a-z0-9.\-]+")


def provisions_of(
    parts: Sequence[Part], target: Target, identifiers: tuple[str, ...], cleaning: Cleaning
) -> tuple[Provision, ...]:
    """Make a provision of every part that has text. INVARIANT: ids are unique.

    A part's heading holds those of the parts it lies in, so that a point is found by its
    article's title.
    """
    by_steps = {part.steps: part for part in parts}
    taken: set[str] = set()
    made: list[Provision] = []
    for part in parts:
        text = cleaning.clean(part.text)
        if not text:
            continue
        heading = _heading(part, by_steps)
        made.append(
            Provision(
                id=ProvisionId(_unique(_id(part, target), taken)),
                instrument=target.instrument.id,
                section=cleaning.clean(part.section),
                title=cleaning.clean(_title(part, by_steps, heading)),
                text=text,
                sha256=Sha256Hex(sha256_text(text)),
                version=target.instrument.version,
                version_date=target.instrument.version_date,
                url=address_of(part, base=target.instrument.url, identifiers=identifiers),
                heading=(target.short, *(cleaning.clean(one) for one in heading)),
                language=target.language,
                standing=Standing.UNREVIEWED,
            )
        )
    return tuple(made)


def _id(part: Part, target: Target) -> str:
    steps = (_UNFIT.sub("-", step.lower()).strip("-.") or "x" for step in part.steps)
    return "/".join((target.instrument.id, *steps))


def _unique(wanted: str, taken: set[str]) -> str:
    name = wanted
    number = 2
    while name in taken:
        name = f"{wanted}-{number}"
        number += 1
    taken.add(name)
    return name


def _above(part: Part, by_steps: Mapping[tuple[str, ...], Part]) -> tuple[Part, ...]:
    """Return the parts that a part lies in, outermost first."""
    ends = range(1, len(part.steps))
    return tuple(by_steps[part.steps[:end]] for end in ends if part.steps[:end] in by_steps)


def _heading(part: Part, by_steps: Mapping[tuple[str, ...], Part]) -> tuple[str, ...]:
    heading = list(part.heading)
    for above in _above(part, by_steps):
        if above.title and not any(above.title in one for one in heading):
            heading.append(f"{above.section} {above.title}")
    return tuple(heading)


def _title(part: Part, by_steps: Mapping[tuple[str, ...], Part], heading: tuple[str, ...]) -> str:
    """Name a part by its own title, else by that of the nearest part or heading above."""
    titles = (one.title for one in (part, *reversed(_above(part, by_steps))))
    return next(filter(None, titles), "") or (heading[-1] if heading else part.section)
