"""The corpus: all instruments with their provisions and obligations, frozen and hashed.

Not a search index (that is retrieval's) and not a store: it is built from digests and
approved editions (`merging.py`), and its hash names exactly what a draft was grounded in.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from policy_service.corpus.digests import Digest, read_digest
from policy_service.corpus.taxonomy import nearest
from policy_service.domain.errors import CorpusError
from policy_service.domain.identifiers import (
    DataCategory,
    ProvisionId,
    Sha256Hex,
    category_covers,
)
from policy_service.domain.plain import to_plain
from policy_service.domain.provision import (
    Citation,
    ControlKind,
    Instrument,
    InstrumentKind,
    Obligation,
    Provision,
    Standing,
    Strength,
)
from policy_service.kit.canonical import content_sha256
from policy_service.kit.hashing import sha256_text

_EVERYWHERE = "INT"


@dataclass(frozen=True, kw_only=True)  # no slots: the indexes below are cached on first use
class Corpus:
    """Digests in the order of their instruments' ids, official text in them where approved.

    `others` are texts that no draft stands on and that can still be found: older versions
    and what nobody has approved. `unlisted` are the instruments that only those have.
    `text_order` names the provisions of the official texts in the order of the text.
    INVARIANT: instrument ids, and so provision ids, are unique; `load_corpus` checks it.
    """

    digests: tuple[Digest, ...]
    others: tuple[Provision, ...] = ()
    unlisted: tuple[Instrument, ...] = ()
    text_order: tuple[ProvisionId, ...] = ()

    @cached_property
    def instruments(self) -> tuple[Instrument, ...]:
        """List the instruments, sorted by id."""
        return tuple(digest.instrument for digest in self.digests)

    @cached_property
    def provisions(self) -> tuple[Provision, ...]:
        """List every provision, by instrument, in the order of the files."""
        return tuple(one for digest in self.digests for one in digest.provisions)

    @cached_property
    def searchable(self) -> tuple[Provision, ...]:
        """List all that can be found, official texts in the order of the text."""
        place = {key: number for number, key in enumerate(self.text_order)}
        last = len(place)  # what an official text lacks stands behind it
        return (
            *(
                one
                for digest in self.digests
                for one in sorted(digest.provisions, key=lambda one: place.get(one.id, last))
            ),
            *self.others,
        )

    @cached_property
    def grounds(self) -> tuple[Provision, ...]:
        """List what a draft can be grounded by: digested clauses, and what has an obligation."""
        return tuple(one for one in self.provisions if one.obligations or is_digested(one))

    @cached_property
    def _by_id(self) -> dict[ProvisionId, Provision]:
        return {provision.id: provision for provision in self.provisions}

    @cached_property
    def sha256(self) -> Sha256Hex:
        """Hash instruments and provisions, sorted by id; the order of files does not count.

        INVARIANT: `others` are no part of it, for no draft stands on them.
        """
        content = {
            "instruments": [to_plain(one) for one in self.instruments],
            "provisions": [to_plain(self._by_id[key]) for key in sorted(self._by_id)],
        }
        return Sha256Hex(content_sha256(content))

    def get(self, provision_id: str) -> Provision:
        """Return one provision. Raises `CorpusError` with the nearest ids for an unknown one."""
        found = self._by_id.get(ProvisionId(provision_id))
        if found is None:
            raise self._unknown(provision_id)
        return found

    def texts(self, provision_id: str) -> tuple[Provision, ...]:
        """List the texts held under an id: the one drafts quote first, then newest first.

        Raises `CorpusError` with the nearest ids where there is none.
        """
        known = ProvisionId(provision_id)
        standing = [self._by_id[known]] if known in self._by_id else []
        others = sorted(
            self._others_by_id.get(known, ()), key=lambda one: one.version_date, reverse=True
        )
        if not standing and not others:
            raise self._unknown(provision_id)
        return (*standing, *others)

    def cited(self, citation: Citation) -> Provision | None:
        """Return the very text a citation quotes, of an older version too; None where it is gone.

        A digest that gave way to the official text is returned in its own words.
        """
        known = citation.provision
        held: list[Provision] = [self._by_id[known]] if known in self._by_id else []
        for one in (*held, *self._others_by_id.get(known, [])):
            if one.sha256 == citation.provision_sha256:
                return one
            if one.summary and sha256_text(one.summary) == citation.provision_sha256:
                return replace(one, text=one.summary, sha256=citation.provision_sha256, summary="")
        return None

    @cached_property
    def _others_by_id(self) -> dict[ProvisionId, list[Provision]]:
        found: dict[ProvisionId, list[Provision]] = {}
        for one in self.others:
            found.setdefault(one.id, []).append(one)
        return found

    def _unknown(self, provision_id: str) -> CorpusError:
        known = self._by_id.keys() | self._others_by_id.keys()
        return CorpusError(
            f"no provision `{provision_id}` in the corpus: nearest {nearest(provision_id, known)}"
        )

    def obligations(
        self,
        *,
        kind: ControlKind | None = None,
        strength: Strength | None = None,
        category: DataCategory | None = None,
    ) -> tuple[Obligation, ...]:
        """List obligations; `category` keeps those whose data categories cover it."""
        return tuple(
            one
            for provision in self.provisions
            for one in provision.obligations
            if (kind is None or one.kind is kind)
            and (strength is None or one.strength is strength)
            and (category is None or _applies(one, category))
        )

    def select(
        self,
        *,
        regulations: Sequence[str] = (),
        jurisdictions: Sequence[str] = (),
        sector: str = "",
    ) -> "Corpus":
        """Keep what binds an organisation, and every internal standard.

        `regulations` are instrument ids or family names (`hipaa`). What an organisation
        names binds it, wherever it sits; where it names none, jurisdictions and sector
        decide. Raises `CorpusError` with the nearest names for an unknown one.
        """
        wanted = frozenset(self._ids_named(regulations))
        if not regulations:
            wanted = frozenset(one.id for one in self.applicable(jurisdictions, sector))
        return Corpus(
            digests=tuple(
                digest
                for digest in self.digests
                if digest.instrument.id in wanted
                or digest.instrument.kind is InstrumentKind.INTERNAL
            )
        )

    def applicable(self, jurisdictions: Sequence[str], sector: str) -> tuple[Instrument, ...]:
        """List laws and standards whose jurisdiction and sector fit, named or not."""
        return tuple(
            one
            for one in self.instruments
            if one.kind is not InstrumentKind.INTERNAL
            and _reaches(one.jurisdictions, jurisdictions)
            and (not one.sectors or sector.casefold() in map(str.casefold, one.sectors))
        )

    def _ids_named(self, regulations: Iterable[str]) -> Iterable[str]:
        names: dict[str, list[str]] = {}
        for digest in self.digests:
            names.setdefault(digest.instrument.id, []).append(digest.instrument.id)
            if digest.family and digest.family != digest.instrument.id:
                names.setdefault(digest.family, []).append(digest.instrument.id)
        for regulation in regulations:
            if regulation.lower() not in names:
                raise CorpusError(
                    f"unknown regulation `{regulation}`: nearest {nearest(regulation, names)}; "
                    "list all with `policy-service corpus list`"
                )
            yield from names[regulation.lower()]


def is_digested(provision: Provision) -> bool:
    """Tell whether the corpus has a clause in our own words, as its text or beside it."""
    return bool(provision.summary) or provision.standing is Standing.DIGEST


def load_corpus(paths: Iterable[Path]) -> Corpus:
    """Read every digest (`*.yaml`) in the given directories.

    Raises `CorpusError` for a directory that is missing or holds no digest, for a
    malformed digest, and for an instrument that is there twice.
    """
    found: dict[str, Digest] = {}
    for folder in paths:
        files = sorted(folder.glob("*.yaml")) if folder.is_dir() else []
        if not files:
            raise CorpusError(f"no digest in `{folder.name}`: give a folder with `*.yaml` digests")
        for path in files:
            digest = read_digest(path)
            name = digest.instrument.id
            if name in found:
                raise CorpusError(f"`{path.name}`: instrument `{name}` is there twice: keep one")
            found[name] = digest
    return Corpus(digests=tuple(found[name] for name in sorted(found)))


def _applies(obligation: Obligation, category: DataCategory) -> bool:
    keys = obligation.data_categories
    return not keys or any(category_covers(key, category) for key in keys)


def _reaches(instrument: Iterable[str], organisation: Iterable[str]) -> bool:
    """Tell whether a place of the instrument is, or contains, a place of the organisation."""
    places = tuple(organisation)
    return any(
        wide == _EVERYWHERE or any(one == wide or one.startswith(f"{wide}-") for one in places)
        for wide in instrument
    )
