"""What the neighbours of a column in its table add to its own name.

`nom` beside `prenom` is a family name; `expiry` beside a card's number is the card's; the bank
beside a counterparty's account is a third person's. Never enough alone: weights are those of
one more witness.
"""

from policy_service.catalog.classification.topics import Topic
from policy_service.catalog.names.words import name_hit, name_words
from policy_service.catalog.observation import ObservedColumn, ObservedTable
from policy_service.domain.identifiers import DataCategory

Witness = tuple[DataCategory, str, float]

_BANK = frozenset({"bank", "bic", "blz", "banka", "banque", "banco", "banca"})
_ACCOUNT = frozenset({"account", "iban", "konto", "ucet", "compte", "cuenta", "conto", "rekening"})
_BARE_NAME = frozenset({"name", "nom", "nome", "names"})
_BESIDE_CARD = frozenset({"expiry", "expires", "exp", "expiration", "cvv", "cvc", "brand"})
_GIVEN = frozenset({"nome", "nombre", "naam"})  # a first name where a family name has its own
_LAST = DataCategory("user.name.last")
_FIRST = DataCategory("user.name.first")
_CARD = DataCategory("user.financial.credit_card")


def neighbour_witness(table: ObservedTable, column: ObservedColumn, topic: Topic) -> Witness | None:
    """Tell what the neighbours say a column is; None where they say nothing."""
    words = name_words(column.name)
    told = set(words)
    if topic.linked and told & _BANK:
        beside = _account_beside(table, column, told)
        if beside:
            detail = f"the bank of a third person's account, beside `{beside}`"
            return DataCategory("user.financial.bank_account"), detail, 0.6
    if len(words) == 1 and words[0] in _BARE_NAME:
        beside = _beside(table, column, _FIRST)
        if beside:
            return _LAST, f"beside the first name `{beside}`", 0.6
    if len(words) == 1 and words[0] in _GIVEN:
        beside = _beside(table, column, _LAST)
        if beside:
            return _FIRST, f"beside the family name `{beside}`", 0.6
    if told & _BESIDE_CARD:
        beside = _beside(table, column, _CARD)
        if beside:
            return _CARD, f"a fact of the card in `{beside}`", 0.7
    return None


def _account_beside(table: ObservedTable, column: ObservedColumn, told: set[str]) -> str:
    for other in table.columns:
        words = set(name_words(other.name))
        if other.name != column.name and words & _ACCOUNT and told & words - {"id"}:
            return other.name
    return ""


def _beside(table: ObservedTable, column: ObservedColumn, category: DataCategory) -> str:
    """Find another column whose name says `category`."""
    for other in table.columns:
        hit = name_hit(other.name) if other.name != column.name else None
        if hit is not None and hit.category == category:
            return other.name
    return ""
