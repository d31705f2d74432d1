"""Obligations that a provision's own words propose, each with the words it was read from.

A proposal is advice and nothing more until a person accepts it. It can only ask for
protection: permissions, exemptions, openings and instructions yield nothing. Text is data
here: no word of a provision changes how it is read.
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from policy_service.corpus.extraction.clauses import clauses_of
from policy_service.corpus.extraction.data_terms import categories_in
from policy_service.corpus.extraction.evidence import Evidence, Reading, Setting, evidence_in
from policy_service.corpus.extraction.modality import (
    Modality,
    has_subject,
    is_administrative,
    is_imperative,
    modality_of,
    speaks_to_authority,
)
from policy_service.corpus.extraction.parameters import parameters_of
from policy_service.corpus.extraction.scorer import KEEP_AS_TEXT, confidence
from policy_service.domain.edition import ProposedObligation
from policy_service.domain.identifiers import DataCategory, ObligationId
from policy_service.domain.provision import (
    ControlKind,
    InstrumentKind,
    Obligation,
    Provision,
    Strength,
)

Score: TypeAlias = Callable[[Evidence], float]

_SILENT = frozenset({Modality.PERMISSION, Modality.EXEMPTION, Modality.WIDENING})
_DEFINED = frozenset({ControlKind.MASKING, ControlKind.CLASSIFICATION})  # a definition sets them
_INHERITED = frozenset({Modality.COMMAND, Modality.ADVICE, Modality.DEFINITION})
_HEADING_WORDS = 9
_MOST = 3  # kinds of one provision; who asks for more says nothing definite


def propose_obligations(
    provision: Provision,
    *,
    above: Sequence[str] = (),
    standards: Sequence[str] = (),
    kind: InstrumentKind = InstrumentKind.LAW,
    about: tuple[DataCategory, ...] = (),
    score: Score = confidence,
) -> tuple[ProposedObligation, ...]:
    """Propose the obligations of one provision, the most certain first.

    `above` are the texts of the units around it, outermost first; `standards` the headings
    of those it specifies; `about` is the kind of
    data the whole instrument is about, which holds where neither names one.
    """
    if is_explanation(provision):
        return ()
    evidence = evidence_of(provision, above=above, standards=standards, kind=kind)
    found = [(score(one), one) for one in evidence]
    kept = sorted(
        ((sure, one) for sure, one in found if sure >= KEEP_AS_TEXT),
        key=lambda pair: (-pair[0], pair[1].kind),
    )[:_MOST]
    return tuple(
        _proposal(provision, number, one, sure, above=above, about=about)
        for number, (sure, one) in enumerate(kept, start=1)
    )


def evidence_of(
    provision: Provision,
    *,
    above: Sequence[str] = (),
    standards: Sequence[str] = (),
    kind: InstrumentKind = InstrumentKind.LAW,
) -> tuple[Evidence, ...]:
    """Collect what speaks for each kind of control in a provision; nothing where it permits."""
    lead = above[-1] if above else ""
    readings = tuple(
        one
        for one in _readings(provision, lead, kind)
        if one.modality not in _SILENT and not one.authority
    )
    if not readings or (_is_silent(lead) and not _commands(readings)):
        return ()
    if is_administrative(provision.title):
        return ()
    context = " ".join(above[-2:])
    found = evidence_in(
        readings,
        Setting(
            title=own_heading(provision, readings),
            around=" ".join((*provision.heading[1:], provision.title, *standards)),
            above=context,
            recital=_is_recital(provision),
            names_data=bool(categories_in(f"{context} {provision.text}")),
        ),
    )
    if all(one.modality is Modality.DEFINITION for one in readings):
        return tuple(one for one in found if one.kind in _DEFINED and one.features["strong"])
    return found


def own_heading(provision: Provision, readings: Sequence[Reading]) -> str:
    """Return what heads the unit itself: its title, or the heading its text runs in with.

    A paragraph bears the title of its article, which says less of it.
    """
    inherited = any(provision.title in one for one in provision.heading)
    run_in = " ".join(
        one.clause.text
        for one in readings[:2]
        if one.clause.text.endswith(".") and len(one.clause.text.split()) <= _HEADING_WORDS
    )
    return run_in if inherited else f"{provision.title} {run_in}".strip()


def is_explanation(provision: Provision) -> bool:
    """Tell whether a unit explains another, as the discussion of a control does."""
    return provision.id.endswith("/guidance")


def _readings(provision: Provision, lead: str, kind: InstrumentKind) -> list[Reading]:
    inherited = modality_of(lead) if lead else Modality.STATEMENT
    found: list[Reading] = []
    for clause in clauses_of(provision.text):
        modality = modality_of(clause.text)
        imperative = is_imperative(clause.text)
        if modality is Modality.STATEMENT and inherited in _INHERITED:
            modality = inherited
        elif modality is Modality.STATEMENT and imperative and kind is not InstrumentKind.LAW:
            modality = Modality.COMMAND
        found.append(
            Reading(
                clause=clause,
                modality=modality,
                imperative=imperative,
                authority=_speaks_to_authority(clause.text, lead),
            )
        )
    return found


def _speaks_to_authority(text: str, lead: str) -> bool:
    """Look for the subject in the clause, or above it where the clause only goes on."""
    goes_on = text[:1].islower() or not has_subject(text)
    return speaks_to_authority(f"{lead} {text}" if lead and goes_on else text)


def _is_silent(lead: str) -> bool:
    return bool(lead) and modality_of(lead) in _SILENT


def _commands(readings: Sequence[Reading]) -> bool:
    return any(one.modality is Modality.COMMAND for one in readings)


def _is_recital(provision: Provision) -> bool:
    return "/recital-" in provision.id


def _proposal(
    provision: Provision,
    number: int,
    evidence: Evidence,
    sure: float,
    *,
    above: Sequence[str],
    about: tuple[DataCategory, ...],
) -> ProposedObligation:
    telling = evidence.readings
    start = telling[0].clause.start if telling else 0
    end = telling[0].clause.end if telling else len(provision.text)
    words = " ".join(one.clause.text for one in telling) or provision.text
    context = " ".join((provision.title, *above[-2:]))
    return ProposedObligation(
        obligation=Obligation(
            id=ObligationId(f"{provision.id}#x{number}"),
            provision=provision.id,
            kind=evidence.kind,
            strength=Strength.ADVICE,
            data_categories=_categories(words, provision.text, context) or about,
            parameters=parameters_of(evidence.kind, words, context=context),
        ),
        confidence=sure,
        start=start,
        end=end,
        mandatory=_is_mandatory(provision, telling),
    )


def _categories(*texts: str) -> tuple[DataCategory, ...]:
    """Take the kinds of data of the first text that names any, nearest text first."""
    for text in texts:
        if found := categories_in(text):
            return found
    return ()


def _is_mandatory(provision: Provision, telling: Sequence[Reading]) -> bool:
    if _is_recital(provision) or not telling:
        return False
    return telling[0].modality is Modality.COMMAND and not telling[0].authority
