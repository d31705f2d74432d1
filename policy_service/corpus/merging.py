"""Digests and approved editions put together to the corpus that drafts stand on.

Pure and deterministic. An approved text takes the place of the digest's words under the
same id and brings no obligation with it but those a person accepted; unreviewed and older
texts are kept apart (`Corpus.others`), where no draft looks.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from policy_service.corpus.collection import Corpus
from policy_service.corpus.digests import Digest
from policy_service.domain.edition import Edition
from policy_service.domain.identifiers import ObligationId, ProvisionId
from policy_service.domain.provision import Instrument, Obligation, Provision, Standing, Strength


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldEdition:
    """An edition of the library: whether it is approved, and which proposals were accepted.

    `accepted` names the strength that a person gave each accepted obligation.
    """

    edition: Edition
    approved: bool
    accepted: Mapping[ObligationId, Strength]

    @property
    def instrument(self) -> str:
        """Name the instrument."""
        return self.edition.instrument.id

    @property
    def version_date(self) -> str:
        """Return the ISO date this text holds from."""
        return self.edition.instrument.version_date


def merge(digests: Corpus, editions: Iterable[HeldEdition], *, today: str) -> Corpus:
    """Build the corpus of the ISO date `today` from digests and held editions.

    Of each instrument the newest approved edition in force counts. One that holds from a
    later date is left out until then.
    """
    held = sorted(editions, key=lambda one: (one.instrument, one.version_date))
    current = _current(held, today)
    merged = {one.instrument.id: one for one in digests.digests}
    for name, one in current.items():
        merged[name] = _with_text(merged.get(name), one)
    others = [one for one in held if one is not current.get(one.instrument)]
    listed = [one for one in others if not (one.approved and one.version_date > today)]
    return Corpus(
        digests=tuple(merged[name] for name in sorted(merged)),
        others=tuple(
            provision for one in listed for provision in _apart(one, _superseded(one, held))
        ),
        unlisted=_unlisted(listed, merged),
        text_order=tuple(
            provision.id
            for name in sorted(current)
            for provision in current[name].edition.provisions
        ),
    )


def _current(held: Sequence[HeldEdition], today: str) -> dict[str, HeldEdition]:
    """Choose the edition that counts of each instrument; `held` is sorted by version date."""
    return {one.instrument: one for one in held if one.approved and one.version_date <= today}


def _superseded(one: HeldEdition, held: Iterable[HeldEdition]) -> str:
    """Return the date from which a newer approved text holds; empty where none is held."""
    later = (
        other.version_date
        for other in held
        if other.approved
        and other.instrument == one.instrument
        and other.version_date > one.version_date
    )
    return min(later, default="")


def _with_text(digest: Digest | None, held: HeldEdition) -> Digest:
    edition = held.edition
    official = _standing(held)
    if digest is None:
        return Digest(
            instrument=edition.instrument,
            short=edition.short,
            family=edition.family,
            provisions=official,
        )
    texts = {one.id: one for one in official}
    known = {one.id for one in digest.provisions}
    # INVARIANT: the digest's entries keep their order, so that obligations keep theirs.
    provisions = [
        _joined(one, texts[one.id]) if one.id in texts else one for one in digest.provisions
    ]
    provisions.extend(one for one in official if one.id not in known)
    return replace(
        digest,
        instrument=_instrument(digest.instrument, edition.instrument),
        provisions=tuple(provisions),
    )


def _instrument(digest: Instrument, official: Instrument) -> Instrument:
    """Keep what the digest says of its instrument; the version is that of the text."""
    return replace(
        digest,
        version=official.version,
        version_date=official.version_date,
        url=official.url or digest.url,
    )


def _joined(digest: Provision, official: Provision) -> Provision:
    """Quote the official text; keep our title, our words as summary, and our obligations."""
    return replace(
        official,
        title=digest.title,
        url=official.url or digest.url,
        summary=digest.text,
        obligations=(*digest.obligations, *official.obligations),
    )


def _standing(held: HeldEdition) -> tuple[Provision, ...]:
    accepted = _accepted(held)
    return tuple(
        replace(
            one,
            standing=Standing.APPROVED,
            superseded="",
            obligations=tuple(accepted.get(one.id, ())),
        )
        for one in held.edition.provisions
    )


def _accepted(held: HeldEdition) -> dict[ProvisionId, list[Obligation]]:
    found: dict[ProvisionId, list[Obligation]] = {}
    for proposal in held.edition.proposals:
        strength = held.accepted.get(proposal.id)
        if strength is None:
            continue
        # A floor binds every draft: what the text does not command cannot become one.
        floor = strength is Strength.FLOOR and proposal.mandatory
        one = replace(proposal.obligation, strength=Strength.FLOOR if floor else Strength.ADVICE)
        found.setdefault(one.provision, []).append(one)
    return found


def _apart(held: HeldEdition, superseded: str) -> tuple[Provision, ...]:
    """Mark the texts of an edition that no draft stands on; they carry no obligation."""
    standing = Standing.APPROVED if held.approved else Standing.UNREVIEWED
    return tuple(
        replace(one, standing=standing, superseded=superseded, obligations=())
        for one in held.edition.provisions
    )


def _unlisted(
    others: Iterable[HeldEdition], merged: Mapping[str, Digest]
) -> tuple[Instrument, ...]:
    newest = {one.instrument: one.edition.instrument for one in others}
    return tuple(newest[name] for name in sorted(newest) if name not in merged)
