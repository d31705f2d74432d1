"""What classifies the columns of a source: the live name model and what people said of them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from policy_service.catalog.classification.category_embeddings import CategoryEmbeddings
from policy_service.catalog.classification.classify import Classifier
from policy_service.catalog.classification.corrections import Correction
from policy_service.domain.correction import CategoryCorrection, CorrectionState
from policy_service.domain.identifiers import AssetId, ModelVersion, Sha256Hex
from policy_service.domain.plain import to_plain
from policy_service.kit.canonical import content_sha256
from policy_service.storage import corrections
from policy_service.workflows.platform import Platform

if TYPE_CHECKING:  # with numpy: only where it is used
    from policy_service.catalog.names.model import NameEncoder, NameModel


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceClassifier:
    """A classifier for one source; `sha256` tells it from one with other versions or words."""

    classifier: Classifier
    said: tuple[CategoryCorrection, ...]  # that it knows
    version: ModelVersion  # of what was learned of names
    sha256: Sha256Hex


def classifier_for(platform: Platform, source: str) -> SourceClassifier:
    """Build the classifier of a source's next scan. Raises `RefinementError`, `CatalogError`."""
    live = platform.classifiers.current()
    with platform.database.read() as session:
        known = corrections.list_corrections(session, source)
    said = {one.column: correction for one in known if (correction := as_evidence(one))}
    encoder = platform.encoder() if platform.embeds_column_names else None
    return SourceClassifier(
        classifier=Classifier(
            text_finder=platform.text_finder(),
            name_model=open_names(live.weights, encoder=encoder),
            descriptions=None
            if encoder is None
            else CategoryEmbeddings(encoder=encoder, categories=platform.categories),
            categories=platform.categories,
            corrections=said,
        ),
        said=known,
        version=live.version,
        sha256=_sha256(live.version, said, embedded=encoder is not None),
    )


def as_evidence(correction: CategoryCorrection) -> Correction | None:
    """Write a correction as the classifier takes it; None where it says nothing (any more)."""
    if correction.state is not CorrectionState.HOLDS or correction.category is None:
        return None
    return Correction(
        category=correction.category,
        by=correction.by,
        at=correction.at,
        binding=correction.confirmed,
    )


def open_names(weights: bytes | None, *, encoder: "NameEncoder | None" = None) -> "NameModel":
    """Open a version of the name model; None is the one that was shipped.

    Without an encoder a scan needs no more than names, and gives the same everywhere.
    """
    from policy_service.catalog.names.model import NameModel

    if weights is None:
        return NameModel.load(encoder=encoder)
    return NameModel.from_bytes(weights, encoder=encoder)


def _sha256(version: ModelVersion, said: dict[AssetId, Correction], *, embedded: bool) -> Sha256Hex:
    words = [[column, to_plain(said[column])] for column in sorted(said)]
    return Sha256Hex(content_sha256([version, words, *(["embedded"] if embedded else [])]))
