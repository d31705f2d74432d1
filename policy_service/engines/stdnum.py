"""python-stdnum's rules of numbers, each loaded when it is first asked for.

Which numbers are looked for, and how far one is believed, is for the callers to say.
"""

from collections.abc import Callable
from functools import lru_cache
from importlib import import_module


@lru_cache(maxsize=128)
def rules_of(module: str) -> Callable[[str], bool]:
    """Return the rules of a number by stdnum's `module`, such as `es.dni` or `bic`."""
    rules: Callable[[str], bool] = import_module(f"stdnum.{module}").is_valid

    def valid(number: str) -> bool:
        try:
            return rules(number)
        except (LookupError, ValueError):  # some rules stumble over what they were not made for
            return False

    return valid
