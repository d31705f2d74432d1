"""Presidio's analyser with the recognisers that serve here: stock ones and our own.

Slow to import, as Presidio is: `engines.presidio` does so when the model is loaded.
"""

import re
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
from tldextract import TLDExtract

_REGIONS = ("CZ", "US", "GB", "DE", "FR", "SK", "PL", "AT")
_DOMAINS = TLDExtract(suffix_list_urls=(), cache_dir=None)  # never downloads its list
_IGNORED_LABELS = [
    "CARDINAL", "DATE", "EVENT", "LANGUAGE", "LAW", "MONEY", "ORDINAL", "PERCENT", "PRODUCT",
    "QUANTITY", "TIME", "WORK_OF_ART",
]  # fmt: skip


def make_analyzer(language: str, *, model: str) -> AnalyzerEngine:
    """Load the spaCy package `model` and put the recognisers beside it."""
    engine = SpacyNlpEngine(
        models=[{"lang_code": language, "model_name": model}],
        ner_model_configuration=NerModelConfiguration(
            labels_to_ignore=_IGNORED_LABELS, low_score_entity_names=[]
        ),
    )
    # `engine.load` would download a missing model; this raises instead.
    loaded: Any = {language: spacy.load(model)}
    engine.nlp = loaded
    registry = RecognizerRegistry(
        recognizers=_recognizers(language), supported_languages=[language]
    )
    return AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=[language])


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
