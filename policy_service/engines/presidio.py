"""Find and replace personal data in text with Presidio, offline.

Three sources: our rules, a spaCy model where one is installed for the language, and the
optional token classifier (`engines.rampart`). `text.fusion` makes one set of spans of
what they find; they never overlap. Texts are deduplicated, read in batches and remembered
by content. Presidio itself is imported when the models are loaded: it takes seconds.
"""

import logging
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal

from policy_service.domain.errors import MaskingError, UsageError
from policy_service.engines.rampart import Rampart, rampart_installed
from policy_service.engines.text.cache import SpanCache
from policy_service.engines.text.fusion import fuse
from policy_service.engines.text.languages import choose_language
from policy_service.engines.text.rules import TextRules
from policy_service.engines.text.spans import CATEGORIES, Found, Source, TextSpan
from policy_service.engines.text.windows import clean, cut, stitch

if TYPE_CHECKING:
    from presidio_analyzer import AnalyzerEngine

    from policy_service.engines.presidio_recognisers import BatchRecognizer

__all__ = ["CATEGORIES", "NerMode", "PresidioText", "TextSpan"]

NerMode = Literal["auto", "off", "required"]

_LOG = logging.getLogger(__name__)
_BATCH = 64  # texts that spaCy reads together
_TEXTS = 1_024  # windows held at a time
_CACHED = 20_000


class PresidioText:
    """Finds personal data in texts. Safe to share between threads: one call reads at a time."""

    def __init__(
        self,
        analyzer: "AnalyzerEngine",
        *,
        rules: TextRules,
        languages: Sequence[str],
        batches: "BatchRecognizer | None" = None,
        cached: int = _CACHED,
    ) -> None:
        self._analyzer = analyzer
        self._rules = rules
        self._languages = tuple(languages)
        self._batches = batches
        self._lock = threading.Lock()
        self._cache = SpanCache(size=cached)
        self._anonymizer: Any = _make_anonymizer()

    @classmethod
    def load(
        cls, *, languages: Sequence[str] = ("en",), ner: NerMode = "auto", cached: int = _CACHED
    ) -> "PresidioText":
        """Load the models; seconds and some 100 MiB. The first language is the default.

        `ner`: use the token classifier if it is installed, never, or refuse to go without.
        `cached`: how many texts' findings are remembered. Raises `UsageError` for a language
        without rules, and where the classifier is required but missing or damaged.
        """
        if not languages:
            raise UsageError("no language for texts; name one, such as `en`")
        rules = TextRules(languages)
        logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)
        from policy_service.engines.presidio_recognisers import (
            BatchRecognizer,
            installed_spacy_model,
            make_analyzer,
        )

        used = ner == "required" or (ner == "auto" and rampart_installed())
        batches = BatchRecognizer(Rampart.load()) if used else None
        for language in languages:
            if installed_spacy_model(language) is None:
                served = "rules and the token classifier" if used else "rules alone"
                _LOG.warning("no spaCy model for `%s`: texts are read by %s", language, served)
        return cls(
            make_analyzer(languages, rules=rules, batches=batches),
            rules=rules,
            languages=languages,
            batches=batches,
            cached=cached,
        )

    def find(self, texts: Sequence[str]) -> list[tuple[TextSpan, ...]]:
        """Return the spans of each text in their order, without overlaps.

        Raises `MaskingError` where a text cannot be read; then nothing is returned.
        """
        found = {text: self._cache.get(text) for text in dict.fromkeys(texts)}
        unread = [text for text, spans in found.items() if spans is None]
        try:
            for text, spans in zip(unread, self._read(unread), strict=True):
                found[text] = spans
                self._cache.put(text, spans)
        except Exception as error:  # whatever a foreign engine raises
            raise MaskingError(
                "text cannot be searched for personal data; it is withheld "
                f"(`{type(error).__name__}`)"
            ) from None
        return [found[text] or () for text in texts]

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
        from presidio_anonymizer.entities import RecognizerResult as Result

        results, operators = [], {}
        for place, (span, replacement) in enumerate(ordered):
            name = f"SPAN_{place}"  # a name for each, as operators go by entity
            results.append(Result(entity_type=name, start=span.start, end=span.end, score=1.0))
            operators[name] = (
                OperatorConfig("replace", {"new_value": replacement})
                if replacement
                else OperatorConfig("redact")
            )
        done = self._anonymizer.anonymize(text, results, operators)
        return str(done.text)

    def _read(self, texts: Sequence[str]) -> Iterator[tuple[TextSpan, ...]]:
        """Yield the spans of each text, reading windows of many texts together."""
        windows = [list(cut(clean(text))) for text in texts]
        parts = [window.text for cuts in windows for window in cuts]
        distinct = list(dict.fromkeys(part for part in parts if part.strip()))
        spans: dict[str, tuple[TextSpan, ...]] = {}
        with self._lock:
            for begin in range(0, len(distinct), _TEXTS):
                spans.update(self._read_windows(distinct[begin : begin + _TEXTS]))
        for cuts in windows:
            yield stitch([(window, spans.get(window.text, ())) for window in cuts])

    def _read_windows(self, parts: Sequence[str]) -> Iterator[tuple[str, tuple[TextSpan, ...]]]:
        if self._batches is not None:
            self._batches.read(parts)
        from policy_service.engines.presidio_recognisers import as_found

        by_language = defaultdict(list)
        for part in parts:
            by_language[choose_language(part, self._languages)].append(part)
        for language, group in by_language.items():
            artifacts = self._analyzer.nlp_engine.process_batch(
                group, language=language, batch_size=_BATCH
            )
            for (_, artifact), part in zip(artifacts, group, strict=True):
                results = self._analyzer.analyze(part, language=language, nlp_artifacts=artifact)
                yield part, fuse(part, self._kept(part, map(as_found, results)))

    def _kept(self, text: str, found: Iterable[Found]) -> Iterator[Found]:
        """Leave out what a model takes for a name and is only the word for one."""
        for one in found:
            value = text[one.start : one.end]
            if one.source is Source.RULE or not self._rules.only_speaks_of_values(value):
                yield one


def _make_anonymizer() -> Any:  # noqa: ANN401 - Presidio's class has no types
    from presidio_anonymizer import AnonymizerEngine

    make: Any = AnonymizerEngine
    return make()
