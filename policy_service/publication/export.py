"""A draft as a folder that people read and engines load, written whole or not at all."""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path

from policy_service.domain.bundle import Bundle
from policy_service.domain.categories import CategoryTable
from policy_service.domain.draft import Draft
from policy_service.domain.errors import PublicationError
from policy_service.domain.hashes import draft_sha256
from policy_service.domain.identifiers import ProvisionId
from policy_service.domain.organisation import Organisation
from policy_service.domain.plain import from_plain, to_plain
from policy_service.domain.provision import Provision
from policy_service.publication.policy_csv import policy_csv
from policy_service.publication.prose import policy_prose
from policy_service.publication.settings_files import (
    citations_json,
    encryption_yaml,
    masking_yaml,
    retention_yaml,
    tests_yaml,
)

DRAFT_FILE = "draft.json"


def write_draft_folder(
    *,
    draft: Draft,
    bundle: Bundle,
    organisation: Organisation,
    folder: Path,
    provisions: Mapping[ProvisionId, Provision],
    categories: CategoryTable,
) -> None:
    """Write the draft with its preview bundle (revision 0) to `folder`.

    An earlier draft there is replaced. Raises `PublicationError` for a folder that
    holds anything else, and where writing fails; what was there stays then.
    """
    files = {
        "policy.md": policy_prose(draft=draft, organisation=organisation, categories=categories),
        "model.conf": bundle.model_conf,
        "policy.csv": policy_csv(bundle),
        "masking.yaml": masking_yaml(draft),
        "encryption.yaml": encryption_yaml(draft),
        "retention.yaml": retention_yaml(draft),
        "tests.yaml": tests_yaml(draft),
        "citations.json": citations_json(draft, provisions),
        DRAFT_FILE: json.dumps(to_plain(draft), ensure_ascii=False, indent=1) + "\n",
    }
    _refuse_foreign(folder, frozenset(files))
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _write(files, folder)
    except OSError as error:
        raise PublicationError(f"cannot write `{folder.name}`: {error.strerror}") from error


def read_draft_file(path: Path) -> Draft:
    """Read `draft.json`, or the folder that holds it.

    Raises `PublicationError` for a file that does not fit its own hash: a draft is
    changed by review, not in the file.
    """
    file = path / DRAFT_FILE if path.is_dir() else path
    try:
        draft = from_plain(Draft, json.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise PublicationError(f"cannot read `{file.name}`: {error.strerror}") from error
    except (ValueError, TypeError, RecursionError) as error:
        raise PublicationError(
            f"`{file.name}` is not a draft of this service; draft anew"
        ) from error
    if draft_sha256(draft) != draft.sha256:
        raise PublicationError(
            f"`{file.name}` was changed after drafting; amend rules in review instead"
        )
    return draft


def _refuse_foreign(folder: Path, ours: frozenset[str]) -> None:
    if folder.exists() and not folder.is_dir():
        raise PublicationError(f"`{folder.name}` is a file; give a folder")
    present = {entry.name for entry in folder.iterdir()} if folder.exists() else set()
    if not present:
        return
    if DRAFT_FILE not in present:
        raise PublicationError(f"`{folder.name}` is not a draft's folder; give an empty one")
    foreign = sorted(present - ours)
    if foreign:
        raise PublicationError(
            f"`{folder.name}` also holds `{foreign[0]}`, which would be lost; move it or give "
            "another folder"
        )


def _write(files: Mapping[str, str], folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as workplace:
        fresh, old = Path(workplace, "fresh"), Path(workplace, "old")
        fresh.mkdir()
        for name, content in files.items():
            (fresh / name).write_text(content, encoding="utf-8", newline="\n")
        if not folder.exists():
            fresh.replace(folder)
            return
        folder.replace(old)
        try:
            fresh.replace(folder)
        except OSError:
            old.replace(folder)
            raise
