"""Text with its slant and weight, white space made single blanks: what headings are told by."""

from collections.abc import Iterable
from dataclasses import dataclass

PLAIN, ITALIC, BOLD, BOTH = " ", "i", "b", "x"


def mark_of(*, italic: bool, bold: bool) -> str:
    """Return the mark of one letter's style."""
    if italic:
        return BOTH if bold else ITALIC
    return BOLD if bold else PLAIN


@dataclass(frozen=True, slots=True)
class Styled:
    """A text and one style mark for each letter. INVARIANT: both are equally long."""

    text: str = ""
    marks: str = ""

    def __getitem__(self, part: slice) -> "Styled":
        return Styled(self.text[part], self.marks[part])

    def __add__(self, other: "Styled") -> "Styled":
        return Styled(self.text + other.text, self.marks + other.marks)

    def strip(self) -> "Styled":
        """Return it without blanks at its ends."""
        start = len(self.text) - len(self.text.lstrip())
        end = len(self.text.rstrip())
        return self[start:end] if end > start else Styled()

    def slanted(self, start: int = 0) -> int:
        """Return the end of the italics that begin at `start`; blanks between them count."""
        end = at = start
        while at < len(self.text) and (self._is_italic(at) or self.text[at].isspace()):
            at += 1
            end = at if self._is_italic(at - 1) else end
        return end

    @property
    def is_bold(self) -> bool:
        """Tell whether its first letter is printed bold."""
        return self.marks[:1] in (BOLD, BOTH) and bool(self.marks)

    def _is_italic(self, at: int) -> bool:
        return self.marks[at] in (ITALIC, BOTH)


def styled(runs: Iterable[tuple[str, str]]) -> Styled:
    """Join runs of text and style mark, white space normalised."""
    text: list[str] = []
    marks: list[str] = []
    for run, mark in runs:
        for letter in run:
            if letter.isspace() and (not text or text[-1] == " "):
                continue
            text.append(" " if letter.isspace() else letter)
            marks.append(mark)
    return Styled("".join(text), "".join(marks)).strip()
