"""A stack whose images are signed names each of them by its digest."""

from __future__ import annotations

from typing import Any

import pytest

from stack.judgement.stack import SettingsError
from stack.specification.stack import Specification
from tests.declared import STACKS, variant, watched

KEY = """-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEzLgmGOE/jHCVWO1JWGqxDOJMFFhi
K3qJ25vH73nmIUDPexIiMD+qHJgLvKMIgi9x6zpNSKxpz942l5FoCJVOTw==
-----END PUBLIC KEY-----
"""
_HALF = "ENCRYPTED SIGSTORE PRIVATE KEY-----"
PRIVATE = f"-----BEGIN {_HALF}\neyJrZGYiOnsibmFtZSI6InNjcnlwdCIsInBhcmFtcyI6eyJOIjozMjc2\n-----END {_HALF}\n"
DIGESTED = {name: f"registry.example.com/it/{name}:1@sha256:{'a' * 64}" for name in ("postgres", "kafka", "connect", "registry")}


@pytest.mark.parametrize("stack", STACKS)
def test_the_images_of_a_stack_are_those_of_its_pods(stack: str) -> None:
    file, overrides = watched(stack, grafana={"enabled": True})
    declared = variant(file, **{**overrides, "audit": {"schedule": "0 3 * * *"}} if stack == "dev" else overrides)
    pods = [resource.inputs for resource in declared.recording.resources if resource.type.startswith("kubernetes:")]
    assert set(Specification.of(declared.settings).images) == set(_images(pods))


def _images(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["image"]] if isinstance(value.get("image"), str) else []
        return own + [found for inside in value.values() for found in _images(inside)]
    return [found for inside in value for found in _images(inside)] if isinstance(value, list) else []


def test_a_signed_stack_with_digests_is_accepted() -> None:
    assert variant("dev", images={**DIGESTED, "signedBy": KEY}).settings.images.signed_by == KEY


def test_every_image_in_use_without_a_digest_is_refused_by_its_key_and_no_other() -> None:
    with pytest.raises(SettingsError) as refused:
        variant("dev", images={**DIGESTED, "kafka": "registry.example.com/kafka:1", "signedBy": KEY})
    assert [(problem.path, problem.value) for problem in refused.value.problems] == [("images.kafka", "registry.example.com/kafka:1")]
    assert "name:tag@sha256:…" in str(refused.value)


def test_the_registry_of_a_kind_is_named_by_the_key_that_replaces_it() -> None:
    with pytest.raises(SettingsError, match=r"images\.registry: has no digest"):
        variant("dev", images={**{name: image for name, image in DIGESTED.items() if name != "registry"}, "signedBy": KEY})


@pytest.mark.parametrize("key", [PRIVATE, "cosign.pub", KEY + KEY, KEY.replace("PUBLIC", "PRIVATE"), ""])
def test_what_is_no_public_key_is_refused_and_not_shown(key: str) -> None:
    with pytest.raises(SettingsError) as refused:
        variant("dev", images={**DIGESTED, "signedBy": key})
    assert "cosign.pub, and never the private key" in str(refused.value)
    assert "eyJrZGYi" not in str(refused.value)
    assert "MFkwEwYH" not in str(refused.value)
