"""Versions compared: what was added, removed and changed, down to the word."""

from hypothesis import given
from hypothesis import strategies as st

from policy_service.corpus.diff import Wording, diff_provisions, word_changes
from tests.edition_builders import FIRST, SECOND, TEXTS, make_edition

WORDS = st.lists(st.sampled_from(["guest", "name", "shall", "may", "(a)", "30"]), max_size=12)


def test_two_versions_differ_by_id() -> None:
    """A provision is added, removed or changed by its id, in the order of the text."""
    later = {
        "act/art-2/1": "The keeper shall hide all names of guests from visitors.",
        "act/art-2/2": TEXTS["act/art-2/2"],
        "act/art-3": "Visitors are asked to be quiet.",
    }
    found = diff_provisions(
        make_edition(FIRST).provisions,
        make_edition(SECOND, texts=later).provisions,
        versions=(FIRST, SECOND),
    )
    assert (found.before, found.after, found.unchanged) == (FIRST, SECOND, 1)
    assert [one.id for one in found.added] == ["act/art-3"]
    assert [one.id for one in found.removed] == ["act/art-1"]
    assert [one.after.id for one in found.changed] == ["act/art-2/1"]
    assert found.changed[0].before.text == TEXTS["act/art-2/1"]


def test_white_space_is_no_change() -> None:
    """The same words broken into other lines are the same text."""
    wrapped = {key: text.replace(" ", "\n  ") for key, text in TEXTS.items()}
    found = diff_provisions(
        make_edition().provisions, make_edition(texts=wrapped).provisions, versions=("", "")
    )
    assert found.changed == ()
    assert found.unchanged == len(TEXTS)


def test_a_changed_word_is_named() -> None:
    """The words that went and the words that came stand between those that stayed."""
    runs = word_changes("keep it for 30 days here", "keep it for 90 working days here")
    assert [(one.wording, one.text) for one in runs] == [
        (Wording.SAME, "keep it for"),
        (Wording.REMOVED, "30"),
        (Wording.ADDED, "90 working"),
        (Wording.SAME, "days here"),
    ]


@given(WORDS, WORDS)
def test_the_runs_make_both_texts(before: list[str], after: list[str]) -> None:
    """Same and removed runs are the text before, same and added ones the text after."""
    runs = word_changes(" ".join(before), " ".join(after))

    def without(left_out: Wording) -> str:
        return " ".join(one.text for one in runs if one.wording is not left_out)

    assert without(Wording.ADDED) == " ".join(before)
    assert without(Wording.REMOVED) == " ".join(after)


def test_very_long_texts_are_compared_too() -> None:
    """A text of thousands of words ends in runs that make both texts."""
    before = " ".join(f"word{number % 50}" for number in range(3_500))
    after = before.replace("word7 ", "another ", 1)
    runs = word_changes(before, after)
    assert " ".join(one.text for one in runs if one.wording is not Wording.REMOVED) == after
