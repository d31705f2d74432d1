"""What each rule answers where it decides alone, made once when a policy is compiled.

Most decisions rest on one rule. Their answers are ready before they are asked for, so that
deciding makes nothing new and the first question costs no more than the next.
"""

from collections.abc import Mapping

from policy_service.domain.bundle import RuleObligation
from policy_service.domain.decision import Decision, DenyReason, Obligations
from policy_service.domain.identifiers import Revision, RuleId
from policy_service.enforcement.rows import ALLOW


class Answers:
    """Makes the answers of one revision; rules of one control share its obligations."""

    def __init__(self, *, revision: Revision, obligations: Mapping[RuleId, RuleObligation]) -> None:
        self._revision = revision
        self._obligations = obligations
        # By identity, for hashing a control costs more than all else; `obligations` keeps both.
        self._shared: dict[tuple[int, int], Obligations] = {}

    def make(self, rule: RuleId, effect: str) -> Decision:
        """Make what `rule` answers alone by rows of this effect (`allow` or `deny`)."""
        if effect != ALLOW:
            return Decision(
                allow=False,
                revision=self._revision,
                rules=(rule,),
                reason=DenyReason.DENIED_BY_RULE,
            )
        obligation = self._obligations[rule]
        shared = self._shared.get((id(obligation.control), id(obligation.row_filter)))
        return Decision(
            allow=True,
            revision=self._revision,
            rules=(rule,),
            obligations=self._obliged(obligation) if shared is None else shared,
        )

    def _obliged(self, obligation: RuleObligation) -> Obligations:
        control, row_filter = obligation.control, obligation.row_filter
        filters = () if row_filter is None else (row_filter,)
        made = Obligations(control=control, row_filters=filters)
        self._shared[(id(control), id(row_filter))] = made
        return made
