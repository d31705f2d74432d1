"""Tables larger than a batch: streamed equals whole, stopped runs go on, nothing half done."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from policy_service.domain.control import CLEAR, DENY, Control, Operator
from policy_service.domain.errors import (
    ConflictError,
    KeyUnavailableError,
    MaskingError,
    NotFoundError,
    UsageError,
)
from policy_service.domain.parameters import Parameters
from policy_service.masking.bulk.batches import open_files
from policy_service.masking.bulk.class_sizes import ClassSizes
from policy_service.masking.bulk.output_types import with_types
from policy_service.masking.bulk.streaming import StreamedTable, StreamJob, mask_files
from policy_service.masking.table import mask_table

ROWS, BATCH = 1_000, 300


class Keys:
    """A key for each name, and none for `missing`."""

    def key(self, name: str) -> bytes:
        """Hash the name."""
        if name == "missing":
            raise KeyUnavailableError("key `missing` is not available; create it")
        return hashlib.sha256(name.encode()).digest()


def control(operator: str, **parameters: object) -> Control:
    """Make a control."""
    return Control(operator=Operator(operator), parameters=Parameters(parameters))


def table(rows: int = ROWS) -> pl.DataFrame:
    """People with numbers, texts, dates, and a column that is empty in the first batch."""
    return pl.DataFrame(
        {
            "id": range(rows),
            "name": [f"Holder {one % 97}" for one in range(rows)],
            "balance": [one * 1.5 for one in range(rows)],
            "postal": [f"0{one % 13:04d}" for one in range(rows)],
            "late": [None if one < BATCH else one for one in range(rows)],
            "born": pl.date_range(pl.date(1950, 1, 1), pl.date(1999, 1, 1), "1d", eager=True)
            .head(rows)
            .to_list(),
            "secret": ["CANARY"] * rows,
        }
    )


CONTROLS = {
    "id": CLEAR,
    "name": control("pseudonymise", key="k"),
    "balance": control("bucket", width=100),
    "postal": control("generalise", to="prefix", keep=2),
    "late": control("noise", scale=5, key="k", subject="name"),
    "born": control("date_shift", days=30, key="k", subject="id"),
    "secret": DENY,
}
JOB = StreamJob(controls=CONTROLS, keys=Keys())


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """The table as one Parquet file."""
    path = tmp_path / "in.parquet"
    table().write_parquet(path)
    return path


def leftovers(folder: Path) -> list[str]:
    """Name hidden files beside the targets."""
    return [one.name for one in folder.iterdir() if one.name.startswith(".")]


class StoppedError(Exception):
    """Somebody pulled the plug."""


def stop_at(rows: int) -> Callable[[str, int, int], None]:
    """Stop once so many rows are done."""

    def progress(stage: str, done: int, total: int) -> None:
        if stage == "rows" and done >= rows:
            raise StoppedError

    return progress


@pytest.mark.parametrize("target", ["out.parquet", "out"])
def test_streamed_equals_the_whole_table_masked(source: Path, target: str) -> None:
    """Values, order and types are those of `mask_table`, in a file or a folder of files."""
    out = source.with_name(target)
    done = mask_files(open_files(source), out, job=JOB, batch_rows=BATCH)
    want = mask_table(table(), controls=CONTROLS, keys=Keys())
    found = pl.read_parquet(out)
    assert found.equals(want)
    assert found.schema == want.schema
    assert (done.rows_read, done.rows_written, done.batches) == (ROWS, ROWS, 4)
    assert done.columns == tuple(want.columns)
    assert leftovers(source.parent) == []
    assert out.stat().st_mode & 0o077 == 0


def test_a_folder_of_files_is_one_table(tmp_path: Path) -> None:
    """Files are read in the order of their names; batches do not cross them."""
    folder = tmp_path / "in"
    folder.mkdir()
    table().head(500).write_parquet(folder / "a.parquet")
    table().tail(500).write_parquet(folder / "b.parquet")
    done = mask_files(open_files(folder), tmp_path / "out.parquet", job=JOB, batch_rows=BATCH)
    assert done.batches == 4
    whole = mask_table(table(), controls=CONTROLS, keys=Keys())
    assert pl.read_parquet(tmp_path / "out.parquet").equals(whole)


def test_csv_cells_stay_as_they_are_written(tmp_path: Path) -> None:
    """Leading zeros survive; only what an operator needs as a number is read as one."""
    path = tmp_path / "in.csv"
    path.write_text("code,amount,note\n007,12.50,1.10\n0080,999,\n")
    controls = {"code": CLEAR, "amount": control("bucket", width=100), "note": CLEAR}
    files = open_files(path, numeric={"amount"})
    mask_files(files, tmp_path / "out.csv", job=StreamJob(controls=controls, keys=Keys()))
    written = (tmp_path / "out.csv").read_text()
    assert written == 'code,amount,note\n007,"[0, 100)",1.10\n0080,"[900, 1000)",\n'


def test_suppress_in_two_passes_equals_suppress_at_once(source: Path) -> None:
    """Classes are counted over all batches, whatever batch their rows are in."""
    controls = {
        **CONTROLS,
        "name": control("suppress", k=11, by=["postal"]),
        "balance": control("suppress", k=2),
    }
    job = StreamJob(controls=controls, keys=Keys())
    for rows, name in ((BATCH, "many.parquet"), (ROWS, "one.parquet")):
        mask_files(open_files(source), source.with_name(name), job=job, batch_rows=rows)
        want = mask_table(table(), controls=controls, keys=Keys(), whole_table=True)
        assert pl.read_parquet(source.with_name(name)).equals(want)


def test_counts_are_added_up_before_they_fill_the_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Merging early changes nothing, and too many classes are refused with what to do."""
    frames = [table().slice(start, 250) for start in range(0, ROWS, 250)]
    controls = {"name": control("suppress", k=11)}
    want = mask_table(table().select("name"), controls=controls, keys=Keys(), whole_table=True)
    monkeypatch.setattr("policy_service.masking.bulk.class_sizes._MERGE_AT", 100)
    sizes = ClassSizes(controls)
    sizes.count(frames)
    assert pl.concat([sizes.suppress(one.select("name")) for one in frames]).equals(want)
    monkeypatch.setattr("policy_service.masking.bulk.class_sizes.MOST_CLASSES", 50)
    with pytest.raises(MaskingError, match="group by fewer"):
        ClassSizes(controls).count(frames)


