"""Parameters: a small immutable, hashable mapping for controls and obligations."""

from collections.abc import Iterator, Mapping
from typing import TypeAlias

Scalar: TypeAlias = bool | int | float | str
ParameterValue: TypeAlias = Scalar | tuple[str, ...]


class Parameters(Mapping[str, ParameterValue]):
    """Named values, kept sorted by name; lists become tuples of strings.

    Raises `TypeError` for a value that is neither a scalar nor a list of strings.
    """

    __slots__ = ("_items",)

    def __init__(self, values: Mapping[str, object] | None = None, /, **named: object) -> None:
        merged = {**(values or {}), **named}
        self._items = {name: _checked(name, merged[name]) for name in sorted(merged)}

    def __getitem__(self, name: str) -> ParameterValue:
        return self._items[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __hash__(self) -> int:
        return hash(tuple(self._items.items()))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Parameters) and self._items == other._items

    def __repr__(self) -> str:
        return f"Parameters({self._items!r})"

    def integer(self, name: str, default: int) -> int:
        """Return the whole number under `name`, or `default` where it is not given."""
        value = self._items.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError(f"parameter `{name}` must be a whole number")
        return value

    def text(self, name: str, default: str = "") -> str:
        """Return the string under `name`, or `default` where it is not given."""
        value = self._items.get(name, default)
        if not isinstance(value, str):
            raise TypeError(f"parameter `{name}` must be a string")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """Return the strings under `name`; none where it is not given."""
        value = self._items.get(name, ())
        if not isinstance(value, tuple):
            raise TypeError(f"parameter `{name}` must be a list of strings")
        return value


NO_PARAMETERS = Parameters()


def _checked(name: str, value: object) -> ParameterValue:
    if isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise TypeError(f"parameter `{name}` must be a scalar or a list of strings")
