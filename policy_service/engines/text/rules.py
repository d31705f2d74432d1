"""All rules for texts in some languages, as one: what needs no model.

Plain Python and bounded regular expressions: the time is linear in the text.
"""

from collections.abc import Iterable

from policy_service.engines.text.addresses import Addresses
from policy_service.engines.text.contacts import Contacts
from policy_service.engines.text.dates import Dates
from policy_service.engines.text.identifiers import Identifiers
from policy_service.engines.text.people import People
from policy_service.engines.text.spans import Found
from policy_service.engines.text.words import said_of_values, words_for


class TextRules:
    """Finds personal data by rule. Stateless once made, so safe to share."""

    def __init__(self, languages: Iterable[str]) -> None:
        words = words_for(languages)
        self._said = said_of_values(words)
        self._rules = (
            Identifiers(words),
            Dates(words),
            Contacts(words),
            Addresses(words),
            People(words),
        )

    def only_speaks_of_values(self, text: str) -> bool:
        """Tell whether `text` is a word such as `IBAN`, which models take for a name."""
        return text.lower() in self._said

    def find(self, text: str) -> tuple[Found, ...]:
        """Return everything the rules see in `text`, overlaps included."""
        return tuple(found for rule in self._rules for found in rule.find(text))
