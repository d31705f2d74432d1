"""The operators on Spark equal those on polars; keys stay where they are loaded."""

import shutil
import sys
import traceback
from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from policy_service.domain.control import CLEAR, DENY, Control, Operator
from policy_service.domain.errors import AccessDeniedError, KeyUnavailableError, MaskingError
from policy_service.domain.parameters import Parameters
from policy_service.encryption.key_source import KeyringPlace
from policy_service.encryption.keyring import KeyRing
from policy_service.encryption.vault import VaultFile
from policy_service.engines.spark import _in_arrow, map_frames
from policy_service.kit.clock import FixedClock
from policy_service.masking.bulk.spark import _Mask, _NoKeys, mask_frame
from policy_service.masking.bulk.streaming import every_row
from policy_service.masking.table import mask_table
from policy_service.middleware.rows import visible_rows
from policy_service.middleware.spark import guard_spark
from tests.laws.sql_probe_bank import Views, bank

pyspark = pytest.importorskip("pyspark", reason="the extra `spark` is not installed")
# Arrow alone is used of it: what pandas 3 changed is not on the way.
pytestmark = pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas")
CLIENT = next(one for one in bank() if one.name == "client")
DISTRICTS = next(one for one in bank() if one.name == "account")


def control(operator: str, **parameters: object) -> Control:
    """Make a control."""
    return Control(operator=Operator(operator), parameters=Parameters(parameters))


CONTROLS = {
    "id": CLEAR,
    "name": control("pseudonymise", key="analytics"),
    "balance": control("bucket", width=100),
    "born": control("date_shift", days=30, key="analytics", subject="id"),
    "seen": control("generalise", to="month"),
    "card": control("tokenise", key="analytics"),
    "late": control("noise", scale=3, key="analytics", subject="id"),
    "odd.name": control("partial", last=2),
    "secret": DENY,
}


def rows() -> pl.DataFrame:
    """A few people with many types; a column that is empty for most."""
    return pl.DataFrame(
        {
            "id": range(50),
            "name": [f"Holder {one % 7}" for one in range(50)],
            "balance": [one * 10.5 for one in range(50)],
            "born": [date(1970, 1, 1 + one % 28) for one in range(50)],
            "seen": [datetime(2026, 1 + one % 12, 1, 12, tzinfo=UTC) for one in range(50)],
            "card": [f"4111{one:04d}" for one in range(50)],
            "late": [None] * 49 + [1],
            "odd.name": ["abcdefgh"] * 50,
            "secret": ["CANARY"] * 50,
        }
    )


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A session in this process with one core; skips where there is no Java."""
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java, which is not here")
    from pyspark.sql import SparkSession

    folder = tmp_path_factory.mktemp("spark")
    # Without it the workers take the first `python3` of PATH, which may be another environment's.
    patch = pytest.MonkeyPatch()
    patch.setenv("PYSPARK_PYTHON", sys.executable)
    session = (
        SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.memory", "512m")
        .config("spark.driver.extraJavaOptions", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.warehouse.dir", str(folder))
        .config("spark.sql.shuffle.partitions", "1")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("OFF")
    yield session
    session.stop()
    patch.undo()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> KeyringPlace:
    """A real keyring with a vault, by its path."""
    folder = tmp_path_factory.mktemp("keys")
    ring = KeyRing.create(folder / "keyring.json", clock=FixedClock(datetime.now(UTC)))
    VaultFile.create(folder / "vault.db", provider=ring).close()
    return KeyringPlace(keyring=folder / "keyring.json", vault=folder / "vault.db")


@pytest.fixture(scope="module")
def frame(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The rows as a Spark DataFrame."""
    path = tmp_path_factory.mktemp("rows") / "rows.parquet"
    rows().write_parquet(path)
    return spark.read.parquet(str(path))


def collected(masked: Any) -> pl.DataFrame:
    """Bring a Spark DataFrame into polars."""
    found = pl.from_arrow(masked.toArrow())
    assert isinstance(found, pl.DataFrame)
    return found


def test_spark_equals_polars(frame: Any, place: KeyringPlace) -> None:
    """Every column is as `mask_table` makes it, with its type; denied ones are gone."""
    found = collected(mask_frame(frame, controls=CONTROLS, keys=place))
    want = mask_table(rows(), controls=CONTROLS, keys=place.open())
    assert found.columns == want.columns
    assert "secret" not in found.columns
    for name in want.columns:
        assert found[name].cast(want.schema[name]).to_list() == want[name].to_list(), name


def test_keys_are_in_no_plan(frame: Any, place: KeyringPlace) -> None:
    """Neither the plan nor the function that travels holds a key's bytes in any spelling."""
    from pyspark.cloudpickle import dumps

    key = place.open().key("analytics")
    masked = mask_frame(frame, controls=CONTROLS, keys=place)
    plan = masked._jdf.queryExecution().toString()
    assert "MapInArrow" in plan
    function = _Mask(
        controls=CONTROLS,
        keys=place,
        visible=partial(visible_rows, view=CLIENT.view(()), related={}),
        types=pl.Schema(),
    )
    carried = dumps(function)
    assert key not in carried
    for spelling in (key.hex(), repr(key)):
        assert spelling not in plan
        assert spelling.encode() not in carried
        assert spelling not in repr(function)


