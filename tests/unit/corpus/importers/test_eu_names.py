"""Numbers and names of acts: articles in many languages, annexes, CELEX and ELI."""

import pytest

from policy_service.corpus.importers.document import PartKind
from policy_service.corpus.importers.eu.acts import (
    ActName,
    act_of_celex,
    act_of_eli,
    act_of_title,
    letter_of,
)
from policy_service.corpus.importers.eu.nesting import nesting_limited
from policy_service.corpus.importers.eu.numbers import (
    annex_label,
    article_label,
    is_dash,
    section_label,
    steps_of_number,
)
from policy_service.corpus.importers.eu.units import Unit, parts_of
from policy_service.domain.errors import CorpusError


@pytest.mark.parametrize(
    ("title", "step"),
    [
        ("Article 12a", "art-12a"),
        ("Article 12 bis", "art-12-bis"),
        ("Article premier", "art-1"),
        ("Sole Article", "art-1"),
        ("Artikel 5", "art-5"),
        ("5 straipsnis", "art-5"),
        ("5. cikk", "art-5"),
        ("Άρθρο 5", "art-5"),
        ("Член 5", "art-5"),
        ("Artykuł 5", "art-5"),
    ],
)
def test_articles_are_read_in_the_languages_of_the_union(title: str, step: str) -> None:
    """The number is told from the word, before it or after it."""
    label = article_label(title)
    assert label is not None
    assert label.step == step


@pytest.mark.parametrize("title", ["Chapter 5", "5", "Article", "Particle 5"])
def test_what_names_no_article_is_none(title: str) -> None:
    """A heading without the word or without a number is no article."""
    assert article_label(title) is None


@pytest.mark.parametrize(
    ("title", "step", "words"),
    [
        ("ANNEX III", "annex-iii", "Annex III"),
        ("ANHANG", "annex", "Anhang"),
        ("III PRIEDAS", "annex-iii", "Priedas III"),
        ("Bilaga 2", "annex-2", "Bilaga 2"),
        ("ANNEX A", "annex-a", "Annex A"),
    ],
)
def test_annexes_are_numbered_as_they_are_named(title: str, step: str, words: str) -> None:
    """Roman, arabic and lettered annexes, and the only one of an act."""
    label = annex_label(title)
    assert label is not None
    assert (label.step, label.words) == (step, words)


def test_sections_of_annexes_have_a_number_and_words() -> None:
    """`Section A. List` is a number and a title; a plain heading is neither."""
    found = section_label("SECTION A. List of things")
    assert found is not None
    assert (found[0].step, found[0].words, found[1]) == ("section-a", "Section A", "List of things")
    assert section_label("General") is None
    assert annex_label("General") is None


def test_numbers_become_steps() -> None:
    """Brackets and stops fall away, dotted numbers nest, dashes number nothing."""
    assert steps_of_number("(a)") == ("a",)
    assert steps_of_number("3.1.") == ("3", "1")
    assert steps_of_number("(1 bis)") == ("1-bis",)
    assert is_dash("—")
    assert not is_dash("1.")
    assert not is_dash("")


@pytest.mark.parametrize(
    ("title", "identifiers"),
    [
        ("Regulation (EU) 2016/679 of", ("celex:32016R0679", "eli:reg/2016/679")),
        ("REGULATION (EU) No 910/2014 OF", ("celex:32014R0910", "eli:reg/2014/910")),
        ("Regulation (EC) No 45/2001", ("celex:32001R0045", "eli:reg/2001/45")),
        ("Council Directive 95/46/EC", ("celex:31995L0046", "eli:dir/1995/46")),
        ("Directive 02/58/EC", ("celex:32002L0058", "eli:dir/2002/58")),
        ("Beschluss (EU) 2019/5", ("celex:32019D0005", "eli:dec/2019/5")),
        (
            "Commission Implementing Regulation (EU) 2015/1501",
            ("celex:32015R1501", "eli:reg_impl/2015/1501"),
        ),
        ("Notes 12/2019", ()),
    ],
)
def test_titles_name_acts(title: str, identifiers: tuple[str, ...]) -> None:
    """Old and new numbering and other languages give one CELEX number."""
    found = act_of_title(title)
    assert found is not None
    assert found.identifiers == identifiers


def test_celex_and_eli_name_acts_and_their_consolidated_texts() -> None:
    """A consolidated number gives the act's own, its own, and the day."""
    held = act_of_celex("see CELEX:02016R0679-20160504.")
    assert held is not None
    assert held.consolidated == "2016-05-04"
    assert held.url == "https://eur-lex.europa.eu/eli/reg/2016/679/2016-05-04"
    assert act_of_celex("32016R0679R(02)") is None
    eli = act_of_eli("http://data.europa.eu/eli/dir_del/2020/7/oj")
    assert eli is not None
    assert eli.identifiers == ("celex:32020L0007", "eli:dir_del/2020/7")
    akn = act_of_eli("/akn/eu/act/regulation/2024/1689/!main")
    assert akn is not None
    assert akn.identifiers == ("celex:32024R1689", "eli:reg/2024/1689")
    assert act_of_eli("nothing") is None
    assert act_of_title("nothing") is None
    assert (ActName().url, ActName().version) == ("", "")
    assert [letter_of(value) for value in ("REG", "DIR.DEL", "", "PROTOCOL")] == ["R", "L", "", ""]


def test_units_without_a_readable_number_keep_their_place() -> None:
    """Nothing is lost where a number is missing or in no known form."""
    units = (
        Unit(kind=PartKind.ANNEX, number="Schedule", blocks=("a",)),
        Unit(kind=PartKind.ARTICLE, number="", blocks=("b",)),
        Unit(
            kind=PartKind.ARTICLE,
            number="§ 7",
            blocks=(
                Unit(kind=PartKind.PASSAGE, number="Section 1", blocks=("c",)),
                Unit(kind=PartKind.POINT, number="()", blocks=("d",)),
                Unit(kind=PartKind.PASSAGE, number="", blocks=("e",)),
            ),
        ),
    )
    assert ["/".join(part.steps) for part in parts_of(units)] == [
        "annex-1",
        "text-2",
        "7",
        "7/section-1",
        "7/text",
        "7/text-2",
    ]


def test_endless_nesting_is_told_in_one_line() -> None:
    """A recursion without end becomes an error of the corpus."""
    with pytest.raises(CorpusError, match="`x` nests its units deeper"), nesting_limited("x"):
        raise RecursionError
