"""The official address of a provision, as deep as its publisher's pages allow.

EUR-Lex gives articles, recitals and annexes anchors (`#art_32`); the eCFR gives paragraphs
theirs (`#p-164.312(a)(2)(iv)`); California's site has a page for each section.
"""

from policy_service.corpus.importers.document import Part

_EURLEX = "https://eur-lex.europa.eu/"
_EU_ANCHORS = (("art-", "art_"), ("recital-", "rct_"), ("annex-", "anx_"))


def address_of(part: Part, *, base: str, identifiers: tuple[str, ...]) -> str:
    """Return the address of one part; that of the instrument where there is no deeper one."""
    if base.startswith(_EURLEX):
        return _eu(part.steps[0], base)
    for identifier in (*reversed(part.scopes), *identifiers):
        scheme, _, rest = identifier.partition(":")
        if scheme == "cfr":
            return _cfr(part, title=rest.partition("/")[0], base=base)
        if scheme == "ca-civ" and part.steps[0][:1].isdigit():
            return (
                "https://leginfo.legislature.ca.gov/faces/codes_displaySection.xhtml"
                f"?sectionNum={part.steps[0]}.&lawCode=CIV"
            )
    return base


def _eu(step: str, base: str) -> str:
    for start, anchor in _EU_ANCHORS:
        if step.startswith(start):
            name = step.removeprefix(start)
            return f"{base.partition('#')[0]}#{anchor}{name.upper() if start == 'annex-' else name}"
    return base


def _cfr(part: Part, *, title: str, base: str) -> str:
    section = part.steps[0]
    if not section[:1].isdigit() or "." not in section:
        return base
    page = f"https://www.ecfr.gov/current/title-{title}/section-{section}"
    bracket = part.section.find("(")
    if len(part.steps) == 1 or bracket < 0:
        return page
    return f"{page}#p-{section}{part.section[bracket:]}"