def test_a_failing_row_fails_the_action_without_its_value(frame: Any, tmp_path: Path) -> None:
    """A worker without keys shows nothing, and the error holds no value."""
    lost = KeyringPlace(keyring=tmp_path / "none.json")
    masked = mask_frame(frame, controls={"name": CONTROLS["name"]}, keys=lost)
    with pytest.raises(Exception, match="does not exist; create it") as caught:
        masked.collect()
    assert "Holder" not in str(caught.value)


def test_what_needs_all_rows_is_refused(frame: Any, place: KeyringPlace) -> None:
    """`suppress` and `aggregate`, hidden columns that decide, odd types, and nothing at all."""
    for one in ("suppress", "aggregate"):
        with pytest.raises(MaskingError, match="needs all rows"):
            mask_frame(frame, controls={"id": control(one, k=2, by=["id"])}, keys=place)
    with pytest.raises(MaskingError, match="no column"):
        mask_frame(frame, controls={"id": DENY}, keys=place)
    shifted = {"born": control("date_shift", days=3, key="k", subject="gone")}
    with pytest.raises(MaskingError, match="`gone` decides"):
        mask_frame(frame, controls=shifted, keys=place)
    intervals = frame.selectExpr("make_ym_interval(1, id) as months")
    with pytest.raises(MaskingError, match="cast it"):
        mask_frame(intervals, controls={"months": CLEAR}, keys=place)


def test_types_are_found_without_keys() -> None:
    """The driver needs no key, and cannot mask a value with what it has."""
    for masked in (control("tokenise", key="k"), control("encrypt", key="k")):
        mask_table(rows().clear(), controls={"card": masked}, keys=_NoKeys())
        with pytest.raises(KeyUnavailableError, match="only in the workers"):
            mask_table(rows(), controls={"card": masked}, keys=_NoKeys())


def test_a_worker_masks_batches_and_tells_no_value(place: KeyringPlace) -> None:
    """What runs in a worker: batches in, masked batches out; foreign errors lose their causes."""
    controls = {"name": CONTROLS["name"], "late": CONTROLS["late"], "id": CLEAR}
    want = mask_table(rows(), controls=controls, keys=place.open())
    types = pl.Schema(want.schema)
    mask = _Mask(controls=controls, keys=place, visible=every_row, types=types)
    schema = types.to_frame().to_arrow().schema
    batches = rows().to_arrow().to_batches(max_chunksize=20)
    done = _in_arrow(mask, rows().columns, schema)(iter(batches))
    assert pl.concat([pl.DataFrame(one) for one in done]).equals(want)

    def foreign(_: pl.DataFrame) -> pl.DataFrame:
        raise ValueError("CANARY")

    def ours(_: pl.DataFrame) -> pl.DataFrame:
        raise MaskingError("said plainly") from ValueError("CANARY")

    for function, said in ((foreign, "check the types"), (ours, "said plainly")):
        with pytest.raises(MaskingError, match=said) as caught:
            list(_in_arrow(function, rows().columns, schema)(iter(batches)))
        assert "CANARY" not in "".join(traceback.format_exception(caught.value))


def test_a_masked_type_that_spark_lacks_is_named(frame: Any) -> None:
    """The plan is refused where it is made, with what to do."""
    with pytest.raises(MaskingError, match="use another operator"):
        map_frames(frame, every_row, types=pl.Schema({"n": pl.UInt64()}))


def test_a_guarded_frame_holds_the_visible_rows(spark: Any, place: KeyringPlace) -> None:
    """Row filters through another table hold in the workers as they do in polars."""
    from policy_service.middleware.dataframe import guard

    tables = {one.id: pl.DataFrame(list(one.rows), schema=list(one.columns), orient="row")
              for one in (CLIENT, DISTRICTS)}  # fmt: skip
    asset, whole = DISTRICTS.id, tables[DISTRICTS.id]
    asked = {"pdp": Views(bank()), "subject": "teller-7", "purpose": "service", "asset": asset}
    related = {CLIENT.id: tables[CLIENT.id]}
    want = guard(whole, **asked, keys=place.open(), related=related)
    found = guard_spark(
        spark.createDataFrame(whole.to_arrow()), **asked, keys=place, related=related
    )
    assert collected(found).rows() == want.rows()


def test_guarding_fails_closed(frame: Any, place: KeyringPlace) -> None:
    """Another table, no readable column, and a decision point that fails show nothing."""
    for purpose, reason in (("another", "another table"), ("service", "no column")):
        with pytest.raises(AccessDeniedError, match=reason):
            guard_spark(
                frame.select("secret"),
                pdp=Views(bank()),
                subject="s",
                purpose=purpose,
                asset=CLIENT.id,
                keys=place,
            )
    with pytest.raises(MaskingError, match="cannot be guarded"):
        guard_spark(
            frame, pdp=Views([]), subject="s", purpose="service", asset=CLIENT.id, keys=place
        )
