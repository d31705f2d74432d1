"""Sections of American texts: markers, headings, definitions, reserved units and flush text."""

import pytest

from policy_service.corpus.importers.document import Part, PartKind
from policy_service.corpus.importers.us.hierarchy import CFR
from policy_service.corpus.importers.us.section import Line, Section, parts_of
from policy_service.corpus.importers.us.styled import BOLD, ITALIC, PLAIN, Styled, mark_of, styled


def _line(text: str, *, flush: bool = False) -> Line:
    """Read a line whose italics stand between slashes."""
    runs = [(run, ITALIC if number % 2 else PLAIN) for number, run in enumerate(text.split("/"))]
    return Line(text=styled(runs), flush=flush)


def _parts(*lines: str, title: str = "Duties", flush: str = "") -> dict[str, Part]:
    every = [_line(line) for line in lines]
    if flush:
        every.append(_line(flush, flush=True))
    section = Section(
        step="700.1",
        cited="9 CFR 700.1",
        title=title,
        lines=every,
        heading=("Part 700",),
        label="§ 700.1 Duties",
        scopes=("cfr:9/700",),
    )
    return {"/".join(part.steps[1:]): part for part in parts_of(section, CFR)}


def test_us_section_lead_in_is_the_sections_own_text() -> None:
    """What stands before the first marker belongs to the section."""
    parts = _parts("A keeper must:", "(a) Feed the owls.", "(b) Lock the door.")
    assert parts[""].text == "A keeper must:"
    assert parts[""].kind is PartKind.ARTICLE
    assert parts["b"].text == "Lock the door."
    assert parts["b"].section == "9 CFR 700.1(b)"
    assert parts["b"].heading == ("Part 700", "§ 700.1 Duties")
    assert parts["b"].scopes == ("cfr:9/700",)


def test_us_section_italic_heading_becomes_the_title() -> None:
    """An italic heading is the unit's title and no longer in its text."""
    parts = _parts("(a) /Feeding./ Owls eat at night.", "(1) Mice; and", "(2) Moths.")
    assert (parts["a"].title, parts["a"].text) == ("Feeding", "Owls eat at night.")
    assert parts["a/2"].heading[-1] == "Feeding"
    assert parts["a/2"].kind is PartKind.POINT


def test_us_section_headings_are_followed_by_markers_in_the_same_paragraph() -> None:
    """`(b) Heading. (1) text` and `(c) Heading—(1) Heading. text` are two units each."""
    parts = _parts(
        "(a) First.",
        "(b) /Night watch./ (1) Lamps are lit.",
        "(2) Doors are shut.",
        "(c) /Day watch/—(1) /Gates./ Gates are open.",
        "(2)(i) Bells ring.",
        "(ii) Flags fly.",
    )
    assert (parts["b"].title, parts["b"].text) == ("Night watch", "")
    assert parts["b/1"].text == "Lamps are lit."
    assert parts["b/1"].heading[-1] == "Night watch"
    assert (parts["c"].title, parts["c/1"].title) == ("Day watch", "Gates")
    assert (parts["c/2"].text, parts["c/2/i"].text) == ("", "Bells ring.")
    assert parts["c/2/ii"].text == "Flags fly."


def test_us_section_italic_words_that_go_on_are_no_heading() -> None:
    """An italic term in a sentence stays in the text."""
    parts = _parts("(a) /Owl/ means a bird.", "(b) /Mouse/ means food.")
    assert (parts["a"].title, parts["a"].text) == ("", "Owl means a bird.")


def test_us_section_first_childs_heading_names_the_empty_unit_above() -> None:
    """In `(a)(1) Standard: Locks` the heading is shown above (a)(2) as well."""
    parts = _parts("(a)(1) /Standard: Locks./ Lock it.", "(2) /Keys./ Hide them.")
    assert parts["a"].title == ""
    assert parts["a/2"].heading[-1] == "Standard: Locks"


@pytest.mark.parametrize(
    ("line", "reserved"),
    [
        ("(b) [Reserved]", ("b",)),
        ("(b) /Owls./ [Reserved]", ("b",)),
        ("(b)-(d) [Reserved]", ("b", "d")),
        ("(b) through (d) [Reserved]", ("b", "d")),
    ],
)
def test_us_section_reserved_units_count_without_text(line: str, reserved: tuple[str, ...]) -> None:
    """A reserved unit keeps its place and has no text; the next letter goes on after it."""
    parts = _parts("(a) One.", line, "(e) Five." if len(reserved) > 1 else "(c) Three.")
    assert {name for name in parts if name} == {"a", *reserved, "e" if len(reserved) > 1 else "c"}
    assert all(parts[name].text == "" for name in reserved)
    assert parts[reserved[-1]].title in ("[Reserved]", "Owls")


