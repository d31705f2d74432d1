"""The platform of one command: opened late, closed always. Also: who runs it, which draft."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from policy_service.app import build_platform, close_platform
from policy_service.domain.errors import NotFoundError
from policy_service.publication.export import read_draft_file
from policy_service.settings import load_settings
from policy_service.workflows.draft import list_drafts
from policy_service.workflows.platform import Platform


@contextmanager
def open_platform() -> Iterator[Platform]:
    """Build the platform from the environment for the time of one command."""
    platform = build_platform(load_settings())
    try:
        yield platform
    finally:
        close_platform(platform)


def operator() -> str:
    """Name who runs the command, for the audit log."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container without a user entry
        return "operator"


def resolve_draft(platform: Platform, name: str) -> str:
    """Find a draft's id from an id, the start of one, `latest`, or a folder that was written.

    Raises `NotFoundError` where nothing or more than one fits.
    """
    if Path(name).is_dir():
        return read_draft_file(Path(name) / "draft.json").id
    known = [row.id for row in list_drafts(platform)]
    if name == "latest" and known:
        return known[0]
    fitting = [draft for draft in known if draft == name] or [
        draft for draft in known if draft.startswith(name)
    ]
    if len(fitting) != 1:
        found = "several drafts start with" if fitting else "no draft"
        raise NotFoundError(f"{found} `{name}`; list them: `policy-service draft --list`")
    return fitting[0]
