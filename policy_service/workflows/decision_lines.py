"""A recorded decision as one line of a group of the audit log, its id, and the way back.

A line is JSON of our own making: what is hashed is its bytes as they stand, so it needs no
canonical form. Law 8: of `context` and `properties` only the names are kept, and a keyed
digest of the values (HMAC-SHA-256), which tells two requests apart and nothing else.
"""

import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from policy_service.domain.decision import AccessRequest, Decision, DecisionRecord, Obligations
from policy_service.domain.errors import AuditError
from policy_service.domain.identifiers import DecisionId
from policy_service.domain.parameters import Parameters
from policy_service.domain.plain import from_plain, to_plain
from policy_service.kit.canonical import canonical_json
from policy_service.kit.hashing import sha256_text

MAX_TEXT = 2_000  # characters of an id that is kept as it is: room for names, not for data
_MOST_TOLD = 10_000  # decisions whose text is remembered
_quote = json.JSONEncoder().encode
_ALLOW = {True: "true", False: "false"}


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionPlace:
    """Where a decision is recorded: the line of a group, and the entry that stands for it."""

    group: str  # the entry's subject, `dec_…`
    entry: int
    line: int

    @property
    def id(self) -> DecisionId:
        """Name the decision: whoever holds the id finds its evidence without an index."""
        return DecisionId(f"{self.group}_{self.entry}_{self.line}")


def read_place(decision: str) -> DecisionPlace | None:
    """Read a decision's id; none where it is not of this form."""
    group, _, rest = decision.rpartition("_")
    group, _, entry = group.rpartition("_")
    if not group or not _is_number(entry) or not _is_number(rest):
        return None
    return DecisionPlace(group=group, entry=int(entry), line=int(rest))


class DecisionLines:
    """Writes decisions as lines. `key` gives the key of the digests when one is first needed."""

    def __init__(self, key: Callable[[], bytes]) -> None:
        self._key = key
        self._told: dict[int, tuple[Decision, str]] = {}  # a memo: engines give the same again

    def write(self, request: AccessRequest, decision: Decision, pep: str) -> bytes:
        """Write one line; `pep` is who asked. Raises `KeyUnavailableError` for want of the key."""
        line = (
            f'{{"subject":{_kept(request.subject)},"resource":{_kept(request.resource)},'
            f'"resource_type":{_kept(request.resource_type)},"action":{_kept(request.action)},'
            f'"purpose":{_kept(request.purpose)},"pep":{_kept(pep)},'
            f"{self._facts(request)}{self._tell(decision)}}}"
        )
        return line.encode()

    def _tell(self, decision: Decision) -> str:
        told = self._told.get(id(decision))
        if told is not None and told[0] is decision:
            return told[1]
        reason = "null" if decision.reason is None else _quote(decision.reason.value)
        text = (
            f'"decision":{{"allow":{_ALLOW[decision.allow]},"revision":{int(decision.revision)},'
            f'"rules":{json.dumps(decision.rules)},"reason":{reason},'
            f'"obligations":{_obligations(decision.obligations)}}}'
        )
        if len(self._told) >= _MOST_TOLD:
            self._told.clear()
        self._told[id(decision)] = (decision, text)
        return text

    def _facts(self, request: AccessRequest) -> str:
        told = ""
        if any(name != "purpose" for name in request.context):  # that one stands for itself
            told = f'"context":{self._withheld(request.context)},'
        if request.properties:
            told += f'"properties":{self._withheld(request.properties)},'
        return told

    def _withheld(self, facts: Parameters) -> str:
        digest = hmac.new(self._key(), canonical_json(to_plain(facts)), sha256).hexdigest()
        names = [name if len(name) <= MAX_TEXT else f"sha256:{sha256_text(name)}" for name in facts]
        return json.dumps({"names": names, "hmac_sha256": digest}, separators=(",", ":"))


def read_line(line: bytes, *, place: DecisionPlace, at: str) -> tuple[DecisionRecord, str]:
    """Read a line: the record, and who asked. Raises `AuditError` where it is none of ours."""
    try:
        plain = json.loads(line)
        pep = str(plain.pop("pep"))
        decision = from_plain(Decision, plain.pop("decision"))
        request = from_plain(AccessRequest, plain)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise AuditError(
            f"decision `{place.id}` cannot be read; its line comes from another version"
        ) from error
    return DecisionRecord(id=place.id, at=at, request=request, decision=decision), pep


def withheld_names(facts: Parameters) -> tuple[str, ...]:
    """Name the facts of a request that was read back; their values were never kept."""
    return facts.texts("names") if facts else ()


@lru_cache(maxsize=_MOST_TOLD)
def _kept(text: str) -> str:
    """Quote a text; what is too long to be a name is kept as its hash."""
    return _quote(text if len(text) <= MAX_TEXT else f"sha256:{sha256_text(text)}")


@lru_cache(maxsize=_MOST_TOLD)
def _obligations(obligations: Obligations) -> str:
    return json.dumps(to_plain(obligations), separators=(",", ":"))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and (text == "0" or not text.startswith("0"))
