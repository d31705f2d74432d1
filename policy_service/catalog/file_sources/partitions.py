"""The columns that a table's folders hold: `year=2024` says the year of every row below it.

Follows Hive's layout: keys and values percent-encoded, one folder for null. Their types are
read from their texts, all files together.
"""

from collections.abc import Sequence

from policy_service.catalog.file_sources.discovery import Part
from policy_service.catalog.file_sources.text_types import type_of, value_as


class PartitionKeys:
    """The partition keys of one table: `types` by name, in the order of the folders."""

    def __init__(self, parts: Sequence[Part]) -> None:
        """Requires parts that all have the same keys."""
        texts: dict[str, list[str | None]] = {}
        for part in parts:
            for key, text in part.partition:
                texts.setdefault(key, []).append(text)
        self.types = {key: type_of(several) for key, several in texts.items()}

    def values(self, part: Part) -> dict[str, object]:
        """Return what the folders of one file say, by key."""
        return {key: value_as(text, self.types[key]) for key, text in part.partition}
