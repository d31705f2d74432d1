"""Numbers as acts of the Union write them, and the steps of an id they become.

Not a parser of references: it reads the number at the head of a unit. Source: the
Interinstitutional style guide, part one (structure of a legal act), and the practice of
the Official Journal in its 24 languages.
"""

import re
import unicodedata
from dataclasses import dataclass

# The word that heads an article, by language of the Union; lower case, without accents.
_ARTICLE_WORDS_TEXT = """
    article articles artikel articolo articulo artigo artykul artikla articol articolul clanek
    clanok clen clanak cikk straipsnis pants artiklu artikolu airteagal art arthro αρθρο член
"""
_ARTICLE_WORDS = tuple(_ARTICLE_WORDS_TEXT.split())
_ANNEX_WORDS_TEXT = """
    annex annexe anhang allegato anexo anexa bijlage bilag bilaga zalacznik liite priloha
    priloga prilog melleklet priedas pielikums lisa anness iarscribhinn παραρτημα приложение
    appendix
"""
_ANNEX_WORDS = tuple(_ANNEX_WORDS_TEXT.split())
_SECTION = re.compile(
    r"^(?P<word>section|part|chapter|title|appendix|module|abschnitt|teil|kapitel|partie|"
    r"titre|chapitre|sezione|parte|capitolo|titolo|seccion|sección|capitulo|capítulo|afdeling|"
    r"deel|czesc|część|rozdział|sekcja)\s+(?P<number>[0-9]+[a-z]?|[ivxlc]+|[a-z])\b[.:]?",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d+\s?[a-z]{0,2}(?![a-z])(?:\s(?:bis|ter|quater|quinquies|sexies))?")
_ROMAN = re.compile(r"\b[IVXLC]+\b|\b[A-Z]\b|\b\d+[a-z]?\b")
_FIRST = re.compile(r"\b(premier|prim|primo|primero|unic|unico|único|sole|only|einziger)\b", re.I)
_DASHES = frozenset("-–—‒―•·▪◦●*−")
_RAISED = str.maketrans("0123456789+-−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻")
_RAISABLE = re.compile(r"[-+−]?\d+")
_BARE = re.compile(r"[^\w.-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A number: its step in an id, and how a section is cited by it."""

    step: str
    words: str


def article_label(title: str) -> Label | None:
    """Read `Article 12a`, `Artikel 5`, `5 straipsnis`; None where no article is named."""
    plain = _plain(title)
    words = set(re.findall(r"[^\W\d_]+", plain))
    if not words & set(_ARTICLE_WORDS):
        return None
    found = _NUMBER.search(plain)
    if found:
        return Label(step=f"art-{_slug(found[0])}", words=_one_line(title).rstrip(".:"))
    if _FIRST.search(plain):
        return Label(step="art-1", words=_one_line(title).rstrip(".:"))
    return None


def annex_label(title: str) -> Label | None:
    """Read `ANNEX III`, `ANHANG III`, `ANNEX`; None where no annex is named."""
    line = _one_line(title)
    words = re.findall(r"[^\W\d_]+", line)
    word = next((w for w in words if _plain(w) in _ANNEX_WORDS), None)
    if word is None:
        return None
    found = _ROMAN.search(line.replace(word, " ", 1))
    number = found[0] if found else ""
    name = word.capitalize() if word.isupper() else word
    step = f"annex-{number.lower()}" if number else "annex"
    return Label(step=step, words=f"{name} {number}".strip())


def section_label(title: str) -> tuple[Label, str] | None:
    """Read `Section A. List of …` into its number and the words after it."""
    line = _one_line(title)
    found = _SECTION.match(line)
    if found is None:
        return None
    number, word = found["number"], found["word"].capitalize()
    rest = line[found.end() :].lstrip(" .:–—-")
    label = Label(step=f"{_slug(_plain(word))}-{number.lower()}", words=f"{word} {number.upper()}")
    return label, rest


def recital_label(number: str) -> Label:
    """Read `(26)`."""
    bare = bare_number(number)
    return Label(step=f"recital-{_slug(bare)}", words=f"Recital {bare}")


def bare_number(number: str) -> str:
    """Return a number without brackets and stops: `(a)` is `a`, `3.1.` is `3.1`."""
    return _one_line(number).strip(" ().[]‘’“”„«»'\"")


def steps_of_number(number: str) -> tuple[str, ...]:
    """Return the steps of a point: `(a)` is (`a`,), `3.1.` is (`3`, `1`)."""
    return tuple(step for step in (_slug(part) for part in bare_number(number).split(".")) if step)


def is_dash(number: str) -> bool:
    """Say whether a list mark is a dash or a bullet, which numbers nothing."""
    mark = number.strip()
    return bool(mark) and all(sign in _DASHES for sign in mark)


def superscript(text: str) -> str:
    """Write raised digits as such: without it `10` to the power of `25` would read 1025."""
    return text.translate(_RAISED) if _RAISABLE.fullmatch(text) else text


def _slug(text: str) -> str:
    return _BARE.sub("-", text.strip().lower()).strip("-.")


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFD", text.lower().replace("ł", "l"))
    return "".join(sign for sign in folded if not unicodedata.combining(sign))


def _one_line(text: str) -> str:
    return " ".join(text.split())
