"""Inputs and outputs of the stand-ins, compared with the types of the published SDKs."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import pulumi_aws as aws
import pulumi_kafka as kafka
import pulumi_random as random
import pulumi_tls as tls
import pytest
from pulumi import _types

from sandbox.standins.packages import PACKAGES
from tests.declared import STACKS, Declared

if TYPE_CHECKING:
    from sandbox.standins.shape import StandIn

PUBLISHED: dict[str, Any] = {
    kind.pulumi_type: kind
    for kind in (
        aws.iam.AccessKey,
        aws.iam.Role,
        aws.iam.RolePolicy,
        aws.iam.User,
        aws.iam.UserPolicy,
        aws.s3.Bucket,
        aws.s3.BucketLifecycleConfiguration,
        aws.s3.BucketOwnershipControls,
        aws.s3.BucketPolicy,
        aws.s3.BucketPublicAccessBlock,
        aws.s3.BucketServerSideEncryptionConfiguration,
        aws.s3.BucketVersioning,
        kafka.Topic,
        random.RandomBytes,
        random.RandomInteger,
        random.RandomPassword,
        random.RandomString,
        tls.CertRequest,
        tls.LocallySignedCert,
        tls.PrivateKey,
        tls.SelfSignedCert,
    )
}
KINDS = [kind for package in PACKAGES.values() for kind in package.kinds]
# inputs for which the published plugins take another one instead, and the stand-ins do not: a write-only key, rules in another form
NEEDED_HERE = {"privateKeyPem", "caPrivateKeyPem", "rules", "replicationFactor"}


def arguments(published: Any) -> tuple[set[str], set[str]]:
    """Return the inputs of a published type and the required ones among them, in the engine's spelling."""
    module, name = inspect.getmodule(published), published.__name__
    given = getattr(module, f"{name}InitArgs", None) or getattr(module, f"{name}Args")
    names = _types.input_type_py_to_pulumi_names(given)
    parameters = {key: item for key, item in inspect.signature(given.__init__).parameters.items() if key in names}
    return set(names.values()), {names[key] for key, item in parameters.items() if item.default is inspect.Parameter.empty}


def outputs(published: Any) -> set[str]:
    """Return the outputs of a published type, in the engine's spelling."""
    return {getattr(item.fget, "_pulumi_name", name) for name, item in inspect.getmembers(published, lambda it: isinstance(it, property))}


def test_every_type_of_a_stand_in_is_published_under_the_same_name() -> None:
    assert {kind.shape.token for kind in KINDS} == set(PUBLISHED)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_inputs_and_outputs_are_those_of_the_published_type(kind: type[StandIn]) -> None:
    shape, published = kind.shape, PUBLISHED[kind.shape.token]
    takes, needs = arguments(published)
    assert shape.inputs <= takes, "an input that the published plugin does not have"
    assert needs <= shape.required, "an input that the published plugin refuses to do without"
    assert shape.required - needs <= NEEDED_HERE
    assert shape.inputs | set(shape.learnt) <= outputs(published) | {"acl"}, "an output that the published plugin does not have"
    assert shape.replaces <= shape.inputs
    assert set(shape.names) <= shape.inputs


@pytest.mark.parametrize("stack", sorted(STACKS))
def test_every_type_and_input_that_a_stack_declares_is_known(stack: str) -> None:
    shapes = {kind.shape.token: kind.shape for kind in KINDS}
    declared = [item for item in Declared.of(stack).recording.resources if item.type.split(":")[0] in PACKAGES]
    assert {item.type for item in declared} <= set(shapes)
    for item in declared:
        assert set(item.inputs) <= shapes[item.type].inputs, item.name
        assert shapes[item.type].required <= set(item.inputs), item.name
