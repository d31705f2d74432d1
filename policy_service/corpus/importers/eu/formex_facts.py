"""What the files of one act in Formex say about it: number, date, language, order."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from lxml import etree

from policy_service.corpus.importers.eu.acts import (
    ActName,
    act_of_celex,
    act_of_eli,
    act_of_title,
    letter_of,
)
from policy_service.corpus.importers.eu.formex_act import act_title

_DAY = re.compile(r"^(\d{4})(\d\d)(\d\d)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of an act; empty where its files do not say."""

    name: ActName
    title: str
    language: str
    version_date: str
    schema: str  # `4`, `6`
    stated: tuple[tuple[str, str], ...]


def facts_of(act: etree._Element | None, others: Sequence[etree._Element]) -> Facts:
    """Gather the facts of an act from its own file, then from its `DOC` and annexes."""
    roots = [root for root in (act, *others) if root is not None]
    title = next((found for found in (_title(root) for root in roots) if found), "")
    name = _name(roots, title)
    consolidated = _consolidated(roots)
    name = replace(name, consolidated=consolidated or name.consolidated)
    published = _published(roots)
    dated = _first_date(roots)
    stated = {"dated": dated, "published": published, "consolidated": consolidated}
    return Facts(
        name=name,
        title=title,
        language=_language(roots),
        version_date=consolidated or published or dated,
        schema=_schema(roots[0]),
        stated=tuple((key, value) for key, value in stated.items() if value),
    )


def _title(root: etree._Element) -> str:
    if root.tag in ("ANNEX", "CONS.ANNEX", "PUBLICATION"):
        return ""
    return act_title(root)


def _name(roots: Sequence[etree._Element], title: str) -> ActName:
    stated = _stated_name(roots)
    from_title = act_of_title(title) or ActName()
    letter = _letter(roots) or from_title.letter
    if stated is None:
        return replace(from_title, letter=letter)
    same_kind = not stated.eli_type and from_title.letter == letter
    return replace(
        stated,
        letter=stated.letter or letter,
        eli_type=from_title.eli_type if same_kind else stated.eli_type,
    )


def _stated_name(roots: Sequence[etree._Element]) -> ActName | None:
    for root in roots:
        eli = next((act_of_eli(found.get("ID", "")) for found in root.iter("NO.ELI")), None)
        celex = next((act_of_celex(found.text or "") for found in root.iter("NO.CELEX")), None)
        if eli or celex:
            return eli or celex
    for root in roots:
        for number in root.iter("NO.DOC"):
            year, current = number.findtext("YEAR"), number.findtext("NO.CURRENT")
            if year and current and current.strip().isdigit():
                return ActName(year=year.strip(), number=current.strip())
    return None


def _letter(roots: Sequence[etree._Element]) -> str:
    values = [
        value
        for root in roots
        for value in (
            *(element.get("LEG.VAL", "") for element in root.iter("INFO.CONSLEG", "FAM.COMP")),
            *(element.text or "" for element in root.iter("LEGAL.VALUE")),
        )
    ]
    return next((letter for letter in map(letter_of, values) if letter), "")


def _consolidated(roots: Sequence[etree._Element]) -> str:
    days = (info.get("START.DATE", "") for root in roots for info in root.iter("INFO.CONSLEG"))
    return _first_day(days)


def _published(roots: Sequence[etree._Element]) -> str:
    days = (
        date.get("ISO", "")
        for root in roots
        for reference in root.iter("PUBLICATION.REF", "BIB.OJ")
        for date in reference.iterchildren("DATE")
    )
    return _first_day(days)


def _first_date(roots: Sequence[etree._Element]) -> str:
    days = (
        date.get("ISO", "")
        for root in roots
        for place in root.iter("BIB.DATA", "BIB.INSTANCE", "DOC.MAIN.PUB")
        for date in place.iterchildren("DATE")
    )
    return _first_day(days)


def _first_day(days: Iterable[str]) -> str:
    for day in days:
        found = _DAY.match(day.strip())
        if found:
            return "-".join(found.groups())
    return ""


def _language(roots: Sequence[etree._Element]) -> str:
    for root in roots:
        for language in root.iter("LG.DOC", "LG.OJ"):
            if stated := str(language.text or "").strip():
                return stated.lower()
    return ""


def _schema(root: etree._Element) -> str:
    places = " ".join(value for name, value in root.attrib.items() if "chemaLocation" in str(name))
    found = re.search(r"formex-0?(\d+)", places)
    # Formex 5.x is the schema of what the Publications Office still calls Formex 4.
    return "6" if found and int(found[1]) >= 6 else "4"
