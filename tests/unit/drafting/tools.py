"""Small parts for drafting tests: a catalogue builder, a word-count encoder and retriever.

The encoder here knows equal words only; what needs meaning uses the real one.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from policy_service.corpus.categories import load_category_table
from policy_service.corpus.collection import Corpus, load_corpus
from policy_service.domain.asset import Catalog, Column, ColumnProfile, ForeignKey, Table
from policy_service.domain.categories import CategoryTable
from policy_service.domain.control import Control
from policy_service.domain.draft import Draft
from policy_service.domain.hashes import catalog_sha256
from policy_service.domain.identifiers import DataCategory, ModelVersion, Purpose, RoleId, asset_id
from policy_service.domain.organisation import JobFunction, Organisation
from policy_service.domain.progress import silent
from policy_service.domain.provision import Passage, Provision
from policy_service.drafting.draft import draft_policy

REPOSITORY = Path(__file__).resolve().parents[3]
_PRIOR = ModelVersion("prior-1")
_WORD = re.compile(r"[a-z]{3,}")


class WordEncoder:
    """One dimension for each hashed word: equal words are alike, nothing else is."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Count words into 512 buckets and normalise."""
        rows = np.zeros((len(texts), 512), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in _WORD.findall(text.lower()):
                row[sum(ord(sign) * 31**place for place, sign in enumerate(word)) % 512] += 1
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        return rows / np.where(lengths == 0, 1, lengths)


@dataclass(frozen=True)
class WordRetriever:
    """Ranks provisions by the words they share with a query."""

    provisions: Sequence[Provision]

    def search_many(self, queries: Sequence[str], *, limit: int = 8) -> list[tuple[Passage, ...]]:
        """Find the provisions that share most words."""
        return [self._search(query, limit) for query in queries]

    def _search(self, query: str, limit: int) -> tuple[Passage, ...]:
        wanted = set(_WORD.findall(query.lower()))
        scored = [
            Passage(provision=one, score=len(wanted & set(_WORD.findall(one.text.lower()))))
            for one in self.provisions
        ]
        return tuple(sorted(scored, key=lambda one: (-one.score, one.provision.id))[:limit])


@dataclass(frozen=True)
class NoReward:
    """A reward model that has learned nothing."""

    version: ModelVersion = _PRIOR

    def rewards(
        self,
        points: Sequence[tuple[str, str, str, str]],
        controls: Sequence[Sequence[Control]],
    ) -> list[tuple[float, ...]]:
        """Reward nothing."""
        return [(0.0,) * len(considered) for considered in controls]


def column(
    name: str,
    category: str,
    *,
    data_type: str = "text",
    length: int = 9,
    reveals: tuple[str, ...] = (),
    key: bool = False,
) -> Column:
    """One column; its table and what follows from the category are filled in by `catalog`."""
    return Column(
        id=asset_id(name),
        name=name,
        data_type=data_type,
        nullable=False,
        primary_key=key,
        profile=ColumnProfile(
            sampled_rows=10, null_fraction=0.0, distinct_fraction=1.0, max_length=length
        ),
        category=DataCategory(category),
        sensitivity=categories().sensitivity(DataCategory(category)),
        confidence=0.9,
        reveals=tuple(DataCategory(one) for one in reveals),
    )


def catalog(
    tables: dict[str, list[Column]],
    *,
    keys: dict[str, list[tuple[str, str, str]]] | None = None,
    subjects: dict[str, str] | None = None,
) -> Catalog:
    """A catalogue of source `shop`; `keys` maps a table to (column, table, column) references."""
    made = tuple(
        Table(
            id=asset_id("shop", "public", name),
            schema="public",
            name=name,
            row_count=10,
            columns=tuple(_placed(name, one) for one in columns),
            foreign_keys=tuple(
                ForeignKey(
                    column=here,
                    references_table=asset_id("shop", "public", table),
                    references_column=there,
                    inferred=False,
                )
                for here, table, there in (keys or {}).get(name, ())
            ),
            data_subject=(subjects or {}).get(name, ""),
        )
        for name, columns in sorted(tables.items())
    )
    found = Catalog(source="shop", dialect="sqlite", tables=made, scanned_at="", sha256="")
    return replace(found, sha256=catalog_sha256(found))


def job(role: str, duties: str, *purposes: str, title: str = "") -> JobFunction:
    """One job function."""
    return JobFunction(
        id=RoleId(role),
        title=title or role.capitalize(),
        duties=duties,
        purposes=tuple(Purpose(one) for one in purposes or ("essential.service",)),
        headcount=3,
    )


def organisation(*jobs: JobFunction, separate: tuple[tuple[str, str], ...] = ()) -> Organisation:
    """An organisation under the GDPR with these jobs."""
    return Organisation(
        name="Shop",
        sector="retail",
        jurisdictions=("EU",),
        regulations=("gdpr",),
        data_residency="EU",
        job_functions=jobs,
        separation_of_duties=tuple((RoleId(one), RoleId(other)) for one, other in separate),
    )


def categories() -> CategoryTable:
    """The shipped table of data categories."""
    if not _CACHE:
        _CACHE.append(load_category_table(REPOSITORY / "policies" / "data_categories.yaml"))
    return _CACHE[0]


def corpus(*regulations: str) -> Corpus:
    """The shipped corpus, narrowed to some regulations and the internal standards."""
    folders = [REPOSITORY / "regulations_corpus", REPOSITORY / "policies" / "standards"]
    return load_corpus(folders).select(regulations=regulations or ("gdpr", "nist-800-53"))


def draft(
    organised: Organisation,
    scanned: Catalog,
    *,
    grounds: Corpus | None = None,
    encoder: object = None,
    reward: object = None,
    **settings: object,
) -> Draft:
    """Draft with the small parts above unless others are given."""
    grounds = grounds or corpus()
    given = {"floors": (), "seed": 7, "progress": silent, **settings}
    return draft_policy(
        organisation=organised,
        catalog=scanned,
        corpus=grounds,
        retriever=WordRetriever(grounds.provisions),
        encoder=encoder or WordEncoder(),  # type: ignore[arg-type]
        reward=reward or NoReward(),  # type: ignore[arg-type]
        categories=categories(),
        corpus_sha256=grounds.sha256,
        **given,  # type: ignore[arg-type]
    )


_CACHE: list[CategoryTable] = []


def _placed(table: str, one: Column) -> Column:
    found = categories()
    return replace(
        one,
        id=asset_id("shop", "public", table, one.name),
        sensitivity=found.sensitivity(one.category, one.reveals),
        legal_classes=found.legal_classes(one.category, one.reveals),
    )
