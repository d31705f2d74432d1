"""Settings of an installation, from the environment (`POLICY_SERVICE_…`).

Read by `app` and `cli` only. What is missing or half given where security depends
on it refuses start-up.
"""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, TypedDict

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from policy_service.domain.errors import UsageError
from policy_service.engines.text.words import WORDS

_PACKAGE = Path(__file__).resolve().parent


class TextOptions(TypedDict, total=False):
    """What is asked of the text finder beyond its defaults, as it takes it."""

    languages: tuple[str, ...]
    ner: Literal["auto", "off", "required"]


class Settings(BaseSettings):
    """One installation. Every field is a variable `POLICY_SERVICE_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="POLICY_SERVICE_", extra="ignore", frozen=True)

    home: Path = Path(".policy-service")  # keys, audit log, index, models; SQLite state
    state_url: str = ""  # SQLAlchemy URL of the state; none: SQLite in `home`
    tenant: str = "default"
    regulations: Path | None = None  # folder of digests; none: the ones that ship
    policies: Path | None = None  # folder of internal policies; none: the ones that ship
    keyring_passphrase: SecretStr | None = None
    bundle_lifetime_days: Annotated[int, Field(ge=1, le=365)] = 30
    shadow_every: Annotated[int, Field(ge=1)] = 1000
    registers_reviewers: bool = True
    https: bool = False  # people reach the portal over TLS, ended by a proxy in front
    retrieval: Literal["embedded", "weaviate"] = "embedded"
    weaviate_url: str = ""
    weaviate_api_key: SecretStr | None = None
    weaviate_grpc_port: int = 50051
    text_languages: Annotated[tuple[str, ...], NoDecode] = ("en",)  # with commas between
    text_ner: Literal["auto", "off", "required"] = "auto"  # the classifier of names in texts
    embed_column_names: bool = False  # scans compare names by meaning too; slower
    public_url: str = ""  # https address at which PEPs reach the decision point
    pdp_jwks: Path | None = None  # public keys of who signs tokens for PEPs (JWKS)
    pdp_issuer: str = ""  # whose tokens they are
    pdp_audience: str = ""  # what they must be made for
    pdp_peers: Annotated[tuple[str, ...], NoDecode] = ()  # PEPs by the names in their certificates
    pdp_proxy_header: str = ""  # in which a proxy on this machine names the PEP it has verified

    @field_validator("text_languages", mode="before")
    @classmethod
    def _known_languages(cls, value: object) -> object:
        if isinstance(value, str):
            value = tuple(dict.fromkeys(part.strip().lower() for part in value.split(",")))
        if not isinstance(value, tuple) or not value or not set(value) <= set(WORDS):
            raise ValueError(f"name languages of {', '.join(WORDS)}, with commas between")
        return value

    @field_validator("pdp_peers", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(dict.fromkeys(part.strip() for part in value.split(",") if part.strip()))
        return value

    @model_validator(mode="after")
    def _whole_decision_point(self) -> "Settings":
        if len({self.pdp_jwks is None, not self.pdp_issuer, not self.pdp_audience}) > 1:
            raise ValueError(
                "POLICY_SERVICE_PDP_JWKS, POLICY_SERVICE_PDP_ISSUER and "
                "POLICY_SERVICE_PDP_AUDIENCE go together"
            )
        if self.pdp_proxy_header and not self.pdp_peers:
            raise ValueError(
                "POLICY_SERVICE_PDP_PROXY_HEADER needs POLICY_SERVICE_PDP_PEERS: `proxy:NAME`, …"
            )
        return self

    @model_validator(mode="after")
    def _whole(self) -> "Settings":
        if (self.retrieval == "weaviate") != bool(self.weaviate_url):
            raise ValueError(
                "POLICY_SERVICE_RETRIEVAL=weaviate and POLICY_SERVICE_WEAVIATE_URL go together"
            )
        if self.keyring_passphrase is not None and not self.keyring_passphrase.get_secret_value():
            raise ValueError("POLICY_SERVICE_KEYRING_PASSPHRASE is set but empty")
        return self

    @property
    def bundle_lifetime(self) -> timedelta:
        """Return how long a published bundle may be enforced."""
        return timedelta(days=self.bundle_lifetime_days)

    @property
    def text_options(self) -> TextOptions:
        """Return what is set for texts; empty: the finder's defaults."""
        options = TextOptions()
        if self.text_languages != ("en",):
            options["languages"] = self.text_languages
        if self.text_ner != "auto":
            options["ner"] = self.text_ner
        return options

    @property
    def database_url(self) -> str:
        """Return the state database's address."""
        return self.state_url or f"sqlite:///{self.home.resolve() / 'state.db'}"

    @property
    def regulations_folder(self) -> Path:
        """Return the folder of regulation digests."""
        return self.regulations or _shipped("regulations_corpus")

    @property
    def policies_folder(self) -> Path:
        """Return the folder of internal policies, controls and sample organisations."""
        return self.policies or _shipped("policies")


def load_settings() -> Settings:
    """Read the environment. Raises `UsageError` naming the variable that is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        name = "_".join(str(part) for part in problem["loc"])
        message = str(problem["msg"]).removeprefix("Value error, ")
        where = f"`POLICY_SERVICE_{name.upper()}`: " if name else ""
        raise UsageError(f"settings: {where}{message}") from error


def _shipped(folder: str) -> Path:
    """Find a folder beside the checkout's package, else where the wheel put it."""
    import sys

    beside = _PACKAGE.parent / folder
    if beside.is_dir():
        return beside
    return Path(sys.prefix) / "share" / "policy-service" / folder
