"""Queries made by chance from a grammar over the probe bank. Not a test.

Most are sound, some name what is hidden, compare with canaries, shadow names or may fail on
some row. Each is determined by its seed. What comes back does not depend on the order in
which an engine reads rows: limits stand over a full order, windows have peers in their frame.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

_One = TypeVar("_One")

_Column = tuple[str, str]  # SQL, and its type: int, text, date
_TABLES: dict[str, tuple[_Column, ...]] = {
    "client": (
        ("client_id", "text"),
        ("birth_number", "text"),
        ("email", "text"),
        ("salary", "text"),
        ("district_id", "int"),
        ("joined", "text"),
        ("segment", "text"),
    ),
    "account": (
        ("account_id", "int"),
        ("client_id", "text"),
        ("iban", "text"),
        ("frequency", "text"),
    ),
    "district": (('"A1"', "int"), ('"A2"', "text")),
    "movement": (
        ("movement_id", "int"),
        ("account_id", "int"),
        ("amount", "int"),
        ("kind", "text"),
        ("partner", "text"),
        ("booked", "date"),
    ),
}
_HIDDEN = ("name", "note", "mayor", "pin", "ctid", "rowid")
_LINKS = {
    ("client", "account"): ("client_id", "client_id"),
    ("client", "district"): ("district_id", '"A1"'),
    ("account", "movement"): ("account_id", "account_id"),
}
_INTS = ("0", "1", "2", "18", "101", "104", "900", "-100", "7310977", "7700004")
_TEXTS = (
    "'gold'", "'basic'", "'card'", "'transfer'", "'monthly'", "'1990'", "'19%'", "'%a%'",
    "'[redacted]'", "'Brno'", "'CANARY0NAME1'", "'CANARY%'", "'PARTNER00001'", "''", "'p_'",
)  # fmt: skip
_DATES = ("'2024-03-01'", "'2024-06-15'", "'2024-12-31'")


@dataclass(frozen=True, slots=True)
class _Select:
    """A SELECT in parts, and the types of what it gives."""

    sql: str
    types: tuple[str, ...]


class Writer:
    """Writes queries of one dialect; `risk` (0-1) is how often a part asks for what is hidden."""

    def __init__(self, seed: int, *, dialect: str, risk: float = 0.02) -> None:
        self._chance = random.Random(f"{dialect}:{seed}")  # noqa: S311 - chance, no secret
        self._dialect = dialect
        self._risk = risk
        self._names = 0

    def query(self) -> str:
        """Write one statement."""
        kind = self._chance.random()
        if kind < 0.12:
            return self._set_operation()
        if kind < 0.27:
            return self._with()
        return self._ordered(self._select(depth=2))

    def _ordered(self, select: _Select) -> str:
        if self._chance.random() < 0.5:
            return select.sql
        order = ", ".join(
            f"{place}{self._pick(('', ' DESC'))}" for place in range(1, len(select.types) + 1)
        )
        limit = f" LIMIT {self._chance.randrange(1, 9)}" if self._chance.random() < 0.5 else ""
        offset = f" OFFSET {self._chance.randrange(3)}" if limit and self._coin(0.3) else ""
        return f"{select.sql} ORDER BY {order}{limit}{offset}"

    def _set_operation(self) -> str:
        types = tuple(self._pick(("int", "text")) for _ in range(self._chance.randrange(1, 3)))
        left, right = (self._plain(types) for _ in range(2))
        word = self._pick(("UNION", "UNION ALL", "EXCEPT", "INTERSECT"))
        return self._ordered(_Select(f"{left} {word} {right}", types))

    def _with(self) -> str:
        inner = self._select(depth=1)
        # Sometimes a name that a table has; SQLite itself takes one for a circle.
        shadows = () if self._dialect == "sqlite" else ("account", "client")
        name = self._pick(("x", "recent", "vault", *shadows))
        columns = ", ".join(f"k{place}" for place in range(len(inner.types)))
        scope = [(f"w.k{place}", kind) for place, kind in enumerate(inner.types)]
        outer = self._over(f"{name} w", scope, depth=0)
        return f"WITH {name} ({columns}) AS ({inner.sql}) {self._ordered(outer)}"

    def _select(self, *, depth: int) -> _Select:
        source, scope = self._source(depth)
        return self._over(source, scope, depth=depth)

    def _over(self, source: str, scope: list[_Column], *, depth: int) -> _Select:
        where = f" WHERE {self._condition(scope, depth)}" if self._coin(0.7) else ""
        if self._coin(0.3):
            return self._grouped(source, scope, where)
        made = [self._value(scope, depth) for _ in range(self._chance.randrange(1, 4))]
        if self._coin(0.15):
            made.append((self._window(scope), "int"))
        word = "SELECT DISTINCT" if self._coin(0.15) else "SELECT"
        shown = ", ".join(f"{sql} AS {self._alias(place)}" for place, (sql, _) in enumerate(made))
        return _Select(f"{word} {shown} FROM {source}{where}", tuple(kind for _, kind in made))

    def _grouped(self, source: str, scope: list[_Column], where: str) -> _Select:
        keys = [self._pick(scope) for _ in range(self._chance.randrange(1, 3))]
        made = [(sql, kind) for sql, kind in dict(keys).items()]
        grouped = ", ".join(sql for sql, _ in made)
        made += [self._aggregate(scope) for _ in range(self._chance.randrange(1, 3))]
        having = f" HAVING {self._aggregate(scope)[0]} IS NOT NULL" if self._coin(0.2) else ""
        shown = ", ".join(f"{sql} AS {self._alias(place)}" for place, (sql, _) in enumerate(made))
        types = tuple(kind for _, kind in made)
        return _Select(f"SELECT {shown} FROM {source}{where} GROUP BY {grouped}{having}", types)

    def _plain(self, types: tuple[str, ...]) -> str:
        while True:
            source, scope = self._source(0)
            found = [[sql for sql, kind in scope if kind == wanted] for wanted in types]
            if all(found):
                where = f" WHERE {self._condition(scope, 0)}" if self._coin(0.5) else ""
                shown = ", ".join(self._pick(one) for one in found)
                return f"SELECT {shown} FROM {source}{where}"

    def _source(self, depth: int) -> tuple[str, list[_Column]]:
        kind = self._chance.random()
        if depth and kind < 0.15:
            inner = self._select(depth=depth - 1)
            name = self._alias_of_table()
            names = [f"{name}.k{place}" for place in range(len(inner.types))]
            scope = list(zip(names, inner.types, strict=True))
            return f"({self._renamed(inner)}) AS {name}", scope
        if kind < 0.5:
            table = self._pick(tuple(_TABLES))
            return self._table(table)
        (left, right), (left_key, right_key) = self._pick(tuple(_LINKS.items()))
        first, left_scope = self._table(left)
        second, right_scope = self._table(right)
        word = self._pick(("JOIN", "LEFT JOIN", "JOIN"))
        one, other = first.split()[-1], second.split()[-1]
        on = f"{one}.{left_key} = {other}.{right_key}"
        if self._coin(0.2):
            on += f" AND {self._condition(left_scope + right_scope, 0)}"
        return f"{first} {word} {second} ON {on}", left_scope + right_scope

    def _renamed(self, inner: _Select) -> str:
        columns = ", ".join(f"k{place}" for place in range(len(inner.types)))
        return f"WITH n ({columns}) AS ({inner.sql}) SELECT * FROM n"

    def _table(self, table: str) -> tuple[str, list[_Column]]:
        alias = self._alias_of_table()
        named = "vault" if self._coin(self._risk / 2) else table
        return f"{named} {alias}", [(f"{alias}.{sql}", kind) for sql, kind in _TABLES[table]]

    def _condition(self, scope: list[_Column], depth: int) -> str:
        kind = self._chance.random()
        if kind < 0.15:
            word = self._pick(("AND", "OR"))
            return f"({self._condition(scope, 0)} {word} {self._condition(scope, depth)})"
        if kind < 0.22:
            return f"NOT ({self._condition(scope, 0)})"
        if depth and kind < 0.4:
            return self._subquery(scope)
        return self._comparison(*self._value(scope, 0))

    def _comparison(self, sql: str, kind: str) -> str:
        one, other = self._literal(kind), self._literal(kind)
        forms = [
            f"{sql} IS {self._pick(('NULL', 'NOT NULL'))}",
            f"{sql} IN ({one}, {other})",
            f"{sql} BETWEEN {one} AND {other}",
            f"{sql} {self._pick(('=', '<>', '<', '>=', '>'))} {one}",
        ]
        if kind == "text":
            forms.append(f"{sql} {self._pick(('LIKE', 'NOT LIKE'))} {one}")
        return self._pick(forms)

    def _subquery(self, scope: list[_Column]) -> str:
        source, inner = self._source(0)
        wanted = self._pick(scope)
        same = [sql for sql, kind in inner if kind == wanted[1]]
        if same and self._coin(0.5):
            word = self._pick(("IN", "NOT IN"))
            where = self._condition(inner, 0)
            return f"{wanted[0]} {word} (SELECT {self._pick(same)} FROM {source} WHERE {where})"
        where = self._condition([*inner, wanted], 0)
        if same and self._coin(0.6):
            where += f" AND {self._pick(same)} = {wanted[0]}"
        return f"{self._pick(('EXISTS', 'NOT EXISTS'))} (SELECT 1 FROM {source} WHERE {where})"

    def _value(self, scope: list[_Column], depth: int) -> _Column:
        sql, kind = self._pick(scope)
        if self._coin(self._risk):
            return f"{sql.rpartition('.')[0]}.{self._pick(_HIDDEN)}", "text"
        if self._coin(0.55):
            return sql, kind
        if kind == "text":
            return self._text(sql)
        if kind == "date":
            return self._date(sql)
        if depth and self._coin(0.1):
            source, inner = self._source(0)
            made = self._pick(tuple(one for one, typed in inner if typed == "int") or ("1",))
            return f"(SELECT max({made}) FROM {source})", "int"
        return self._number(sql)

    def _text(self, sql: str) -> _Column:
        return self._pick(
            (
                (f"upper({sql})", "text"),
                (f"lower({sql})", "text"),
                (f"length({sql})", "int"),
                (f"substr({sql}, {self._chance.randrange(1, 4)}, 3)", "text"),
                (f"coalesce({sql}, 'none')", "text"),
                (f"replace({sql}, 'a', 'b')", "text"),
                (f"{sql} || {self._pick(_TEXTS)}", "text"),
                (f"nullif({sql}, {self._pick(_TEXTS)})", "text"),
                (f"CASE WHEN {sql} = {self._pick(_TEXTS)} THEN 1 ELSE 0 END", "int"),
                (f"CAST({sql} AS integer)", "int"),
            )
        )

    def _number(self, sql: str) -> _Column:
        literal = self._pick(_INTS)
        small = self._pick(_INTS[:7])  # sums that are nobody's hidden number
        divided = f"{sql} % nullif({literal}, 0)"
        return self._pick(
            (
                (f"{sql} + {small}", "int"),
                (f"{sql} - {small}", "int"),
                (f"{sql} * 2", "int"),
                (divided, "int"),
                (f"1 / ({sql} - {literal})", "int"),
                (f"abs({sql})", "int"),
                (f"CASE WHEN {sql} > {literal} THEN 'more' ELSE 'less' END", "text"),
                (f"CAST({sql} AS varchar(20))", "text"),
                (f"coalesce({sql}, {small})", "int"),
            )
        )

    def _date(self, sql: str) -> _Column:
        if self._dialect == "sqlite":
            return self._pick(
                ((f"strftime('%m', {sql})", "text"), (f"date({sql}, '+1 month')", "date"))
            )
        return self._pick(
            (
                (f"CAST(extract(month FROM {sql}) AS integer)", "int"),
                (f"CAST({sql} + interval '1 month' AS date)", "date"),
                (f"CAST(date_trunc('month', {sql}) AS date)", "date"),
            )
        )

    def _aggregate(self, scope: list[_Column]) -> _Column:
        sql, kind = self._pick(scope)
        if self._coin(self._risk):
            return f"max({sql.rpartition('.')[0]}.{self._pick(_HIDDEN)})", "text"
        choices = [("count(*)", "int"), (f"count({sql})", "int"), (f"count(DISTINCT {sql})", "int")]
        choices += [(f"min({sql})", kind), (f"max({sql})", kind)]
        if kind == "int":
            choices += [(f"sum({sql})", "int"), (f"sum({sql} * 2)", "int")]
        return self._pick(tuple(choices))

    def _window(self, scope: list[_Column]) -> str:
        order, part = self._pick(scope)[0], self._pick(scope)[0]
        call = self._pick(("rank()", "dense_rank()", "count(*)"))
        return f"{call} OVER (PARTITION BY {part} ORDER BY {order})"

    def _literal(self, kind: str) -> str:
        return self._pick({"int": _INTS, "text": _TEXTS, "date": _DATES}[kind])

    def _alias(self, place: int) -> str:
        # Names of hidden columns are good names for others.
        return self._pick((f"c{place}", f"c{place}", "name", "pin")) + f"_{place}"

    def _alias_of_table(self) -> str:
        self._names += 1
        return f"{self._pick(('t', 't', 'client', 'vault'))}{self._names}"

    def _coin(self, share: float) -> bool:
        return self._chance.random() < share

    def _pick(self, choices: Sequence[_One]) -> _One:
        return self._chance.choice(choices)
