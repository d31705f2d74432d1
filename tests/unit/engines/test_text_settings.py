"""The settings for texts reach the finder, and wrong ones refuse start-up."""

import pytest

from policy_service import app
from policy_service.domain.errors import UsageError
from policy_service.engines.presidio import PresidioText
from policy_service.settings import Settings, load_settings


def test_nothing_set_means_the_finders_defaults() -> None:
    """Without variables nothing is asked of the finder."""
    assert Settings().text_options == {}


def test_languages_and_classifier_are_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """`en, DE` and `off` arrive as the finder takes them, in their order."""
    monkeypatch.setenv("POLICY_SERVICE_TEXT_LANGUAGES", "en, DE,en")
    monkeypatch.setenv("POLICY_SERVICE_TEXT_NER", "off")
    asked: dict[str, object] = {}
    monkeypatch.setattr(PresidioText, "load", lambda **options: asked.update(options))
    app._load_text_finder(**load_settings().text_options)
    assert asked == {"languages": ("en", "de"), "ner": "off"}


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("TEXT_LANGUAGES", "en,tlh", "POLICY_SERVICE_TEXT_LANGUAGES`: name languages of en, de"),
        ("TEXT_LANGUAGES", "", "POLICY_SERVICE_TEXT_LANGUAGES"),
        ("TEXT_NER", "maybe", "POLICY_SERVICE_TEXT_NER"),
    ],
)
def test_wrong_settings_are_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    """The message names the variable and what it may be."""
    monkeypatch.setenv(f"POLICY_SERVICE_{name}", value)
    with pytest.raises(UsageError, match=said):
        load_settings()
