"""What one version of an instrument has that another has not, provision by provision.

Pure: compares texts that are already read. Which rules stand on a changed provision is
for the workflows to say. Words are compared by longest common runs (Ratcliff and
Obershelp, as in `difflib`); white space never counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from policy_service.domain.edition import EditionDiff, TextChange
from policy_service.domain.provision import Provision

_LONG = 3_000  # words beyond which common ones are not used as anchors, to stay quick


class Wording(StrEnum):
    """What happened to a run of words."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Words that share a fate, joined by single blanks."""

    wording: Wording
    text: str


def diff_provisions(
    before: Sequence[Provision],
    after: Sequence[Provision],
    *,
    versions: tuple[str, str],
) -> EditionDiff:
    """Compare two versions of one instrument by id; `versions` are their dates.

    Added and changed come in the order of the new text, removed in that of the old.
    """
    old = {one.id: one for one in before}
    new = {one.id: one for one in after}
    shared = [key for key in new if key in old]
    changed = [key for key in shared if _normal(old[key].text) != _normal(new[key].text)]
    return EditionDiff(
        before=versions[0],
        after=versions[1],
        added=tuple(new[key] for key in new if key not in old),
        removed=tuple(old[key] for key in old if key not in new),
        changed=tuple(TextChange(before=old[key], after=new[key]) for key in changed),
        unchanged=len(shared) - len(changed),
    )


def word_changes(before: str, after: str) -> tuple[Run, ...]:
    """Compare two texts word by word, a word being what stands between white space.

    The runs that are same or removed make the text before, those same or added the text
    after, white space aside.
    """
    old, new = before.split(), after.split()
    matcher = SequenceMatcher(a=old, b=new, autojunk=max(len(old), len(new)) > _LONG)
    runs: list[Run] = []
    for _, low, high, start, end in matcher.get_opcodes():
        if old[low:high] == new[start:end]:
            runs.append(Run(wording=Wording.SAME, text=" ".join(new[start:end])))
            continue
        if low < high:
            runs.append(Run(wording=Wording.REMOVED, text=" ".join(old[low:high])))
        if start < end:
            runs.append(Run(wording=Wording.ADDED, text=" ".join(new[start:end])))
    return tuple(runs)


def _normal(text: str) -> str:
    return " ".join(text.split())
