"""Volume claims that are left behind, deleted or looked up elsewhere."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.review.secrecy import Hidden
from pipeline.review.step import State, Step
from stack.unknown import UNKNOWN
from tests.review.steps import SET, step, verdicts

if TYPE_CHECKING:
    from pipeline.review.step import Fate


def stateful(**changes: Any) -> dict[str, Any]:
    claim = {"metadata": {"name": "data"}, "spec": {"resources": {"requests": {"storage": "5Gi"}}}}
    made: dict[str, Any] = {
        "metadata": {"name": "kafka", "namespace": "space"},
        "spec": {"replicas": 3, "volumeClaimTemplates": [claim], "template": {"spec": {"containers": [{"name": "k", "env": []}]}}},
    }
    for path, value in changes.items():
        *way, last = path.split("__")
        inside = made
        for key in way:
            inside = inside.setdefault(key, {})
        if value is None:
            inside.pop(last, None)
        else:
            inside[last] = value
    return made


OTHER_CLAIM = [{"metadata": {"name": "other"}, "spec": {}}]
LOOKED_UP_ELSEWHERE = {
    "another namespace": {"metadata__namespace": "elsewhere"},
    "another name": {"metadata__name": "brokers"},
    "both": {"metadata__name": "brokers", "metadata__namespace": "elsewhere"},
    "a renamed template": {"spec__volumeClaimTemplates": OTHER_CLAIM},
    "a removed template": {"spec__volumeClaimTemplates": None},
    "no templates": {"spec__volumeClaimTemplates": []},
}


@pytest.mark.parametrize(("change", "fate"), [*itertools.product(LOOKED_UP_ELSEWHERE, ("replace", "update"))])
def test_claims_that_are_looked_up_elsewhere_are_lost(change: str, fate: Fate) -> None:
    assert verdicts(step(SET, stateful(), stateful(**LOOKED_UP_ELSEWHERE[change]), fate)) == {"lost"}


UNSEEN = [
    ("metadata__namespace",),
    ("metadata__name",),
    ("metadata",),
    ("spec",),
    ("spec__volumeClaimTemplates",),
    ("spec__replicas",),
]


@pytest.mark.parametrize(("path", "value", "side"), [*itertools.product(UNSEEN, (UNKNOWN, Hidden("x")), ("old", "new"))])
def test_nothing_is_called_kept_that_the_preview_does_not_show(path: tuple[str], value: object, side: str) -> None:
    plain, closed = stateful(), stateful(**{path[0]: value})
    old, new = (closed, plain) if side == "old" else (plain, closed)
    assert verdicts(step(SET, old, new, "replace")) == {"check"}


def test_the_default_namespace_of_a_provider_counts() -> None:
    def provider(old: str, new: str) -> Step:
        urn = "urn:pulumi:s::p::pulumi:providers:kubernetes::cluster"
        return Step(urn=urn, fate="update", old=State(inputs={"namespace": old}), new=State(inputs={"namespace": new}))

    bare = stateful(metadata__namespace=None)
    of = step(SET, bare, bare, "replace")
    of = Step(
        urn=of.urn,
        fate="replace",
        old=State(inputs=bare, provider=provider("a", "b").urn),
        new=State(inputs=bare, provider=provider("a", "b").urn),
    )
    assert verdicts(of, provider("a", "b")) == {"lost"}
    assert verdicts(of, provider("a", "a")) == {"kept"}


POLICY = "spec__persistentVolumeClaimRetentionPolicy"
SCALED: list[tuple[dict[str, Any], dict[str, Any], set[str]]] = [
    ({}, {"spec__replicas": 1}, {"check"}),
    ({}, {"spec__replicas": "1"}, {"check"}),
    ({}, {"spec__replicas": 0}, {"check"}),
    ({}, {"spec__replicas": None}, {"check"}),
    ({}, {"spec__replicas": UNKNOWN}, {"check"}),
    ({}, {"spec__replicas": 5}, set()),
    ({}, {"spec__replicas": 3.0}, set()),
    ({}, {"spec__ordinals": {"start": 3}}, {"check"}),
    ({POLICY: {"whenScaled": "Delete"}}, {"spec__replicas": 1, POLICY: {"whenScaled": "Delete"}}, {"lost"}),
    ({}, {"spec__replicas": 1, POLICY: {"whenScaled": "Delete"}}, {"lost", "check"}),
    ({}, {POLICY: {"whenScaled": "Delete"}}, {"check"}),
    ({POLICY: {"whenDeleted": "Retain"}}, {POLICY: {"whenDeleted": "Delete"}}, {"check"}),
    ({POLICY: {"whenDeleted": "Retain"}}, {POLICY: {"whenDeleted": UNKNOWN}}, {"check"}),
    ({POLICY: {"whenDeleted": "Delete"}}, {POLICY: {"whenDeleted": "Retain"}}, set()),
]


@pytest.mark.parametrize(("old", "new", "verdict"), SCALED)
def test_replicas_and_the_retention_of_claims(old: dict[str, Any], new: dict[str, Any], verdict: set[str]) -> None:
    assert verdicts(step(SET, stateful(**old), stateful(**new))) == verdict


def mounting(claim: str, path: str = "/data") -> dict[str, Any]:
    container = {"name": "db", "volumeMounts": [{"name": "v", "mountPath": path}]}
    volumes = [{"name": "v", "persistentVolumeClaim": {"claimName": claim}}]
    return {"metadata": {"namespace": "space"}, "spec": {"template": {"spec": {"containers": [container], "volumes": volumes}}}}


def test_a_pod_that_mounts_another_claim_no_longer_sees_its_data() -> None:
    deployment, claim = "kubernetes:apps/v1:Deployment", "kubernetes:core/v1:PersistentVolumeClaim"
    fresh = step(claim, None, {"metadata": {"name": "b", "namespace": "space"}}, "create")
    for fate in ("update", "replace"):
        moved = step(deployment, mounting("a"), mounting("b"), fate)
        assert verdicts(moved, fresh) == {"lost"}
        assert verdicts(moved) == {"check"}
        assert verdicts(step(deployment, mounting("a"), mounting("a", "/other"), fate)) == {"check"}
        assert verdicts(step(deployment, mounting("a"), mounting("a"), fate)) == set()


def test_a_retained_set_goes_with_its_namespace() -> None:
    space = step("kubernetes:core/v1:Namespace", {"metadata": {"name": "space"}}, None, "delete")
    assert verdicts(step(SET, stateful(), None, "delete", retained=True), space) == {"lost"}
    assert verdicts(step(SET, stateful(), None, "delete", retained=True)) == {"kept"}
    assert verdicts(step(SET, stateful(), stateful(), "replace", retained=True)) == {"check"}


def database(env: dict[str, str], command: list[str], mount: dict[str, str] | None = None) -> dict[str, Any]:
    """Return a StatefulSet of a server with a claim."""
    one = {"name": "db", "command": command, "env": [{"name": key, "value": value} for key, value in env.items()]}
    one["volumeMounts"] = [{"name": "data", "mountPath": "/data", **(mount or {})}]
    template = {"spec": {"containers": [one]}}
    return {"metadata": {"name": "db"}, "spec": {"template": template, "volumeClaimTemplates": [{"metadata": {"name": "data"}}]}}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        *((({name: "/data/a"}, []), ({name: "/data/b"}, [])) for name in ("PGDATA", "KAFKA_LOG_DIRS", "KAFKA_METADATA_LOG_DIR")),
        (({"PGDATA": "/data/a"}, []), ({}, [])),
        *(
            (({}, [*words[:-1], words[-1].format("a")]), ({}, [*words[:-1], words[-1].format("b")]))
            for words in (
                ["postgres", "-D", "/data/{}"],
                ["sh", "-c", "exec pg_ctl start -D/data/{}"],
                ["postgres", "-c", "data_directory=/data/{}"],
                ["mysqld", "--datadir=/data/{}"],
            )
        ),
    ],
)
def test_a_server_that_looks_for_its_data_in_another_folder_begins_empty(old: Any, new: Any) -> None:
    assert verdicts(step(SET, database(*old), database(*new))) == {"check"}
    assert verdicts(step(SET, database(*old), database(*old))) == set()
    other = database(*old)
    other["spec"]["template"]["spec"]["containers"][0]["env"].append({"name": "TZ", "value": "UTC"})
    assert verdicts(step(SET, database(*old), other)) == set()


@pytest.mark.parametrize("key", ["subPath", "subPathExpr"])
def test_a_volume_that_is_mounted_from_another_folder_is_told(key: str) -> None:
    assert verdicts(step(SET, database({}, []), database({}, [], {key: "b"}))) == {"check"}
    assert verdicts(step(SET, database({}, [], {key: "a"}), database({}, [], {key: "b"}))) == {"check"}
