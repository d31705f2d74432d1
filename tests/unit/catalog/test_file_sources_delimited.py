"""CSV and JSON lines files as sources, as they are found: every encoding, delimiter and mess."""

import gzip
import json
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest

from policy_service.catalog.file_sources import delimited, folder, json_lines, parquet
from policy_service.catalog.file_sources.recognise import open_files
from policy_service.catalog.file_sources.spread import EvenSample, even_blocks, evenly
from policy_service.catalog.file_sources.text_types import type_of, value_as
from policy_service.catalog.observation import ObservedTable
from policy_service.domain.errors import CatalogError, SourceUnreachableError


def _read(place: Path, url: str = "{}", sample_rows: int = 100) -> ObservedTable:
    with open_files(url.format(place)) as source:
        (name,) = source.table_names()
        return source.read_table(name, source="s", sample_rows=sample_rows)


def _csv(folder: Path, content: str | bytes, name: str = "t.csv") -> Path:
    raw = content.encode() if isinstance(content, str) else content
    (folder / name).write_bytes(raw)
    return folder / name


def _shown(table: ObservedTable) -> dict[str, tuple[object, ...]]:
    return {column.name: column.values for column in table.columns}


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        (["1", "-2", "+3", "0"], "integer"),
        (["1", "NA", "?", ""], "integer"),
        (["007", "123"], "text"),
        (["1234567890123456789012"], "text"),
        (["1.5", "2", "1e-3"], "decimal"),
        (["1,5", "2,25", "7"], "decimal"),
        (["1,234", "5,678"], "text"),
        (["1.234,50", "2,00"], "text"),
        (["00,5"], "text"),
        (["2024-01-31", "1999-12-01"], "date"),
        (["2024-13-31"], "text"),
        (["31.12.1999", "1.2.2003"], "date"),
        (["12/31/1999", "01/02/2003"], "date"),
        (["19930105"], "integer"),
        (["2024-01-31T10:11:12Z", "2024-01-31 10:11"], "timestamp"),
        (["31.12.1999 10:11"], "timestamp"),
        (["true", "FALSE"], "boolean"),
        (["yes", "no"], "text"),
        (["NA", "DE"], "text"),
        (["?", "NA"], "text"),
        (["", None, "\\N"], "text"),
        (["9" * 100], "text"),
    ],
)
def test_types_are_read_where_they_are_sure(texts: list[str | None], kind: str) -> None:
    """What could be read in two ways stays text."""
    assert type_of(texts) == kind


def test_values_fit_their_type_or_stay_text() -> None:
    """A cell that its column's type does not fit is kept as it is written."""
    assert [value_as(text, "integer") for text in ("5", " 5 ", "x", "NA", "")] == [
        5, 5, "x", None, None,
    ]  # fmt: skip
    assert [value_as(text, "decimal") for text in ("1,5", "2.5", "x", "9" * 50)] == [
        1.5, 2.5, "x", "9" * 50,
    ]  # fmt: skip
    assert [value_as(text, "boolean") for text in ("True", "false", "x")] == [True, False, "x"]
    assert [value_as(text, "text") for text in ("NA", "\\N", None)] == ["NA", None, None]
    assert value_as("2024-01-31", "date") == "2024-01-31"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_encoding_and_delimiter_are_found(tmp_path: Path, encoding: str, delimiter: str) -> None:
    """Four encodings and four delimiters give the same table."""
    rows = [("name", "město", "n"), ("Müller", "Köln", "1"), ("Žena", "Plzen", "2")]
    if encoding != "cp1252":
        rows.append(("Ďábel", "Brno", "3"))
    else:
        rows[0] = ("name", "mesto", "n")
    text = "\r\n".join(delimiter.join(row) for row in rows) + "\r\n"
    table = _read(_csv(tmp_path, text.encode(encoding)))
    assert table.row_count == len(rows) - 1
    assert tuple(_shown(table)) == rows[0]
    assert _shown(table)["name"] == tuple(row[0] for row in rows[1:])
    assert table.columns[2].data_type == "integer"


