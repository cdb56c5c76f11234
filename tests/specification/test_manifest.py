"""Every pod: its rights, its resources and its rollout; checked on the program's declarations."""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Any

import pytest

from stack.capacity.quantity import parse_bytes
from stack.specification import manifest
from tests.declared import MAKES, Declared, containers, main_container, where_made
from tests.pod_security import violations

if TYPE_CHECKING:
    from collections.abc import Callable

PINNED = re.compile(r"^[^:@]+(:[0-9]+)?(/[^:@]+)*(:(?!latest$)[\w.-]+)(@sha256:[0-9a-f]{64})?$")


def a_pod() -> Any:
    """Return a small valid pod."""
    container = manifest.container(name="main", image="a:1", command=["run"], memory_mib=64, cpu_millicores=10, ports={"http": 80})
    return manifest.pod(service_account="main", uid=1000, containers=[container], init_containers=[copy.deepcopy(container)])


def test_every_pod_is_admitted_under_the_restricted_standard(declared: Declared) -> None:
    assert {name: found for name, pod in declared.pods.items() if (found := violations(pod["spec"]))} == {}


BREACHES: dict[str, Callable[[Any], object]] = {
    "hostNetwork": lambda pod: pod.update(hostNetwork=True),
    "hostPID": lambda pod: pod.update(hostPID=True),
    "hostIPC": lambda pod: pod.update(hostIPC=True),
    "volume host": lambda pod: pod["volumes"].append({"name": "host", "hostPath": {"path": "/"}}),
    "sysctls": lambda pod: pod["securityContext"].update(sysctls=[{"name": "kernel.msgmax", "value": "1"}]),
    "runAsUser": lambda pod: pod["securityContext"].update(runAsUser=0),
    "main: runAsUser": lambda pod: pod["containers"][0]["securityContext"].update(runAsUser=0),
    "main: runAsNonRoot": lambda pod: pod["securityContext"].pop("runAsNonRoot"),
    "main: privileged": lambda pod: pod["containers"][0]["securityContext"].update(privileged=True),
    "main: allowPrivilegeEscalation": lambda pod: pod["initContainers"][0]["securityContext"].pop("allowPrivilegeEscalation"),
    "main: capabilities": lambda pod: pod["containers"][0]["securityContext"]["capabilities"].update(add=["SYS_ADMIN"]),
    "main: procMount": lambda pod: pod["containers"][0]["securityContext"].update(procMount="Unmasked"),
    "main: hostPort": lambda pod: pod["containers"][0]["ports"][0].update(hostPort=80),
    "main: probe host": lambda pod: pod["containers"][0].update(livenessProbe={"tcpSocket": {"host": "10.0.0.1", "port": 80}}),
    "main: seccompProfile": lambda pod: pod["securityContext"].pop("seccompProfile"),
    "seccompProfile": lambda pod: pod["securityContext"].update(seccompProfile={"type": "Unconfined"}),
    "appArmorProfile": lambda pod: pod["securityContext"].update(appArmorProfile={"type": "Unconfined"}),
    "seLinuxOptions": lambda pod: pod["securityContext"].update(seLinuxOptions={"type": "spc_t"}),
}


@pytest.mark.parametrize("breach", BREACHES)
def test_the_standard_as_written_here_sees_each_breach(breach: str) -> None:
    pod = a_pod()
    assert violations(pod) == []
    BREACHES[breach](pod)
    assert set(violations(pod)) == {breach}


def test_no_pod_talks_to_the_api_server(declared: Declared) -> None:
    """Each has its own account, so that rights of others never reach it, and no token of it in the pod."""
    accounts = {name: pod["spec"]["serviceAccountName"] for name, pod in declared.pods.items()}
    assert len(set(accounts.values())) == len(accounts)
    for name, pod in declared.pods.items():
        assert pod["spec"]["automountServiceAccountToken"] is False
        assert declared.manifest("ServiceAccount", accounts[name])["automountServiceAccountToken"] is False


