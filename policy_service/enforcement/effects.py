"""What each rule does, made once when a policy is compiled, with the answer it gives alone.

Most decisions rest on one rule. Their answers are ready before they are asked for, so that
deciding makes nothing new and the first question costs no more than the next.
"""

from collections.abc import Mapping

from policy_service.domain.applicability import Applicability
from policy_service.domain.bundle import RuleObligation
from policy_service.domain.decision import Decision, DenyReason, Obligations
from policy_service.domain.identifiers import Revision, RuleId
from policy_service.enforcement.layout import Effect
from policy_service.enforcement.rows import ALLOW


class Effects:
    """Makes effects of one revision; rules of one control share its obligations."""

    def __init__(
        self,
        *,
        revision: Revision,
        obligations: Mapping[RuleId, RuleObligation],
        conditions: Mapping[RuleId, Applicability],
    ) -> None:
        self._revision = revision
        self._obligations = obligations
        self._conditions = conditions
        # By identity, for hashing a control costs more than all else; `obligations` keeps both.
        self._shared: dict[tuple[int, int], Obligations] = {}

    def make(self, rule: RuleId, effect: str) -> Effect:
        """Make what `rule` does in rows of this effect (`allow` or `deny`)."""
        when = self._conditions.get(rule)
        if effect != ALLOW:
            denial = Decision(
                allow=False,
                revision=self._revision,
                rules=(rule,),
                reason=DenyReason.DENIED_BY_RULE,
            )
            return Effect(rule=rule, obligation=None, when=when, alone=denial)
        obligation = self._obligations[rule]
        permit = Decision(
            allow=True,
            revision=self._revision,
            rules=(rule,),
            obligations=self._obliged(obligation),
        )
        return Effect(rule=rule, obligation=obligation, when=when, alone=permit)

    def _obliged(self, obligation: RuleObligation) -> Obligations:
        control, row_filter = obligation.control, obligation.row_filter
        key = (id(control), id(row_filter))
        found = self._shared.get(key)
        if found is None:
            filters = () if row_filter is None else (row_filter,)
            found = self._shared[key] = Obligations(control=control, row_filters=filters)
        return found
