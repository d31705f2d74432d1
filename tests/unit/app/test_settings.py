"""Settings: what is missing or half given refuses start-up and says which variable."""

from pathlib import Path

import pytest

from policy_service.app import build_platform, close_platform
from policy_service.domain.errors import CorpusError, KeyUnavailableError, UsageError
from policy_service.domain.progress import silent
from policy_service.settings import Settings, load_settings
from policy_service.workflows.platform import Platform


def test_without_any_variable_state_lives_in_the_home(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The default is SQLite in `.policy-service` where one stands, over what ships."""
    monkeypatch.chdir(tmp_path)
    settings = load_settings()
    assert settings.database_url == f"sqlite:///{tmp_path / '.policy-service' / 'state.db'}"
    assert (settings.regulations_folder / "gdpr.yaml").is_file()
    assert (settings.policies_folder / "casbin" / "standard.conf").is_file()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("RETRIEVAL", "weaviate", "WEAVIATE_URL"),
        ("WEAVIATE_URL", "http://127.0.0.1:8080", "RETRIEVAL"),
        ("RETRIEVAL", "elsewhere", "POLICY_SERVICE_RETRIEVAL"),
        ("KEYRING_PASSPHRASE", "", "set but empty"),
        ("BUNDLE_LIFETIME_DAYS", "0", "POLICY_SERVICE_BUNDLE_LIFETIME_DAYS"),
    ],
)
def test_a_wrong_variable_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    """One line says which variable is wrong; nothing starts."""
    monkeypatch.setenv(f"POLICY_SERVICE_{name}", value)
    with pytest.raises(UsageError, match=said):
        load_settings()


def test_keys_are_opened_again_with_their_passphrase_only(tmp_path: Path) -> None:
    """A home made with a passphrase does not open without it."""
    settings = Settings(home=tmp_path, keyring_passphrase="a long passphrase")  # type: ignore[arg-type]
    close_platform(build_platform(settings))
    close_platform(build_platform(settings))
    with pytest.raises(KeyUnavailableError):
        build_platform(Settings(home=tmp_path))


def test_policies_that_are_not_there_are_named(tmp_path: Path) -> None:
    """A wrong folder says so before anything is made of it."""
    with pytest.raises(CorpusError):
        build_platform(Settings(home=tmp_path / "home", policies=tmp_path / "nowhere"))


def test_the_index_is_opened_once(platform: Platform) -> None:
    """Whoever asks for the index gets the same one."""
    assert platform.index(silent) is platform.index(silent)


def test_an_unreachable_weaviate_is_one_clear_line(tmp_path: Path) -> None:
    """The setting chooses Weaviate, and a server that is not there says so."""
    from policy_service.domain.errors import RetrievalError

    settings = Settings(home=tmp_path, retrieval="weaviate", weaviate_url="http://127.0.0.1:1")
    opened = build_platform(settings)
    try:
        with pytest.raises(RetrievalError):
            opened.index(silent)
    finally:
        close_platform(opened)


def test_the_reward_model_asks_for_its_encoder_late(platform: Platform) -> None:
    """Without a trained version no reward is given and no encoder is needed."""
    model = platform.models.current()
    assert model.version == "prior-0"
    assert model.rewards([("a", "b", "c", "d")], [[]]) == [()]
