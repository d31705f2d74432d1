"""Parquet files and folders as a source: written by polars, read back as tables."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from policy_service.catalog.file_sources.recognise import open_files
from policy_service.catalog.observation import ObservedTable
from policy_service.domain.errors import (
    CatalogError,
    EmptySourceError,
    NotFoundError,
    SourceUnreachableError,
)

NESTED = pl.DataFrame(
    {
        "id": [1, 2, 3],
        "person": [
            {"name": "Jana", "home": {"city": "Brno", "geo": {"lat": 49.2}}},
            {"name": "Petr", "home": None},
            None,
        ],
        "tags": [["a", "b"], [], None],
        "orders": [[{"n": 1}], None, []],
        "born": [date(1980, 1, 2), None, date(1990, 3, 4)],
        "seen": [datetime(2024, 5, 6, 7, 8, tzinfo=UTC), None, None],
        "paid": [Decimal("1.50"), Decimal("2.00"), None],
        "photo": [b"\x00\xff", None, b""],
        "ok": [True, False, None],
        "kind": pl.Series(["x", "y", "x"], dtype=pl.Categorical),
        "empty": [None, None, None],
    }
)


def _read(place: Path | str, name: str, sample_rows: int = 100) -> ObservedTable:
    with open_files(str(place)) as source:
        return source.read_table(name, source="lake", sample_rows=sample_rows)


def test_a_file_is_a_table_with_its_types_and_values(tmp_path: Path) -> None:
    """Structs become dotted columns, lists JSON text, bytes a mark; dates are text."""
    NESTED.write_parquet(tmp_path / "people.parquet")
    table = _read(f"parquet:///{tmp_path}", "people")
    assert (table.id, table.schema, table.row_count) == ("lake.public.people", "public", 3)
    assert {column.name: (column.data_type, column.values) for column in table.columns} == {
        "id": ("integer", (1, 2, 3)),
        "person.name": ("text", ("Jana", "Petr", None)),
        "person.home.city": ("text", ("Brno", None, None)),
        "person.home.geo.lat": ("decimal", (49.2, None, None)),
        "tags": ("other", ('["a", "b"]', "[]", None)),
        "orders": ("other", ('[{"n": 1}]', None, "[]")),
        "born": ("date", ("1980-01-02", None, "1990-03-04")),
        "seen": ("timestamp", ("2024-05-06 07:08:00+00:00", None, None)),
        "paid": ("decimal", ("1.50", "2.00", None)),
        "photo": ("binary", (b"1", None, b"1")),
        "ok": ("boolean", (True, False, None)),
        "kind": ("text", ("x", "y", "x")),
        "empty": ("text", (None, None, None)),
    }


def test_the_sample_is_spread_and_the_same_each_time(tmp_path: Path) -> None:
    """A thousand of a hundred thousand rows come from the whole length of several files."""
    folder = tmp_path / "events"
    folder.mkdir()
    for part in range(4):
        rows = pl.DataFrame({"n": range(part * 25_000, (part + 1) * 25_000)})
        rows.write_parquet(folder / f"part-{part}.parquet", row_group_size=5_000)
    table = _read(tmp_path, "events", 1_000)
    values = [int(str(value)) for value in table.columns[0].values]
    assert table.row_count == 100_000
    assert len(values) == len(set(values)) == 1_000
    assert values == sorted(values)
    assert values[0] == 0
    assert values[-1] == 99_999
    assert {value // 25_000 for value in values} == {0, 1, 2, 3}
    assert _read(tmp_path, "events", 1_000) == table
    assert _read(tmp_path, "events", 7).columns[0].values != ()


def test_hive_partitions_are_columns(tmp_path: Path) -> None:
    """Keys of the folders are columns of their type, null where the folder says so."""
    for year, land in ((2024, "CZ"), (2025, "A%20B"), (2025, "__HIVE_DEFAULT_PARTITION__")):
        folder = tmp_path / "sales" / f"year={year}" / f"land={land}"
        folder.mkdir(parents=True)
        pl.DataFrame({"id": [year], "land": ["overridden"]}).write_parquet(folder / "p.parquet")
    (tmp_path / "sales" / "_SUCCESS").touch()
    table = _read(tmp_path, "sales")
    assert [(column.name, column.data_type) for column in table.columns] == [
        ("id", "integer"),
        ("land", "text"),
        ("year", "integer"),
    ]
    assert {column.name: set(column.values) for column in table.columns} == {
        "id": {2024, 2025},
        "land": {"CZ", "A B", None},
        "year": {2024, 2025},
    }
    with open_files(str(tmp_path)) as source:
        assert source.count_distinct(table, "land") == 2
        assert source.count_held(table, "year", [2024, 1999]) == 1
        assert (2024, "CZ") in source.read_rows(table, ("year", "land"), most=10)


def test_a_folder_of_partitions_is_one_table(tmp_path: Path) -> None:
    """The address may be the partitioned table itself."""
    folder = tmp_path / "sales" / "day=2024-01-02"
    folder.mkdir(parents=True)
    pl.DataFrame({"id": [1]}).write_parquet(folder / "p.parquet")
    table = _read(tmp_path / "sales", "sales")
    assert table.columns[1].data_type == "date"


def test_files_of_one_table_may_differ(tmp_path: Path) -> None:
    """A column of any file is seen; of two types the wider is named, and nothing is lost."""
    folder = tmp_path / "t"
    folder.mkdir()
    pl.DataFrame({"a": [1], "b": [1]}).write_parquet(folder / "1.parquet")
    pl.DataFrame({"a": [1.5], "b": ["x"], "ssn": ["s"]}).write_parquet(folder / "2.parquet")
    table = _read(tmp_path, "t")
    assert {column.name: (column.data_type, column.values) for column in table.columns} == {
        "a": ("decimal", (1.0, 1.5)),
        "b": ("text", ("1", "x")),
        "ssn": ("text", (None, "s")),
    }
    with open_files(str(tmp_path)) as source:
        assert source.count_distinct(table, "ssn") == 1
        assert source.count_held(table, "b", ["1", "y"]) == 1


def test_an_empty_table_has_columns_and_no_rows(tmp_path: Path) -> None:
    """Nothing to sample is no error."""
    pl.DataFrame(schema={"id": pl.Int64}).write_parquet(tmp_path / "t.parquet")
    table = _read(tmp_path / "t.parquet", "t")
    assert (table.row_count, table.columns[0].values) == (0, ())


def test_huge_cells_are_cut(tmp_path: Path) -> None:
    """A cell of a million signs, or a list of as many, is not held in a sample."""
    frame = pl.DataFrame({"text": ["x" * 1_000_000], "list": [list(range(100_000))]})
    frame.write_parquet(tmp_path / "t.parquet")
    text, numbers = _read(tmp_path, "t").columns
    assert len(str(text.values[0])) == 2_000
    assert str(numbers.values[0]).endswith("19]")


def test_a_struct_field_and_a_column_of_one_name_are_refused(tmp_path: Path) -> None:
    """Two columns that would be called the same cannot be told apart by a policy."""
    pl.DataFrame({"a.b": [1], "a": [{"b": 2}]}).write_parquet(tmp_path / "t.parquet")
    with pytest.raises(CatalogError, match=r"`a\.b` twice"):
        _read(tmp_path, "t")


@pytest.mark.parametrize("content", [b"", b"PAR1 nothing", b"PAR1" + b"\xff" * 64 + b"PAR1"])
def test_a_file_that_is_no_parquet_is_named(tmp_path: Path, content: bytes) -> None:
    """The error says which table, and repeats nothing of the file."""
    (tmp_path / "t.parquet").write_bytes(content)
    with pytest.raises(SourceUnreachableError, match="`t` is not whole"):
        _read(tmp_path, "t")


def test_a_table_that_vanished_is_said(tmp_path: Path) -> None:
    """A file deleted between listing and reading, and a name that never was."""
    path = tmp_path / "t.parquet"
    pl.DataFrame({"id": [1]}).write_parquet(path)
    with open_files(str(tmp_path)) as source:
        path.unlink()
        with pytest.raises(NotFoundError, match="gone"):
            source.read_table("t", source="s", sample_rows=1)
        with pytest.raises(NotFoundError, match="no table `u`"):
            source.read_table("u", source="s", sample_rows=1)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (("t/_delta_log/0.json", "t/p.parquet"), "Delta table"),
        (("t/metadata/v1.metadata.json", "t/data/p.parquet"), "Iceberg table"),
        (("t/.hoodie/x", "t/p.parquet"), "Hudi table"),
        (("sales/customers/p.parquet",), "such as `customers`"),
        (("t/p.parquet", "t/q.csv"), "mixes csv and parquet"),
        (("t/a=1/p.parquet", "t/b=1/p.parquet"), "not partitioned alike"),
        (("t.csv", "t.tsv"), "`t.csv` and `t.tsv` both give a table `t`"),
    ],
)
def test_unclear_folders_are_refused(tmp_path: Path, made: tuple[str, ...], said: str) -> None:
    """Where it is not clear which files belong to a table, the folder is refused with a reason."""
    for name in made:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    with pytest.raises(CatalogError, match=said), open_files(str(tmp_path)):
        pass


def test_a_table_with_a_log_is_refused_as_the_address_too(tmp_path: Path) -> None:
    """Naming the Delta folder itself gives the same answer."""
    (tmp_path / "_delta_log").mkdir()
    with pytest.raises(CatalogError, match="Delta table"), open_files(str(tmp_path)):
        pass


def test_what_is_no_table_is_left_out(tmp_path: Path) -> None:
    """Hidden files, notes, links to folders and empty folders are no tables."""
    pl.DataFrame({"id": [1]}).write_parquet(tmp_path / "t.parquet")
    for name in (".hidden.parquet", "_temporary.parquet", "README.md", "notes.txt", "x.parquet.gz"):
        (tmp_path / name).write_text("x")
    (tmp_path / "nothing").mkdir()
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    with open_files(str(tmp_path)) as source:
        assert source.table_names() == ("t",)
        assert source.dialect == "parquet"


def test_an_empty_folder_is_said(tmp_path: Path) -> None:
    """A folder without a table names what was looked for."""
    with pytest.raises(EmptySourceError, match="no `csv` files"), open_files(f"csv:///{tmp_path}"):
        pass
    with pytest.raises(EmptySourceError, match="no Parquet, CSV"), open_files(str(tmp_path)):
        pass
