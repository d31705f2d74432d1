"""Small invented editions for tests: one act with a digest, in two versions, and its files."""

from collections.abc import Mapping
from pathlib import Path

from policy_service.corpus.collection import Corpus
from policy_service.corpus.digests import Digest
from policy_service.corpus.merging import HeldEdition
from policy_service.domain.edition import Edition, ProposedObligation, Provenance
from policy_service.domain.identifiers import DataCategory, ObligationId, ProvisionId, Sha256Hex
from policy_service.domain.parameters import Parameters
from policy_service.domain.provision import (
    ControlKind,
    Instrument,
    InstrumentKind,
    Obligation,
    Provision,
    Standing,
    Strength,
)
from policy_service.kit.hashing import sha256_text

ACT = "act"
FIRST, SECOND, FUTURE = "2020-01-31", "2024-06-30", "2030-01-01"
TEXTS: Mapping[str, str] = {
    "act/art-1": "This act is about records of guests.",
    "act/art-2/1": "The keeper shall hide names of guests from visitors.",
    "act/art-2/2": "The keeper may show the number of guests.",
}


def make_instrument(version_date: str = FIRST, *, name: str = ACT) -> Instrument:
    """An invented law of the EU."""
    return Instrument(
        id=name,
        title=f"The {name} on guests",
        kind=InstrumentKind.LAW,
        jurisdictions=("EU",),
        sectors=(),
        version="1",
        version_date=version_date,
        url=f"https://law.example/{name}",
    )


def make_text(
    key: str,
    text: str,
    *,
    version_date: str = FIRST,
    standing: Standing = Standing.UNREVIEWED,
    title: str = "Guests",
) -> Provision:
    """One provision of that law."""
    steps = key.split("/")
    return Provision(
        id=ProvisionId(key),
        instrument=steps[0],
        section=" ".join(steps[1:]),
        title=title,
        text=text,
        sha256=Sha256Hex(sha256_text(text)),
        version="1",
        version_date=version_date,
        url=f"https://law.example/{key}",
        heading=(steps[0].upper(), "Chapter I"),
        standing=standing,
    )


def make_proposal(key: str, number: int = 1, *, mandatory: bool = True) -> ProposedObligation:
    """A proposal to mask names, read from the whole text of a provision."""
    obligation = Obligation(
        id=ObligationId(f"{key}#x{number}"),
        provision=ProvisionId(key),
        kind=ControlKind.MASKING,
        strength=Strength.ADVICE,
        data_categories=(DataCategory("user.name"),),
        parameters=Parameters(operators=("redact", "pseudonymise")),
    )
    return ProposedObligation(
        obligation=obligation, confidence=0.9, start=0, end=10, mandatory=mandatory
    )


def make_edition(
    version_date: str = FIRST,
    *,
    name: str = ACT,
    texts: Mapping[str, str] = TEXTS,
    proposals: tuple[ProposedObligation, ...] = (),
) -> Edition:
    """The act in one version."""
    return Edition(
        instrument=make_instrument(version_date, name=name),
        short=name.upper(),
        family="",
        language="en",
        provenance=Provenance(
            format="formex-4",
            files=(f"{name}.xml",),
            source_sha256=Sha256Hex(sha256_text(version_date + name)),
            size_bytes=100,
        ),
        provisions=tuple(
            make_text(key, text, version_date=version_date) for key, text in texts.items()
        ),
        proposals=proposals,
    )


def make_held(
    edition: Edition,
    *,
    approved: bool = True,
    accepted: Mapping[str, Strength] | None = None,
) -> HeldEdition:
    """The edition as the library holds it."""
    chosen = {ObligationId(key): strength for key, strength in (accepted or {}).items()}
    return HeldEdition(edition=edition, approved=approved, accepted=chosen)


def make_digests() -> Corpus:
    """A digest of the act in words of our own, with one floor, and an entry it alone has."""
    keys = ("act/art-9", "act/art-2/1")
    floor = Obligation(
        id=ObligationId("act/art-2/1#1"),
        provision=ProvisionId("act/art-2/1"),
        kind=ControlKind.ACCESS,
        strength=Strength.FLOOR,
    )
    provisions = tuple(
        Provision(
            id=ProvisionId(key),
            instrument=ACT,
            section=key,
            title=f"Our title of {key}",
            text=f"Our words on {key}.",
            sha256=Sha256Hex(sha256_text(f"Our words on {key}.")),
            version="0",
            version_date="2019-01-01",
            url="https://law.example/digest",
            heading=("ACT",),
            obligations=(floor,) if key == "act/art-2/1" else (),
        )
        for key in keys
    )
    instrument = make_instrument("2019-01-01")
    digest = Digest(instrument=instrument, short="ACT", family="acts", provisions=provisions)
    return Corpus(digests=(digest,))


GUEST_POLICY = """\
---
title: Guest book standard
version: "1"
date: 2025-03-01
---

# Guest book standard

## 1 Scope

This standard is about the guest book of the house and everybody who keeps it.

## 2 Names

### 2.1 Hidden names

Names of guests must be masked before the guest book is shown to visitors.

### 2.2 Retention

Entries of the guest book must be erased no later than 90 days after the guest has left.
"""


def write_policy(folder: Path, text: str = GUEST_POLICY, name: str = "guests.md") -> Path:
    """Write an invented internal policy as Markdown."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


GDPR_LIKE = """\
> **CELEX:** 02016R0679-{day} | **Document:** an invented act in the form of the real one

# Regulation (EU) 2016/679 on invented matters of 27 April 2016

## Recitals

- (1) Invented guests of invented houses wish to be left alone.

### Article 5

**Invented principles**

1. Names shall be:

- (a) written down with care;
- (c) limited to what the visit needs;

### Article 32

**Invented security**

1. The keeper shall do at least this:

- (a) personal data shall be encrypted and names shall be replaced by pseudonyms;

2. {second}

### Article 90

**Invented closing**

1. Personal data shall be redacted before they are shown to any visitor for marketing.
"""


def write_gdpr(
    folder: Path,
    *,
    day: str = "20160504",
    second: str = "The keeper shall keep the keys apart from the book.",
    name: str = "act.md",
) -> Path:
    """Write an invented act that the importer takes for the GDPR, for its ids."""
    return write_policy(folder, GDPR_LIKE.format(day=day, second=second), name)