def test_services_of_the_namespace_leave_no_variables_in_pods(declared: Declared) -> None:
    """``KAFKA_PORT=tcp://…`` from a Service called kafka breaks many brokers."""
    assert all(pod["spec"]["enableServiceLinks"] is False for pod in declared.pods.values())


def test_containers_can_write_only_to_volumes(declared: Declared) -> None:
    for pod in declared.pods.values():
        claims = {"data"}
        writable = {volume["name"] for volume in pod["spec"]["volumes"] if "emptyDir" in volume} | claims
        for container in containers(pod):
            assert container["securityContext"]["readOnlyRootFilesystem"] is True
            open_mounts = {mount["name"] for mount in container["volumeMounts"] if not mount.get("readOnly")}
            assert "tmp" in open_mounts <= writable


def test_scratch_volumes_are_bounded(declared: Declared) -> None:
    """An unbounded emptyDir fills the node's disk, and all its pods are evicted."""
    for pod in declared.pods.values():
        for volume in pod["spec"]["volumes"]:
            if "emptyDir" in volume:
                assert parse_bytes(volume["emptyDir"]["sizeLimit"]) <= 64 * 2**20


def test_what_is_mounted_exists_as_a_volume(declared: Declared) -> None:
    for name, workload in declared.workloads.items():
        claims = {claim["metadata"]["name"] for claim in workload.inputs["spec"].get("volumeClaimTemplates", [])}
        volumes = {volume["name"] for volume in declared.pods[name]["spec"]["volumes"]}
        mounted = {mount["name"] for container in containers(declared.pods[name]) for mount in container["volumeMounts"]}
        assert mounted == volumes | claims


def test_every_container_reserves_the_memory_it_may_use(declared: Declared) -> None:
    for pod in declared.pods.values():
        for container in containers(pod):
            limits, requests = container["resources"]["limits"], container["resources"]["requests"]
            assert limits["memory"] == requests["memory"]
            assert requests["cpu"]


def test_no_container_is_larger_than_the_limit_range_allows(declared: Declared) -> None:
    bounds = declared.manifest("LimitRange", "container-memory")["spec"]["limits"][0]
    sizes = [parse_bytes(item["resources"]["limits"]["memory"]) for pod in declared.pods.values() for item in containers(pod)]
    assert parse_bytes(bounds["min"]["memory"]) <= min(sizes)
    assert max(sizes) == parse_bytes(bounds["max"]["memory"])


def test_the_bounded_parts_of_a_jvm_leave_room_in_its_container(declared: Declared) -> None:
    """Threads, garbage collector and allocator need about a fifth of the limit; a tighter one is killed under load."""
    java = {name: main_container(pod) for name, pod in declared.pods.items() if main_container(pod)["command"][0] == "java"}
    made = {"kafka": MAKES["brokers"](declared.settings), "connect": True, "schema-registry": MAKES["registry"](declared.settings)}
    assert {name: name in java for name in made} == made
    for container in java.values():
        sizes = dict(re.findall(r"(-Xmx|MaxMetaspaceSize=|ReservedCodeCacheSize=|MaxDirectMemorySize=)(\d+)m", str(container["command"])))
        assert len(sizes) == 4
        assert sum(map(int, sizes.values())) * 2**20 <= 0.9 * parse_bytes(container["resources"]["limits"]["memory"])


def test_images_are_pinned_and_only_pulled_when_absent(declared: Declared) -> None:
    for pod in declared.pods.values():
        for container in containers(pod):
            assert PINNED.match(container["image"]), container["image"]
            assert container["imagePullPolicy"] == "IfNotPresent"


def test_a_rollout_never_runs_old_and_new_side_by_side(declared: Declared) -> None:
    """The budget has no room for a second worker, and two of one group id would fight over connectors."""
    deployments = declared.objects("Deployment")
    assert deployments
    assert {item.inputs["spec"]["strategy"]["type"] for item in deployments.values()} == {"Recreate"}


