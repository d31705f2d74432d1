"""Digests: YAML files of one instrument each, read to domain values.

A digest holds clauses in the product's own words with section ids and typed
obligations. Not an importer of official texts, and not the collection of all
instruments, which `collection.py` builds from many digests.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from policy_service.corpus.schema import DigestFile, InstrumentEntry, ProvisionEntry
from policy_service.corpus.yaml_source import YamlSource, read_yaml
from policy_service.domain.errors import CorpusError
from policy_service.domain.identifiers import DataCategory, ObligationId, ProvisionId, Sha256Hex
from policy_service.domain.parameters import Parameters
from policy_service.domain.provision import Instrument, Obligation, Provision
from policy_service.kit.hashing import sha256_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """One instrument with its provisions.

    `short` is what people call it (`GDPR`); `family` a name it shares with sister
    instruments (`hipaa`), empty where it has none; `identifiers` what official texts call it
    (`celex:32016R0679`).
    INVARIANT: every provision's `heading` starts with `short`.
    """

    instrument: Instrument
    short: str
    family: str
    provisions: tuple[Provision, ...]
    identifiers: tuple[str, ...] = ()


def read_digest(path: Path) -> Digest:
    """Read and check one digest file.

    Raises `CorpusError` naming the file, the line, the entry and what to do, for
    anything that does not fit the format; nothing of such a file is used.
    """
    source = read_yaml(path)
    try:
        entry = DigestFile.model_validate(source.content)
    except ValidationError as error:
        raise CorpusError(_first_problem(source, error)) from error
    _check_ids(source, entry)
    head = entry.instrument
    return Digest(
        instrument=_instrument(head),
        short=head.short,
        family=head.family or "",
        provisions=tuple(_provision(head, one) for one in entry.provisions),
        identifiers=head.identifiers,
    )


def _instrument(head: InstrumentEntry) -> Instrument:
    return Instrument(
        id=head.id,
        title=head.title,
        kind=head.kind,
        jurisdictions=head.jurisdictions,
        sectors=head.sectors,
        version=head.version,
        version_date=head.version_date.isoformat(),
        url=head.url,
    )


def _provision(head: InstrumentEntry, entry: ProvisionEntry) -> Provision:
    text = " ".join(entry.text.split())  # folded YAML may leave line breaks
    provision_id = ProvisionId(entry.id)
    return Provision(
        id=provision_id,
        instrument=head.id,
        section=entry.section,
        title=entry.title,
        text=text,
        sha256=Sha256Hex(sha256_text(text)),
        version=head.version,
        version_date=head.version_date.isoformat(),
        url=entry.url or head.url,
        heading=(head.short,),
        obligations=tuple(_obligations(provision_id, entry)),
    )


def _obligations(provision: ProvisionId, entry: ProvisionEntry) -> Iterator[Obligation]:
    for number, obligation in enumerate(entry.obligations, start=1):
        yield Obligation(
            id=ObligationId(f"{provision}#{number}"),
            provision=provision,
            kind=obligation.kind,
            strength=obligation.strength,
            data_categories=tuple(DataCategory(key) for key in obligation.data_categories),
            parameters=Parameters(obligation.parameters),
        )


def _check_ids(source: YamlSource, entry: DigestFile) -> None:
    name = entry.instrument.id
    if source.path.stem != name:
        raise CorpusError(
            f"{source.where(('instrument', 'id'))}: the instrument is `{name}`: "
            f"name the file `{name}.yaml` or correct the id"
        )
    seen: set[str] = set()
    for number, provision in enumerate(entry.provisions):
        where = source.where(("provisions", number, "id"))
        if not provision.id.startswith(f"{name}/"):
            raise CorpusError(f"{where}: id `{provision.id}` must start with `{name}/`")
        if provision.id in seen:
            raise CorpusError(f"{where}: id `{provision.id}` is given twice: keep one")
        seen.add(provision.id)


def _first_problem(source: YamlSource, error: ValidationError) -> str:
    problems = error.errors(include_url=False, include_input=False)
    # A misspelt key is also a missing one: the spelling is what helps.
    problem = min(problems, key=lambda one: one["type"] != "extra_forbidden")
    place = tuple(problem["loc"])
    reason = str(problem["msg"]).removeprefix("Value error, ")
    if problem["type"] == "extra_forbidden":
        reason = "unknown key: remove it or correct its spelling"
    elif problem["type"] == "missing":
        reason = "is missing: add it"
    elif problem["type"] == "model_type":
        reason = "must be a mapping of keys to values"
    key = f"`{place[-1]}` " if place and isinstance(place[-1], str) else ""
    return f"{source.where(place)}{_entry_name(source, place)}: {key}{_lower(reason)}"


def _entry_name(source: YamlSource, place: tuple[str | int, ...]) -> str:
    """Name the provision that `place` lies in, where it gives an id."""
    if len(place) < 2 or place[0] != "provisions" or not isinstance(source.content, dict):
        return ""
    entry = source.content["provisions"][place[1]]
    name = entry.get("id") if isinstance(entry, dict) else None
    return f", entry `{name}`" if name else ""


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