def test_other_encodings_can_be_told(tmp_path: Path) -> None:
    """Windows-1250 cannot be told from 1252 by its bytes, so the address says it."""
    path = _csv(tmp_path, "jméno;n\nŘehoř;1\n".encode("cp1250"))
    assert _shown(_read(path, "csv:///{}?encoding=cp1250"))["jméno"] == ("Řehoř",)
    assert _read(_csv(tmp_path, b"a;b\n\x81x;1\n")).columns[0].values == ("\x81x",)  # Latin-1


def test_a_bad_byte_among_good_ones_is_replaced(tmp_path: Path) -> None:
    """Damage in a UTF-8 file does not make another encoding of it."""
    content = "name,n\nŽofie,1\nJiří,2\nbad".encode() + b"\xff,3\n"
    assert _shown(_read(_csv(tmp_path, content)))["name"] == ("Žofie", "Jiří", "bad\ufffd")


def test_quotes_line_ends_and_nul_inside_cells(tmp_path: Path) -> None:
    """A quoted cell may hold delimiters, quotes and line ends; NUL is a sign like others."""
    table = _read(_csv(tmp_path, 'a,b\n"x, y","say ""hi""\nthere"\nz\0,2\n\n,3\n'))
    assert _shown(table) == {"a": ("x, y", "z\0", None), "b": ('say "hi"\nthere', "2", "3")}


def test_quotes_that_enclose_nothing_are_signs(tmp_path: Path) -> None:
    """Inches do not swallow the lines below them."""
    table = _read(_csv(tmp_path, 'part\tn\n5" pipe\t1\n6" pipe\t2\n', "t.tsv"))
    assert _shown(table)["part"] == ('5" pipe', '6" pipe')


def test_ragged_rows_lose_nothing(tmp_path: Path) -> None:
    """Short rows end in nulls; cells beyond the header become a column of their own."""
    table = _read(_csv(tmp_path, "a,b\n1\n2,x\n3,y,secret\n4,z,\n"))
    assert _shown(table) == {
        "a": (1, 2, 3, 4),
        "b": (None, "x", "y", "z"),
        "column_3": (None, None, "secret", None),
    }
    with open_files(str(tmp_path)) as source:
        assert source.count_distinct(table, "column_3") == 1
        assert source.read_rows(table, ("column_3", "a"), most=2) == [(None, 1), ("secret", 3)]


def test_names_that_are_missing_are_made_and_trailing_delimiters_dropped(tmp_path: Path) -> None:
    """The index of a written data frame is `column_1`; a comma at the line's end is no column."""
    table = _read(_csv(tmp_path, ",name,\n0,Jana,\n1,Petr,\n"))
    assert tuple(_shown(table)) == ("column_1", "name")


def test_a_spreadsheet_s_first_line_names_the_delimiter(tmp_path: Path) -> None:
    """`sep=;` is no row."""
    assert tuple(_shown(_read(_csv(tmp_path, "sep=;\n\na;b,c\n1;2\n")))) == ("a", "b,c")


@pytest.mark.parametrize("first", ["1,Jana", "a@b.cz,x", "2024-01-01,x", "x,3.5"])
def test_a_file_without_header_is_refused_and_says_what_to_do(tmp_path: Path, first: str) -> None:
    """The error repeats no value; the address can say that there is no header."""
    path = _csv(tmp_path, f"{first}\n{first}\n")
    with pytest.raises(CatalogError, match="no header") as caught:
        _read(path)
    assert not any(cell in caught.value.message for cell in first.split(",") if len(cell) > 1)
    table = _read(path, "csv:///{}?header=none")
    assert tuple(_shown(table)) == ("column_1", "column_2")
    assert table.row_count == 2


def test_years_as_names_are_a_header(tmp_path: Path) -> None:
    """Numbers above texts name columns; above numbers, the address has to say that they do."""
    assert tuple(_shown(_read(_csv(tmp_path, "land,2023\nCZ,low\n")))) == ("land", "2023")
    path = _csv(tmp_path, "land,2023\nCZ,5\n")
    with pytest.raises(CatalogError, match=r"\?header=first"):
        _read(path)
    assert _shown(_read(path, "csv:///{}?header=first")) == {"land": ("CZ",), "2023": (5,)}


