"""Proposals and cross-references of a whole edition: what the import workflow asks for."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from policy_service.corpus.extraction.data_terms import main_category
from policy_service.corpus.extraction.proposals import Score, propose_obligations
from policy_service.corpus.extraction.scorer import confidence
from policy_service.corpus.references import resolve_references
from policy_service.domain.edition import Edition, ProposedObligation
from policy_service.domain.progress import Progress, silent
from policy_service.domain.provision import Provision

_STAGE = "reading obligations"


def with_proposals(
    edition: Edition,
    *,
    others: Mapping[str, Sequence[Provision]] | None = None,
    progress: Progress = silent,
    score: Score = confidence,
) -> Edition:
    """Return the edition with its proposals and its references filled in.

    `others` are the provisions of further instruments by identifier, for references that
    leave this one. What the edition held of either before is replaced.
    """
    texts: dict[str, str] = {one.id: one.text for one in edition.provisions}
    titles: dict[str, str] = {one.id: one.title for one in edition.provisions}
    about = main_category(texts.values())
    total = len(edition.provisions)
    found: list[ProposedObligation] = []
    for number, provision in enumerate(edition.provisions):
        progress(_STAGE, number, total)
        found.extend(
            propose_obligations(
                provision,
                above=texts_above(provision, texts),
                standards=standards_of(provision, titles),
                kind=edition.instrument.kind,
                about=about,
                score=score,
            )
        )
    progress(_STAGE, total, total)
    return replace(
        edition,
        provisions=resolve_references(edition.provisions, others=others),
        proposals=tuple(found),
    )


def texts_above(provision: Provision, texts: Mapping[str, str]) -> tuple[str, ...]:
    """Return the texts of the units around a provision, outermost first."""
    steps = provision.id.split("/")
    ids = ("/".join(steps[:end]) for end in range(2, len(steps)))
    return tuple(texts[one] for one in ids if texts.get(one))


def standards_of(provision: Provision, titles: Mapping[str, str]) -> tuple[str, ...]:
    """Return the headings of the standards that a specification belongs to.

    In 45 CFR the standard stands at (e)(1) and its implementation specifications at (e)(2).
    """
    steps = provision.id.split("/")
    firsts = ("/".join((*steps[:end], "1")) for end in range(3, len(steps)))
    return tuple(titles[one] for one in firsts if titles.get(one, "").startswith("Standard"))
