"""The closed word lists that reading duties relies on: verbs, markers, generic words.

Only general English of job descriptions stands here, never a word of one
organisation's tables.
"""

import re
from collections.abc import Iterable, Mapping

from policy_service.domain.control import Action
from policy_service.domain.identifiers import DataCategory


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _forms(verb: str) -> tuple[str, ...]:
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return (verb, f"{verb[:-1]}ies", f"{verb}ing")
    if verb.endswith(("s", "sh", "ch", "x")):
        return (verb, f"{verb}es", f"{verb}ing")
    if verb.endswith("e"):
        return (verb, f"{verb}s", f"{verb[:-1]}ing")
    doubled = (f"{verb}{verb[-1]}ing",) if verb[-1] in "gtn" else ()
    return (verb, f"{verb}s", f"{verb}ing", *doubled)


def _table(entries: Iterable[tuple[str, tuple[Action, ...]]]) -> dict[str, tuple[Action, ...]]:
    found: dict[str, tuple[Action, ...]] = {}
    for verbs, actions in entries:
        for verb in verbs.split():
            for form in _forms(verb):
                found[form] = tuple(dict.fromkeys((*found.get(form, ()), *actions)))
    return found


# What a verb does to the records it is about; reading verbs only mark where objects begin.
VERBS: Mapping[str, tuple[Action, ...]] = _table(
    (
        (
            "enter create issue prepare register add record open submit book insert load input "
            "draft place raise enrol",
            (Action.CREATE,),
        ),
        (
            "block replace update decide correct change edit modify adjust amend transform assign "
            "cancel close reject approve reset settle complete alter unblock reschedule",
            (Action.UPDATE,),
        ),
        ("maintain manage write administrate", (Action.CREATE, Action.UPDATE)),
        ("delete erase remove purge", (Action.DELETE,)),
        (
            "read see look serve need investigate link segment work train join oversee answer "
            "reach examine help plan trace find access view check consult review care diagnose "
            "treat study bill run build monitor report know use require analyse analyze predict "
            "has have do does test give get keep verify inspect search compare explain sell "
            "call contact visit support advise negotiate collect process handle calculate pay "
            "forecast measure audit supervise touch is are must may can deal open",
            (),
        ),
    )
)
READ_ONLY_OBJECTS = frozenset(
    {"nothing", "none", "data", "record", "anything", "value", "row", "table", "entry"}
)
NEGATIONS = _words("no not never neither nor cannot none nobody nothing without except excluding")
SEPARATORS = frozenset({",", "and", "or", "nor", "as", "well", "&"})
CLAUSE_WORDS = _words("who that which to may can must should will they he she it then also only")
STOP_WORDS = _words(
    """a an the of on in at by for from to with into over under about across through between during
    per up off out as and or nor but if when while where whether because than then so such any all
    every each some many other another own only also just both either one two three new old their
    his her its our your my they them he she it who whom whose which that what this these those be
    is are was were been being do does did has have had having may can must should would will able
    more most less least very much how there here whole full entire same without within on after
    before against until since like via directly never not no none nobody nothing cannot neither
    """
)
# Words that name no particular data, so that they find no table.
GENERIC = _words(
    """data record table system information detail value list type file process request report
    service job team time day way matter thing item number field row column business access part
    need purpose reason question case work duty role use look view structure statistic count
    pipeline model trail audit engagement level limit kind set form group aggregate pseudonym band
    counter campaign history indicator subject department control line office staff organisation
    clear text life date name code id key status month year amount everything anything
    today reading correct basis analysis analyst officer specialist manager clerk agent partner
    engineer scientist assistant head lead senior junior director internal external
    """
)
# Words about how a job is done or who does it: nobody asks which table holds them.
NO_THING = _words(
    """teller nurse physician officer engineer pseudonym compliance erasure band branch bank
    hospital company question arrival product privacy
    """
)
PERSON_WORDS = _words(
    """person individual customer client patient applicant holder cardholder member subscriber
    insured policyholder claimant student pupil guest borrower debtor passenger tenant citizen
    donor consumer buyer beneficiary caller visitor taxpayer resident
    """
)
STAFF_WORDS = _words("employee staff worker colleague candidate contractor personnel")

