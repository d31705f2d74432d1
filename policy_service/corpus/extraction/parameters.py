"""The parameters of an obligation, as far as its clause states them.

Only parameters that ask for more protection are ever read: never exceptions
(`unless_purposes`), never what keeps data linkable (`join_ok`), never a control that
clears. `[Assignment: …]` is a gap for the organisation to fill, and gives none.
"""

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

from policy_service.corpus.extraction.periods import NUMBER, number_of, periods_in, repeated_days
from policy_service.corpus.extraction.terms import compile_terms
from policy_service.corpus.obligation_parameters import parameter_problem
from policy_service.domain.parameters import Parameters
from policy_service.domain.provision import ControlKind

Found: TypeAlias = dict[str, object]
Rules: TypeAlias = tuple[tuple[re.Pattern[str], Mapping[str, object]], ...]

_GAP = re.compile(r"\[(?:Assignment|Selection)[^\]]*\]")
_BLUR = ("deny", "null", "redact", "replace", "generalise", "bucket")
_REMOVE = ("deny", "null", "redact", "replace")
_WIDE = (*_BLUR, "partial", "pseudonymise", "format_preserving")


def _rules(*rows: tuple[tuple[str, ...], Mapping[str, object]]) -> Rules:
    return tuple((compile_terms(terms), values) for terms, values in rows)


_ACCESS = _rules(
    (("least privileged?", "appropriate access", "appropriate and necessary"),
     {"basis": "least_privilege"}),
    (("need to know", "minimum necessary", "who need access", "necessary … (duties|purpose)*",
      "secrecy", "(authori[sz]ation|supervision) … workforce"), {"basis": "need_to_know"}),
    (("role based", "on … instructions", "roles?", "classes of persons"),
     {"basis": "role_based"}),
    (("by default", "unauthori[sz]ed", "access only", "only … authori[sz]ed",
      "only … granted access"), {"basis": "default_deny"}),
    (("multi ?factor",), {"mfa": True}),
    (("unique (user )?(identif|name)*", "uniquely identif*"), {"unique_ids": True}),
    (("(terminat|revok|remov|disabl|withdraw)* … (access|accounts?|privileges?|credentials"
      "|authori[sz]ations?)", "revo(ke|ked|cation)"), {"revoke": True}),
)  # fmt: skip
_PURPOSE = _rules(
    (("marketing", "advertis*"), {"excluded_purposes": ("marketing",)}),
    (("profiling", "automated (decision|processing|individual)*"),
     {"excluded_purposes": ("personalize.profiling",)}),
    (("(sell|sale|sharing|shar(e|ed))", "third (part|countr)*", "disclos* … (to|with) … (third"
      "|external|nonaffiliated)*", "transfers?"), {"excluded_purposes": ("third_party_sharing",)}),
)  # fmt: skip
_MASKING = _rules(
    (("pseudonymi[sz]*",), {"operators": ("pseudonymise", "format_preserving")}),
    (("statistical disclosure", "aggregat*", "generali[sz]*"),
     {"operators": ("generalise", "bucket")}),
    (("remov* … identif*", "(identifiers?|numbers?) … removed", "direct identifiers?",
      "identifiers of the individual"), {"operators": _REMOVE}),
    (("redact*", "not … displayed", "suppress*"), {"operators": ("deny", "null", "redact")}),
    (("de ?identif*", "anonymi[sz]*"), {"operators": _BLUR}),
    (("(keys?|additional information|mechanism) … (separate|kept separately|not disclose)*",),
     {"separate_keys": True}),
)  # fmt: skip
_KEY = _rules(
    (("destr(oy|uction)* … keys?", "keys? … destr(oy|uction)*", "distribution, storage, access, "
      "and destruction"), {"destroy": True}),
    (("split knowledge", "dual control … keys?"), {"split_knowledge": True}),
    (("keys? … (separate|hardware|escrow|protected)*", "(separate|separation)* … keys?",
      "restore … availability"), {"separate_custody": True}),
)  # fmt: skip
_RETENTION = _rules(
    (("no longer (than … )?(is |be )?(necessary|needed|required)", "limited … minimum",
      "period for which", "time limits? … erasure", "not … longer than", "no longer than"),
     {"criteria": "no_longer_needed"}),
    (("legal obligation", "required by law", "applicable laws?", "in accordance with … laws?"),
     {"criteria": "legal_minimum"}),
)  # fmt: skip
_ERASURE = _rules(
    (("(request|withdraw|obtain|right to)*",), {"on_request": True}),
    (("saniti[sz]*", "media", "hardware", "equipment"), {"method": "sanitise"}),
    (("anonymi[sz]*",), {"method": "anonymise"}),
    (("eras*", "delet*", "destroy*", "dispos*"), {"method": "erase"}),
)  # fmt: skip
_CLASSIFY = _rules(
    (("inventor(y|ies)", "records? of processing", "identify … (systems|assets|data)*",
      "risk analysis", "all (electronic )?(protected|personal)*", "means any information",
      "confirmation as to whether"), {"inventory": True}),
    (("label*", "classif*", "categori[sz]*", "categories of", "special categories", "attributes?",
      "tags?", "tagging", "mark(s|ed|ing|ings)?", "means"), {"labels": True}),
    (("risks?", "likelihood", "criticality", "means reasonably likely"), {"risk_based": True}),
)  # fmt: skip
_AUTHENTICATION = _rules((("multi ?factor",), {"mfa": True}))
_TAMPER = compile_terms(
    ("tamper*", "(protect|prevent|detect)* … (modif|alter|delet|unauthori)*", "non ?repudiation",
     "irrefutable", "integrity of … (audit|log|record)*", "append only", "write once"),
)  # fmt: skip
_RECORD = {
    "who": compile_terms(
        ("who", "identity", "individuals?", "users?", "persons?", "recipients?", "subjects")
    ),
    "what": compile_terms(
        ("what", "type of (event|action)*", "activit*", "actions?", "events?", "access",
         "disclosures?", "facts", "description", "use of")
    ),
    "when": compile_terms(("when", "dates?", "time ?stamps?", "time")),
    "where": compile_terms(("where", "location", "source of")),
    "outcome": compile_terms(("outcomes?", "effects?", "results?", "success", "demonstrate")),
}  # fmt: skip
_TLS = re.compile(r"\b(?:TLS|Transport Layer Security)\W+(?:version\W+)?(1\.[23])", re.I)
_ALGORITHM = re.compile(r"\b(AES|Triple[ -]DES|RSA|ECDH|ChaCha20)(?:-\d+)?\b")
_BITS = re.compile(r"\b(\d{2,4})[ -]bits?\b", re.IGNORECASE)
_LAST = re.compile(r"\blast\s+(\w+)\s+(?:digits|characters|numbers)", re.IGNORECASE)
_FIRST = re.compile(r"\b(?:first|initial)\s+(\w+)\s+(?:digits|characters|numbers)", re.IGNORECASE)
_ATTEMPTS = re.compile(rf"\b{NUMBER}\s+(?:\w+\s+){{0,3}}?(?:attempts|tries)\b", re.IGNORECASE)
_LENGTH = re.compile(
    r"\b(?:at least|minimum(?: length)? of)\s+(\w+)\s+(?:\w+\s+)?characters", re.IGNORECASE
)
_AT_LEAST = re.compile(r"\b(?:at least|not less than|minimum|retain|maintain|keep|for)\b", re.I)
_AT_MOST = re.compile(
    r"\b(?:at most|no(?:t)? (?:more|longer|later) than|within|maximum|up to|not exceed)\b", re.I
)


