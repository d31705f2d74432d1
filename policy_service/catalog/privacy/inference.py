"""Columns that give away what neither their name nor their category says.

In two ways: their values use telling words or codes (`inference_words`), or they go together
with a sensitive column of the same table, so that who sees the one can guess the other. The
second is the uncertainty coefficient (H. Theil, 1970): the share of the uncertainty about the
sensitive column that knowing this one removes. Chance association in a sample is taken off
(G. Miller, 1955) and must be ruled out by a G test, corrected for the number of pairs. No
value of the data is quoted.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import fsum, log

from policy_service.catalog.names.words import name_words
from policy_service.catalog.observation import value_text
from policy_service.catalog.privacy.inference_words import (
    ANY_WORD,
    MERCHANT_CODES,
    TELLING,
    Telling,
)
from policy_service.domain.identifiers import DataCategory, category_covers
from policy_service.domain.privacy import InferenceRisk
from policy_service.kit.folding import folded

_FEWEST_ROWS = 100
_FEWEST_TELLING = 3  # rows
_TELLING_SHARE = 0.01
_LONGEST_LABEL = 6  # words of a value that is still a label
_MOST_LABELS = 0.5  # different values to a row that has one
_FEW_LABELS = 30
_WEAKEST = 0.2
_CHANCE = 1e-4  # of naming one pair of a table wrongly
_MOST_CLASSES = 12
_EXPECTED = 5  # rows in a cell on average, for the test to hold
_MOST_DISTINCT = 0.2  # a column with more different values names rows rather than kinds
_BANDS = 4
_MERCHANT = frozenset({"mcc", "merchant"})
# Whose values name people, places and work: a doctor is not ill, Church Street not a faith.
_NAMES_THINGS = (
    "user.name",
    "user.contact",
    "user.location",
    "user.job_title",
    "user.workplace",
    "user.account",
    "user.authorization",
    "user.device",
)
_LEADS_TO_ROW = "user.unique_id"  # a link to the row itself, not something to infer from


def find_inference_risks(
    values: Mapping[str, Sequence[object]],
    categories: Mapping[str, Sequence[str]],
    *,
    sensitive: Sequence[str] = (),
) -> tuple[InferenceRisk, ...]:
    """Find the columns that give something away, the strongest first.

    `values` holds the sampled values of every column, row by row; `categories` gives for each
    its category and what it is known to reveal; `sensitive` names the columns to be guessed.
    """
    columns = {name: _Column.of(name, held) for name, held in values.items()}
    found = [risk for one in columns.values() for risk in _told(one, categories.get(one.name, ()))]
    pairs = [
        (column, columns[target])
        for target in sensitive
        for column in columns.values()
        if target in columns and _may_tell(column, columns[target], categories)
    ]
    for column, target in pairs:
        strength = _association(column, target, chance=_CHANCE / len(pairs))
        if strength >= _WEAKEST:
            found.append(_risk(column, target, DataCategory(categories[target.name][0]), strength))
    return tuple(sorted(found, key=lambda one: (-one.strength, one.column, one.reveals)))


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    texts: tuple[str, ...]  # empty for what is missing
    counts: Counter[str]
    numbers: tuple[float, ...]  # empty unless all values that are not missing are numbers

    @staticmethod
    def of(name: str, values: Sequence[object]) -> "_Column":
        texts = tuple("" if value is None else value_text(value) for value in values)
        held = [value for value in values if value is not None]
        numeric = [float(one) for one in held if isinstance(one, int | float) and one == one]  # noqa: PLR0124 - what is no number differs from itself
        return _Column(
            name=name,
            texts=texts,
            counts=Counter(text for text in texts if text),
            numbers=tuple(numeric) if len(numeric) == len(held) else (),
        )

    def is_labels(self) -> bool:
        """Tell whether the values are short and come again, as labels and codes do."""
        repeated = len(self.counts) <= max(_MOST_LABELS * self.filled, _FEW_LABELS)
        return repeated and all(len(text.split()) <= _LONGEST_LABEL for text in self.counts)

    def plain_texts(self) -> Iterator[tuple[str, str]]:
        """Give each different text with its lower-case form without accents."""
        return ((text, folded(text)) for text in self.counts)

    @property
    def filled(self) -> int:
        return self.counts.total()

    def share(self, texts: Iterable[str]) -> float:
        """Return the share of the filled rows that hold one of the texts."""
        return sum(self.counts[text] for text in texts) / self.filled


def _told(column: _Column, categories: Sequence[str]) -> list[InferenceRisk]:
    """Find what the words or codes of a column's labels say beyond its own category."""
    own = next(iter(categories), "")
    if not column.is_labels() or own.startswith(_NAMES_THINGS):
        return []
    coded = bool(_MERCHANT & set(name_words(column.name)))
    telling = {text: one for text, one in column.plain_texts() if _may_be_told(one, coded)}
    needed = max(_FEWEST_TELLING, _TELLING_SHARE * column.filled)
    topics: dict[DataCategory, list[tuple[Telling, set[str]]]] = {}
    for one in TELLING:
        said = {text for text, form in telling.items() if _tells(one, form, coded)}
        known = category_covers(one.reveals, DataCategory(own))
        if not known and sum(column.counts[text] for text in said) >= needed:
            topics.setdefault(one.reveals, []).append((one, said))
    return [
        _told_risk(column, reveals, found)
        for reveals, found in topics.items()
        if _enough(column, found)
    ]