def test_a_sample_of_a_long_file_is_spread_and_bounded(tmp_path: Path) -> None:
    """Of thirty thousand rows a hundred come from the whole length, in order, each time alike."""
    path = _csv(tmp_path, "n,half\n" + "".join(f"{n},{n % 2}\n" for n in range(30_000)))
    table = _read(path, sample_rows=100)
    values = [int(str(value)) for value in table.columns[0].values]
    assert table.row_count == 30_000
    assert len(values) == 100
    assert values == sorted(values)
    assert values[0] == 0
    assert values[-1] > 29_000
    assert _read(path, sample_rows=100) == table
    with open_files(str(path)) as source:
        assert source.count_distinct(table, "n") == 30_000
        assert source.count_held(table, "n", [0, 29_999, 30_000]) == 2
        assert len(source.read_rows(table, ("half", "n"), most=500)) == 500


@pytest.mark.parametrize("form", ["csv", "ndjson", "parquet"])
def test_columns_of_very_many_values_are_looked_through_run_by_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    """Beyond a limit different values are not counted, but inclusion is still told."""
    for module in (delimited, json_lines, parquet):
        monkeypatch.setattr(module, "RUN_ROWS", 7)
    monkeypatch.setattr(folder, "_MOST_DISTINCT", 20)
    frame = pl.DataFrame({"n": [*range(50), None], "few": [1, 2, 3] * 17})
    path = tmp_path / f"t.{form}"
    getattr(frame, f"write_{form}")(path)
    table = _read(path)
    with open_files(str(path)) as source:
        assert source.count_distinct(table, "n") is None
        assert source.count_held(table, "n", [0, 3]) == 2
        assert source.count_held(table, "n", [49, 50, -1]) == 1
        assert source.count_distinct(table, "few") == 3
        assert source.count_held(table, "few", [3, 4]) == 1


