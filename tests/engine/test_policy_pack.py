"""The policy pack under the real CLI: what its exit code says to whoever runs a preview."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import yaml

from pipeline.review.reading import read
from policy.catalogue import RULES, WHOLE_STACK
from tests.engine.any_type import attached
from tests.engine.project import Project
from tests.policy.test_rules_document import EXAMPLES, declared

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline.review.preview import Preview

pytestmark = pytest.mark.engine

POD = """
def extra(name, kind, replicas=0, volumes=(), **container):
    name = f"extra-{name}-sdk"
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
    "memory-limit": 'extra("memory-limit", deployment, resources={"requests": {"memory": "64Mi"}})',
    "memory-limit, unknown": (
        'size = random.RandomInteger("size", min=64, max=64, opts=pulumi.ResourceOptions(provider=generator)).result\n'
        'extra("memory-limit-unknown", deployment, resources={"limits": {"memory": size.apply(lambda n: f"{n}Mi")}})'
    ),
    "memory-budget": 'extra("memory-budget", stateful, replicas=1)',
    "memory-peak": 'extra("memory-peak", deployment, replicas=1, resources={"limits": {"memory": "2Mi"}})',
    "java-fits": 'extra("java-fits", stateful, command=["java", "-Xmx2g", "-jar", "a.jar"])',
    "postgres-fits": 'extra("postgres-fits", stateful, command=["postgres", "-c", "shared_buffers=1GB"])',
    "disk-volumes": (
        'claim = {"metadata": {"name": "data"}, "spec": {"access_modes": ["ReadWriteOnce"], '
        '"resources": {"requests": {"storage": "20Gi"}}}}\nextra("disk-volumes", stateful, replicas=0, volumes=[claim])\n'
        'k8s.core.v1.PersistentVolumeClaim("extra-disk-volumes-sdk-claim", '
        'metadata={"name": "extra-disk-volumes-sdk-claim", "namespace": foundation.namespace}, '
        'spec=claim["spec"], opts=pulumi.ResourceOptions(provider=kubernetes))'
    ),
    "image-pinned": 'extra("image-pinned", stateful, image="kafka:latest")',
    "no-literal-credential": 'extra("no-literal-credential", stateful, env=[{"name": "DB_PASSWORD", "value": "hunter2"}])',
    "bucket-private": (
        'aws.s3.Bucket("extra-bucket-private-sdk", bucket="extra", acl="public-read", opts=pulumi.ResourceOptions(provider=cloud[0]))'
    ),
}
"""A snippet against each of some rules, written with the SDK; the names of what it declares begin with `extra-`, the key and `-sdk`."""

MANDATORY = {rule.name for rule in RULES if rule.level == "mandatory"} - {"exceptions-proper"}
TOTALS = {rule.name for rule in RULES if rule.together and rule.level == "mandatory"}
"""Rules about a sum, reported once, by whichever resource makes it too large: the message lists what adds up."""
APART = (
    MANDATORY - TOTALS,
    {"memory-budget", "disk-volumes", "disk-logs"},
    {"memory-peak", "postgres-fits"},
    {"sink-fits", "disk-wal"},
)
"""Rules that share a preview: one about a sum never with an example of another rule that adds to the same sum."""

DOCUMENTED = {
    str(example.values[0]): [declared(document) for document in yaml.safe_load_all(str(example.values[2]))]
    for example in EXAMPLES
    if example.values[1] == "refused"
}
PACKAGES = sorted({resource.type.partition(":")[0] for resources in DOCUMENTED.values() for resource in resources} - {"kubernetes"})

ANY = """
extra_providers = {{"kubernetes": kubernetes, **{{name: pulumi.ProviderResource(name, f"extra-{{name}}", {{}}) for name in {packages!r}}}}}
for token, name, inputs, ignored in {resources!r}:
    options = pulumi.ResourceOptions(provider=extra_providers[token.split(":")[0]], ignore_changes=ignored)
    pulumi.CustomResource(token, name, inputs, options)
"""


def documented(rules: Iterable[str]) -> str:
    """Return a snippet that declares the bad example of each rule; names begin with `extra-`, the rule and `-doc-`."""
    resources = [
        (resource.type, f"extra-{rule}-doc-{resource.name}", dict(resource.inputs), [*resource.ignored])
        for rule in sorted(rules)
        for resource in DOCUMENTED[rule]
    ]
    return ANY.format(packages=PACKAGES, resources=resources)


def named_in(shown: str, rule: str) -> bool:
    """Whether a rule is named: as the policy, or by the policy that tells what only the whole stack shows."""
    return f"  {rule}  " in shown or f"  {rule}: " in shown


