"""Names of acts of the Union: CELEX and ELI numbers, and what a title says.

Source: EUR-Lex, "How CELEX numbers are composed"; ELI, European Legislation Identifier,
URI template of the Publications Office.
"""

import re
from dataclasses import dataclass

_TYPES = {"R": "reg", "L": "dir", "D": "dec"}
_LETTERS = {"REG": "R", "DIR": "L", "DEC": "D"}
_WORDS = (
    ("R", "regulation verordnung règlement reglamento regolamento regulamento verordening "
          "förordning forordning rozporządzenie asetus nařízení nariadenie uredba rendelet "
          "reglamentas regula määrus regolament regulament rialachán κανονισμοσ κανονισμός "
          "регламент"),
    ("L", "directive richtlinie directiva direttiva diretiva richtlijn direktiv dyrektywa "
          "direktiivi směrnice smernica direktiva irányelv direktyva direktīva direktiiv direttiva "
          "treoir οδηγία директива"),
    ("D", "decision beschluss décision decisión decisione decisão besluit beslut afgørelse "
          "decyzja päätös rozhodnutí rozhodnutie sklep odluka határozat sprendimas lēmums otsus "
          "deċiżjoni decizie decizia cinneadh απόφαση решение"),
)  # fmt: skip
_CELEX = re.compile(r"\b([03])(\d{4})([RLD])(\d{4})(?:-(\d{4})(\d\d)(\d\d))?(?!\d|R\()")
_ELI = re.compile(
    r"(?:eli|akn/eu/act)/((?:reg|dir|dec)(?:[_-][a-z]+|ulation|ective|ision)?)/(\d{4})/(\d+)"
    r"(?:/(\d{4}-\d\d-\d\d))?"
)
_LONG = {"regulation": "reg", "directive": "dir", "decision": "dec"}
_NUMBER = re.compile(
    r"(?:\((?:EU|EC|EEC|Euratom|CFSP|UE|CE|[^\W\d_, ]{2,8})(?:,\s*\w+)?\)\s*)?"
    r"(?P<no>(?:No|Nr|nº|n°|n\.)\s*)?\b(?P<a>\d{1,4})/(?P<b>\d{1,4})\b"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActName:
    """Which act a text is. Fields that are not known are empty."""

    letter: str = ""  # of its CELEX number: R, L, D
    eli_type: str = ""  # reg, dir_impl …
    year: str = ""
    number: str = ""
    consolidated: str = ""  # ISO date a consolidated text holds from

    @property
    def identifiers(self) -> tuple[str, ...]:
        """How others name the act, the act itself before its consolidated text."""
        if not (self.letter and self.year and self.number):
            return ()
        tail = f"{self.year}{self.letter}{int(self.number):04d}"
        names = [f"celex:3{tail}"]
        if self.consolidated:
            names.append(f"celex:0{tail}-{self.consolidated.replace('-', '')}")
        return (*names, f"eli:{self._eli}/{self.year}/{int(self.number)}")

    @property
    def version(self) -> str:
        """The number people cite it by: `2016/679`."""
        return f"{self.year}/{int(self.number)}" if self.year and self.number else ""

    @property
    def url(self) -> str:
        """The official address of the text."""
        if not self.identifiers:
            return ""
        text = self.consolidated or "oj"
        act = f"{self._eli}/{self.year}/{int(self.number)}"
        return f"https://eur-lex.europa.eu/eli/{act}/{text}"

    @property
    def _eli(self) -> str:
        return self.eli_type or _TYPES[self.letter]


def act_of_celex(text: str) -> ActName | None:
    """Read a CELEX number anywhere in a text, also one of a consolidated text."""
    found = _CELEX.search(text)
    if found is None:
        return None
    sector, year, letter, number, *date = found.groups()
    held = "-".join(date) if sector == "0" and all(date) else ""
    return ActName(letter=letter, year=year, number=number, consolidated=held)


def act_of_eli(text: str) -> ActName | None:
    """Read an ELI anywhere in a text."""
    found = _ELI.search(text)
    if found is None:
        return None
    kind, year, number, held = found.groups()
    kind = _LONG.get(kind, kind.replace("-", "_"))
    letter = next(letter for letter, name in _TYPES.items() if kind.startswith(name))
    return ActName(letter=letter, eli_type=kind, year=year, number=number, consolidated=held or "")


def act_of_title(title: str) -> ActName | None:
    """Read the title of an act: `Regulation (EU) 2016/679 of …`, `Directive 95/46/EC`."""
    found = _NUMBER.search(title)
    if found is None:
        return None
    first, second = found["a"], found["b"]
    # Until 2015 regulations were numbered `No 910/2014`; directives and decisions were not.
    year, number = (second, first) if found["no"] and len(second) == 4 else (first, second)
    return ActName(
        letter=letter_of(title), year=_full_year(year), number=number, eli_type=_eli_type(title)
    )


def letter_of(title_or_value: str) -> str:
    """Return the CELEX letter for a title or for a legal value of Formex (`REG`, `DIR`)."""
    value = title_or_value.strip().upper().replace(".", "").replace("_", "")
    if value[:3] in _LETTERS and len(value) <= len("REGIMPL"):
        return _LETTERS[value[:3]]
    placed = [
        (title_or_value.lower().find(word), letter)
        for letter, words in _WORDS
        for word in words.split()
        if word in title_or_value.lower()
    ]
    return min(placed)[1] if placed else ""


def _eli_type(title: str) -> str:
    letter, head = letter_of(title), title.lower()[:60]
    for word, suffix in (("implementing", "_impl"), ("delegated", "_del")):
        if letter and word in head:
            return _TYPES[letter] + suffix
    return ""


def _full_year(year: str) -> str:
    if len(year) != len("95"):
        return year
    return f"19{year}" if int(year) > 50 else f"20{year}"
