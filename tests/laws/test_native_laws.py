"""PostgreSQL native mode shows what rewriting shows, and nothing else to anybody."""

from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest

from policy_service.domain.errors import ConflictError, PublicationError
from policy_service.middleware.session import GuardedConnection
from policy_service.publication.postgresql.difference import Step
from tests.laws.native_bank import EARLIER, NativeBank, native_bank
from tests.laws.sql_probe_bank import KEYS, Audit, Views, bank, canaries

pytestmark = pytest.mark.postgresql
TABLES = ("client", "account", "district")
COLUMNS = {
    "client": "client_id, birth_number, email, salary, district_id, joined, segment",
    "account": "account_id, client_id, iban, balance, frequency",
    "district": '"A1", "A2"',
}
# What a reader may try; `{s}` is the schema of the role, `{b}` the schema of native mode itself.
PROBES = [
    "SELECT * FROM public.client",
    "SELECT name FROM public.client",
    "SELECT count(*) FROM public.vault",
    "TABLE public.account",
    "COPY public.client TO STDOUT",
    "COPY (SELECT * FROM public.client) TO STDOUT",
    "SELECT name FROM {s}.client",
    "SELECT mayor FROM {s}.district",
    "SELECT * FROM {s}.vault",
    "SELECT c FROM {s}.client c",
    "SELECT (c).name FROM {s}.client c",
    "SELECT c.ctid FROM {s}.client c",
    "SELECT query_to_xml('SELECT * FROM public.client', true, true, '')",
    "SELECT table_to_xml('public.client', true, true, '')",
    "SELECT database_to_xml(true, true, '')",
    "SELECT * FROM {b}.secret",
    "SELECT * FROM {b}.attribute",
    "SELECT * FROM {b}.managed",
    "UPDATE {b}.attribute SET whole = 1",
    "INSERT INTO {b}.attribute (login, name, whole) VALUES (session_user, 'district', 1)",
    "SET ROLE {s}_owner",
    "SET ROLE {b}",
    "SET ROLE tester",
    "SET SESSION AUTHORIZATION tester",
    "SET row_security = off; SELECT * FROM {s}.client",
    "SELECT * FROM pg_stats WHERE schemaname = 'public'",
    "SELECT * FROM pg_statistic",
    "SELECT most_common_vals FROM pg_stats WHERE tablename IN ('client', 'account', 'district')",
    "SELECT pg_get_viewdef('{s}.client'::regclass)",
    "SELECT * FROM pg_policies",
    "SELECT * FROM pg_views WHERE schemaname LIKE 'ps_%'",
    "SELECT definition FROM pg_rules",
    "SELECT email::int FROM {s}.client",
    "SELECT segment::int FROM {s}.client",
    "SELECT 1 / (district_id - 1) FROM {s}.client",
    "SELECT 1 / (district_id - 1) FROM {s}.client WHERE segment::int = 1",
    "SELECT * FROM {s}.client WHERE pg_temp.peep(segment)",
    "SELECT * FROM {s}.account WHERE pg_temp.peep(frequency)",
    "EXPLAIN (VERBOSE) SELECT * FROM {s}.client WHERE segment > 'gold'",
    "EXPLAIN (ANALYZE, VERBOSE) SELECT * FROM {s}.account",
    "CREATE TEMP TABLE mine AS SELECT * FROM public.client",
    "CREATE TEMP VIEW mine AS SELECT * FROM public.client; SELECT * FROM mine",
    "SELECT client_id FROM {s}.account a JOIN public.client c USING (client_id)",
    "UPDATE {s}.client SET segment = email RETURNING *",
    "DELETE FROM {s}.client",
    "INSERT INTO {s}.district VALUES (2, 'x')",
    "ALTER VIEW {s}.client RESET (security_barrier)",
    "DROP POLICY {s}_owner ON public.client",
    "ALTER TABLE public.client DISABLE ROW LEVEL SECURITY",
    "GRANT SELECT ON public.client TO {s}",
    "LISTEN x; SELECT pg_read_file('PG_VERSION')",
    "SELECT lo_export(1, '/tmp/x')",
    "SELECT current_setting('data_directory')",
    "ANALYZE VERBOSE public.client",
    "SELECT tableoid::regclass, * FROM {s}.client",
    "WITH c AS (SELECT * FROM {s}.client) SELECT * FROM c, public.client d",
    "SELECT * FROM {s}.client TABLESAMPLE system (100)",
    "SELECT * FROM {s}.client FOR UPDATE",
    "SET extra_float_digits = -15; SELECT * FROM {s}.account",
    "SET bytea_output = 'escape'; SELECT * FROM {s}.client",
    "SET TimeZone = 'Pacific/Kiritimati'; SELECT * FROM {s}.client",
]
_PEEP = """
CREATE FUNCTION pg_temp.peep(shown text) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS
$$ BEGIN RAISE NOTICE 'peeped %', shown; RETURN true; END $$
"""


