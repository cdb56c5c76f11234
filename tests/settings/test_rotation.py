"""A word in ``rotation`` replaces its credential and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from pipeline.recording import Recording, record
from stack.settings.rotation import Rotation

ANNOTATION = "data-ingestion/config-checksum"
PASSWORD = "random:index/randomPassword:RandomPassword"
# credential: the regenerated resources, and the workloads whose pods roll
EXPECTED = {
    "app": ({"source-app-password"}, {"postgresql"}),
    "debezium": ({"source-debezium-password"}, {"postgresql", "connect"}),
    "catalog": ({"source-catalog-password"}, {"postgresql", "connect"}),
    "connect": ({"streaming-connect-password"}, {"connect", "exporter"}),
    "registry": ({"registry-connect-password", "registry-operator-password"}, {"schema-registry", "connect"}),
    "archive": ({"archive-key"}, {"connect"}),
}


def recorded(**words: str) -> Recording:
    """Record the sandbox's stack with some words."""
    return record("sandbox", {"rotation": words} if words else {}, preview=True)


def templates(recording: Recording) -> dict[str, Any]:
    """Return the pod template of each workload."""
    return {
        resource.inputs["metadata"]["name"]: resource.inputs["spec"]["template"]
        for resource in recording.resources
        if resource.type.rpartition(":")[2] in {"StatefulSet", "Deployment"}
    }


def kept_by(recording: Recording) -> dict[str, Any]:
    """Return the keepers or the replacement trigger of each generated credential."""
    words: dict[str, Any] = {item.name: item.inputs.get("keepers") for item in recording.of_type(PASSWORD)}
    return words | {item.name: item.replacement_trigger for item in recording.of_type("aws:iam/accessKey:AccessKey")}


@pytest.mark.parametrize("credential", sorted(EXPECTED))
def test_a_word_replaces_one_credential_and_rolls_the_pods_that_hold_it(credential: str) -> None:
    made, rolled = EXPECTED[credential]
    before, after = recorded(), recorded(**{credential: "2026-11"})
    changed = {name for name, kept in kept_by(after).items() if kept != kept_by(before)[name]}
    assert changed == made
    assert {name for name, template in templates(after).items() if template != templates(before)[name]} == rolled
    again = recorded(**{credential: "2026-12"})
    assert {name for name, kept in kept_by(again).items() if kept != kept_by(after)[name]} == made
    assert {name for name, template in templates(again).items() if template != templates(after)[name]} == rolled


def test_the_template_is_known_in_a_preview_that_knows_no_password() -> None:
    """So that policies judge the pods of a rotation like any others."""
    for template in templates(recorded(debezium="2026-11", archive="2026-11")).values():
        assert isinstance(template["metadata"]["annotations"][ANNOTATION], str)


def test_the_pod_waits_for_the_secret_with_the_new_key() -> None:
    """Under the old name it could start with the old key."""
    recording = recorded(archive="2026-11")
    volumes = templates(recording)["connect"]["spec"]["volumes"]
    (named,) = [volume["secret"]["secretName"] for volume in volumes if volume["name"] == "secret-archive"]
    assert named == Rotation(archive="2026-11").archive_secret == "connect-archive-2026-11"
    secrets = {item.inputs["metadata"]["name"] for item in recording.resources if item.type == "kubernetes:core/v1:Secret"}
    assert named in secrets


def test_a_word_that_ends_no_kubernetes_name_is_refused() -> None:
    for word in ("2026.11", "November", "-", "a" * 33, ""):
        with pytest.raises(ValidationError):
            Rotation.model_validate({"app": word})
    assert Rotation.model_validate({"app": 2026}).app == "2026"
