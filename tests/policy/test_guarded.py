"""Pods that must not be open to everybody are known by the images and scripts that the model of memory knows too."""

from __future__ import annotations

import pytest

from policy.guarded import runs_guarded
from stack.capacity import jvm_scripts, postgres_parameters

SCRIPTS = ("connect-distributed", "connect-standalone", "kafka-server-start", "schema-registry-start")
IMAGES = sorted(jvm_scripts.images_of(*SCRIPTS) | postgres_parameters.IMAGES)


@pytest.mark.parametrize("image", [*IMAGES, "debezium/postgres", "redpandadata/redpanda", "apicurio/apicurio-registry"])
def test_an_image_that_serves_rows_or_schemas_is_guarded(image: str) -> None:
    assert runs_guarded({"image": f"registry.example.com:5000/{image}:1.0"})
    assert not runs_guarded({"image": f"registry.example.com:5000/{image}:1.0", "command": ["sleep", "60"]})


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_start_script_is_guarded_in_any_image(script: str) -> None:
    assert runs_guarded({"image": "example/own:1", "command": ["sh", "-c", f"exec /opt/bin/{script}.sh /etc/file"]})


@pytest.mark.parametrize("image", ["cp-kafka-rest", "nginx", "example/connect", "postgres-exporter", "kafka-exporter"])
def test_other_images_are_not(image: str) -> None:
    assert not runs_guarded({"image": f"example.com/{image}:1"})


def test_the_jar_of_apicurio_is_guarded_by_its_path() -> None:
    java = {"image": "example/own:1", "command": ["java", "-Xmx192m", "-jar", "/opt/apicurio/quarkus-run.jar"]}
    assert runs_guarded(java)
    assert not runs_guarded({**java, "command": ["java", "-jar", "/opt/shop/quarkus-run.jar"]})