def test_every_selector_finds_exactly_its_own_pods(declared: Declared) -> None:
    for name, workload in declared.workloads.items():
        wanted = workload.inputs["spec"]["selector"]["matchLabels"].items()
        assert [other for other, pod in declared.pods.items() if wanted <= pod["metadata"]["labels"].items()] == [name]


def test_probes_use_ports_that_the_container_names(declared: Declared) -> None:
    for pod in declared.pods.values():
        main = pod["spec"]["containers"][0]
        named = {port["name"] for port in main["ports"]}
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            used = {handler["port"] for key, handler in main[probe].items() if key in {"tcpSocket", "httpGet"}}
            assert used <= named


def test_a_slow_start_is_not_killed(declared: Declared) -> None:
    """Recovery of a log or a volume may take minutes; the liveness probe waits for the startup probe."""
    for pod in declared.pods.values():
        startup = pod["spec"]["containers"][0]["startupProbe"]
        assert startup["periodSeconds"] * startup["failureThreshold"] >= 300


def test_volumes_outlive_their_workload(declared: Declared) -> None:
    """So does the stack, where it says so: a throw-away cluster keeps nothing. An existing class decides for itself."""
    kept = "Retain" if declared.settings.cluster.keep_volumes else "Delete"
    assert (declared.settings.environment, kept) in {("dev", "Retain"), ("sandbox", "Delete"), ("prod", "Retain")}
    found = {"postgresql": declared.settings.source.storage_class, "kafka": declared.settings.streaming.kafka.storage_class}
    classes = dict(declared.objects("StorageClass"))
    used = set()
    for name, workload in declared.objects("StatefulSet").items():
        spec = workload.inputs["spec"]
        assert spec["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": kept, "whenScaled": "Retain"}
        for claim in spec["volumeClaimTemplates"]:
            if found[name] is not None:
                assert claim["spec"]["storageClassName"] == found[name]
                continue
            used.add(claim["spec"]["storageClassName"])
            storage = classes[claim["spec"]["storageClassName"]].inputs
            assert storage["reclaimPolicy"] == kept
            assert storage["volumeBindingMode"] == "WaitForFirstConsumer"
            assert storage["provisioner"] == declared.settings.cluster.provisioner
    assert set(classes) == used, "a class is made that nobody uses"


@where_made("brokers")
def test_brokers_may_lose_a_node(declared: Declared) -> None:
    """They spread where possible and still start on a cluster of one node; over zones, each has its own or waits."""
    *over_zones, over_nodes = declared.pods["kafka"]["spec"]["topologySpreadConstraints"]
    assert over_nodes["topologyKey"] == "kubernetes.io/hostname"
    assert over_nodes["whenUnsatisfiable"] == "ScheduleAnyway"
    assert bool(over_zones) == (declared.settings.cluster.spread == "zones")
    for rule in over_zones:
        assert rule["topologyKey"] == "topology.kubernetes.io/zone"
        assert (rule["whenUnsatisfiable"], rule["maxSkew"]) == ("DoNotSchedule", 1)
        assert rule["minDomains"] == declared.manifest("StatefulSet", "kafka")["spec"]["replicas"], "in two zones two would share one"
    for rule in (*over_zones, over_nodes):
        assert rule["labelSelector"]["matchLabels"].items() <= declared.pods["kafka"]["metadata"]["labels"].items()


@pytest.mark.parametrize("workload", ["postgresql", "kafka", "schema-registry", "connect"])
def test_changed_configuration_rolls_the_pods(workload: str) -> None:
    """A mounted file changes in place and no server reads it again."""
    before = Declared.of("dev").pods[workload]["metadata"]["annotations"]
    after = Declared.of("sandbox").pods[workload]["metadata"]["annotations"]
    mounted = {volume["configMap"]["name"] for volume in Declared.of("dev").pods[workload]["spec"]["volumes"] if "configMap" in volume}
    changed = any(Declared.of("dev").files(name) != Declared.of("sandbox").files(name) for name in mounted)
    assert changed == (before != after)