def _enough(column: _Column, topics: Sequence[tuple[Telling, set[str]]]) -> bool:
    """Tell whether a list of purposes is one: most of its values name some."""
    said = {text for _, texts in topics for text in texts}
    listed = 2 * len(said) >= len(column.counts) and len(said) > 1
    return listed or not all(topic.whole_list for topic, _ in topics)


def _told_risk(
    column: _Column, reveals: DataCategory, topics: Sequence[tuple[Telling, set[str]]]
) -> InferenceRisk:
    said = {text for _, texts in topics for text in texts}
    shares = [(column.share(texts), topic.about) for topic, texts in topics]
    listed = ", ".join(
        f"{about} ({share:.0%} of the rows)" for share, about in sorted(shares)[::-1]
    )
    return InferenceRisk(
        column=column.name,
        reveals=reveals,
        strength=round(column.share(said), 6),
        reason=f"{len(said)} of {len(column.counts)} different values tell of {listed}",
    )


def _may_be_told(form: str, coded: bool) -> bool:
    return bool(ANY_WORD.search(form)) or (coded and form in MERCHANT_CODES)


def _tells(telling: Telling, form: str, coded: bool) -> bool:
    return bool(telling.words.search(form)) or (coded and form in telling.merchant_codes)


def _may_tell(column: _Column, target: _Column, categories: Mapping[str, Sequence[str]]) -> bool:
    """Tell whether a column could give a sensitive one away and is not of its kind itself."""
    wanted = DataCategory(next(iter(categories.get(target.name, ())), ""))
    own = [DataCategory(one) for one in categories.get(column.name, ())]
    alike = any(
        category_covers(wanted, one)
        or category_covers(one, wanted)
        or one.startswith(_LEADS_TO_ROW)
        for one in own
    )
    kinds = 1 < len(column.counts) <= max(_MOST_DISTINCT * len(column.texts), 2)
    measured = bool(column.numbers) and len(column.counts) > 1
    return bool(wanted) and column.name != target.name and not alike and (kinds or measured)


def _association(column: _Column, target: _Column, *, chance: float) -> float:
    """Return the uncertainty coefficient of `target` given `column`, 0 where it may be chance."""
    rows = len(column.texts)
    if rows < _FEWEST_ROWS or len(target.texts) != rows:
        return 0.0
    wanted = _classes(target, _MOST_CLASSES // 2)
    known = _classes(column, min(_MOST_CLASSES, rows // (_EXPECTED * max(len(set(wanted)), 1))))
    total = _entropy(Counter(wanted))
    if not total:
        return 0.0
    freedom = (len(set(wanted)) - 1) * (len(set(known)) - 1)
    joint = _entropy(Counter(zip(known, wanted, strict=True)))
    shared = total + _entropy(Counter(known)) - joint
    if not freedom or _tail(freedom, 2 * rows * shared) > chance:
        return 0.0
    return max(0.0, min(1.0, (shared - freedom / (2 * rows)) / total))


def _classes(column: _Column, most: int) -> list[object]:
    """Put the values into at most `most` classes: numbers in bands, the rest by frequency."""
    most = max(most, 2)
    if column.numbers and len(column.counts) > most:
        ordered = sorted(column.numbers)
        bands = min(most, _BANDS)
        edges = [ordered[len(ordered) * cut // bands] for cut in range(1, bands)]
        return [sum(float(text) >= edge for edge in edges) if text else "" for text in column.texts]
    common = sorted(Counter(column.texts).items(), key=lambda item: (-item[1], item[0]))
    kept = {text for text, _ in common[: most - (len(common) > most)]}
    return [text if text in kept else None for text in column.texts]


def _entropy(counts: Counter[object] | Counter[tuple[object, object]]) -> float:
    total = counts.total()
    return fsum(count / total * log(total / count) for count in counts.values())


def _tail(freedom: int, statistic: float) -> float:
    from scipy.special import chdtrc  # slow to load

    return float(chdtrc(freedom, max(statistic, 0.0)))


def _risk(
    column: _Column, target: _Column, reveals: DataCategory, strength: float
) -> InferenceRisk:
    return InferenceRisk(
        column=column.name,
        reveals=reveals,
        strength=round(strength, 6),
        reason=f"knowing it takes away {strength:.0%} of the uncertainty about `{target.name}` "
        f"({len(column.texts):,} rows)",
        through=target.name,
    )