@pytest.fixture(scope="module")
def native(postgresql_server: str) -> Iterator[NativeBank]:
    """The bank with its policy in the database; nobody changes it."""
    with native_bank(postgresql_server) as made:
        made.apply(made.policy())
        with made.connect() as connection:
            connection.execute("ANALYZE")
        yield made


@pytest.fixture
def fresh(postgresql_server: str) -> Iterator[NativeBank]:
    """A bank of its own, without a policy yet."""
    with native_bank(postgresql_server) as made:
        yield made


@pytest.mark.parametrize("table", TABLES)
def test_native_mode_shows_what_rewriting_shows(native: NativeBank, table: str) -> None:
    """Who signs in and takes the role reads exactly the rows of the rewritten statement."""
    with native.connect() as inner:
        guarded = GuardedConnection(
            inner,
            views=Views(bank()),
            audit=Audit(),
            keys=KEYS,
            subject=native.login,
            purpose="service",
            tables=[one.id for one in bank()],
        )
        expected = guarded.query(f"SELECT {COLUMNS[table]} FROM {table} ORDER BY 1").rows
    with native.connect(native.login) as reader:
        reader.execute(f"SET ROLE {native.role}")
        found = reader.execute(f"SELECT {COLUMNS[table]} FROM {native.role}.{table} ORDER BY 1")
        assert tuple(found.fetchall()) == expected
        assert expected


def test_without_the_attribute_no_row_is_shown(native: NativeBank) -> None:
    """A text is not the number it looks like: rows filtered by it stay hidden, others do not."""
    with native.connect(native.stranger) as reader:
        reader.execute(f"SET ROLE {native.role}")
        counts = [
            reader.execute(f"SELECT count(*) FROM {native.role}.{table}").fetchall()[0][0]
            for table in TABLES
        ]
    assert counts == [0, 0, 2]


def test_a_role_must_be_taken_first(native: NativeBank) -> None:
    """A login that does not inherit sees nothing until it says for what it reads."""
    with native.connect(native.login) as reader, pytest.raises(psycopg.Error) as caught:
        reader.execute(f"SELECT * FROM {native.role}.client")
    assert caught.value.sqlstate == "42501"


def test_no_probe_shows_a_canary(native: NativeBank) -> None:
    """Whatever a reader tries, neither rows, errors nor notices hold what may not be seen."""
    forbidden = canaries(bank())
    said: list[str] = []
    shown: list[str] = []
    with native.connect(native.login) as reader:
        reader.add_notice_handler(lambda notice: said.append(str(notice.message_primary)))
        reader.execute(_PEEP)
        for probe in PROBES:
            reader.execute(f"SET ROLE {native.role}")
            statement = probe.replace("{s}", native.role).replace("{b}", f"ps_{native.source}")
            shown.append(f"{probe}: {_tried(reader, statement)}")
            reader.execute("ROLLBACK; RESET ALL")
    leaks = [one for one in (*shown, *said) if any(word in _answer(one) for word in forbidden)]
    assert leaks == []
    assert any(one.startswith("peeped gold") for one in said)


def test_hidden_cells_never_change_an_answer(fresh: NativeBank) -> None:
    """Other values in what may not be seen: the same rows, errors and notices."""
    fresh.apply(fresh.policy())
    answers = []
    for change in (0, 1):
        with fresh.connect() as owner:
            for table in bank(change=change):
                owner.execute(f'DELETE FROM "{table.name}"')
                marks = ", ".join(["%s"] * len(table.columns))
                for row in table.rows:
                    owner.execute(f'INSERT INTO "{table.name}" VALUES ({marks})', row)
        with fresh.connect(fresh.login) as reader:
            reader.execute(f"SET ROLE {fresh.role}")
            answers.append(
                [_tried(reader, f"SELECT * FROM {fresh.role}.{table}") for table in TABLES]
            )
    assert answers[0] == answers[1]


def test_an_expired_policy_shows_nothing(fresh: NativeBank) -> None:
    """Past its end, every view is empty: a stale policy denies."""
    fresh.apply(replace(fresh.policy(), expires_at=EARLIER))
    with fresh.connect(fresh.login) as reader:
        reader.execute(f"SET ROLE {fresh.role}")
        for table in TABLES:
            assert reader.execute(f"SELECT * FROM {fresh.role}.{table}").fetchall() == []


def test_the_second_time_changes_nothing_and_undo_everything(fresh: NativeBank) -> None:
    """Applying is idempotent; taking it away leaves rights and row security as they were."""
    with fresh.connect() as owner:
        owner.execute("GRANT SELECT ON district TO PUBLIC")
        owner.execute("GRANT SELECT (segment) ON client TO PUBLIC")
        before = _state(owner)
        dry, _ = fresh.apply(fresh.policy(), dry_run=True)
        assert _state(owner) == before
        made, _ = fresh.apply(fresh.policy())
        assert [one.identity for one in made] == [one.identity for one in dry]
        assert _state(owner) != before
        assert fresh.apply(fresh.policy())[0] == ()
        fresh.apply(replace(fresh.policy(), profiles=()))
        assert _state(owner) == before