def test_aggregates_are_refused_beyond_one_batch(source: Path) -> None:
    """A sum over a part of the table is never shown."""
    controls = {"postal": CLEAR, "balance": control("aggregate", of="sum", by=["postal"], k=2)}
    job = StreamJob(controls=controls, keys=Keys())
    out = source.with_name("out.parquet")
    with pytest.raises(MaskingError, match="needs all rows at once"):
        mask_files(open_files(source), out, job=job, batch_rows=BATCH)
    mask_files(open_files(source), out, job=job)
    want = mask_table(table(), controls=controls, keys=Keys(), whole_table=True)
    assert pl.read_parquet(out).equals(want)


def test_rows_that_may_not_be_seen_are_left_out(source: Path) -> None:
    """The filter reads its column whether it is shown or not."""
    job = StreamJob(
        controls={"id": CLEAR},
        keys=Keys(),
        visible=lambda frame: frame.filter(pl.col("postal") == "00003"),
        row_columns=frozenset({"postal"}),
    )
    out = source.with_name("out.parquet")
    done = mask_files(open_files(source), out, job=job, batch_rows=BATCH)
    assert pl.read_parquet(out).to_dict(as_series=False) == {"id": list(range(3, ROWS, 13))}
    assert (done.rows_read, done.rows_written) == (ROWS, len(range(3, ROWS, 13)))


def test_rows_that_cannot_be_judged_show_nothing(source: Path) -> None:
    """A filter of another type and classes of lists are refused, without a value."""
    words = StreamJob(
        controls={"id": CLEAR},
        keys=Keys(),
        visible=lambda frame: frame.filter(pl.col("secret") > 1),
        row_columns=frozenset({"secret"}),
    )
    out = source.with_name("out.parquet")
    with pytest.raises(MaskingError, match="columns that decide") as caught:
        mask_files(open_files(source), out, job=words)
    assert "CANARY" not in str(caught.value)
    assert caught.value.__suppress_context__
    assert not out.exists()


