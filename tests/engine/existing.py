"""What exists after an `up`, asked of the systems themselves: cluster, brokers, emulated AWS, Connect, catalog, database."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import requests
from confluent_kafka.admin import AdminClient, ConfigResource, ConfigSource, ResourceType

from pipeline.reading.archive import Archive
from sandbox.equality import connect

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox.kubernetes import Kube

NAMESPACE = "data-ingestion"
KINDS = (
    "ConfigMap",
    "Deployment",
    "LimitRange",
    "NetworkPolicy",
    "PersistentVolumeClaim",
    "PodDisruptionBudget",
    "ResourceQuota",
    "Secret",
    "Service",
    "ServiceAccount",
    "StatefulSet",
)
_SERVERS_OWN = {"uid", "resourceVersion", "creationTimestamp", "managedFields", "generation", "ownerReferences", "selfLink"}
"""Metadata that a server writes."""
_DRIVERS_OWN = {"deployment.kubernetes.io/revision", "pulumi.com/patchForce"}
_CHANCE = {"clusterIP", "clusterIPs", "volumeName", "healthCheckNodePort"}
"""Fields of a specification that a server fills with what is free."""
_DRAWN = ("kafka-cluster-id", "cluster-id", "CLUSTER_ID", "checksum", "rollout", "restartedAt")
"""What depends on random values, which two runs do not share: it is there, and compared no further."""


def objects(kube: Kube) -> dict[str, Any]:
    """Every object of the pipeline by kind and name, without what servers add; of a Secret the keys, since values are drawn."""
    found: dict[str, Any] = {}
    for kind in KINDS:
        for item in kube.list(kind, NAMESPACE):
            name = item["metadata"]["name"]
            if name in {"kube-root-ca.crt", "default"}:
                continue
            found[f"{kind} {name}"] = _stripped(kind, item)
    for kind in ("Namespace", "StorageClass"):
        for item in kube.list(kind, None):
            if item["metadata"]["name"].startswith(NAMESPACE):
                found[f"{kind} {item['metadata']['name']}"] = _stripped(kind, item)
    return found


def _stripped(kind: str, item: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {key: value for key, value in item["metadata"].items() if key not in _SERVERS_OWN}
    annotations = {key: value for key, value in (metadata.pop("annotations", None) or {}).items() if key not in _DRIVERS_OWN}
    rest = {key: value for key, value in item.items() if key not in {"metadata", "status", "kind", "apiVersion"}}
    if kind == "Secret":
        rest["data"] = sorted(rest.get("data") or {})
    body: dict[str, Any] = _without_chance({"metadata": {**metadata, "annotations": annotations}, **rest})
    return body


def _without_chance(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: "drawn" if any(mark in key for mark in _DRAWN) else _without_chance(item)
            for key, item in value.items()
            if key not in _CHANCE
        }
    if isinstance(value, list):
        return [
            {**item, "value": "drawn"} if isinstance(item, dict) and item.get("name") in _DRAWN else _without_chance(item) for item in value
        ]
    return value


def topics(servers: str) -> dict[str, Any]:
    """Partitions, copies and own configuration of every topic that a driver makes."""
    admin = AdminClient({"bootstrap.servers": servers})
    listed = {name: topic for name, topic in admin.list_topics(timeout=15).topics.items() if not name.startswith("__consumer")}
    resources = [ConfigResource(ResourceType.TOPIC, name) for name in sorted(listed)]
    configs = {found.name: future.result(15) for found, future in admin.describe_configs(resources).items()}
    own = ConfigSource.DYNAMIC_TOPIC_CONFIG.value
    return {
        name: (
            len(topic.partitions),
            {len(partition.replicas) for partition in topic.partitions.values()},
            {key: entry.value for key, entry in configs[name].items() if entry.source == own},
        )
        for name, topic in listed.items()
    }


def cloud(aws: Callable[[str], Any], bucket: str, user: str, role: str) -> dict[str, Any]:
    """Everything that AWS tells of the bucket and the two identities."""
    s3, iam = aws("s3"), aws("iam")
    found = {
        "tags": s3.get_bucket_tagging(Bucket=bucket)["TagSet"],
        "versioning": s3.get_bucket_versioning(Bucket=bucket)["Status"],
        "encryption": s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"],
        "public": s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"],
        "ownership": s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"],
        "lifecycle": s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"],
        "keys": [key["Status"] for key in iam.list_access_keys(UserName=user)["AccessKeyMetadata"]],
        "user tags": iam.list_user_tags(UserName=user)["Tags"],
    }
    for kind, name in (("user", user), ("role", role)):
        which = {f"{kind.capitalize()}Name": name}
        policies = getattr(iam, f"list_{kind}_policies")(**which)["PolicyNames"]
        # A policy that the program gives no name has a made-up one.
        documents = [getattr(iam, f"get_{kind}_policy")(**which, PolicyName=policy)["PolicyDocument"] for policy in policies]
        found[f"{kind} policies"] = sorted(json.dumps(document, sort_keys=True) for document in documents)
    about = iam.get_role(RoleName=role)["Role"]
    trust = json.dumps(about["AssumeRolePolicyDocument"], sort_keys=True)
    return {**found, "role": (about["Path"], about["MaxSessionDuration"], trust, about.get("Tags"))}


def pipeline(outputs: Mapping[str, Any], tables: tuple[str, ...]) -> dict[str, Any]:
    """Connectors with their configurations, the archive's tables, the database's publication and roles."""
    worker, archive = outputs["connect"], Archive(outputs)
    login = (worker["user"], worker["password"])
    listed = requests.get(f"{worker['url']}/connectors?expand=info&expand=status", auth=login, timeout=30).json()
    connectors = {
        name: (about["info"]["config"], about["status"]["connector"]["state"], [task["state"] for task in about["status"]["tasks"]])
        for name, about in listed.items()
    }
    iceberg = {}
    for name in tables:
        table = archive.table(name)
        fields = [(field.name, str(field.field_type), field.required) for field in table.schema().fields]
        iceberg[name] = (fields, str(table.spec()), dict(table.properties), table.location())
    with connect(outputs) as database:
        published = database.execute("SELECT pubname, tablename, attnames::text FROM pg_publication_tables ORDER BY 1, 2").fetchall()
        roles = database.execute(
            "SELECT rolname, rolsuper, rolreplication, rolcanlogin, rolconnlimit FROM pg_roles WHERE rolname NOT LIKE 'pg\\_%' ORDER BY 1"
        ).fetchall()
    return {"connectors": connectors, "iceberg": iceberg, "published": published, "roles": roles}