def test_us_section_definitions_without_markers_are_units_of_their_own() -> None:
    """Each defined term is a unit; its list stands below it."""
    parts = _parts(
        "As used in this part:",
        "/Owl/ means a bird of the night.",
        "/Owl house:/ (1) A house for owls.",
        "(2) It includes:",
        "(i) A barn; and",
        "(ii) A tower.",
        "Perch or pole refers to wood.",
        title="Definitions",
    )
    assert parts[""].text == "As used in this part:"
    assert parts["owl"].text == "Owl means a bird of the night."
    assert parts["owl"].section == "9 CFR 700.1 (Owl)"
    assert (parts["owl-house"].title, parts["owl-house"].text) == ("Owl house", "")
    assert parts["owl-house/2/ii"].text == "A tower."
    assert parts["perch-or-pole"].title == "Perch or pole"


def test_us_section_definitions_below_a_lettered_paragraph() -> None:
    """Terms announced by (a) lie below it, and (b) goes on after them."""
    parts = _parts(
        "(a) /Definitions./ As used in this section:",
        "/Nest/ means a bed of twigs.",
        "/Egg/ means what lies in it.",
        "(b) /Counting./ Eggs are counted.",
    )
    assert parts["a/egg"].text == "Egg means what lies in it."
    assert parts["b"].title == "Counting"


def test_us_section_flush_text_goes_to_the_unit_whose_list_it_ends() -> None:
    """A paragraph after a list belongs to the unit with the lead-in, as a second block."""
    parts = _parts(
        "(a) A keeper must:", "(1) Look; and", "(2) Listen.", flush="This holds at night too."
    )
    assert parts["a"].text == "A keeper must:\nThis holds at night too."
    assert parts["a/2"].text == "Listen."


def test_us_section_a_broken_off_text_goes_on() -> None:
    """A paragraph after a text without an end is the rest of it."""
    parts = _parts("(a) The keeper of the", "tower has a key.", "(b) The cook has none.")
    assert parts["a"].text == "The keeper of the tower has a key."


def test_us_section_a_reference_at_the_start_of_a_line_stays_text() -> None:
    """A marker that no list can hold is text with its marker, and nothing is lost."""
    parts = _parts("(a) The duty under paragraph", "(19) of this part ends.", "(b) It is over.")
    assert parts["a"].text == "The duty under paragraph (19) of this part ends."
    assert set(parts) == {"", "a", "b"}


def test_us_section_a_marker_printed_twice_keeps_both_texts() -> None:
    """A repeated letter is a slip of the source: its text stays with the unit before."""
    parts = _parts("(a) One.", "(b) Two.", "(b) Again.", "(c) Three.")
    assert parts["b"].text == "Two.\n(b) Again."


def test_us_section_steps_that_differ_by_case_alone_are_kept_apart() -> None:
    """Ids are lower case, so a list of capitals beside one of letters gets a number."""
    parts = _parts("(a) One:", "(A) X.", "(B) Y.", "Nest means a bed.", "NEST means noise.",
                   title="Definitions")  # fmt: skip
    assert {"nest", "nest-2"} <= {name.rpartition("/")[2] for name in parts}


def test_us_section_without_lines_is_one_empty_part() -> None:
    """A reserved section counts and has no text."""
    assert [part.text for part in _parts("").values()] == [""]


def test_us_styled_text_joins_runs_with_single_blanks() -> None:
    """White space is normalised across runs, and each letter keeps its style."""
    text = styled([(" An ", PLAIN), ("\n owl", ITALIC), ("  ", PLAIN)])
    assert text == Styled("An owl", "   iii")
    assert text.slanted(3) == 6
    assert (text + Styled("!", BOLD)).text == "An owl!"
    assert not text.is_bold
    assert Styled("   ", "   ").strip() == Styled()


@pytest.mark.parametrize(
    ("italic", "bold", "mark"),
    [(False, False, PLAIN), (True, False, ITALIC), (False, True, BOLD), (True, True, "x")],
)
def test_us_style_marks(italic: bool, bold: bool, mark: str) -> None:
    """Slant and weight together have a mark of their own."""
    assert mark_of(italic=italic, bold=bold) == mark
