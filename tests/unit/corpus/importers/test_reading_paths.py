"""Reading files, folders and archives: by content, in order, nothing lost without a word."""

import gzip
import io
import zipfile
from pathlib import Path

import pytest

from policy_service.corpus.importers.limits import Budget, Limits
from policy_service.corpus.importers.reading import Reading, read_files, read_path, read_source
from policy_service.corpus.importers.recognise import importers
from policy_service.domain.errors import CorpusError

_MASKING = "# Masking policy\n\n## 1 Cards\n\nCard numbers are masked.\n"
_KEYS = "# Key policy\n\n## 1 Keys\n\nKeys are rotated every year.\n"


def _zip(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return stream.getvalue()


def _titles(reading: Reading) -> list[str]:
    return [document.title for document in reading.documents]


def test_a_file_is_known_by_its_content(tmp_path: Path) -> None:
    """A Markdown text named `.pdf` is read as Markdown."""
    path = tmp_path / "masking.pdf"
    path.write_text(_MASKING)

    (document,) = read_path(path)

    assert (document.format, document.files) == ("markdown", ("masking.pdf",))


def test_a_folder_is_read_in_the_order_of_names(tmp_path: Path) -> None:
    """Folders are read to the bottom, hidden files are left out, unknown ones are named."""
    (tmp_path / "b").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / "b" / "masking.md").write_text(_MASKING)
    (tmp_path / "a.md").write_text(_KEYS)
    (tmp_path / ".git" / "c.md").write_text(_KEYS)
    (tmp_path / ".d.md").write_text(_KEYS)
    (tmp_path / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0")
    (tmp_path / "nothing.md").write_bytes(b"")

    reading = read_source(tmp_path)

    assert _titles(reading) == ["Key policy", "Masking policy"]
    assert [file.name for file in reading.files] == ["a.md", "masking.md"]
    assert reading.left_out == ("logo.png", "nothing.md")


def test_files_of_one_name_keep_apart_and_copies_are_read_once(tmp_path: Path) -> None:
    """Equal names in two folders are told apart; equal bytes under one name are one file."""
    for folder, text in (("a", _MASKING), ("b", _KEYS), ("c", _MASKING)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "policy.md").write_text(text)

    reading = read_source(tmp_path)

    assert [file.name for file in reading.files] == ["policy.md", "policy.md (2)"]
    assert [document.files for document in reading.documents] == [
        ("policy.md",),
        ("policy.md (2)",),
    ]


def test_archives_are_opened_in_memory(tmp_path: Path) -> None:
    """A gzip in a zip in a zip is read as the file it holds; names lose their folders."""
    inner = _zip({"x/policy.md": _MASKING.encode()})
    path = tmp_path / "all.zip"
    path.write_bytes(
        _zip(
            {
                "inner": inner,
                "__MACOSX/junk": b"junk",
                "folder/": b"",
                "folder/keys.md": gzip.compress(_KEYS.encode()),
            }
        )
    )

    reading = read_source(path)

    assert [file.name for file in reading.files] == ["keys.md", "policy.md"]
    assert [one.name for one in tmp_path.iterdir()] == ["all.zip"]


def test_a_gzip_loses_its_ending(tmp_path: Path) -> None:
    """`masking.md.gz` is `masking.md`."""
    path = tmp_path / "masking.md.gz"
    path.write_bytes(gzip.compress(_MASKING.encode()))

    (document,) = read_path(path)

    assert document.files == ("masking.md",)


def test_a_link_within_the_folder_is_read(tmp_path: Path) -> None:
    """A link to a file of the same folder is that file."""
    (tmp_path / "a.md").write_text(_MASKING)
    (tmp_path / "b.md").symlink_to(tmp_path / "a.md")

    assert _titles(read_source(tmp_path)) == ["Masking policy", "Masking policy"]


def test_progress_is_reported(tmp_path: Path) -> None:
    """Every stage says how far it is, and the last step is the whole."""
    (tmp_path / "a.md").write_text(_MASKING)
    seen: list[tuple[str, int, int]] = []

    read_path(tmp_path, progress=lambda stage, done, total: seen.append((stage, done, total)))

    assert {stage for stage, _, _ in seen} == {
        "gather files",
        "recognise files",
        "read documents",
    }
    assert seen[-1] == ("read documents", 1, 1)


def test_nothing_to_read_is_said() -> None:
    """An empty list of files is no import."""
    with pytest.raises(CorpusError, match="there is no file to import"):
        read_files([])


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    """What the system refuses is one line with the reason."""
    with pytest.raises(CorpusError, match=r"`gone\.md` \(no such file or directory\)"):
        read_path(tmp_path / "gone.md")


def test_unknown_files_are_counted(tmp_path: Path) -> None:
    """Many unknown files are named by the first three and a number."""
    for number in range(5):
        (tmp_path / f"{number}.bin").write_bytes(bytes(range(32)))

    with pytest.raises(CorpusError, match=r"`0\.bin`, `1\.bin`, `2\.bin` and 2 more are of no"):
        read_path(tmp_path)


def test_a_budget_ends_an_import_by_count_and_by_size() -> None:
    """Each file counts, and so does each byte."""
    budget = Budget(limits=Limits(files=2), bytes_left=10, files_left=2)
    budget.take_file("a", 5)

    with pytest.raises(CorpusError, match="in one import at `b`"):
        budget.take_file("b", 6)
    with pytest.raises(CorpusError, match="more than 2 files"):
        budget.take_file("c", 0)


def test_every_importer_can_be_asked() -> None:
    """Each importer has the two functions that the registry calls."""
    for name, importer in importers():
        assert callable(importer.recognises), name
        assert callable(importer.read), name
