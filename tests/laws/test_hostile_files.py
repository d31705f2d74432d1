"""Hostile and broken files: one clear line each, in bounded memory, and nothing changed.

Every case goes through `read_path`, as an import does. What is bounded is stated by the
limits and by the memory that Python takes, never by a clock.
"""

import gzip
import io
import json
import os
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import docx
import pytest
from docx.opc.constants import RELATIONSHIP_TYPE

from policy_service.corpus.importers.reading import read_path
from policy_service.domain.errors import CorpusError

_TEMPLATE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/attachedTemplate"
_MEMORY_BYTES = 160 * 1024 * 1024
_TEXT = "# Access policy\n\n## 1 Scope\n\nThis policy applies to every database.\n"
_LOL = "".join(f'<!ENTITY lol{number} "{f"&lol{number - 1};" * 10}">' for number in range(1, 10))
_CATALOG = {
    "catalog": {
        "uuid": "0",
        "metadata": {"title": "Controls", "version": "1", "last-modified": "2025-01-01"},
        "controls": [{"id": "a-1", "title": "One", "parts": [{"name": "statement", "prose": "X"}]}],
    }
}


def _zip(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return stream.getvalue()


def _nested_zip(levels: int) -> bytes:
    data = _TEXT.encode()
    for level in range(levels):
        data = _zip((f"level{level}.zip" if level else "policy.md", data))
    return data


def _word(**members: str) -> bytes:
    stream = io.BytesIO()
    document = docx.Document()
    document.add_paragraph("Customer data is masked in every report.")
    document.save(stream)
    if not members:
        return stream.getvalue()
    changed = io.BytesIO()
    with zipfile.ZipFile(stream) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            for placed, text in members.items():
                if name == f"word/{placed}.xml":
                    data = text.encode()
            new.writestr(name, data)
    return changed.getvalue()


def _lying_zip() -> bytes:
    """A member of 64 MB of zeros, declared as 10 bytes."""
    data = bytearray(_zip(("policy.md", b"\0" * (64 << 20))))
    size = struct.pack("<I", 64 << 20)
    return bytes(data).replace(size, struct.pack("<I", 10))


def _encrypted_zip() -> bytes:
    data = bytearray(_zip(("policy.md", _TEXT.encode())))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


_XML_BOMBS = {
    "billion laughs": f'<!DOCTYPE akomaNtoso [<!ENTITY lol0 "lol">{_LOL}]>'
    "<akomaNtoso>&lol9;</akomaNtoso>",
    "external entity": '<!DOCTYPE catalog [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    '<catalog xmlns="http://csrc.nist.gov/ns/oscal/1.0">&x;</catalog>',
    "quadratic blowup": f'<!DOCTYPE catalog [<!ENTITY a "{"a" * 50_000}">]>'
    f'<catalog xmlns="http://csrc.nist.gov/ns/oscal/1.0">{"&a;" * 50_000}</catalog>',
    "parameter entity": '<!DOCTYPE catalog [<!ENTITY % d SYSTEM "http://127.0.0.1:9/d"> %d;]>'
    '<catalog xmlns="http://csrc.nist.gov/ns/oscal/1.0"/>',
    "deep XML": '<catalog xmlns="http://csrc.nist.gov/ns/oscal/1.0">'
    + "<group>" * 100_000
    + "</group>" * 100_000
    + "</catalog>",
    "XML cut short": '<catalog xmlns="http://csrc.nist.gov/ns/oscal/1.0"><metadata><title>T',
    "HTML of 100,000 divisions": "<!doctype html><html><body>" + "<div>" * 100_000 + "text",
}
_DATA_BOMBS = {
    "deep JSON": '{"catalog": {"uuid": "0", "metadata": ' + '{"a": ' * 100_000,
    "closed deep JSON": '{"catalog": {"uuid": "0", "metadata": ' + '{"a": ' * 400 + "1" + "}" * 402,
    "JSON cut short": json.dumps(_CATALOG)[:-20],
    "JSON with a number of a million digits": '{"catalog": {"uuid": 1' + "0" * 1_000_000 + "}}",
    "YAML aliases": "catalog:\n  uuid: &a [x, x, x, x, x, x, x, x, x]\n"
    + "".join(
        f"  k{number}: &{chr(98 + number)} [{', '.join([f'*{chr(97 + number)}'] * 9)}]\n"
        for number in range(9)
    ),
    "deep YAML": "catalog:\n  uuid: " + "[" * 100_000,
    "closed deep YAML": "catalog:\n  uuid: " + "[" * 500 + "]" * 500,
    "Markdown of brackets": "# Title\n\n" + "![[]()" * 100_000,
    "Markdown of 3 MB": "# Title\n\n" + "A word. " * 400_000,
    "JSON of 2.1 million objects": '{"catalog": {"uuid": ["1", ' + "{}," * 2_100_000,
    "HTML of 600,000 tags": "<!doctype html><html><body>" + "<p>" * 600_000 + "text",
    "text of 55,000 paragraphs": "All is masked.\n\n" * 55_000,
    "deep Markdown": "# Title\n\n" + "> " * 5_000 + "text\n",
}
_BINARY = {
    "nested zips": _nested_zip(6),
    "zip bomb by ratio": _zip(("policy.md", b"a" * (60 << 20))),
    "gzip bomb": gzip.compress(b"\0" * (80 << 20)),
    "zip that lies about its sizes": _lying_zip(),
    "zip slip": _zip(("../../outside.md", _TEXT.encode())),
    "zip slip with a drive": _zip(("C:/outside.md", _TEXT.encode())),
    "encrypted zip": _encrypted_zip(),
    "zip of too many files": _zip(
        *((f"{number}.md", b"#") for number in range(2_100)), method=zipfile.ZIP_STORED
    ),
    "zip cut short": _zip(("policy.md", _TEXT.encode() * 50))[:-40],
    "gzip cut short": gzip.compress(_TEXT.encode() * 50)[:-12],
    "empty zip": _zip(),
    "Word document cut short": _word()[:-3_000],
    "Word document with entities": _word(
        document=f'<!DOCTYPE x [<!ENTITY lol0 "lol">{_LOL}]><x>&lol9;</x>'
    ),
    "Word document that is no XML": _word(document="no XML at all"),
    "PDF cut short": b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n2 0 obj",
    "Latin-1 text": "The data subject\u2019s consent is recorded, caf\xe9 or not.".encode("cp1252"),
    "UTF-32 text": _TEXT.encode("utf-32"),
    "UTF-16 text without its mark": _TEXT.encode("utf-16-le"),
    "UTF-16 text cut in a letter": ("\ufeff" + _TEXT).encode("utf-16-le")[:-1],
    "text with a NUL": _TEXT.encode() * 50 + b"\0 and more\n",
    "random bytes": bytes((number * 7919 + 13) % 256 for number in range(10_000)),
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4,
    "empty file": b"",
    "only blanks": b" \n\n \t\n",
    "JSON of nothing known": b'{"a": [1, 2, 3], "b": {"c": "some words of no law"}}',
}
_CASES: dict[str, bytes] = {
    **{name: text.encode() for name, text in {**_XML_BOMBS, **_DATA_BOMBS}.items()},
    **_BINARY,
}


def _refused(path: Path) -> str:
    tracemalloc.start()
    try:
        with pytest.raises(CorpusError) as caught:
            read_path(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < _MEMORY_BYTES
    message = caught.value.message
    assert "\n" not in message
    assert len(message) < 400
    assert f"{path.parent}/" not in message
    return message


@pytest.mark.parametrize("name", _CASES)
def test_a_hostile_or_broken_file_ends_in_one_line(name: str, tmp_path: Path) -> None:
    """A bomb, a broken or an unknown file is refused in one line, whatever its name says."""
    path = tmp_path / "policy.md"
    path.write_bytes(_CASES[name])

    _refused(path)

    assert path.read_bytes() == _CASES[name]
    assert [one.name for one in tmp_path.iterdir()] == ["policy.md"]


def test_a_file_of_500_megabytes_is_refused_unread(tmp_path: Path) -> None:
    """The size is asked before a byte is read."""
    path = tmp_path / "large.xml"
    with path.open("wb") as stream:
        stream.truncate(500 * 1024 * 1024)

    message = _refused(path)

    assert "500 MB" in message


@pytest.mark.parametrize(
    "make",
    [
        lambda folder: os.mkfifo(folder / "policy.md"),
        lambda folder: (folder / "policy.md").symlink_to("/etc/hosts"),
        lambda folder: (folder / "below").symlink_to("/etc"),
        lambda folder: (folder / "policy.md").symlink_to(folder / "nowhere" / ".." / ".." / "x"),
    ],
    ids=["a pipe", "a link outwards", "a linked folder", "a link to nothing"],
)
def test_what_is_no_file_of_the_folder_is_refused(
    make: Callable[[Path], object], tmp_path: Path
) -> None:
    """Pipes, devices and links out of the folder are named and never opened."""
    make(tmp_path)

    _refused(tmp_path)


def test_a_device_is_refused() -> None:
    """A device has no end: it is refused by what it is."""
    assert "no regular file" in _refused(Path("/dev/zero"))


def test_a_folder_of_junk_is_refused(tmp_path: Path) -> None:
    """A folder without a readable file ends in one line that names the formats."""
    for number in range(20):
        (tmp_path / f"junk{number}.md").write_bytes(bytes(range(256)) * (number + 1))
    (tmp_path / "empty.txt").write_bytes(b"")
    (tmp_path / ".hidden.md").write_text(_TEXT)

    assert "OSCAL" in _refused(tmp_path)


def test_a_broken_file_among_good_ones_ends_the_import(tmp_path: Path) -> None:
    """Nothing is imported in part: a file of a known format that is broken ends it."""
    (tmp_path / "good.md").write_text(_TEXT)
    (tmp_path / "broken.json").write_text(_DATA_BOMBS["JSON cut short"])

    assert "broken.json" in _refused(tmp_path)


def test_relations_to_the_outside_are_never_followed(tmp_path: Path) -> None:
    """A Word document with remote pictures, templates and links is read without a socket."""
    document = docx.Document()
    document.add_paragraph("Customer data is masked in every report.")
    for kind in (RELATIONSHIP_TYPE.IMAGE, RELATIONSHIP_TYPE.HYPERLINK, _TEMPLATE):
        document.part.relate_to("http://192.0.2.1/x", kind, is_external=True)
    document.save(str(tmp_path / "policy.docx"))

    (read,) = read_path(tmp_path / "policy.docx")

    assert read.parts[0].text == "Customer data is masked in every report."


def test_a_remote_document_type_is_never_fetched(tmp_path: Path) -> None:
    """A DOCTYPE that names an address is passed over without a socket."""
    path = tmp_path / "page.html"
    path.write_text(
        '<!DOCTYPE html PUBLIC "-//X" "http://192.0.2.1/x.dtd"><html><body>'
        "<p>Salaries are shown to payroll alone.</p></body></html>"
    )

    (read,) = read_path(path)

    assert [part.text for part in read.parts] == ["Salaries are shown to payroll alone."]


def test_a_missing_file_is_named_without_its_folder(tmp_path: Path) -> None:
    """A path that does not exist is one clear line."""
    assert "`nowhere.md`" in _refused(tmp_path / "nowhere.md")
