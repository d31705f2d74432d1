"""Which models learn from people, and how each is refined: what the API and the portal offer."""

from collections.abc import Mapping
from types import MappingProxyType

from policy_service.domain.learning import VersionCard
from policy_service.domain.progress import Progress
from policy_service.workflows.platform import Platform
from policy_service.workflows.refine import refine
from policy_service.workflows.refine_classifier import refine_classifier
from policy_service.workflows.refine_retriever import refine_retriever

# Kinds of jobs by the model that learns.
JOB_KINDS: Mapping[str, str] = MappingProxyType(
    {
        "drafting": "refine",
        "retriever": "refine-retriever",
        "classifier": "refine-classifier",
    }
)


def refine_model(platform: Platform, model: str, *, actor: str, progress: Progress) -> VersionCard:
    """Run one round for a model of `JOB_KINDS` and return the card of its new version."""
    if model == "retriever":
        return refine_retriever(platform, actor=actor, progress=progress).card
    if model == "classifier":
        return refine_classifier(platform, actor=actor, progress=progress).card
    return refine(platform, actor=actor, progress=progress).card
