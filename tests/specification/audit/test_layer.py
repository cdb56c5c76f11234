"""The scheduled audit: one bounded, restricted pod at a time, that may only read, and finds what its document describes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from pipeline.description import document as reading
from stack.capacity import audit as sizes
from stack.capacity.workloads import workload
from stack.settings.names import READER_SECRETS
from stack.specification import readers
from stack.specification.streaming.registry import AUDIT_USER
from tests import pod_security
from tests.declared import STACKS, variant
from tests.network import outside

if TYPE_CHECKING:
    from pathlib import Path

    from tests.declared import Declared

HOURLY = {"schedule": "17 * * * *"}
SECRETS = {"database": "audit-db", "kafka": "audit-msk", "registry": "audit-schemas"}
AUDITED: dict[str, dict[str, Any]] = {
    "dev": {"audit": HOURLY},
    "sandbox": {},
    "glue": {"audit": HOURLY},
    "parquet": {"audit": HOURLY},
    "prod": {"audit": {**HOURLY, "secrets": {"database": "audit-db"}}},
    "guest": {"audit": {**HOURLY, "secrets": SECRETS}},
    "endpoint": {"audit": {**HOURLY, "secrets": {"store": "audit-store"}}},
}


@pytest.fixture(scope="module", params=sorted(AUDITED))
def audited(request: pytest.FixtureRequest) -> Declared:
    """Return each kind of stack with a scheduled audit."""
    file, overrides = STACKS[request.param]
    return variant(file, **{**overrides, **AUDITED[request.param]})


def namespace(declared: Declared) -> str:
    """Return the audit's namespace."""
    return str(declared.settings.audit_namespace)


def cron_job(declared: Declared) -> Any:
    """Return the CronJob."""
    (found,) = declared.inside("CronJob", namespace(declared)).values()
    return found


def pod(declared: Declared) -> Any:
    """Return its pod."""
    return cron_job(declared)["spec"]["jobTemplate"]["spec"]["template"]["spec"]


def written(declared: Declared) -> Any:
    """Return the document that the pod reads."""
    return json.loads(declared.inside("ConfigMap", namespace(declared))["audit-config"]["data"]["stack.json"])


def test_a_run_is_alone_bounded_and_not_repeated_for_what_it_found(audited: Declared) -> None:
    spec = cron_job(audited)["spec"]
    job = spec["jobTemplate"]["spec"]
    assert (spec["concurrencyPolicy"], spec["timeZone"], spec["schedule"]) == ("Forbid", "Etc/UTC", audited.settings.audit.schedule)
    assert min(spec[key] for key in ("startingDeadlineSeconds", "successfulJobsHistoryLimit", "failedJobsHistoryLimit")) > 0
    assert job["activeDeadlineSeconds"] == 60 * audited.settings.audit.deadline_minutes < 3600, "a role's session lasts for an hour"
    (rule,) = job["podFailurePolicy"]["rules"]
    assert (rule["action"], rule["onExitCodes"]["values"]) == ("FailJob", [1, 2])
    assert (job["backoffLimit"], job["podReplacementPolicy"]) == (1, "Failed")
    assert pod(audited)["restartPolicy"] == "Never", "a policy for failed pods needs it"


def test_the_pod_is_restricted_and_has_no_token_for_the_api_server(audited: Declared) -> None:
    spec = pod(audited)
    assert pod_security.violations(spec) == []
    assert spec["automountServiceAccountToken"] is False
    assert all(container["securityContext"]["readOnlyRootFilesystem"] for container in spec["containers"])


