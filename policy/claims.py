"""Claims of volumes that an object declares: a PersistentVolumeClaim itself, or the templates of a workload."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from policy.declared import Declared


def claims_of(resource: Declared) -> list[Mapping[str, Any]]:
    """Return the specifications of the claims that an object declares.

    Raises:
        TypeError: If its templates are not known at preview, so that the rule that asks refuses the object.
    """
    spec = resource.inputs.get("spec")
    if not isinstance(spec, Mapping):
        return []
    if resource.kind == "PersistentVolumeClaim":
        return [spec]
    templates = (one.get("spec") for one in spec.get("volumeClaimTemplates") or [] if isinstance(one, Mapping))
    return [one for one in templates if isinstance(one, Mapping)]
