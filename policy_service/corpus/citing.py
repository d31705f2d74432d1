"""Citations: the sentence of a provision that a rule rests on, quoted letter for letter.

Not a judgement whether the clause supports the rule; it guarantees only that the
quote stands in the stored text, and that the text is the one that was read.
"""

import re
from collections.abc import Iterable

from policy_service.domain.errors import CorpusError
from policy_service.domain.provision import Citation, Provision, Strength
from policy_service.kit.hashing import sha256_text

_ENDS = re.compile(r"(?<=[.!?])\s+(?=[\"'(]?[A-Z0-9])")
_ABBREVIATION = re.compile(r"(?:\b(?:Art|Arts|No|Sec|para|cf|vs|e\.g|i\.e|U\.S\.C|C\.F\.R)\.)$")
_WORD = re.compile(r"[a-z0-9]+")
_STEM = 5  # words that agree in their first letters count as the same: encrypt, encryption


def citation_label(provision: Provision) -> str:
    """Write the section as people cite it: `GDPR, Article 32(1)(a)`."""
    short = provision.heading[0] if provision.heading else provision.instrument
    return f"{short}, {provision.section}"


def cite(
    provision: Provision,
    *,
    strength: Strength,
    query_terms: Iterable[str] = (),
    quote: str | None = None,
) -> Citation:
    """Cite a provision by `quote`, or by the sentence that shares most words with the terms.

    Raises `CorpusError` where `quote` is not in the stored text, letter for letter.
    """
    citation = Citation(
        provision=provision.id,
        section=citation_label(provision),
        quote=_best_sentence(provision.text, query_terms) if quote is None else quote,
        provision_sha256=provision.sha256,
        strength=strength,
    )
    verify_citation(citation, provision)
    return citation


def verify_citation(citation: Citation, provision: Provision) -> None:
    """Check that the citation is of this provision, this text, and quotes it exactly.

    Raises `CorpusError` saying which of them fails; cite the provision anew.
    """
    if citation.provision != provision.id:
        raise CorpusError(
            f"citation of `{citation.provision}` was checked against `{provision.id}`: "
            "look the provision up by its id"
        )
    if sha256_text(provision.text) != provision.sha256:
        raise CorpusError(f"text of `{provision.id}` does not fit its hash: load the corpus anew")
    if citation.provision_sha256 != provision.sha256:
        raise CorpusError(f"`{provision.id}` has changed since it was cited: cite it anew")
    if not citation.quote.strip() or citation.quote not in provision.text:
        raise CorpusError(f"the quote is not in the text of `{provision.id}`: quote it exactly")


def sentences(text: str) -> tuple[str, ...]:
    """Split a text at the ends of its sentences; joined by blanks they are the text again."""
    found: list[str] = []
    for part in _ENDS.split(text):
        if found and _ABBREVIATION.search(found[-1]):
            found[-1] = f"{found[-1]} {part}"
        else:
            found.append(part)
    return tuple(found)


def _best_sentence(text: str, query_terms: Iterable[str]) -> str:
    wanted = _stems(" ".join(query_terms))
    # `max` keeps the first of equals, so without terms the first sentence is quoted.
    return max(sentences(text), key=lambda sentence: len(wanted & _stems(sentence)))


def _stems(text: str) -> frozenset[str]:
    return frozenset(word[:_STEM] for word in _WORD.findall(text.lower()) if len(word) > 2)