def test_held_values_are_forgotten_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many columns are asked about, only so many values are held at once."""
    monkeypatch.setattr(folder, "_MOST_DISTINCT", 3)
    path = _csv(tmp_path, "a,b,c\n1,1,1\n2,2,2\n3,3,3\n")
    table = _read(path)
    with open_files(str(path)) as source:
        assert isinstance(source, folder.FolderSource)
        assert [source.count_distinct(table, name) for name in "abca"] == [3, 3, 3, 3]


def test_gzip_parts_and_partitions(tmp_path: Path) -> None:
    """Packed parts of one table lie in folders that are columns of it."""
    for year in (2023, 2024):
        folder = tmp_path / "log" / f"year={year}"
        folder.mkdir(parents=True)
        (folder / "part.csv.gz").write_bytes(gzip.compress(f"id,who\n{year},Jana\n".encode()))
    table = _read(tmp_path)
    assert (table.name, table.row_count) == ("log", 2)
    assert _shown(table) == {"id": (2023, 2024), "who": ("Jana", "Jana"), "year": (2023, 2024)}
    with open_files(str(tmp_path)) as source:
        assert source.count_distinct(table, "year") == 2
        assert source.read_rows(table, ("year",), most=5) == [(2023,), (2024,)]


def test_parts_with_other_columns_are_refused(tmp_path: Path) -> None:
    """Files of one folder that are not one table are named."""
    (tmp_path / "t").mkdir()
    _csv(tmp_path / "t", "a,b\n1,2\n", "1.csv")
    _csv(tmp_path / "t", "a,c\n1,2\n", "2.csv")
    with pytest.raises(CatalogError, match=r"`2.csv` has other columns than `1.csv`"):
        _read(tmp_path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"a,a\n1,2\n", "`a` twice"),
        (b"\0\1\2\3" * 100, "not text"),
        (b"a,b\n" + b"x" * 300 + b",1\n", ""),
        (b"x" * 300 + b",b\n1,2\n", "column name of more than"),
    ],
)
def test_files_that_are_no_tables_are_refused(tmp_path: Path, content: bytes, said: str) -> None:
    """Each wrong file ends in one line that names it; a long cell alone is none."""
    path = _csv(tmp_path, content)
    if not said:
        assert _read(path).row_count == 1
        return
    with pytest.raises(CatalogError, match=said) as caught:
        _read(path)
    assert "`t.csv`" in caught.value.message


def test_a_quote_that_is_not_closed_ends_in_an_error(tmp_path: Path) -> None:
    """The rest of a file does not end in memory as one cell."""
    path = _csv(tmp_path, b'a,b\n1,"x\n' + (b"y" * 999_999 + b"\n") * 18)
    with pytest.raises(CatalogError, match="a quote that is not closed"):
        _read(path)


def test_a_line_without_end_is_refused(tmp_path: Path) -> None:
    """A packed file that unfolds to one endless line is not read into memory."""
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(b"a,b\n" + b"x" * 17_000_000))
    with pytest.raises(CatalogError, match="has a line of more than"):
        _read(tmp_path)


def test_a_broken_packed_file_is_named(tmp_path: Path) -> None:
    """Half a file, and one that is not packed at all, are said to be not whole."""
    whole = gzip.compress(b"a,b\n" + b"1,2\n" * 1_000)
    for content in (whole[: len(whole) // 2], b"not gzip"):
        (tmp_path / "t.csv.gz").write_bytes(content)
        with pytest.raises(SourceUnreachableError, match="file of `t`"):
            _read(tmp_path)


def test_json_lines_show_every_column_of_any_row(tmp_path: Path) -> None:
    """Nested objects are dotted, lists text, and a key of a single row is seen."""
    rows: list[dict[str, object]] = [
        {"id": 1, "who": {"name": "Jana", "mail": None}, "tags": ["a"], "x": 1, "ok": True},
        {"id": 2, "who": {"name": "Petr"}, "x": 2.5, "empty": {}},
        {"id": 3, "who": "gone", "x": None, "ssn": "078-05-1120"},
    ]
    path = tmp_path / "t.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)) + "\n\n")
    table = _read(path)
    assert {column.name: (column.data_type, column.values) for column in table.columns} == {
        "id": ("integer", (1, 2, 3)),
        "who.name": ("text", ("Jana", "Petr", None)),
        "who.mail": ("text", (None, None, None)),
        "tags": ("other", ('["a"]', None, None)),
        "x": ("decimal", (1.0, 2.5, None)),
        "ok": ("boolean", (True, None, None)),
        "empty": ("other", (None, "{}", None)),
        "who": ("text", (None, None, "gone")),
        "ssn": ("text", (None, None, "078-05-1120")),
    }
    with open_files(f"ndjson:///{path}") as source:
        assert source.dialect == "ndjson"
        assert source.count_distinct(table, "ssn") == 1
        assert source.count_held(table, "id", [1, 9]) == 1
        assert source.read_rows(table, ("ssn", "id"), most=3)[2] == ("078-05-1120", 3)


@pytest.mark.parametrize("line", ["[1]", "{", "1", '{"a":' * 2_000 + "1" + "}" * 2_000])
def test_a_line_that_is_no_object_is_named(tmp_path: Path, line: str) -> None:
    """The error names file and line, and repeats nothing of it."""
    (tmp_path / "t.ndjson").write_text('{"a": 1}\n' + line + "\n")
    if line.startswith('{"a":'):
        line = ""
    with pytest.raises(CatalogError, match=r"`t.ndjson`, line 2: this is no JSON object"):
        _read(tmp_path)


def test_the_even_sample_keeps_its_promises() -> None:
    """Between the wanted number and twice as many, evenly, whatever the number of rows."""
    for total in (0, 1, 9, 10, 20, 21, 1_000):
        kept: EvenSample[int] = EvenSample(10)
        for row in range(total):
            kept.add(row)
        rows = kept.rows()
        assert kept.seen == total
        assert min(total, 10) <= len(rows) <= 20
        assert len({b - a for a, b in pairwise(rows)}) <= 1
    assert evenly(range(10), 4) == [0, 2, 5, 7]


def test_even_blocks_cover_from_first_to_last() -> None:
    """The runs do not overlap, add up to what is wanted and reach both ends."""
    for total, most in ((0, 5), (3, 5), (100, 7), (100_000, 1_000), (1_000, 999), (10, 1)):
        blocks = even_blocks(total, most, 20)
        assert sum(length for _, length in blocks) == min(total, most)
        ends = [0, *(offset + length for offset, length in blocks)]
        assert all(offset >= end for (offset, _), end in zip(blocks, ends, strict=False))
        assert ends[-1] == total or most == 1
