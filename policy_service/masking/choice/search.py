"""Choose the weakest masking that still hides people among each other: k, l and t of a table.

Best-first search over the lattice of all ladders, cheapest in use first, so that the first
combination which meets the goal is the most useful one. What a failed combination was made
from by coarsening fails too and is not measured, nor is what two of its columns fail: k, l and
t are monotone. Sources: Samarati 2001; K. LeFevre, D. DeWitt and R. Ramakrishnan, Incognito,
SIGMOD 2005. Where too many combinations would have to be measured, the strictest is loosened
step by step, and the answer says so.
Proposes only: nothing is masked for anybody here.
"""

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Protocol

import polars as pl

from policy_service.domain.control import CLEAR, DENY, Control, Operator
from policy_service.domain.errors import EnforcementError, MaskingError, UsageError
from policy_service.domain.parameters import Parameters
from policy_service.domain.progress import Progress, silent
from policy_service.masking.choice.ladders import Ladder, cost_of
from policy_service.masking.keys import MaskingKeys
from policy_service.masking.table import mask_table

MOST_LADDERS = 8
_STAGE = "masking choice"
_MOST_MEASURED = 400
_MOST_EXPANDED = 100_000
_Node = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """At least `k` rows in a class, `l` different sensitive values in it, `t` at most.

    `suppressed` is the share of rows, 0 to 1, in which cells may be emptied to reach `k`.
    """

    k: int = 5
    l: int = 1  # noqa: E741 - the literature's name
    t: float | None = None
    suppressed: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Hidden:
    """How well rows hide each other. `below_k` is the share of rows in classes below the goal's k.

    `l` and `t` are the worst over all sensitive columns; none where there is none.
    """

    k: int
    below_k: float
    l: int | None = None  # noqa: E741 - the literature's name
    t: float | None = None


class Measure(Protocol):
    """Measures how well the rows of a frame hide each other."""

    def __call__(
        self, frame: pl.DataFrame, *, quasi: Sequence[str], sensitive: Sequence[str], k: int
    ) -> Hidden:
        """Measure the classes of `quasi`. Requires at least one column of it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The controls by ladder, what they reach and cost (0 clear, 1 nothing left, a ladder's mean).

    `before` is all in clear. `proven`: nothing cheaper on the ladders meets the goal.
    """

    controls: Mapping[str, Control]
    before: Hidden
    after: Hidden
    cost: float
    suppressed: float
    measured: int
    proven: bool


