"""A module that is loaded when it is first used: for libraries that take long to import.

Not `importlib.util.LazyLoader`, which puts the unloaded module where every other importer
finds it. Annotations must not be evaluated: the using module postpones them (PEP 563).
"""

from importlib import import_module


class LateModule:
    """Stands for the module `name`; its attributes are that module's."""

    def __init__(self, name: str) -> None:
        self._late_name = name

    def __getattr__(self, attribute: str) -> object:
        found: object = getattr(import_module(self._late_name), attribute)
        # Found at once from now on: every mask asks for some.
        self.__dict__[attribute] = found
        return found
