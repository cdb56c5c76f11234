"""The policy pack under the real CLI: what its exit code says to whoever runs a preview."""

from __future__ import annotations

import pytest
import yaml

from policy.catalogue import RULES
from tests.engine.project import Project
from tests.policy.test_rules_document import EXAMPLES, declared

pytestmark = pytest.mark.engine

POD = """
def extra(kind, name="extra", replicas=0, volumes=(), **container):
    one = {"name": name, "image": "localhost/tool:1", "command": ["/bin/tool"], "resources": {"limits": {"memory": "64Mi"}}, **container}
    one["security_context"] = {
        "allow_privilege_escalation": False, "read_only_root_filesystem": True, "capabilities": {"drop": ["ALL"]},
        "run_as_non_root": True, "seccomp_profile": {"type": "RuntimeDefault"},
    }
    pod = {"automount_service_account_token": False, "containers": [one]}
    template = {"metadata": {"labels": {"a": name}}, "spec": pod}
    spec = {"replicas": replicas, "selector": {"match_labels": {"a": name}}, "template": template}
    if kind is k8s.apps.v1.StatefulSet:
        spec["service_name"] = name
        spec["volume_claim_templates"] = list(volumes)
    metadata = {"name": name, "namespace": foundation.namespace}
    return kind(name, metadata=metadata, spec=spec, opts=pulumi.ResourceOptions(provider=kubernetes))

deployment, stateful = k8s.apps.v1.Deployment, k8s.apps.v1.StatefulSet
"""

REFUSED = {
    "memory-limit": 'extra(deployment, resources={"requests": {"memory": "64Mi"}})',
    "memory-limit, unknown": (
        'size = random.RandomInteger("size", min=64, max=64, opts=pulumi.ResourceOptions(provider=generator)).result\n'
        'extra(deployment, resources={"limits": {"memory": size.apply(lambda n: f"{n}Mi")}})'
    ),
    "memory-budget": "extra(stateful, replicas=1)",
    "memory-peak": 'extra(deployment, replicas=1, resources={"limits": {"memory": "2Mi"}})',
    "java-fits": 'extra(stateful, command=["java", "-Xmx2g", "-jar", "a.jar"])',
    "postgres-fits": 'extra(stateful, command=["postgres", "-c", "shared_buffers=1GB"])',
    "disk-volumes": (
        'claim = {"metadata": {"name": "data"}, "spec": {"access_modes": ["ReadWriteOnce"], '
        '"resources": {"requests": {"storage": "20Gi"}}}}\nextra(stateful, replicas=0, volumes=[claim])\n'
        'k8s.core.v1.PersistentVolumeClaim("claim", metadata={"name": "claim", "namespace": foundation.namespace}, '
        'spec=claim["spec"], opts=pulumi.ResourceOptions(provider=kubernetes))'
    ),
    "image-pinned": 'extra(stateful, image="kafka:latest")',
    "no-literal-credential": 'extra(stateful, env=[{"name": "DB_PASSWORD", "value": "hunter2"}])',
    "bucket-private": 'aws.s3.Bucket("extra", bucket="extra", acl="public-read", opts=pulumi.ResourceOptions(provider=cloud[0]))',
}


def test_the_shipped_stack_passes_a_preview(project: Project) -> None:
    done = project.preview()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "exceptions-shown" in done.stdout
    assert "can't run policy" not in done.stdout


@pytest.mark.parametrize("named", REFUSED)
def test_a_preview_that_breaks_a_rule_ends_with_a_failure_that_names_it(project: Project, named: str) -> None:
    rule = named.partition(",")[0]
    done = project.preview(POD + REFUSED[named])
    assert done.returncode != 0, done.stdout
    assert "[mandatory]" in done.stdout
    assert f"  {rule}  " in done.stdout, done.stdout + done.stderr
    assert "hunter2" not in done.stdout + done.stderr
    assert "can't run policy" not in done.stdout


MANDATORY = {rule.name for rule in RULES if rule.level == "mandatory"}
OTHERS = [
    pytest.param(example.values[0], example.values[2], id=str(example.values[0]))
    for example in EXAMPLES
    if example.values[1] == "refused" and example.values[0] in MANDATORY - {named.partition(",")[0] for named in REFUSED}
]
"""The bad example of every further rule, from docs/policies.md."""

ANY = """
def providers(package):
    if package == "kubernetes":
        return kubernetes
    if package == "aws":
        return cloud[0]
    if package == "kafka":
        import pulumi_kafka
        return pulumi_kafka.Provider("extra-kafka", bootstrap_servers=["127.0.0.1:1"])
    from providers.kafkaconnect import Provider
    return Provider("extra-connect", url="http://127.0.0.1:1")

for token, name, inputs in {resources!r}:
    pulumi.CustomResource(token, name, inputs, pulumi.ResourceOptions(provider=providers(token.split(":")[0])))
"""


def named_in(shown: str, rule: str) -> bool:
    """Whether a rule is named: as the policy, or by the policy that tells what only the whole stack shows."""
    return f"  {rule}  " in shown or f"  {rule}: " in shown


def test_every_mandatory_rule_is_tried() -> None:
    tried = {named.partition(",")[0] for named in REFUSED} | {str(example.values[0]) for example in OTHERS}
    assert tried == MANDATORY - {"exceptions-proper"}


@pytest.mark.parametrize(("rule", "block"), OTHERS)
def test_the_bad_example_of_a_rule_ends_a_preview_with_a_failure_that_names_it(project: Project, rule: str, block: str) -> None:
    resources = [declared(document) for document in yaml.safe_load_all(block)]
    done = project.preview(ANY.format(resources=[(item.type, f"extra-{item.name}", dict(item.inputs)) for item in resources]))
    assert done.returncode != 0, done.stdout
    assert "[mandatory]" in done.stdout
    assert named_in(done.stdout, rule), done.stdout[-6000:] + done.stderr
    assert "can't run policy" not in done.stdout


def test_an_exception_that_fits_nothing_ends_a_preview_with_a_failure(project: Project) -> None:
    project.set("policy.exceptions[1].rule", "image-pinned")
    project.set("policy.exceptions[1].resource", "nobody")
    project.set("policy.exceptions[1].reason", "there was a reason once")
    done = project.preview()
    project.unset("policy.exceptions[1]")
    assert done.returncode != 0
    assert named_in(done.stdout, "exceptions-proper"), done.stdout[-3000:]


def test_the_same_change_passes_where_nobody_runs_the_pack(project: Project) -> None:
    """So it is the pack that refuses, and not the program."""
    done = project.pulumi("preview", "--stack", "sandbox", "--policy-pack", "policy", "--policy-pack-config", "does-not-exist.json")
    assert done.returncode != 0
    environment = {key: value for key, value in project.environment.items() if key != "PULUMI_OPTION_POLICY_PACK"}
    without = Project(project.folder, environment)
    assert without.preview(POD + REFUSED["memory-budget"]).returncode == 0


def test_a_budget_in_the_packs_configuration_decides(project: Project) -> None:
    config = project.folder / "budgets.json"
    config.write_text('{"memory-budget": {"enforcementLevel": "mandatory", "budgets": {"data-ingestion": "4093Mi"}}}')
    done = project.preview("", "--policy-pack-config", str(config))
    assert done.returncode != 0
    assert "1 more than the budget of 4093" in done.stdout


def test_a_pack_that_is_missing_stops_the_preview(project: Project) -> None:
    environment = {**project.environment, "PULUMI_OPTION_POLICY_PACK": "no-such-folder"}
    assert Project(project.folder, environment).preview().returncode != 0
