"""Stacks whose Prometheus is an existing one, and the selectors of their expressions."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Final

from tests.declared import Declared, _settings, variant, watched

if TYPE_CHECKING:
    from stack.settings.model import Settings

NAMESPACE: Final = "observability"
LABELS: Final = {"release": "kube-prometheus-stack"}
KINDS: Final = ("operator", "files")


def existing(stack: str, kind: str, **external: Any) -> tuple[str, dict[str, Any]]:
    """Return stack file and overrides of one of STACKS with an existing Prometheus."""
    labels = {"labels": LABELS} if kind == "operator" else {}
    described = {"namespace": NAMESPACE, "kubelets": True, **labels, **external}
    file, overrides = watched(stack, kind=kind, external=described)
    # the sandbox's own images of Prometheus and Alertmanager would have no effect
    images = {"postgresExporter": "localhost/data-ingestion/monitoring:2.53.3-1"}
    return file, {**overrides, **({"images": images} if file == "sandbox" else {})}


@functools.cache
def settings_with(stack: str, kind: str) -> Settings:
    """Return the settings of one of STACKS with an existing Prometheus."""
    return _settings(*existing(stack, kind))


@functools.cache
def declared_with(stack: str, kind: str) -> Declared:
    """Return the resources of one of STACKS with an existing Prometheus."""
    file, overrides = existing(stack, kind)
    return variant(file, **overrides)