def choose(
    frame: pl.DataFrame,
    ladders: Sequence[Ladder],
    *,
    goal: Goal,
    measure: Measure,
    keys: MaskingKeys,
    sensitive: Sequence[str] = (),
    suppressible: frozenset[str] = frozenset(),
    progress: Progress = silent,
) -> Choice:
    """Choose one control for each ladder.

    `frame` holds the clear rows and, as they are shown, the `sensitive` columns; without one l and
    t guard nothing and are not asked for.
    `suppressible` names the ladders whose clear values may be emptied in small classes.
    Raises `UsageError` for a goal out of range or too many ladders, `MaskingError` where
    even the strictest controls miss the goal.
    """
    _check(goal, ladders)
    lattice = _Lattice(
        rungs=tuple(_rungs(frame, ladder, keys) for ladder in ladders),
        ladders=tuple(ladders),
        goal=goal,
        measure=measure,
        sensitive=frame.select(sensitive),
        suppressible=suppressible,
    )
    before = lattice.measure_classes(frame.select(name for one in ladders for name in one.columns))
    node, proven = lattice.search(progress)
    met = lattice.meets(node)
    if met is None:
        raise MaskingError(_unreachable(goal, lattice.hidden(node)))
    controls = {
        ladder.name: rungs[place].control
        for ladder, rungs, place in zip(ladders, lattice.rungs, node, strict=True)
    }
    return Choice(
        controls={**controls, **met.emptied},
        before=before,
        after=met.hidden,
        cost=round(lattice.loss(node) / len(ladders), 6),
        suppressed=met.suppressed,
        measured=lattice.measured,
        proven=proven,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rung:
    """One control with what it costs and, for each row, which shown value it has."""

    control: Control
    loss: float
    cost: float  # the loss, weighted
    codes: pl.Series


@dataclass(frozen=True, slots=True, kw_only=True)
class _Met:
    """How a combination meets the goal: what it reaches, and the columns emptied for it."""

    hidden: Hidden
    emptied: Mapping[str, Control] = field(default_factory=dict)
    suppressed: float = 0.0


@dataclass(slots=True, kw_only=True)
class _Lattice:
    """All combinations of one rung a ladder; ladders are sorted by cost."""

    rungs: tuple[tuple[_Rung, ...], ...]
    ladders: tuple[Ladder, ...]
    goal: Goal
    measure: Measure
    sensitive: pl.DataFrame
    suppressible: frozenset[str]
    measured: int = 0
    _known: dict[_Node, Hidden] = field(default_factory=dict)
    _failed: list[_Node] = field(default_factory=list)
    _coarser: dict[tuple[int, int, int], bool] = field(default_factory=dict)
    _thin: dict[tuple[tuple[int, int], ...], bool] = field(default_factory=dict)

    def cost(self, node: _Node) -> float:
        """Add up what the rungs cost."""
        return round(sum(rungs[one].cost for rungs, one in zip(self.rungs, node, strict=True)), 6)

    def loss(self, node: _Node) -> float:
        """Add up what the rungs lose, whatever their weight."""
        return sum(rungs[one].loss for rungs, one in zip(self.rungs, node, strict=True))

    def search(self, progress: Progress) -> tuple[_Node, bool]:
        """Return the cheapest combination that meets the goal, and whether that is proven."""
        top = tuple(self._strictest(place) for place in range(len(self.rungs)))
        if self.meets(top) is None:
            return top, True
        start = tuple(0 for _ in self.rungs)
        heap, seen = [(self.cost(start), start)], {start}
        expanded = 0
        while heap and self.measured < _MOST_MEASURED and expanded < _MOST_EXPANDED:
            _, node = heapq.heappop(heap)
            expanded += 1
            if not self._surely_fails(node):
                progress(_STAGE, self.measured, 0)
                if self.meets(node) is not None:
                    return node, True
            for after in self._steps(node):
                if after not in seen:
                    seen.add(after)
                    heapq.heappush(heap, (self.cost(after), after))
        return self._lowered(top), False

    def meets(self, node: _Node) -> _Met | None:
        """Tell how a combination meets the goal; None where it does not."""
        hidden = self.hidden(node)
        if self._reached(hidden):
            return _Met(hidden=hidden)
        if 0 < hidden.below_k <= self.goal.suppressed:
            return self._emptied(node, hidden.below_k)
        if not self.goal.suppressed or hidden.below_k > self.goal.suppressed:
            self._failed.append(node)
        return None

    def hidden(self, node: _Node) -> Hidden:
        """Measure a combination, once."""
        if node not in self._known:
            self.measured += 1
            self._known[node] = self.measure_classes(self._classes(node))
        return self._known[node]

    def _classes(self, node: _Node) -> pl.DataFrame:
        codes = [rungs[one].codes for rungs, one in zip(self.rungs, node, strict=True)]
        return pl.DataFrame([one.alias(f"q{place}") for place, one in enumerate(codes)])

    def measure_classes(self, classes: pl.DataFrame) -> Hidden:
        """Measure classes of shown values, and what the sensitive columns tell in them."""
        spread = self.sensitive.rename({name: f"s {name}" for name in self.sensitive.columns})
        return self.measure(
            classes.hstack(spread.get_columns()),
            quasi=classes.columns,
            sensitive=spread.columns,
            k=self.goal.k,
        )

    def _reached(self, hidden: Hidden) -> bool:
        goal = self.goal
        if not self.sensitive.width:
            return hidden.k >= goal.k  # nothing is shown that l and t would guard
        return (
            hidden.k >= goal.k
            and (goal.l <= 1 or (hidden.l or 0) >= goal.l)
            and (goal.t is None or (hidden.t is not None and hidden.t <= goal.t))
        )

    def _emptied(self, node: _Node, share: float) -> _Met | None:
        """Empty the clear columns in small classes, and measure what is left to see."""
        clear = [
            place
            for place, (ladder, rungs) in enumerate(zip(self.ladders, self.rungs, strict=True))
            if ladder.name in self.suppressible and rungs[node[place]].control == CLEAR
        ]
        if not clear:
            return None
        classes = self._classes(node)
        small = pl.len().over(classes.columns) < self.goal.k
        left = classes.with_columns(
            pl.when(~small).then(pl.col(f"q{place}")).alias(f"q{place}") for place in clear
        )
        self.measured += 1
        hidden = self.measure_classes(left)
        if not self._reached(hidden):
            return None
        shown = sorted(
            name
            for place, ladder in enumerate(self.ladders)
            if self.rungs[place][node[place]].control != DENY
            for name in ladder.columns
        )
        control = Control(
            operator=Operator.SUPPRESS, parameters=Parameters(k=self.goal.k, by="+".join(shown))
        )
        emptied = {self.ladders[place].name: control for place in clear}
        return _Met(hidden=hidden, emptied=emptied, suppressed=round(share, 6))

    def _steps(self, node: _Node) -> Iterator[_Node]:
        for place, rungs in enumerate(self.rungs):
            if node[place] + 1 < len(rungs):
                yield (*node[:place], node[place] + 1, *node[place + 1 :])

    def _surely_fails(self, node: _Node) -> bool:
        """Tell whether a failed combination is a coarsening of this one.

        INVARIANT: where each shown value of one follows from the other's, its classes are
        unions of the other's, so that k and l are no less and t no more. So are the classes of
        some of the columns: what two of them fail, all fail.
        """
        rungs = tuple(enumerate(node))
        if any(self._too_thin(some) for size in (1, 2) for some in combinations(rungs, size)):
            return True
        return any(
            all(self._follows(place, *pair) for place, pair in enumerate(pairs))
            for pairs in (list(zip(node, failed, strict=True)) for failed in self._failed)
        )

    def _too_thin(self, rungs: tuple[tuple[int, int], ...]) -> bool:
        """Tell whether more rows than may be emptied are in small classes of these columns."""
        if rungs not in self._thin:
            codes = [self.rungs[place][one].codes.alias(f"q{place}") for place, one in rungs]
            sizes = pl.DataFrame(codes).group_by(pl.all()).len().get_column("len")
            small = int(sizes.filter(sizes < self.goal.k).sum())
            self._thin[rungs] = small > self.goal.suppressed * len(codes[0])
        return self._thin[rungs]

    def _follows(self, place: int, fine: int, coarse: int) -> bool:
        if fine == coarse:
            return True
        key = (place, fine, coarse)
        if key not in self._coarser:
            rungs = self.rungs[place]
            self._coarser[key] = _is_coarser(rungs[coarse].codes, rungs[fine].codes)
        return self._coarser[key]

    def _strictest(self, place: int) -> int:
        """Return the rung that shows the fewest different values."""
        rungs = self.rungs[place]
        return min(range(len(rungs)), key=lambda one: (rungs[one].codes.n_unique(), one))

    def _lowered(self, node: _Node) -> _Node:
        """Walk from a combination that meets the goal to cheaper ones, the dearest ladder first."""
        while True:
            cheaper = sorted(
                (self.cost(below), below)
                for place in range(len(node))
                for one in range(len(self.rungs[place]))
                if self.cost(below := (*node[:place], one, *node[place + 1 :])) < self.cost(node)
            )
            better = (
                below
                for _, below in cheaper
                if not self._surely_fails(below) and self.meets(below) is not None
            )
            found = next(better, None)
            if found is None:
                return node
            node = found


def _rungs(frame: pl.DataFrame, ladder: Ladder, keys: MaskingKeys) -> tuple[_Rung, ...]:
    """Mask the ladder's columns by each control; a control that has no form here is left out."""
    clear = frame.select(ladder.columns)
    found: dict[Control, _Rung] = {}
    for control in ladder.controls:
        try:
            masked = mask_table(clear, controls=dict.fromkeys(ladder.columns, control), keys=keys)
        except EnforcementError:  # no form for this type, or a store that measuring lacks
            continue
        codes = (
            masked.select(pl.struct(masked.columns).rank("dense").alias("codes")).to_series()
            if masked.width
            else pl.Series("codes", [1]).new_from_index(0, clear.height)
        )
        loss = cost_of(ladder, control, clear, masked)
        found[control] = _Rung(
            control=control,
            loss=loss,
            cost=loss * ladder.weight,
            codes=codes.cast(pl.UInt32),
        )
    if not found:
        raise MaskingError(f"no control left for `{ladder.columns[0]}` can be carried out here")
    return _undominated(
        sorted(found.values(), key=lambda one: (one.cost, one.control != CLEAR, one.control.label))
    )


def _undominated(rungs: Sequence[_Rung]) -> tuple[_Rung, ...]:
    """Drop a rung where a cheaper one shows nothing that this one does not show."""
    kept: list[_Rung] = []
    for rung in rungs:
        if not any(_is_coarser(one.codes, rung.codes) for one in kept):
            kept.append(rung)
    return tuple(kept)


def _is_coarser(coarse: pl.Series, fine: pl.Series) -> bool:
    """Tell whether each value of `coarse` follows from the value of `fine`."""
    return pl.DataFrame({"fine": fine, "coarse": coarse}).n_unique() == fine.n_unique()


def _check(goal: Goal, ladders: Sequence[Ladder]) -> None:
    if goal.k < 2 or goal.l < 1:
        raise UsageError("`k` must be at least 2 and `l` at least 1")
    if goal.t is not None and not 0 <= goal.t <= 1:
        raise UsageError("`t` is a distance from 0 to 1")
    if not 0 <= goal.suppressed < 1:
        raise UsageError("the share of rows to suppress is from 0 to below 1")
    if not 1 <= len(ladders) <= MOST_LADDERS:
        raise UsageError(
            f"the search takes 1 to {MOST_LADDERS} groups of quasi-identifiers, not "
            f"{len(ladders)}; name the ones that matter"
        )


def _unreachable(goal: Goal, hidden: Hidden) -> str:
    wanted = [f"k={goal.k}"]
    wanted += [f"l={goal.l}"] if goal.l > 1 else []
    wanted += [f"t={goal.t}"] if goal.t is not None else []
    reached = [f"k={hidden.k}"]
    reached += [f"l={hidden.l}"] if hidden.l is not None else []
    reached += [f"t={hidden.t}"] if hidden.t is not None else []
    return (
        f"no masking of these columns reaches {', '.join(wanted)}: the strictest reaches "
        f"{', '.join(reached)}; ask for less, or deny a sensitive column"
    )
