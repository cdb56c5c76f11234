"""Types of resources with data, independent of the version of their API."""

from __future__ import annotations

import re
from typing import Final

from stack.configs import topics

NAMESPACE: Final = "kubernetes:core:Namespace"
SET: Final = "kubernetes:apps:StatefulSet"
CLAIM: Final = "kubernetes:core:PersistentVolumeClaim"
VOLUME: Final = "kubernetes:core:PersistentVolume"
STORAGE_CLASS: Final = "kubernetes:storage.k8s.io:StorageClass"
CONFIG_MAP: Final = "kubernetes:core:ConfigMap"
BUCKET: Final = "aws:s3/bucket:Bucket"
VERSIONING: Final = "aws:s3/bucketVersioning:BucketVersioning"
LIFECYCLE: Final = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
OBJECT_LOCK: Final = "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration"
# Connect's topic with the position of each source connector
POSITIONS: Final = topics.CONNECT_OFFSETS

_VERSION = re.compile(r"/v\d\w*(?=:)")


def base(kind: str) -> str:
    """Return a type without the version of its API: ``apps/v1beta2``, ``BucketV2`` and patches are one kind with their plain forms."""
    if kind.startswith("kubernetes:"):
        return _VERSION.sub("", kind).removesuffix("Patch")
    return kind.replace("V2:", ":").removesuffix("V2") if kind.startswith("aws:s3/bucket") else kind
