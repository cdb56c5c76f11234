"""Validating policies that refuse every pod of a stack, whatever it has; and policies of every day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.policy.workbench import NAMESPACE, extra

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared
    from tests.policy.workbench import Made, Workbench

_PODS = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"]}
_OTHERS = {
    "matchExpressions": [
        {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": [NAMESPACE, f"{NAMESPACE}-audit", f"{NAMESPACE}-monitoring"]}
    ]
}


def refusing(bench: Workbench) -> Iterator[Made]:
    """Yield validations that are false for every pod of the stack, and those that depend on a pod, leave the stack out, or only warn."""
    for at, one in enumerate(false_policies()):
        yield f"refusing: {at}", "admission-kept", bench.with_more(*one)
    for at, one in enumerate(everyday_validations()):
        yield f"refusing: everyday {at}", None, bench.with_more(*one)


FALSE = (
    *("false", "1 == 2", "!true", "'a' == 'b'", "true && false", "object.spec.hostNetwork && false", "!(true || object.spec.hostNetwork)"),
    *(
        "object.metadata.name != object.metadata.name",
        "size('') > 0",
        "2 < 1",
        "false // for a while",
        "(((false)))",
        "true ? false : true",
    ),
    *(
        "object.metadata.name == 'x' ? false : false",
        "true ? false : true",
        "1 in [2]",
        "[1].exists(x, false)",
        "variables.never",
        "has(object.spec) && false",
    ),
    *(f"object.metadata.namespace != '{NAMESPACE}'", f"namespaceObject.metadata.name != '{NAMESPACE}'", "request.namespace == 'web'"),
    *(f"!(request.namespace in ['{NAMESPACE}', 'web'])", "!object.metadata.namespace.startsWith('data-')"),
)
TRUE_OR_OPEN = (
    *("true", "1 == 1", "object.spec.replicas <= 5", "object.spec.containers.all(c, !c.image.endsWith(':latest'))", "has(object.spec.x)"),
    *("object.metadata.labels.team == 'data'", "!object.spec.hostNetwork", f"object.metadata.namespace.startsWith('{NAMESPACE}') || false"),
    *("params.maxReplicas > 3", "variables.some", "object.spec.x == null || object.spec.x == false", "1 + 2 * 3 == 7", "not valid (", ""),
    *(
        "oldObject == null",
        "request.operation == 'CREATE' ? true : object.spec.x",
        "authorizer.group('').resource('pods').check('get').allowed()",
    ),
)
_BOUND = {"policyName": "v", "validationActions": ["Deny"]}
_VALIDATING, _BINDING = "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"
_API = "admissionregistration.k8s.io/v1"


def validating(expression: str, kind: str = _VALIDATING, /, **more: Any) -> Declared:
    """Return a validating policy in CEL about pods with one expression."""
    spec = {
        "matchConstraints": {"resourceRules": [_PODS]},
        "variables": [{"name": "never", "expression": "1 > 2"}, {"name": "some", "expression": "object.spec.a"}],
        "validations": [{"expression": "true"}, {"expression": expression}],
        **more,
    }
    return extra(kind, "v", spec, _API if kind == _VALIDATING else "policies.kyverno.io/v1")


def bound(**more: Any) -> Declared:
    """Return a binding of that policy."""
    return extra(_BINDING, "b", {**_BOUND, **more}, _API)


def _kyverno(validate: dict[str, Any], action: str = "Enforce", **rule: Any) -> Declared:
    match = {"any": [{"resources": {"kinds": ["Pod"]}}]}
    spec = {"validationFailureAction": action, "rules": [{"name": "r", "match": match, "validate": validate, **rule}]}
    return extra("ClusterPolicy", "k", spec, "kyverno.io/v1")


_DENIALS: tuple[dict[str, Any], ...] = (
    {"deny": {}},
    {"deny": {"conditions": {"all": [{"key": "a", "operator": "Equals", "value": "a"}]}}},
    {"deny": {"conditions": {"any": [{"key": "{{request.namespace}}", "operator": "In", "value": [NAMESPACE]}]}}},
    {"deny": {"conditions": {"any": [{"key": "{{ request.object.metadata.namespace }}", "operator": "NotEquals", "value": "web"}]}}},
    {"cel": {"expressions": [{"expression": "false"}]}},
)


def false_policies() -> Iterator[tuple[Declared, ...]]:
    """Yield policies that refuse every pod of the stack."""
    yield from ((validating(one),) for one in FALSE)
    yield validating("false"), bound()
    yield validating("false"), bound(validationActions=["Audit"]), bound(validationActions=["Warn", "Deny"])
    yield (validating("false", matchConditions=[{"name": "c", "expression": "1 == 1"}]),)
    yield (validating("false", matchConditions=[{"name": "c", "expression": f"request.namespace == '{NAMESPACE}'"}]),)
    for operations, resources in ((["*"], ["*"]), (["DELETE"], ["pods"]), (["UPDATE"], ["deployments"])):
        rules = [{"apiGroups": ["*"], "apiVersions": ["*"], "operations": operations, "resources": resources}]
        yield (validating("false", matchConstraints={"resourceRules": rules}),)
    yield (validating("false", "ValidatingPolicy", validationActions=["Deny"]),)
    yield (validating("false", "ValidatingPolicy"),)
    yield (validating("false", "NamespacedValidatingPolicy"),)
    yield from ((_kyverno(one),) for one in _DENIALS)


def everyday_validations() -> Iterator[tuple[Declared, ...]]:
    """Yield policies of every day."""
    yield from ((validating(one),) for one in TRUE_OR_OPEN)
    yield validating("false"), bound(validationActions=["Warn", "Audit"])
    yield validating("false"), bound(matchResources={"namespaceSelector": {"matchLabels": {"team": "web"}}})
    yield (validating("false", matchConstraints={"resourceRules": [_PODS], "namespaceSelector": _OTHERS}),)
    # who denies what a condition picks out denies with false
    yield (
        validating(
            "false", matchConditions=[{"name": "c", "expression": "object.spec.containers.exists(c, c.securityContext.privileged)"}]
        ),
    )
    yield (validating("false", matchConditions=[{"name": "c", "expression": "request.namespace == 'web'"}]),)
    for operations, resources in ((["CONNECT"], ["pods/exec"]), (["DELETE"], ["statefulsets"]), (["CREATE"], ["ingresses"])):
        rules = [{"apiGroups": ["*"], "apiVersions": ["*"], "operations": operations, "resources": resources}]
        yield (validating("false", matchConstraints={"resourceRules": rules}),)
    yield (validating("false", "ValidatingPolicy", validationActions=["Audit"]),)
    yield from ((_kyverno(one, "Audit"),) for one in _DENIALS)
    yield (_kyverno({"deny": {}}, preconditions={"all": [{"key": "{{request.operation}}", "operator": "Equals", "value": "DELETE"}]}),)
    yield (_kyverno({"deny": {}}, match={"any": [{"resources": {"kinds": ["Pod"], "operations": ["CONNECT"]}}]}),)
    yield (_kyverno({"deny": {}}, match={"any": [{"resources": {"kinds": ["Pod/exec"]}}]}),)
    yield (_kyverno({"deny": {}}, match={"any": [{"resources": {"kinds": ["Pod"], "namespaces": ["web"]}}]}),)
    condition = {"key": "{{ request.object.spec.hostNetwork }}", "operator": "Equals", "value": True}
    yield (_kyverno({"deny": {"conditions": {"any": [condition]}}}),)
    yield (_kyverno({"deny": {"conditions": {"all": [{"key": "{{request.namespace}}", "operator": "Equals", "value": "web"}]}}}),)
