"""An item of a list that is null is judged as the API server reads it, and named; no rule fails on it."""

from __future__ import annotations

import copy
import dataclasses
from typing import TYPE_CHECKING, Any

import pytest

from stack.unknown import Unknown
from tests.policy.judging import by_pack, by_plan, shipped
from tests.policy.workbench import extra

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from policy.declared import Declared


def _lists(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _lists(item, (*path, key))
    elif isinstance(value, list):
        yield path
        for at, item in enumerate(value):
            yield from _lists(item, (*path, at))


def with_empty_items(one: Declared) -> Iterator[tuple[str, Declared]]:
    """Yield copies of a resource with one more item that is null, in each of its lists in turn."""
    for path in _lists(one.inputs):
        inputs = copy.deepcopy(dict(one.inputs))
        target: Any = inputs
        for step in path:
            target = target[step]
        target.append(None)
        yield ".".join(map(str, path)), dataclasses.replace(one, inputs=inputs)


@pytest.mark.parametrize("stack", ["sandbox", "prod"])
def test_no_rule_fails_on_an_empty_item_of_any_list(stack: str, tally: Callable[[str, str, int, int], None]) -> None:
    resources, limits = shipped(stack)
    tried = 0
    for one in resources:
        for path, made in with_empty_items(one) if one.is_kubernetes else ():
            told = [*[(each.rule, each.message) for each in by_plan([made], limits)], *by_pack([made], limits)]
            assert not [message for _rule, message in told if "could not run" in message], f"{one.title}: {path}"
            if one.kind in {"StatefulSet", "Deployment"}:
                assert "pod-restricted" in {rule for rule, _message in told}, f"{one.title}: {path}"
            tried += 1
    tally("empty items", "inputs", tried, 0)


def test_an_empty_ingress_rule_admits_everybody() -> None:
    _resources, limits = shipped("sandbox")
    labels = {"matchLabels": {"app.kubernetes.io/component": "kafka"}}
    policy = extra("NetworkPolicy", "x", {"podSelector": labels, "ingress": [None]}, "networking.k8s.io/v1")
    assert "network-closed" in {one.rule for one in by_plan([policy], limits)}
    assert "network-closed" in {rule for rule, _message in by_pack([policy], limits)}


def test_an_unknown_value_is_no_empty_item() -> None:
    one = extra("Pod", "x", {"containers": [Unknown()]})
    assert one.empty == ()
