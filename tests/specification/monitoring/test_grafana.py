"""Grafana is off unless asked for, closed to everybody without the password, and finds its data source and dashboards as files."""

from __future__ import annotations

import configparser
import json
from typing import Any

import pytest
import yaml

from pipeline.plan.violations import declared
from policy.limits import of_stack
from stack.judgement.stack import SettingsError, parse
from stack.specification.monitoring import grafana
from tests import pod_security
from tests.declared import Declared, main_container, variant, watched
from tests.policy.judging import by_plan

# What the API server takes in one ConfigMap
MOST = 1024 * 1024


@pytest.fixture(scope="module")
def shown() -> Declared:
    """Return the stack of a laptop with Grafana."""
    file, overrides = watched("dev", grafana={"enabled": True})
    return variant(file, **overrides)


def inside(found: Declared, kind: str) -> dict[str, Any]:
    """Return the objects of a kind in the monitoring's namespace."""
    return found.inside(kind, str(found.settings.monitoring_namespace))


def mounted(found: Declared) -> dict[str, str]:
    """Return the files that Grafana sees, by path, as its volumes and mounts place them."""
    pod = inside(found, "Deployment")["grafana"]["spec"]["template"]
    volumes = {volume["name"]: volume for volume in pod["spec"]["volumes"]}
    maps, files = inside(found, "ConfigMap"), {}
    for mount in main_container(pod)["volumeMounts"]:
        said = volumes[mount["name"]].get("configMap")
        if said is not None:
            data = maps[said["name"]]["data"]
            places = {item["key"]: item["path"] for item in said["items"]} if "items" in said else {key: key for key in data}
            files |= {f"{mount['mountPath']}/{path}": data[key] for key, path in places.items()}
    return files


def ini(found: Declared) -> configparser.RawConfigParser:
    """Return the configuration that the command line names."""
    pod = inside(found, "Deployment")["grafana"]["spec"]["template"]
    (path,) = [word.removeprefix("--config=") for word in main_container(pod)["command"] if word.startswith("--config=")]
    read = configparser.RawConfigParser()
    read.read_string(mounted(found)[path])
    return read


def test_its_pod_is_restricted_and_in_the_budget_of_its_namespace(shown: Declared) -> None:
    spec = inside(shown, "Deployment")["grafana"]["spec"]["template"]["spec"]
    assert pod_security.violations(spec) == []
    assert "serviceAccountToken" not in str(spec)
    hard = inside(shown, "ResourceQuota")["memory-budget"]["spec"]["hard"]["limits.memory"]
    assert hard == f"{432 + shown.settings.monitoring.grafana_mib}Mi"
    assert by_plan(declared(shown.recording.resources), of_stack(shown.settings)) == []


def test_nobody_gets_in_without_the_password_and_nothing_calls_home(shown: Declared) -> None:
    read = ini(shown)
    assert read["auth.anonymous"]["enabled"] == read["users"]["allow_sign_up"] == "false"
    assert set(read["analytics"].values()) == {"false"}
    assert (read["plugins"]["plugin_admin_enabled"], read["plugins"]["preinstall_disabled"]) == ("false", "true")
    path = read["security"]["admin_password"].removeprefix("$__file{").removesuffix("}")
    spec = inside(shown, "Deployment")["grafana"]["spec"]["template"]["spec"]
    (volume,) = [volume for volume in spec["volumes"] if "secret" in volume]
    (mount,) = [mount for mount in spec["containers"][0]["volumeMounts"] if mount["name"] == volume["name"]]
    (key,) = inside(shown, "Secret")[volume["secret"]["secretName"]]["stringData"]
    assert path == f"{mount['mountPath']}/{key}"
    assert "grafana" in shown.recording.secret_outputs
    assert inside(shown, "Secret")[grafana.LOGIN]["stringData"][key] == shown.recording.outputs["grafana"]["password"]


def test_the_data_source_is_the_stacks_prometheus_and_the_way_there_is_open(shown: Declared) -> None:
    folder = ini(shown)["paths"]["provisioning"]
    (source,) = yaml.safe_load(mounted(shown)[f"{folder}/datasources/prometheus.yaml"])["datasources"]
    host, _, port = source["url"].removeprefix("http://").partition(":")
    service = inside(shown, "Service")[host]["spec"]
    assert service["selector"]["app.kubernetes.io/component"] == "prometheus"
    policy = inside(shown, "NetworkPolicy")["grafana-to-prometheus-egress"]["spec"]
    assert [one["port"] for rule in policy["egress"] for one in rule["ports"]] == [int(port)]
    egress = [one["spec"] for one in inside(shown, "NetworkPolicy").values() if "grafana" in str(one["spec"]["podSelector"])]
    assert [one for one in egress if "Egress" in one["policyTypes"]] == [policy]


def test_every_dashboard_of_the_stack_is_in_the_folder_of_the_provider_and_fits_a_config_map(shown: Declared) -> None:
    files, folder = mounted(shown), ini(shown)["paths"]["provisioning"]
    (provider,) = yaml.safe_load(files[f"{folder}/dashboards/stack.yaml"])["providers"]
    found = {path: json.loads(text) for path, text in files.items() if path.startswith(f"{provider['options']['path']}/")}
    assert {board["uid"] for board in found.values()} >= {"dev-overview", "dev-source", "dev-connect", "dev-archive", "dev-memory"}
    assert sum(len(text.encode()) for text in inside(shown, "ConfigMap")[grafana.DASHBOARDS]["data"].values()) < MOST / 2


def test_its_only_way_in_is_a_forwarded_port(shown: Declared) -> None:
    assert shown.recording.outputs["lookInside"]["grafana"].endswith("port-forward deployment/grafana 3000")
    assert inside(shown, "Service")["grafana-headless"]["spec"]["clusterIP"] == "None"
    assert not [name for name in inside(shown, "NetworkPolicy") if name.endswith("to-grafana-ingress")]


def test_without_the_setting_there_is_no_trace_of_it() -> None:
    file, overrides = watched("dev")
    plain = variant(file, **overrides)
    assert not [item.name for item in plain.recording.resources if "grafana" in item.name]
    assert "grafana" not in plain.recording.outputs


@pytest.mark.parametrize(
    ("monitoring", "path"),
    [
        ({"enabled": True, "grafana": {"memoryMib": 300}}, "monitoring.grafana.memoryMib"),
        ({"grafana": {"enabled": True}}, "monitoring.grafana"),
        ({"enabled": True, "kind": "files", "external": {"namespace": "o"}, "grafana": {"enabled": True}}, "monitoring.grafana"),
    ],
)
def test_a_grafana_that_nothing_would_feed_is_refused(monitoring: dict[str, Any], path: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse({"archive": {"bucket": "archive"}, "monitoring": monitoring})
    assert [one.path for one in caught.value.problems] == [path]