def unnamed(preview: Preview, rule: str, begin: str) -> bool:
    """Whether no mandatory result of a rule is about a resource whose name begins so, or lists one in its sum."""
    said = [
        result
        for result in preview.policies
        if result.mandatory and (result.rule == rule or (result.rule == WHOLE_STACK and f"{rule}: " in result.message))
    ]
    return not any(result.urn.rpartition("::")[2].startswith(begin) or (rule in TOTALS and begin in result.message) for result in said)


def test_the_shipped_stack_passes_a_preview(project: Project) -> None:
    done = project.preview()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "exceptions-shown" in done.stdout
    assert "can't run policy" not in done.stdout


@pytest.mark.parametrize("rule", ["memory-budget", "no-literal-credential"])
def test_a_preview_that_breaks_a_rule_ends_with_a_failure_that_names_it(project: Project, rule: str) -> None:
    done = project.preview(POD + REFUSED[rule])
    assert done.returncode != 0, done.stdout
    assert "[mandatory]" in done.stdout
    assert f"  {rule}  " in done.stdout, done.stdout + done.stderr
    assert "hunter2" not in done.stdout + done.stderr
    assert "can't run policy" not in done.stdout


@pytest.mark.full
def test_every_mandatory_rule_is_tried_in_one_preview() -> None:
    assert sorted(rule for rules in APART for rule in rules) == sorted(MANDATORY)


@pytest.mark.full
@pytest.mark.parametrize("rules", APART, ids=lambda rules: " ".join(sorted(rules & TOTALS)) or "of one resource")
def test_every_rule_is_named_for_its_own_bad_example(project: Project, rules: set[str]) -> None:
    snippets = {key: code for key, code in REFUSED.items() if key.partition(",")[0] in rules}
    shown = rules if rules.isdisjoint(TOTALS) else rules - snippets.keys()
    with attached(PACKAGES) as environment:
        streamed = replace(project, environment={**project.environment, **environment, "PULUMI_ENABLE_STREAMING_JSON_PREVIEW": "1"})
        done = streamed.preview("\n".join([POD, *snippets.values(), documented(shown)]), "--json")
    preview = read(done.stdout)
    assert done.returncode != 0
    assert preview.complete, preview.errors
    tried = [(rule, f"extra-{rule}-doc-") for rule in sorted(shown)]
    tried += [(key.partition(",")[0], f"extra-{key.replace(', ', '-')}-sdk") for key in snippets]
    missing = [begin for rule, begin in tried if unnamed(preview, rule, begin)]
    assert not missing, [(result.rule, result.urn.rpartition("::")[2]) for result in preview.policies]
    assert not any("hunter2" in result.message for result in preview.policies)
    assert "can't run policy" not in done.stdout


@pytest.mark.full
def test_an_exception_that_fits_nothing_ends_a_preview_with_a_failure(project: Project) -> None:
    project.set("policy.exceptions[1].rule", "image-pinned")
    project.set("policy.exceptions[1].resource", "nobody")
    project.set("policy.exceptions[1].reason", "there was a reason once")
    done = project.preview()
    project.unset("policy.exceptions[1]")
    assert done.returncode != 0
    assert named_in(done.stdout, "exceptions-proper"), done.stdout[-3000:]


@pytest.mark.full
def test_the_same_change_passes_where_nobody_runs_the_pack(project: Project) -> None:
    """So it is the pack that refuses, and not the program."""
    done = project.pulumi("preview", "--stack", "sandbox", "--policy-pack", "policy", "--policy-pack-config", "does-not-exist.json")
    assert done.returncode != 0
    environment = {key: value for key, value in project.environment.items() if key != "PULUMI_OPTION_POLICY_PACK"}
    without = Project(project.folder, environment)
    assert without.preview(POD + REFUSED["memory-budget"]).returncode == 0


@pytest.mark.full
def test_a_budget_in_the_packs_configuration_decides(project: Project) -> None:
    config = project.folder / "budgets.json"
    config.write_text('{"memory-budget": {"enforcementLevel": "mandatory", "budgets": {"data-ingestion": "4093Mi"}}}')
    done = project.preview("", "--policy-pack-config", str(config))
    assert done.returncode != 0
    assert "1 more than the budget of 4093" in done.stdout


@pytest.mark.full
def test_a_pack_that_is_missing_stops_the_preview(project: Project) -> None:
    environment = {**project.environment, "PULUMI_OPTION_POLICY_PACK": "no-such-folder"}
    assert Project(project.folder, environment).preview().returncode != 0
