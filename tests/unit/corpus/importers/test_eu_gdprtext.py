"""GDPRtEXT's JSON: points without numbers, lists that are objects, and broken files."""

import json

import pytest

from policy_service.corpus.importers.document import SourceFile
from policy_service.corpus.importers.eu import gdprtext_json
from policy_service.domain.errors import CorpusError


def _point(number: str | None, text: str, *below: object, kind: str = "point") -> dict[str, object]:
    return {"number": number, "text": text, "type": kind, "subpoints": list(below)}


def _act(**changes: object) -> dict[str, object]:
    subpoint = {"number": "a", "text": "one;", "type": "subpoint"}
    dash = {"number": None, "text": "dashed", "type": "subpoint"}
    articles = [
        {
            "number": "1",
            "title": "Scope",
            "type": "article",
            "contents": [
                _point("1", "First:", subpoint, dash),
                _point(None, "Second subparagraph.", kind="text"),
                {**_point("2", "Objects:"), "subpoints": {"0": subpoint}},
            ],
        },
        {
            "number": "2",
            "title": "Words",
            "type": "article",
            "contents": [_point(None, "In this act:", kind="text"), _point("1", "‘word’ …")],
        },
    ]
    section = {"number": "1", "title": "First", "type": "section", "contents": articles}
    chapter = {"number": "I", "title": "General", "type": "chapter", "contents": [section]}
    return {
        "title": "Act",
        "regulation": "2016/9",
        "dated": "01/04/2016",
        "updated": "05/05/2016",
        "language": "EN",
        "chapters": [chapter],
        "recitals": [{"number": "1", "text": "Council (2) said.", "type": "recital"}],
        "citations": {"0": {"number": "2", "text": "OJ"}},
        **changes,
    }


def _file(act: object) -> SourceFile:
    text = act if isinstance(act, str) else json.dumps(act)
    return SourceFile(name="act.json", data=text.encode())


def test_gdprtext_points_become_units() -> None:
    """Numbers make parts; what has none is a dash or the next subparagraph."""
    assert gdprtext_json.recognises(_file(_act()))
    (document,) = gdprtext_json.read([_file(_act())])
    assert {"/".join(part.steps): part.text for part in document.parts} == {
        "recital-1": "Council said.",
        "art-1": "",
        "art-1/1": "First:\n— dashed\nSecond subparagraph.",
        "art-1/1/a": "one;",
        "art-1/2": "Objects:",
        "art-1/2/a": "one;",
        "art-2": "In this act:",
        "art-2/1": "‘word’ …",
    }
    assert document.parts[2].heading[:2] == ("CHAPTER I — General", "Section 1 — First")
    assert document.identifiers == ("celex:32016R0009", "eli:reg/2016/9")
    assert (document.language, document.version_date) == ("en", "2016-05-05")


def test_gdprtext_fields_may_lack() -> None:
    """Dates and notes that a file does not state stay empty."""
    (document,) = gdprtext_json.read(
        [_file(_act(updated="soon", dated="", citations=None, recitals=None))]
    )
    assert (document.version_date, document.facts) == ("", {})


@pytest.mark.parametrize(
    ("act", "said"),
    [
        ("{", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[]", "no object at its root"),
        (_act(chapters="x"), "`chapters` is no list"),
        (_act(chapters=["x"]), "`chapters` holds what is no object"),
        (_act(chapters=[{"type": "chapter"}]), "KeyError"),
        (_act(chapters=[]), "has no article"),
    ],
)
def test_gdprtext_says_in_one_line_what_is_broken(act: object, said: str) -> None:
    """JSON that is broken or not of this shape is refused."""
    with pytest.raises(CorpusError) as told:
        gdprtext_json.read([_file(act)])
    assert said in str(told.value)
    assert "\n" not in str(told.value)


def test_gdprtext_recognises_nothing_else() -> None:
    """JSON of other shapes is left to others."""
    assert not gdprtext_json.recognises(_file('{"catalog": {}}'))