def test_its_memory_is_a_budget_of_its_own_and_the_pipelines_stays(audited: Declared) -> None:
    settings, where = audited.settings, namespace(audited)
    counted = workload("CronJob", cron_job(audited))
    limit = f"{settings.audit.memory_mib}Mi"
    assert counted.peak == settings.audit.memory_mib * 2**20
    assert audited.inside("ResourceQuota", where)["memory-budget"]["spec"]["hard"] == {"limits.memory": limit, "requests.memory": limit}
    assert audited.inside("LimitRange", where)["container-memory"]["spec"]["limits"][0]["max"] == {"memory": limit}
    own = audited.inside("ResourceQuota", settings.names.namespace)["memory-budget"]["spec"]["hard"]["limits.memory"]
    assert own == f"{settings.budget.memory_mib}Mi"
    options = written(audited)["options"]
    comparison = sizes.comparison_mib(settings.audit.memory_mib, len(settings.source.tables))
    assert (options["memory"], options["threads"]) == (f"{comparison}MiB", sizes.THREADS)


def test_what_it_writes_goes_to_a_volume_with_a_bound(audited: Declared) -> None:
    (container,) = pod(audited)["containers"]
    mounts = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"] if not mount.get("readOnly")}
    volumes = {volume["name"]: volume for volume in pod(audited)["volumes"]}
    environment = {item["name"]: item["value"] for item in container["env"]}
    assert volumes[mounts[environment["TMPDIR"]]]["emptyDir"] == {"sizeLimit": f"{audited.settings.audit.disk_mib}Mi"}
    assert all("sizeLimit" in volumes[name]["emptyDir"] for name in mounts.values())


def test_each_login_is_a_secret_of_its_namespace_with_the_keys_that_are_read(audited: Declared) -> None:
    (container,) = pod(audited)["containers"]
    mounted = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    names = {
        mounted[volume["name"]].removeprefix(f"{READER_SECRETS}/"): volume["secret"]["secretName"]
        for volume in pod(audited)["volumes"]
        if "secret" in volume
    }
    declared, named = audited.inside("Secret", namespace(audited)), audited.settings.audit.secrets
    existing = {value for value in named.model_dump().values() if value}
    assert set(names.values()) == {*declared, *existing}
    kafka = audited.settings.streaming.kafka.external
    assert set(names) == {"database", "registry", "archive", *({"kafka"} if kafka and kafka.logs_in else ())}
    for folder, keys in {"database": {"username", "password", "ca.crt"}, "registry": {"username", "password"}}.items():
        if names[folder] in declared:
            assert set(declared[names[folder]]["stringData"]) == keys


def test_it_logs_in_as_nobody_else(audited: Declared) -> None:
    declared = audited.inside("Secret", namespace(audited))
    users = {secret["stringData"]["username"] for secret in declared.values() if "username" in secret["stringData"]}
    assert users <= {audited.settings.names.audit_role, AUDIT_USER}
    worker = audited.inside("Secret", audited.settings.names.namespace)
    taken = {value for secret in worker.values() for key, value in secret["stringData"].items() if key == "password"}
    assert not taken & {secret["stringData"].get("password") for secret in declared.values()}


def test_its_role_in_aws_may_read_the_archive_and_nothing_else(audited: Declared) -> None:
    documents = [
        json.loads(item.inputs["policy"])
        for item in audited.recording.of_type("aws:iam/rolePolicy:RolePolicy")
        if item.name.startswith("audit-")
    ]
    allowed = {
        action
        for one in documents
        for statement in one["Statement"]
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }
    assert allowed <= {"s3:GetObject", "s3:ListBucket", "glue:GetTable", "kms:Decrypt"}
    assert bool(allowed) == (audited.settings.archive.endpoint is None)


@pytest.fixture
def logins(tmp_path: Path) -> Path:
    """Return the folder of the logins, as the pod mounts it."""
    for folder in ("database", "registry"):
        (tmp_path / folder).mkdir()
        for key in ("username", "password"):
            (tmp_path / folder / key).write_text(folder, encoding="utf-8")
    return tmp_path


