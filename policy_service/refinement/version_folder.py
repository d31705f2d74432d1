"""Versions of one kind of model in a folder: cards, weights, and a pointer to the live one.

A version is written once and never changed. Whatever does not fit its hash is refused:
a damaged model never falls back to an older one on its own. What weights mean, and who may
promote them, is `registry.py`'s and `retriever_registry.py`'s.
"""

import errno
import json
import os
import re
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generic, TypeVar

from policy_service.domain.errors import RefinementError
from policy_service.domain.identifiers import ModelVersion
from policy_service.domain.learning import VersionCard
from policy_service.domain.plain import from_plain, to_plain
from policy_service.kit.canonical import canonical_json
from policy_service.kit.hashing import sha256_hex

_POINTER = "current.json"
_CARD = "card.json"
C = TypeVar("C", bound=VersionCard)


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionNames:
    """How one kind of model speaks of its versions: `reward-1`, with `prior-0` before it."""

    kind: str  # as people call it: `model`
    prefix: str
    unlearned: ModelVersion
    weights: str  # file name


class VersionFolder(Generic[C]):
    """The versions below one folder, with cards of the type `card`."""

    def __init__(self, *, folder: Path, names: VersionNames, card: type[C]) -> None:
        self._folder = folder
        self._names = names
        self._type = card
        self._pattern = re.compile(rf"{re.escape(names.prefix)}-([1-9][0-9]*)")

    def versions(self) -> tuple[ModelVersion, ...]:
        """List the registered versions, oldest first; the unlearned one is not among them."""
        if not self._folder.is_dir():
            return ()
        found = [path.name for path in self._folder.iterdir() if self._number(path.name)]
        return tuple(ModelVersion(name) for name in sorted(found, key=self._number))

    def cards(self) -> tuple[C, ...]:
        """Read the card of every version, oldest first."""
        return tuple(self.card(version) for version in self.versions())

    def card(self, version: ModelVersion) -> C:
        """Read one card. Raises `RefinementError` where it is missing or damaged."""
        path = self._path(version) / _CARD
        name = self._name(version)
        try:
            card = from_plain(self._type, json.loads(path.read_bytes()))
        except OSError as error:
            raise RefinementError(f"{name} is not registered; list the versions") from error
        except ValueError as error:
            raise RefinementError(
                f"the card of {name} is damaged; restore it or roll back"
            ) from error
        if card.version != version:
            raise RefinementError(f"the card of {name} names another version")
        return card

    def lineage(self, version: ModelVersion) -> tuple[C, ...]:
        """Return the card of `version` and of each ancestor, newest first."""
        found: list[C] = []
        while version != self._names.unlearned:
            card = self.card(version)
            found.append(card)
            if not self._precedes(card.parent, version):
                raise RefinementError(
                    f"the lineage of `{version}` does not lead to the {self._first_word}"
                )
            version = card.parent
        return tuple(found)

    def register(self, card: C, weights: bytes) -> C:
        """Keep a new version whole or not at all, and return its card with its number.

        The card's own version is ignored. Raises `RefinementError` where the weights do
        not have the card's hash, or the folder cannot be written.
        """
        if sha256_hex(weights) != card.weights_sha256:
            raise RefinementError("the weights are not those of the card; train again")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            return self._write(card, weights)
        except OSError as error:
            raise self._unwritable(error) from error

    def point_to(self, version: ModelVersion) -> None:
        """Name `version` the live one, in one step. Requires that it can be loaded."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=".current-", dir=self._folder)
            with os.fdopen(handle, "wb") as file:
                file.write(canonical_json({"version": version}))
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self._folder / _POINTER)
        except OSError as error:
            raise self._unwritable(error) from error

    def current_version(self) -> ModelVersion:
        """Name the live version: the unlearned one until another is promoted.

        Raises `RefinementError` where the pointer is damaged.
        """
        damaged = f"the pointer to the live {self._names.kind} is damaged; promote one"
        try:
            found = json.loads((self._folder / _POINTER).read_bytes())
        except FileNotFoundError:
            return self._names.unlearned
        except (OSError, ValueError) as error:
            raise RefinementError(damaged) from error
        version = found.get("version") if isinstance(found, dict) else None
        if not isinstance(version, str) or not self._is_known(version):
            raise RefinementError(damaged)
        return ModelVersion(version)

    def weights(self, card: C, *, encoder_sha256: str) -> bytes:
        """Read the weights of a promoted version.

        Raises `RefinementError` where the version did not pass its gates, its weights do
        not have their hash, or it was trained over another encoder.
        """
        name = self._name(card.version)
        if not card.promoted:
            raise RefinementError(f"{name} did not pass its gates; see its card")
        if card.encoder_sha256 != encoder_sha256:
            raise RefinementError(f"{name} was trained over another encoder; run `refine` again")
        try:
            weights = (self._path(card.version) / self._names.weights).read_bytes()
        except OSError as error:
            raise RefinementError(
                f"the weights of {name} are missing; restore them or roll back"
            ) from error
        if sha256_hex(weights) != card.weights_sha256:
            raise RefinementError(f"the weights of {name} are damaged; restore them or roll back")
        return weights

    def _write(self, card: C, weights: bytes) -> C:
        number = max(map(self._number, self.versions()), default=0) + 1
        building = Path(tempfile.mkdtemp(prefix=".building-", dir=self._folder))
        try:
            (building / self._names.weights).write_bytes(weights)
            while True:
                version = ModelVersion(f"{self._names.prefix}-{number}")
                numbered = replace(card, version=version)
                (building / _CARD).write_bytes(canonical_json(to_plain(numbered)))
                try:
                    building.rename(self._path(version))
                except OSError as error:
                    if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                        raise
                    number += 1  # another process was quicker
                else:
                    return numbered
        finally:
            shutil.rmtree(building, ignore_errors=True)

    def _unwritable(self, error: OSError) -> RefinementError:
        reason = error.strerror or type(error).__name__
        return RefinementError(
            f"{self._names.kind} folder `{self._folder}` cannot be written (`{reason}`); "
            "check its permissions"
        )

    def _path(self, version: str) -> Path:
        if not self._number(version):
            raise RefinementError(
                f"`{version}` is not a {self._names.kind} version; write `{self._names.prefix}-1`"
            )
        return self._folder / version

    def _name(self, version: str) -> str:
        return f"{self._names.kind} version `{version}`"

    @property
    def _first_word(self) -> str:
        return self._names.unlearned.partition("-")[0]

    def _number(self, version: str) -> int:
        """Return the number of a version's name; 0 for what is none."""
        found = self._pattern.fullmatch(version)
        return int(found.group(1)) if found else 0

    def _is_known(self, version: str) -> bool:
        return version == self._names.unlearned or self._number(version) > 0

    def _precedes(self, parent: str, version: str) -> bool:
        if parent == self._names.unlearned:
            return True
        return 0 < self._number(parent) < self._number(version)
