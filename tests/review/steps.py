"""Changes of single resources, and what the review says of their data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.review.losses import losses
from pipeline.review.step import State, Step
from pipeline.review.surroundings import Surroundings

if TYPE_CHECKING:
    from pipeline.review.step import Fate

SET, TOPIC, CONNECTOR = "kubernetes:apps/v1:StatefulSet", "kafka:index/topic:Topic", "kafkaconnect:index:Connector"
BUCKET, LIFECYCLE = "aws:s3/bucket:Bucket", "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
VERSIONING, CONFIG_MAP = "aws:s3/bucketVersioning:BucketVersioning", "kubernetes:core/v1:ConfigMap"
DATABASE = "aws:rds/instance:Instance"


def step(kind: str, old: dict[str, Any] | None, new: dict[str, Any] | None, fate: Fate = "update", **guards: bool) -> Step:
    """Return the change of a resource."""
    return Step(
        urn=f"urn:pulumi:s::p::{kind}::one",
        fate=fate,
        old=None if old is None else State(inputs=old, **guards),
        new=None if new is None else State(inputs=new),
    )


def verdicts(of: Step, *others: Step) -> set[str]:
    """Return what is said of a resource's data, among others' changes."""
    return {loss.verdict for loss in losses(of, Surroundings.of([of, *others]))}
