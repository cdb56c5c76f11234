"""The stand-ins for pulumi-random and pulumi-tls as the engine's plugins: resources that exist in the state alone."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from importlib import metadata
from typing import TYPE_CHECKING

import grpc
import pytest
from google.protobuf import empty_pb2

from tests.providers.plugin import SAME, Plugin, opened, running, secret

if TYPE_CHECKING:
    from collections.abc import Iterator

PASSWORD, BYTES, NUMBER = (
    "random:index/randomPassword:RandomPassword",
    "random:index/randomBytes:RandomBytes",
    "random:index/randomInteger:RandomInteger",
)
KEY, REQUEST, OWN = "tls:index/privateKey:PrivateKey", "tls:index/certRequest:CertRequest", "tls:index/selfSignedCert:SelfSignedCert"


@pytest.fixture(scope="module")
def random() -> Iterator[Plugin]:
    """Yield the stand-in for pulumi-random."""
    with running("random", "-m", "sandbox.standins", "random") as plugin:
        plugin.configure()
        yield plugin


@pytest.fixture(scope="module")
def tls() -> Iterator[Plugin]:
    """Yield the stand-in for pulumi-tls."""
    with running("tls", "-m", "sandbox.standins", "tls") as plugin:
        plugin.configure()
        yield plugin


def test_a_plugin_says_the_version_of_the_sdk(random: Plugin, tls: Plugin) -> None:
    for plugin in (random, tls):
        assert plugin.stub.GetPluginInfo(empty_pb2.Empty()).version == metadata.version(f"pulumi-{plugin.package}")


def test_a_password_stays_until_its_inputs_ask_for_another(random: Plugin) -> None:
    inputs = random.checked(PASSWORD, {"length": 20, "special": False})
    found, outputs = random.create(PASSWORD, inputs)
    assert outputs["result"] == secret(opened(outputs)["result"]), "whatever the program says"
    assert (found, len(opened(outputs)["result"])) == ("none", 20)
    assert random.read(PASSWORD, found, inputs, outputs) == (found, inputs, outputs)
    assert random.diff(PASSWORD, outputs, inputs).changes == SAME
    longer = random.diff(PASSWORD, outputs, {**inputs, "length": 21})
    assert (list(longer.replaces), longer.deleteBeforeReplace) == (["length"], False)
    assert list(random.diff(PASSWORD, outputs, {**inputs, "keepers": {"a": "1"}}).replaces) == ["keepers"]


def test_values_are_imported_as_the_published_plugin_imports_them(random: Plugin, tls: Plugin) -> None:
    _, inputs, outputs = random.read(PASSWORD, "aB3", {}, {})
    assert outputs["result"] == secret("aB3")
    assert random.diff(PASSWORD, outputs, random.checked(PASSWORD, {"length": 3})).changes == SAME
    assert inputs["special"] is True
    assert random.read(BYTES, base64.b64encode(b"four").decode(), {}, {})[2] == {"length": 4, "base64": "Zm91cg==", "hex": b"four".hex()}
    with pytest.raises(grpc.RpcError, match="PrivateKey cannot be imported here"):
        tls.read(KEY, "x", {}, {})


def test_a_range_without_a_number_in_it_is_refused(random: Plugin) -> None:
    assert random.check(NUMBER, {"min": 3, "max": 2}) == [("min", "3 is above max, 2; exchange them")]
    assert random.create(NUMBER, random.checked(NUMBER, {"min": 2, "max": 2}))[1]["result"] == 2


def test_a_certificate_is_replaced_before_it_ends(tls: Plugin) -> None:
    _, made = tls.create(KEY, tls.checked(KEY, {"algorithm": "ECDSA", "ecdsaCurve": "P256"}))
    key = opened(made)
    assert made["privateKeyPem"] == secret(key["privateKeyPem"])
    asked = {"privateKeyPem": key["privateKeyPem"], "validityPeriodHours": 100, "allowedUses": ["cert_signing"], "earlyRenewalHours": 10}
    inputs = tls.checked(OWN, asked)
    _, outputs = tls.create(OWN, inputs)
    assert tls.diff(OWN, outputs, inputs).changes == SAME
    soon = {**outputs, "validityEndTime": (datetime.now(UTC) + timedelta(hours=9)).isoformat()}
    assert list(tls.diff(OWN, soon, inputs).replaces) == ["readyForRenewal"]
    earlier = tls.diff(OWN, outputs, {**inputs, "earlyRenewalHours": 20})
    assert (list(earlier.diffs), list(earlier.replaces)) == (["earlyRenewalHours"], [])
    assert key["publicKeyFingerprintSha256"].startswith("SHA256:")
    assert key["publicKeyOpenssh"].startswith("ecdsa-sha2-nistp256 ")


def test_an_invalid_key_is_reported_without_showing_it(tls: Plugin) -> None:
    with pytest.raises(grpc.RpcError, match="privateKeyPem is not a readable PEM private key") as caught:
        tls.create(REQUEST, {"privateKeyPem": "hunter2hunter2"})
    assert "hunter2" not in str(caught.value.details())


@pytest.mark.parametrize(
    ("kind", "inputs", "path"),
    [
        (PASSWORD, {"length": "20"}, "length"),
        (PASSWORD, {"length": 0}, "length"),
        (PASSWORD, {"length": 4.5}, "length"),
        (PASSWORD, {"length": 4, "minUpper": -1}, "minUpper"),
        (PASSWORD, {"length": 3, "minUpper": 4}, "length"),
        (OWN, {"privateKeyPem": "k", "validityPeriodHours": 1, "allowedUses": ["cert_signing", "email_protection"]}, "allowedUses[1]"),
        (KEY, {"algorithm": "DSA"}, "algorithm"),
    ],
)
def test_impossible_values_are_refused_before_their_creation(
    random: Plugin, tls: Plugin, kind: str, inputs: dict[str, object], path: str
) -> None:
    plugin = random if kind.startswith("random") else tls
    assert [where for where, _ in plugin.check(kind, inputs)] == [path]