def test_types_and_names_of_all_kinds_pass_through(tmp_path: Path) -> None:
    """Nested, categorical, decimal and time columns keep their types; odd names are names."""
    frame = pl.DataFrame(
        {
            "^a.*$": [1, 2, 3],
            "a b": [[1], [], None],
            "c": [{"x": 1, "y": "z"}] * 3,
            "d": [b"\x00", None, b"\xff"],
            "e": pl.Series(["p", "q", "p"], dtype=pl.Categorical),
            "f": pl.Series([1.5, 2.5, None], dtype=pl.Decimal(10, 2)),
            "g": pl.Series([1, 2, 3], dtype=pl.Time),
            "h": pl.Series([1, 2, 3], dtype=pl.Duration("us")),
            "i": [float("nan"), -0.0, float("nan")],
            "j": pl.Series([None, None, None], dtype=pl.Null),
        }
    )
    frame.write_parquet(tmp_path / "in.parquet")
    controls = dict.fromkeys(frame.columns, CLEAR) | {"i": control("suppress", k=2, by=["e"])}
    job = StreamJob(controls=controls, keys=Keys())
    mask_files(open_files(tmp_path / "in.parquet"), tmp_path / "out", job=job, batch_rows=2)
    found = pl.read_parquet(tmp_path / "out")
    want = mask_table(frame, controls=controls, keys=Keys(), whole_table=True)
    assert want["i"].is_nan().to_list() == [True, None, True]
    assert found.drop("j").equals(want.drop("j"))
    assert found["j"].null_count() == 3


def test_an_empty_table_keeps_its_columns(tmp_path: Path) -> None:
    """No rows in, no rows out, with the types that rows would have had."""
    table().clear().write_parquet(tmp_path / "in.parquet")
    mask_files(open_files(tmp_path / "in.parquet"), tmp_path / "out.parquet", job=JOB)
    want = mask_table(table(), controls=CONTROLS, keys=Keys())
    assert pl.read_parquet(tmp_path / "out.parquet").schema == want.schema


def test_a_stopped_run_goes_on_from_its_finished_parts(source: Path) -> None:
    """The target is not there until all is done; what was finished is not masked again."""
    out = source.with_name("out.parquet")
    with pytest.raises(StoppedError):
        mask_files(open_files(source), out, job=JOB, batch_rows=BATCH, progress=stop_at(2 * BATCH))
    assert not out.exists()
    assert leftovers(source.parent) == [".out.parquet.masking"]
    folder = source.parent / ".out.parquet.masking"
    assert folder.stat().st_mode & 0o077 == 0
    (folder / "parts" / "part-000002.new").write_bytes(b"half a part, left by a kill")
    done = mask_files(open_files(source), out, job=JOB, batch_rows=BATCH)
    assert (done.batches, done.batches_resumed) == (4, 2)
    assert pl.read_parquet(out).equals(mask_table(table(), controls=CONTROLS, keys=Keys()))
    assert leftovers(source.parent) == []


