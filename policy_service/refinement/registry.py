"""The model registry: a folder of versions with their cards, and a pointer to the live one.

A version is written once and never changed. Whatever does not fit its hash is refused:
a damaged model never falls back to the prior on its own. Nothing here trains or judges.
"""

import errno
import json
import os
import re
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from policy_service.domain.errors import RefinementError
from policy_service.domain.identifiers import ModelVersion
from policy_service.domain.learning import ModelCard
from policy_service.domain.plain import from_plain, to_plain
from policy_service.engines.reward_head import RewardHead
from policy_service.kit.canonical import canonical_json
from policy_service.kit.hashing import sha256_hex
from policy_service.refinement.reward_model import PRIOR, RewardModel, TextEncoder

_POINTER = "current.json"
_CARD = "card.json"
_WEIGHTS = "weights.safetensors"
_VERSION = re.compile(r"reward-([1-9][0-9]*)")


class ModelRegistry:
    """The versions below one folder. Versions are `prior-0`, `reward-1` and so on."""

    def __init__(self, *, folder: Path, encoder: TextEncoder) -> None:
        self._folder = folder
        self._encoder = encoder

    def versions(self) -> tuple[ModelVersion, ...]:
        """List the registered versions, oldest first; the prior is not among them."""
        if not self._folder.is_dir():
            return ()
        names = [path.name for path in self._folder.iterdir() if _VERSION.fullmatch(path.name)]
        return tuple(ModelVersion(name) for name in sorted(names, key=_number))

    def cards(self) -> tuple[ModelCard, ...]:
        """Read the card of every version, oldest first."""
        return tuple(self.card(version) for version in self.versions())

    def card(self, version: ModelVersion) -> ModelCard:
        """Read one card. Raises `RefinementError` where it is missing or damaged."""
        path = self._path(version) / _CARD
        try:
            card = from_plain(ModelCard, json.loads(path.read_bytes()))
        except OSError as error:
            raise RefinementError(
                f"model version `{version}` is not registered; list the versions"
            ) from error
        except ValueError as error:
            raise RefinementError(
                f"the card of model version `{version}` is damaged; restore it or roll back"
            ) from error
        if card.version != version:
            raise RefinementError(f"the card of model version `{version}` names another version")
        return card

    def lineage(self, version: ModelVersion) -> tuple[ModelCard, ...]:
        """Return the card of `version` and of each ancestor, newest first, down to the prior."""
        found: list[ModelCard] = []
        while version != PRIOR:
            card = self.card(version)
            found.append(card)
            if not _precedes(card.parent, version):
                raise RefinementError(f"the lineage of `{version}` does not lead to the prior")
            version = card.parent
        return tuple(found)

    def register(self, card: ModelCard, weights: bytes) -> ModelCard:
        """Keep a new version whole or not at all, and return its card with its number.

        The card's own version is ignored. Raises `RefinementError` where the weights do
        not have the card's hash, or the folder cannot be written.
        """
        if sha256_hex(weights) != card.weights_sha256:
            raise RefinementError("the weights are not those of the card; train again")
        RewardHead.from_bytes(weights)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            return self._write(card, weights)
        except OSError as error:
            raise self._unwritable(error) from error

    def promote(self, version: ModelVersion) -> None:
        """Make `version` the live one; an older one, or the prior, rolls back.

        Raises `RefinementError` for a version that did not pass its gates or is damaged.
        """
        self.load(version)
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
        """Name the live version: the prior until one is promoted.

        Raises `RefinementError` where the pointer is damaged.
        """
        try:
            found = json.loads((self._folder / _POINTER).read_bytes())
        except FileNotFoundError:
            return PRIOR
        except (OSError, ValueError) as error:
            raise RefinementError(
                "the pointer to the live model is damaged; promote one"
            ) from error
        version = found.get("version") if isinstance(found, dict) else None
        if not isinstance(version, str) or not (version == PRIOR or _VERSION.fullmatch(version)):
            raise RefinementError("the pointer to the live model is damaged; promote one")
        return ModelVersion(version)

    def current(self) -> RewardModel:
        """Load the live model. Raises `RefinementError` as `load` does; never falls back."""
        return self.load(self.current_version())

    def load(self, version: ModelVersion) -> RewardModel:
        """Load a promoted version, or the prior's empty model.

        Raises `RefinementError` where the version did not pass its gates, its weights do
        not have their hash, or it was trained over another encoder.
        """
        if version == PRIOR:
            return RewardModel(encoder=self._encoder)
        card = self.card(version)
        if not card.promoted:
            raise RefinementError(f"model version `{version}` did not pass its gates; see its card")
        if card.encoder_sha256 != self._encoder.sha256:
            raise RefinementError(
                f"model version `{version}` was trained over another encoder; run `refine` again"
            )
        try:
            weights = (self._path(version) / _WEIGHTS).read_bytes()
        except OSError as error:
            raise RefinementError(
                f"the weights of model version `{version}` are missing; restore them or roll back"
            ) from error
        if sha256_hex(weights) != card.weights_sha256:
            raise RefinementError(
                f"the weights of model version `{version}` are damaged; restore them or roll back"
            )
        head = RewardHead.from_bytes(weights)
        return RewardModel(encoder=self._encoder, version=version, head=head)

    def _write(self, card: ModelCard, weights: bytes) -> ModelCard:
        numbers = [_number(version) for version in self.versions()]
        number = max(numbers, default=0) + 1
        building = Path(tempfile.mkdtemp(prefix=".building-", dir=self._folder))
        try:
            (building / _WEIGHTS).write_bytes(weights)
            while True:
                version = ModelVersion(f"reward-{number}")
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
            f"model folder `{self._folder}` cannot be written (`{reason}`); check its permissions"
        )

    def _path(self, version: str) -> Path:
        if not _VERSION.fullmatch(version):
            raise RefinementError(f"`{version}` is not a model version; write `reward-1`")
        return self._folder / version


def _number(version: str) -> int:
    found = _VERSION.fullmatch(version)
    return int(found.group(1)) if found else 0


def _precedes(parent: str, version: str) -> bool:
    return parent == PRIOR or (
        _VERSION.fullmatch(parent) is not None and _number(parent) < _number(version)
    )