# Words of prose and of column names → the data category they speak of.
_CATEGORY_WORDS: Mapping[str, str] = {
    "user.health_and_medical": "health medical diagnosis diagnose treatment treat sick illness "
    "clinical medication allergy vital symptom therapy care absence disability",
    "user.government_id": "identifier passport ssn identity licence license",
    "user.name": "name",
    "user.contact": "contact reach phone telephone email e-mail mail address post call write",
    "user.demographic": "age sex gender birth demographic nationality marital",
    "user.location": "region city district location place",
    "user.contact.address": "region city postal postcode zip street",
    "user.financial": "income payment balance repayment credit debt price amount",
    "user.workplace": "salary payroll appraisal employment",
    "user.content": "note ticket message complaint letter comment conversation",
    "user.criminal_history": "criminal conviction offence crime",
    "user.biometric": "biometric fingerprint",
    "user.authorization": "password credential",
}
CATEGORY_WORDS: Mapping[str, tuple[DataCategory, ...]] = {
    word: tuple(
        DataCategory(category)
        for category, known in _CATEGORY_WORDS.items()
        if word in known.split()
    )
    for known in _CATEGORY_WORDS.values()
    for word in known.split()
}


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


NO_VALUES = _any(
    r"\b(?:not|none of|no|never|without|nor)\b(?: the| any| real| actual| personal)*"
    r" (?:values?|contents?)\b(?: of(?: \w+){1,2})?"
)
STRUCTURE = _any(
    r"\bneeds? (?:only )?(?:structure|schema|metadata)", r"\bstructure and statistics\b"
)
AGGREGATES = _any(
    r"\baggregat\w+", r"\bage bands?\b", r"\bsegments?\b", r"\bgroups of\b", r"\bstatistics only\b"
)
UNKNOWN_PERSON = _any(
    r"\b(?:never|not|without|no need to|needs? not)\b[\w ]{0,24}\bknow(?:s|ing)? who\b"
    r"(?: (?:a|an|the|any))?",
)
MASKED_IN_CLEAR = _any(r"\b(?:never|no|not|nor)\b (?:[\w',-]+ ?){1,8} in clear(?: text)?\b")
FULL_NUMBER = _any(r"\b(?:the )?(?:full|whole|complete|entire) \w+(?: of (?:a|an|the|any) \w+)?")
PSEUDONYMS = _any(r"\bpseudonym\w*", r"\bde-?identified\b", r"\banonymi[sz]ed\b", r"\bkeyed\b")
JOINS = _any(r"\bjoin(?:s|ed|ing)?\b", r"\blink(?:s|ed|ing)? (?:records|tables)\b")
IDENTITY = _any(
    r"\bidentity\b",
    r"\bidentif(?:y|ies|ying)\b",
    r"\bclear[- ]?(?:text )?(?:look|view|read|access)",
    r"\bknows? who\b",
    r"\bdata subjects?\b",
    r"\brequests of [\w ]+ (?:about|for) their\b",
    r"\bwhole [\w ]*record",
)
PERSONAL_SCOPE = _any(
    r"\boversees? (?:\w+ ){0,2}(?:compliance|privacy|how personal data)", r"\bdata subjects?\b"
)
EVERYTHING = _any(
    r"\b(?:any|all|every|each|entire) (?:the )?"
    r"(?:records?|tables?|data|databases?|departments?|systems?)\b"
)
READ_ONLY = _any(
    r"\b(?:writes?|changes?|modif(?:y|ies)|updates?|edits?|alters?) "
    r"(?:nothing|no (?:business )?(?:data|records?))\b",
    r"\bread[- ]only\b",
    r"\bonly reads?\b",
    r"\b(?:may|must|does|can) ?not (?:change|write|modify|update)\b"
    r"(?: anything| data| records?)?(?=[.,;]|$)",
)
INVESTIGATES = _any(r"\binvestigat\w+", r"\blinks\b", r"\btraces?\b")
JUSTIFIED = _any(r"\bjustif\w+", r"\blogged\b", r"\bgives? a reason\b")
OWN_SCOPE = re.compile(
    r"(?:(?P<anchor>\w+) (?:of|in|from|within|at) )?(?:the |a |their |his |her |\w+(?:'s|s') )*"
    r"\bown (?P<attribute>\w+)"
)
MAINTAINS = re.compile(
    r"\bkeeps? (?P<what>[\w' ,]+?) (?:correct|up to date|current|accurate|complete)\b"
)
NOT_A_SCOPE = frozenset({"data", "record", "request", "account", "work", "judgement", "initiative"})
SECONDARY_PURPOSES = (
    "analytics",
    "marketing",
    "functional.service.improve",
    "essential.service.operations.improve",
    "train_ai_system",
    "personalize",
    "sales",
    "third_party_sharing",
)
AUDITOR = _any(r"\baudit(?:or|ors|ing)?\b", r"\binspector\b")
PIPELINES = _any(r"\bpipelines?\b", r"\bdata warehouse\b", r"\bdatabase administrat")