def test_a_file_system_without_links_is_written_too(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there are no hard links, the finished table is renamed into its place."""

    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "link", refuse)
    out = source.with_name("out.parquet")
    mask_files(open_files(source), out, job=JOB)
    assert pl.read_parquet(out).height == ROWS


def test_a_table_that_cannot_be_csv_is_refused(source: Path) -> None:
    """A list has no cell; nothing appears, and the reason says what to write instead."""
    pl.DataFrame({"id": [[1, 2]]}).write_parquet(source)
    out = source.with_name("out.csv")
    job = StreamJob(controls={"id": CLEAR}, keys=Keys())
    with pytest.raises(MaskingError, match="cannot be written in this form"):
        mask_files(open_files(source), out, job=job)
    assert not out.exists()


def test_another_input_or_policy_does_not_go_on(source: Path) -> None:
    """Each reason is named; `fresh` starts over and ends whole."""
    out = source.with_name("out.parquet")
    with pytest.raises(StoppedError):
        mask_files(open_files(source), out, job=JOB, batch_rows=BATCH, progress=stop_at(BATCH))
    others = {
        "controls": StreamJob(controls={"id": CLEAR}, keys=Keys()),
        "keys": StreamJob(controls=CONTROLS, keys=Keys(), bound_to={"keys": "purposes/2"}),
    }
    for reason, job in others.items():
        with pytest.raises(ConflictError, match=f"from other {reason}; start over with `--fresh`"):
            mask_files(open_files(source), out, job=job, batch_rows=BATCH)
    os.utime(source, ns=(1, 1))
    with pytest.raises(ConflictError, match="from other input"):
        mask_files(open_files(source), out, job=JOB, batch_rows=BATCH)
    done = mask_files(open_files(source), out, job=JOB, batch_rows=BATCH, fresh=True)
    assert done.batches_resumed == 0
    assert pl.read_parquet(out).height == ROWS


def test_a_failure_leaves_the_target_as_it_was(source: Path) -> None:
    """A refused confirmation or an input that changes under the reader shows nothing."""
    out = source.with_name("out.parquet")
    out.write_bytes(b"before")

    def refuse(_: StreamedTable) -> None:
        raise MaskingError("the log is full")

    with pytest.raises(MaskingError, match="the log is full"):
        mask_files(open_files(source), out, job=JOB, overwrite=True, confirm=refuse)

    def touch(stage: str, done: int, total: int) -> None:
        os.utime(source, ns=(1, 1))

    with pytest.raises(ConflictError, match="input changed while it was read"):
        mask_files(open_files(source), out, job=JOB, overwrite=True, progress=touch)
    assert out.read_bytes() == b"before"


def test_what_exists_is_replaced_only_when_asked(source: Path) -> None:
    """A file or folder in the way is refused, and replaced whole with `overwrite`."""
    for name in ("out.parquet", "out"):
        out = source.with_name(name)
        for overwrite in (False, True):
            mask_files(open_files(source), out, job=JOB, overwrite=overwrite)
        with pytest.raises(ConflictError, match="--overwrite"):
            mask_files(open_files(source), out, job=JOB)
        assert pl.read_parquet(out).height == ROWS
    late = source.with_name("late.parquet")
    with pytest.raises(ConflictError, match="came into being"):
        mask_files(
            open_files(source),
            late,
            job=JOB,
            confirm=lambda _: late.write_bytes(b"theirs") and None,
        )
    assert late.read_bytes() == b"theirs"


def test_targets_that_cannot_be_are_refused(source: Path, tmp_path: Path) -> None:
    """The input is never written over; a link, a missing folder and a wrong kind are named."""
    files = open_files(source)
    (tmp_path / "link.parquet").symlink_to(source)
    (tmp_path / "hard.parquet").hardlink_to(source)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder.parquet").mkdir()
    refused = {
        "in.parquet": "written over",
        "link.parquet": "written over",
        "hard.parquet": "one file",
        "nowhere/out.parquet": "no folder",
        "folder.parquet": "a file where a folder",
    }
    for name, reason in refused.items():
        with pytest.raises(UsageError, match=reason):
            mask_files(files, tmp_path / name, job=JOB, overwrite=True)
    with pytest.raises(UsageError, match="written over"):
        mask_files(files, tmp_path, job=JOB, overwrite=True)
    (tmp_path / "dangling.parquet").symlink_to(tmp_path / "elsewhere.parquet")
    with pytest.raises(UsageError, match="is a link"):
        mask_files(files, tmp_path / "dangling.parquet", job=JOB, overwrite=True)


def test_a_folder_of_parts_is_private_and_of_one_process(source: Path) -> None:
    """A folder that others may open, or that another process works in, is not used."""
    out = source.with_name("out.parquet")
    folder = source.with_name(".out.parquet.masking")

    def again(_: StreamedTable) -> None:
        with pytest.raises(ConflictError, match="another process writes"):
            mask_files(open_files(source), out, job=JOB)

    mask_files(open_files(source), out, job=JOB, confirm=again)
    out.unlink()
    folder.mkdir()
    folder.chmod(0o755)
    with pytest.raises(ConflictError, match="chmod 700"):
        mask_files(open_files(source), out, job=JOB)
    folder.rmdir()
    folder.write_text("")
    with pytest.raises(MaskingError, match="cannot be written"):
        mask_files(open_files(source), out, job=JOB)


def test_a_damaged_manifest_is_not_trusted(source: Path) -> None:
    """Parts without a readable manifest are not used."""
    out = source.with_name("out.parquet")
    with pytest.raises(StoppedError):
        mask_files(open_files(source), out, job=JOB, batch_rows=BATCH, progress=stop_at(BATCH))
    (source.parent / ".out.parquet.masking" / "manifest.json").write_text("{")
    with pytest.raises(ConflictError, match="--fresh"):
        mask_files(open_files(source), out, job=JOB, batch_rows=BATCH)


def test_nothing_is_read_without_keys_or_columns(source: Path) -> None:
    """A missing key, a hidden column that decides, and a wholly denied table are refused first."""
    out = source.with_name("out.parquet")
    missing = {"name": control("pseudonymise", key="missing")}
    with pytest.raises(KeyUnavailableError):
        mask_files(open_files(source), out, job=StreamJob(controls=missing, keys=Keys()))
    with pytest.raises(MaskingError, match="no column"):
        mask_files(open_files(source), out, job=StreamJob(controls={"id": DENY}, keys=Keys()))
    job = StreamJob(controls={"id": CLEAR}, keys=Keys(), row_columns=frozenset({"gone"}))
    with pytest.raises(MaskingError, match="`gone` decides"):
        mask_files(open_files(source), out, job=job)
    assert leftovers(source.parent) == []


def test_inputs_that_are_not_one_table_are_refused(tmp_path: Path) -> None:
    """Nothing there, another ending, two forms, other columns, other types, damaged files."""
    with pytest.raises(NotFoundError, match="no file or folder"):
        open_files(tmp_path / "none.parquet")
    with pytest.raises(NotFoundError, match="holds no"):
        open_files(tmp_path)
    (tmp_path / "x.txt").write_text("CANARY")
    with pytest.raises(UsageError, match="must end in"):
        open_files(tmp_path / "x.txt")
    (tmp_path / "x.parquet").write_text("CANARY")
    with pytest.raises(MaskingError, match="not whole") as caught:
        open_files(tmp_path / "x.parquet")
    assert "CANARY" not in str(caught.value)
    assert caught.value.__suppress_context__
    folder = tmp_path / "in"
    folder.mkdir()
    pl.DataFrame({"a": [1]}).write_parquet(folder / "1.parquet")
    pl.DataFrame({"a": ["x"]}).write_parquet(folder / "2.parquet")
    with pytest.raises(UsageError, match="another type"):
        open_files(folder)
    pl.DataFrame({"b": [1]}).write_parquet(folder / "2.parquet")
    with pytest.raises(UsageError, match="other columns"):
        open_files(folder)
    (folder / "_notes.parquet").write_text("no rows of the table")
    (folder / "3.csv").write_text("a\n1\n")
    with pytest.raises(UsageError, match="Parquet and CSV"):
        open_files(folder)


def test_numbers_of_csv_files_agree(tmp_path: Path) -> None:
    """Whole numbers beside fractions are fractions; numbers beside words are text."""
    (tmp_path / "1.csv").write_text("n,w\n1,1\n")
    (tmp_path / "2.csv").write_text("n,w\n1.5,x\n")
    assert open_files(tmp_path, numeric={"n", "w"}).schema == {"n": pl.Float64, "w": pl.String}


def test_a_file_that_loses_rows_is_noticed(tmp_path: Path) -> None:
    """A batch that is shorter than it was, or a file that is gone, stops the run."""
    path = tmp_path / "in.parquet"
    table(10).write_parquet(path)
    files = open_files(path)
    table(5).write_parquet(path)
    with pytest.raises(MaskingError, match="lost rows"):
        files.read(files.batches(10)[0], {"id"})
    path.unlink()
    with pytest.raises(NotFoundError, match="is gone"):
        files.stamp()


def test_wide_rows_make_small_batches(tmp_path: Path) -> None:
    """A batch is bounded by bytes, so that long cells do not fill the memory."""
    pl.DataFrame({"text": ["x" * 100_000] * 4}).write_parquet(tmp_path / "wide.parquet")
    pl.DataFrame({"n": [1, 2]}).write_parquet(tmp_path / "narrow.parquet")
    assert open_files(tmp_path / "wide.parquet").batch_rows({"text"}) < 1_000
    assert open_files(tmp_path / "narrow.parquet").batch_rows({"n"}) == 500_000


def test_a_column_that_changes_its_type_is_refused_without_its_values() -> None:
    """Parts have one schema; what does not fit is named by column alone."""
    frame = pl.DataFrame({"a": ["CANARY"]})
    with pytest.raises(MaskingError, match="column `a`") as caught:
        with_types(frame, pl.Schema({"a": pl.Int64()}))
    assert caught.value.__suppress_context__
    assert "CANARY" not in str(caught.value)