def test_the_document_has_no_secret_and_is_read_back(audited: Declared, logins: Path) -> None:
    text = json.dumps(written(audited))
    secrets = [
        secret for item in audited.recording.resources if item.type.endswith(":Secret") for secret in item.inputs["stringData"].values()
    ]
    assert not [secret for secret in secrets if len(secret) > 8 and secret in text]
    known = reading.described(written(audited), logins).tables
    assert [(one.qualified, one.archive_name, one.in_database, one.renamed) for one in known] == [
        (one.qualified, one.archive_name, one.in_database, one.renamed) for one in audited.settings.source.tables
    ]
    assert [[(column.name, column.type) for column in one.columns] for one in known] == [
        [(column.name, column.type) for column in one.columns] for one in audited.settings.source.tables
    ]
    assert readers.FORM == reading.FORM


def connections(declared: Declared) -> dict[str, tuple[str, int]]:
    """Return host and port of each system that the document names."""
    said = written(declared)
    found = {"postgresql": (said["database"]["host"], said["database"]["port"])}
    for number, server in enumerate(said["kafka"]["bootstrap.servers"].split(",")):
        host, _, port = server.rpartition(":")
        found[f"kafka {number}"] = (host, int(port))
    for name, url in {"registry": said["registry"], "store": said["reader"]["endpoint"], "catalog": said["catalog"]}.items():
        if url:
            parts = urlsplit(url)
            found[name] = (str(parts.hostname), parts.port or {"http": 80, "https": 443}[parts.scheme])
    return found


def allowed(policies: Any, component: str, direction: str) -> list[tuple[Any, int]]:
    """Return the peers and ports that policies allow pods of a component."""
    side = {"ingress": "from", "egress": "to"}[direction]
    labels = {"app.kubernetes.io/part-of": "data-ingestion", "app.kubernetes.io/component": component}
    return [
        (peer, port["port"])
        for policy in policies.values()
        if policy["spec"]["podSelector"] in ({}, {"matchLabels": labels})
        for rule in policy["spec"].get(direction, [])
        for peer in rule[side]
        for port in rule["ports"]
    ]


def test_each_connection_of_the_document_is_open_at_both_ends_and_nothing_comes_in(audited: Declared) -> None:
    settings, where = audited.settings, namespace(audited)
    own, pipeline = (audited.inside("NetworkPolicy", one) for one in (where, settings.names.namespace))
    out = allowed(own, "audit", "egress")
    assert allowed(own, "audit", "ingress") == []
    assert own["default-deny"]["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    for host, port in connections(audited).values():
        if not host.endswith(f".{settings.names.namespace}.svc.cluster.local"):
            store = settings.archive.store
            if store is not None and host == f"{store.service}.{store.namespace}.svc.cluster.local":
                assert ({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": store.namespace}}}, port) in out
                continue
            for address in outside(audited)[host, port]:
                assert ({"ipBlock": {"cidr": address}}, port) in out
            continue
        component = host.split(".")[0].rpartition("-")[0] if host.startswith("kafka-") else host.split(".")[0]
        to = [peer for peer, number in out if number == port and peer.get("podSelector", {}).get("matchLabels")]
        selected = [peer for peer in to if peer["podSelector"]["matchLabels"]["app.kubernetes.io/component"] == component]
        assert [peer["namespaceSelector"]["matchLabels"] for peer in selected] == [
            {"kubernetes.io/metadata.name": settings.names.namespace}
        ]
        let_in = [peer for peer, number in allowed(pipeline, component, "ingress") if number == port and "namespaceSelector" in peer]
        of_the_audit = [peer for peer in let_in if peer["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": where}]
        assert [peer["podSelector"]["matchLabels"]["app.kubernetes.io/component"] for peer in of_the_audit] == ["audit"]


def test_a_stack_without_a_schedule_has_nothing_of_it() -> None:
    declared = variant("dev")
    assert declared.settings.audit_namespace is None
    assert [item.name for item in declared.recording.resources if "audit" in item.name] == []
    assert "audit" not in declared.files("postgresql-config")["roles.sql"]
    assert "audit" not in declared.secret("schema-registry-login")["users.properties"]
