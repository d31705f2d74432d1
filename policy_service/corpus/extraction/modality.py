"""What a clause does: command, recommend, permit, exempt, define, or address an authority.

A permission or an exemption asks for no protection, so nothing is proposed from it; nor
from words that open data up or speak to the reader's machine instead of to its subject.
Not a judgement of law: only the usual wording of statutes and standards is known.
"""

import re
from enum import StrEnum

from policy_service.corpus.extraction.terms import compile_terms


class Modality(StrEnum):
    """What a clause does. Only commands are `mandatory`."""

    COMMAND = "command"
    ADVICE = "advice"
    PERMISSION = "permission"
    EXEMPTION = "exemption"
    DEFINITION = "definition"
    WIDENING = "widening"
    STATEMENT = "statement"


_COMMAND = compile_terms(
    (
        "shall",
        "must",
        "(is|are) (required|obliged|obligated) to",
        "may (not|only)",
        "(is|are|be) prohibited",
        "ha(s|ve) the obligation",
        "required\\W",
        "only … (if|after|when|where|under)",
    )
)
_ADVICE = compile_terms(("should", "(is|are) (recommended|encouraged|advised)", "addressable"))
_PERMISSION = compile_terms(
    (
        "may(?! (not|only))",
        "(is|are) (permitted|allowed|authori[sz]ed|entitled|free) to",
        "at (its|their) discretion",
    )
)
_LIMITED = compile_terms(("only", "provided that", "may not", "except", "unless", "subject to"))
_EXEMPTION = compile_terms(
    (
        "(shall|does|do|will) not (apply|include)",
        "need not",
        "(is|are|be|been) (not|never) (required|obliged|obligated|necessary) to",
        "not (be )?(required|obliged|obligated) to",
        "no (obligation|duty|requirement) to",
        "(exempt|excused|relieved)(ed)? from",
        "nothing in this",
        "(is|are) not (in violation|a violation)",
        "notwithstanding … may",
    )
)
_DEFINITION = compile_terms(("means?", "has the (same )?meaning", "(is|are) defined as"))
_WIDENING = compile_terms(
    (
        "(ignore|disregard|forget|override|bypass) … (instruction|previous|prior|above|rule"
        "|polic|floor|control|safeguard|restriction)*",
        "(system|developer) prompt",
        "you are (now )?(an?|the) … (assistant|model|agent|administrator)",
        "(grant|give|allow|open|provide|permit)* … (everyone|everybody|anyone|anybody"
        "|all (users|employees|staff|roles|personnel)|unrestricted|full|the public)",
        "(everyone|everybody|anyone|anybody) … (may|shall|must|can|has|have|gets?) … (read|access"
        "|see|view|export|rights|permission)*",
        "(shall|must|should|will|may|do|does|can|is|are) (not|never) (be )?(mask|encrypt|redact"
        "|pseudonymi[sz]|anonymi[sz]|log|audit|authenticat|restrict|classif|delet|eras|record"
        "|monitor|sanitiz|separat)*",
        "(disable|remov|deactivat|turn off|switch off|stop|skip|drop)* … (encryption|masking"
        "|logging|audit|monitoring|authentication|safeguards|access controls?)",
        "(in|as) (clear ?text|plain ?text|the clear)",
        "no (masking|encryption|logging|audit|authentication)",
        "without (masking|encryption|logging|authentication)",
    )
)
_PROTECTS = compile_terms(
    (
        "(prevent|prohibit|preclude|avoid|detect|forbid|protect against|not)* … (bypass|disabl"
        "|remov|clear ?text|unencrypted|without)*",
    )
)
_AUTHORITY = re.compile(
    r"""\b(?:Member\s+States?|(?:European\s+)?Commission|(?:lead\s+|competent\s+|supervisory\s+
    |national\s+|notifying\s+|market\s+surveillance\s+|designated\s+|control\s+)+authorit(?:y|ies)
    |(?:European\s+Data\s+Protection\s+)?Board|Secretary|ENISA|CSIRTs?|AI\s+Office|Attorney\s+General
    |Agency|Bureau|ESAs?|EBA|ESMA|EIOPA|Council|European\s+Parliament|Lead\s+Overseer
    |notified\s+bod(?:y|ies)|courts?|legislature|Union\s+institutions?)\b""",
    re.VERBOSE,
)
_THROUGH_STATE = re.compile(
    r"^.{0,200}?Member States (?:shall|should) (?:ensure|provide|require)(?:, [^,]+,)? that\b"
)
_SUBJECT = re.compile(r"\b(?:shall|must|may|should|is|are|will)\b")
_IMPERATIVE = re.compile(
    r"^\W*(?:(?:[a-z]{1,2}|\d{1,2})\.\s+|\((?:[a-z]{1,2}|\d{1,2})\)\s+)?(?:\[[^\]]*\]\W*)?"
    r"(?:[A-Z][a-z]+ly\s+)?(?P<verb>[A-Z][a-z]+)\b"
)
_NO_VERB = re.compile(
    r"""(?:The|This|That|These|Those|When|Where|If|In|On|At|By|For|Of|To|An?|And|Or|Any|All|Each|No
    |With|Under|Such|Its?|Their|There|Personal|Information|Data|Processing|Standard|Definitions
    |Examples?|Note|Paragraph|Article|Section)\b""",
    re.VERBOSE,
)
_ORDER = (
    (_EXEMPTION, Modality.EXEMPTION),
    (_DEFINITION, Modality.DEFINITION),
    (_ADVICE, Modality.ADVICE),
    (_COMMAND, Modality.COMMAND),
)


_ADMINISTRATIVE = compile_terms(
    (
        "(administrative )?(fines|penalties)",
        "entry into force",
        "repeals?",
        "(delegated|implementing) acts",
        "exercise of the delegation",
        "committee procedure",
        "opinion of",
        "competence of",
        "mutual assistance",
        "joint operations",
        "lodge a complaint",
        "judicial remedy",
        "compensation",
        "transitional",
        "amendments? (of|to) (regulation|directive)",
        "adequacy decision",
        "peer reviews?",
        "notified bodies",
        "notifying authorities",
        "(supervisory|competent) authorit(y|ies)",
        "lead overseer",
        "preemption",
    )
)


def is_administrative(heading: str) -> bool:
    """Tell whether an article is about authorities, remedies or the act itself."""
    return _ADMINISTRATIVE.search(heading) is not None


def modality_of(text: str) -> Modality:
    """Tell what a clause does, the weakest reading first where several fit."""
    if _WIDENING.search(text) and not _PROTECTS.search(text):
        return Modality.WIDENING
    for pattern, modality in _ORDER:
        if pattern.search(text):
            return modality
    if _PERMISSION.search(text):
        return Modality.COMMAND if _LIMITED.search(text) else Modality.PERMISSION
    return Modality.STATEMENT


def is_imperative(text: str) -> bool:
    """Tell whether a clause starts with a verb in the imperative: `Retain audit records …`."""
    found = _IMPERATIVE.match(text)
    return found is not None and not _NO_VERB.match(found.group("verb"))


def has_subject(text: str) -> bool:
    """Tell whether a clause has a verb that says what somebody does or must do."""
    return _SUBJECT.search(text) is not None


def speaks_to_authority(text: str) -> bool:
    """Tell whether the subject of a clause is a state, an authority or a body of the Union.

    A directive that has Member States ensure that somebody does something speaks to them.
    """
    words = _THROUGH_STATE.sub("", text)
    subject = _SUBJECT.search(words)
    head = words[: subject.start()] if subject else words[:80]
    return _AUTHORITY.search(head[-120:]) is not None
