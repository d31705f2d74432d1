"""The table of the corpus folder's README says what is in the digests."""

import re
from pathlib import Path

from policy_service.corpus.collection import load_corpus
from policy_service.domain.provision import Strength


def test_the_readme_counts_what_is_there(repository: Path) -> None:
    """Entries, obligations and floors of each digest, and no digest is left out."""
    folder = repository / "regulations_corpus"
    written = {
        name: tuple(int(number) for number in counts)
        for name, *counts in re.findall(
            r"\| `([\w-]+)\.yaml` \|[^|]*\|[^|]*\|[^|]*\| (\d+) \| (\d+) \| (\d+) \|",
            (folder / "README.md").read_text(encoding="utf-8"),
        )
    }
    counted = {
        digest.instrument.id: (
            len(digest.provisions),
            sum(len(one.obligations) for one in digest.provisions),
            sum(
                obligation.strength is Strength.FLOOR
                for one in digest.provisions
                for obligation in one.obligations
            ),
        )
        for digest in load_corpus([folder]).digests
    }
    assert written == counted