def test_what_somebody_changed_by_hand_is_brought_back(fresh: NativeBank) -> None:
    """Rights given, views dropped, attributes changed, security switched off: all is restored."""
    fresh.apply(fresh.policy())
    base = f"ps_{fresh.source}"
    with fresh.connect() as owner:
        whole = _state(owner)
        for statement in (
            f"GRANT SELECT ON {base}.secret TO PUBLIC",
            f"GRANT SELECT ON {fresh.role}.client TO PUBLIC",
            f"DROP VIEW {fresh.role}.account",
            f"UPDATE {base}.attribute SET whole = 1",
            f'GRANT {fresh.role}_owner TO "{fresh.login}"',
            "ALTER TABLE account DISABLE ROW LEVEL SECURITY",
            f"GRANT SELECT ON client TO {fresh.role}_owner",
        ):
            owner.execute(statement)
        assert _state(owner) != whole
        changes, _ = fresh.apply(fresh.policy())
        assert {one.step for one in changes} == {Step.RESTORE}
        assert _state(owner) == whole
    assert fresh.apply(fresh.policy())[0] == ()


def test_a_new_policy_changes_only_what_differs(fresh: NativeBank) -> None:
    """Without keys in the database, pseudonyms are hidden with the reason; the rest stays."""
    fresh.apply(fresh.policy())
    changes, plan = fresh.apply(fresh.policy(), keys=False)
    assert {one.step for one in changes} == {Step.CHANGE}
    assert {one.asset for one in plan.hidden} == {
        "bank.public.account.client_id",
        "bank.public.client.client_id",
    }
    assert "key" in plan.hidden[0].reason
    with fresh.connect() as owner:
        assert owner.execute(f"SELECT * FROM ps_{fresh.source}.secret").fetchall() == []


def test_what_is_somebody_elses_is_left_alone(fresh: NativeBank) -> None:
    """A role of our name that we did not make refuses the whole; nothing was changed."""
    with fresh.connect() as owner:
        owner.execute(f"CREATE ROLE {fresh.role}")
        try:
            before = _state(owner)
            with pytest.raises(ConflictError, match="did not make"):
                fresh.apply(fresh.policy())
            assert _state(owner) == before
        finally:
            owner.execute(f"DROP ROLE {fresh.role}")


def test_a_failing_statement_undoes_the_whole(fresh: NativeBank) -> None:
    """Where the database refuses one object, no other stands; the error holds no value."""
    fresh.apply(fresh.policy())
    with fresh.connect() as owner:
        owner.execute(f"CREATE VIEW mine AS SELECT * FROM {fresh.role}.client")
        before = _state(owner)
        with pytest.raises(PublicationError, match="2BP01"):
            fresh.apply(replace(fresh.policy(), profiles=()))
        assert _state(owner) == before
        owner.execute("DROP VIEW mine")


def _tried(connection: psycopg.Connection[tuple[object, ...]], statement: str) -> str:
    try:
        cursor = connection.execute(statement)
        return repr(cursor.fetchall()) if cursor.description else "done"
    except psycopg.Error as error:
        return f"{error.sqlstate} {error}"


def _answer(text: str) -> str:
    """What came back, without the probe itself, which may name a canary."""
    return text.partition(": ")[2] if ": " in text else text


def _state(connection: psycopg.Connection[tuple[object, ...]]) -> list[tuple[object, ...]]:
    """Everything that native mode may change: rights, security, policies, views, roles."""
    return connection.execute(
        "SELECT 'relation', c.oid::regclass::text, c.relrowsecurity::text, (SELECT string_agg("
        "x::text, ' ' ORDER BY x::text) FROM unnest(coalesce(c.relacl, acldefault('r', "
        "c.relowner))) x), (SELECT string_agg(a.attname || a.attacl::text, ' ' ORDER BY 1) "
        "FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attacl <> '{}') FROM pg_class c "
        "JOIN pg_namespace s ON s.oid = c.relnamespace "
        "WHERE (s.nspname = 'public' OR s.nspname LIKE 'ps!_%' ESCAPE '!') "
        "AND c.relkind IN ('r', 'v') "
        "UNION ALL SELECT 'policy', p::text, '', '', '' FROM pg_policies p "
        "UNION ALL SELECT 'schema', nspname, nspacl::text, '', '' FROM pg_namespace "
        "WHERE nspname LIKE 'ps!_%' ESCAPE '!' "
        "UNION ALL SELECT 'member', g.rolname, t.rolname, '', '' FROM pg_auth_members m "
        "JOIN pg_roles g ON g.oid = m.roleid JOIN pg_roles t ON t.oid = m.member "
        "WHERE g.rolname LIKE '%' || current_database() || '%' ORDER BY 1, 2, 3"
    ).fetchall()