def parameters_of(kind: ControlKind, text: str, *, context: str = "") -> Parameters:
    """Read the parameters of an obligation of `kind` from its clauses.

    `context` is the text above the clause: what it says about flags holds for its points,
    its numbers do not.
    """
    clause = _GAP.sub(" ", text)
    found = _READERS[kind](clause, _GAP.sub(" ", context))
    return Parameters(
        {
            name: value
            for name, value in found.items()
            if not parameter_problem(kind, {name: _listed(value)})
        }
    )


def _listed(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _by_rules(rules: Rules, text: str, context: str = "") -> Found:
    """Take the values of the rules that fit; of two for one name, the first."""
    found: Found = {}
    for source in (text, context):
        for pattern, values in rules:
            if source and pattern.search(source):
                for name, value in values.items():
                    found.setdefault(name, value)
    return found


def _access(text: str, context: str) -> Found:
    found = _by_rules(_ACCESS, text)
    if "basis" not in found:
        found |= {k: v for k, v in _by_rules(_ACCESS, context).items() if k == "basis"}
    if re.search(r"\breview", text, re.IGNORECASE) and (days := repeated_days(text)):
        found["review_days"] = days
    return found


def _purpose(text: str, context: str) -> Found:
    excluded: list[object] = []
    for pattern, values in _PURPOSE:
        if pattern.search(text):
            excluded.extend(one for one in _texts(values["excluded_purposes"]))
    if excluded:
        return {"excluded_purposes": tuple(excluded)}
    return {"compatible_only": True}


def _texts(value: object) -> tuple[object, ...]:
    return value if isinstance(value, tuple) else ()


def _masking(text: str, context: str) -> Found:
    found = _by_rules(_MASKING, text, context)
    found.setdefault("operators", _WIDE)
    for name, pattern in (("visible_last", _LAST), ("visible_first", _FIRST)):
        if (shown := pattern.search(text)) and (number := _number(shown.group(1))):
            found[name] = number
    return found


def _encryption(text: str, context: str) -> Found:
    found: Found = {}
    if named := _ALGORITHM.search(text):
        found["algorithm"] = named.group(1)
    if bits := _BITS.search(text):
        found["min_key_bits"] = int(bits.group(1))
    return found


def _at_rest(text: str, context: str) -> Found:
    found = _encryption(text, context)
    if re.search(
        r"\b(?:unauthori[sz]ed|undetected)\s+\w*\s*(?:disclosure and )?modification", text
    ):
        found["aead"] = True
    return found


def _in_transit(text: str, context: str) -> Found:
    found = _encryption(text, context)
    if version := _TLS.search(text):
        found["min_tls"] = version.group(1)
    return found


def _key(text: str, context: str) -> Found:
    found = _by_rules(_KEY, text)
    if bits := _BITS.search(text):
        found["min_key_bits"] = int(bits.group(1))
    rotated = re.search(r"\b(?:rotat|chang|replac|renew|cryptoperiod)", text, re.IGNORECASE)
    periods = list(periods_in(text))
    if rotated and periods:
        found["rotation_days"] = min(one.at_most_days() for one in periods)
    return found


def _retention(text: str, context: str) -> Found:
    found = _by_rules(_RETENTION, text)
    periods = [one for one in periods_in(text) if one.unit not in {"minute", "hour"}]
    if periods and _AT_MOST.search(text):
        found["max_days"] = min(one.at_most_days() for one in periods)
    elif periods and _AT_LEAST.search(text):
        found["min_days"] = max(one.at_least_days() for one in periods)
    return found


def _erasure(text: str, context: str) -> Found:
    found = _by_rules(_ERASURE, text)
    if "on_request" not in found and re.search(r"\brequest", context, re.IGNORECASE):
        found["on_request"] = True
    deadlines = [one.at_most_days() for one in periods_in(text) if one.unit != "minute"]
    if deadlines and re.search(r"\b(?:within|no later than|not exceed|days of)\b", text, re.I):
        found["deadline_days"] = min(deadlines)
    return found


def _audit(text: str, context: str) -> Found:
    found: Found = {}
    if _TAMPER.search(text):
        found["tamper_evident"] = True
    record = tuple(name for name, pattern in _RECORD.items() if pattern.search(text))
    if record:
        found["record"] = record
    lasting = [one for one in periods_in(text) if one.unit in {"month", "year", "day"}]
    kept = re.search(r"\b(?:retain|keep|kept|maintain|preserv|retention|prior to)", text, re.I)
    if lasting and kept:
        found["min_days"] = max(one.at_least_days() for one in lasting)
    if days := repeated_days(text):
        found["review_days"] = days
    return found


def _authentication(text: str, context: str) -> Found:
    found = _by_rules(_AUTHENTICATION, text)
    if re.search(r"\b(?:inactivity|idle)\b", text, re.IGNORECASE):
        minutes = [one.minutes() for one in periods_in(text) if one.minutes()]
        if minutes:
            found["idle_minutes"] = min(minutes)
    for name, pattern in (("max_attempts", _ATTEMPTS), ("min_length", _LENGTH)):
        if (shown := pattern.search(text)) and (number := _number(shown.group(1))):
            found[name] = number
    return found


def _number(word: str) -> int:
    try:
        return number_of(word)
    except KeyError:
        return 0


def _classification(text: str, context: str) -> Found:
    return _by_rules(_CLASSIFY, text)


def _nothing(text: str, context: str) -> Found:
    return {}


_READERS: Mapping[ControlKind, Callable[[str, str], Found]] = {
    ControlKind.ACCESS: _access,
    ControlKind.PURPOSE_LIMITATION: _purpose,
    ControlKind.MASKING: _masking,
    ControlKind.ENCRYPTION_AT_REST: _at_rest,
    ControlKind.ENCRYPTION_IN_TRANSIT: _in_transit,
    ControlKind.KEY_MANAGEMENT: _key,
    ControlKind.RETENTION: _retention,
    ControlKind.ERASURE: _erasure,
    ControlKind.AUDIT: _audit,
    ControlKind.SEPARATION_OF_DUTIES: _nothing,
    ControlKind.AUTHENTICATION: _authentication,
    ControlKind.CLASSIFICATION: _classification,
}
