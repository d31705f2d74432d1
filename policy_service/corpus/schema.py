"""The file format of a digest, checked entry by entry.

Not the domain: these models exist while a file is read and are then turned into
frozen `Instrument` and `Provision` values. Unknown keys are refused everywhere.
"""

import datetime
from typing import Annotated

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from policy_service.corpus.obligation_parameters import parameter_problem
from policy_service.corpus.taxonomy import data_categories, nearest
from policy_service.domain.provision import ControlKind, InstrumentKind, Strength

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*$")]
PathId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*(/[a-z0-9][a-z0-9.\-]*)+$")]
Identifier = Annotated[
    str, StringConstraints(pattern=r"^[a-z][a-z-]*:[A-Za-z0-9][A-Za-z0-9./_-]*$")
]
Jurisdiction = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2,3}(-[A-Z]{2,3})?$")]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ObligationEntry(_Entry):
    """One obligation of a clause, in typed form."""

    kind: ControlKind
    strength: Strength
    data_categories: tuple[str, ...] = ()
    parameters: dict[str, object] = {}

    @field_validator("data_categories")
    @classmethod
    def _known_categories(cls, keys: tuple[str, ...]) -> tuple[str, ...]:
        for key in keys:
            if key not in data_categories():
                raise ValueError(
                    f"unknown data category `{key}`: nearest {nearest(key, data_categories())}"
                )
        return keys

    @field_validator("parameters")
    @classmethod
    def _null_is_an_operator(cls, parameters: dict[str, object]) -> dict[str, object]:
        # YAML reads the bare word `null` as nothing; among operators it can only be the word.
        operators = parameters.get("operators")
        if isinstance(operators, list):
            words = ["null" if one is None else one for one in operators]
            return {**parameters, "operators": words}
        return parameters

    @model_validator(mode="after")
    def _known_parameters(self) -> "ObligationEntry":
        if problem := parameter_problem(self.kind, self.parameters):
            raise ValueError(problem)
        return self


class ProvisionEntry(_Entry):
    """One clause in our own words."""

    id: PathId
    section: Words
    title: Words
    text: Words
    url: Words | None = None
    obligations: tuple[ObligationEntry, ...] = ()


class InstrumentEntry(_Entry):
    """The header of a digest.

    `family` is a name that several instruments answer to; `identifiers` are what the official
    texts call it (`celex:32016R0679`, `cfr:45/164/C`), by which imports find it.
    """

    id: Slug
    title: Words
    short: Words
    kind: InstrumentKind
    jurisdictions: tuple[Jurisdiction, ...] = Field(min_length=1)
    sectors: tuple[Words, ...] = ()
    family: Slug | None = None
    identifiers: tuple[Identifier, ...] = ()
    version: Words
    version_date: datetime.date
    url: Words

    @field_validator("version_date", mode="before")
    @classmethod
    def _a_date(cls, value: object) -> object:
        # A bare number would be read as seconds since 1970.
        if not isinstance(value, str | datetime.date):
            raise ValueError("must be a date such as 2016-05-04")
        return value


class DigestFile(_Entry):
    """One whole file: an instrument and its provisions."""

    instrument: InstrumentEntry
    provisions: tuple[ProvisionEntry, ...] = Field(min_length=1)
