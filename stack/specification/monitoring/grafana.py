"""Grafana in a pod: its configuration, the data source and the dashboards that it finds as files. Pure.

Nothing in it calls home, each access needs the password, and no plugin is installed.
"""

from __future__ import annotations

import configparser
import io
from typing import TYPE_CHECKING, Final

from stack.settings.names import PART_OF
from stack.specification import manifest
from stack.specification.monitoring import pods, ports
from stack.specification.monitoring.yaml_text import yaml_text

if TYPE_CHECKING:
    from stack.settings.model import Settings
    from stack.specification.manifest import Manifest

ADMIN: Final = "admin"
# ConfigMap with the dashboards; Secret with the password of ADMIN, and its key
DASHBOARDS: Final = "grafana-dashboards"
LOGIN: Final = "grafana-login"
PASSWORD: Final = "password"  # noqa: S105 - a key
# The user of the official image
UID: Final = 472
_CONFIG: Final = "/etc/grafana-stack"
_SECRETS: Final = "/etc/grafana-login"
_SHOWN: Final = "/var/lib/grafana-dashboards"
_DATA: Final = "/var/lib/grafana"
_DATA_MIB: Final = 64
_HOME: Final = "/usr/share/grafana"
_INI: Final = "grafana.ini"
# Paths below the configuration's folder, by file of the ConfigMap
_PLACES: Final = {
    _INI: _INI,
    "datasource.yaml": "provisioning/datasources/prometheus.yaml",
    "provider.yaml": "provisioning/dashboards/stack.yaml",
}
_OFF: Final = "false"
_ON: Final = "true"


def files() -> dict[str, str]:
    """Return the files of its ConfigMap: name to text. The password is the path of a file, never a text here."""
    return {_INI: _ini(), "datasource.yaml": yaml_text(_datasource()), "provider.yaml": yaml_text(_provider())}


def pod(settings: Settings) -> Manifest:
    """Return the pod of Grafana; what people change in it goes with the pod."""
    container = pods.go_container(
        settings,
        name=ports.GRAFANA,
        image=settings.images.grafana,
        command=[f"{_HOME}/bin/grafana", "server", f"--homepath={_HOME}", f"--config={_CONFIG}/{_INI}"],
        memory_mib=settings.monitoring.grafana_mib,
        port=ports.GRAFANA_PORT,
        mounts=[
            manifest.mount("config", _CONFIG),
            manifest.mount("dashboards", _SHOWN),
            manifest.mount("login", _SECRETS),
            manifest.mount("data", _DATA, read_only=False),
        ],
        path="/api/health",
    )
    items = [{"key": name, "path": path} for name, path in _PLACES.items()]
    return manifest.pod(
        service_account=ports.GRAFANA,
        uid=UID,
        grace_s=30,
        containers=[container],
        volumes=[
            {"name": "config", "configMap": {"name": "grafana-config", "items": items, "defaultMode": 0o444}},
            manifest.config_volume("dashboards", DASHBOARDS),
            manifest.secret_volume("login", LOGIN),
            {"name": "data", "emptyDir": {"sizeLimit": f"{_DATA_MIB}Mi"}},
        ],
    )


def _ini() -> str:
    sections = {
        "server": {"http_port": str(ports.GRAFANA_PORT)},
        "paths": {"data": _DATA, "plugins": f"{_DATA}/plugins", "logs": f"{_DATA}/log", "provisioning": f"{_CONFIG}/provisioning"},
        "log": {"mode": "console"},
        "security": {"admin_user": ADMIN, "admin_password": f"$__file{{{_SECRETS}/{PASSWORD}}}", "disable_gravatar": _ON},
        "users": {"allow_sign_up": _OFF, "allow_org_create": _OFF},
        "auth.anonymous": {"enabled": _OFF},
        "analytics": {
            "reporting_enabled": _OFF,
            "check_for_updates": _OFF,
            "check_for_plugin_updates": _OFF,
            "feedback_links_enabled": _OFF,
        },
        "plugins": {"plugin_admin_enabled": _OFF, "preinstall_disabled": _ON, "public_key_retrieval_disabled": _ON},
        "snapshots": {"external_enabled": _OFF},
        "news": {"news_feed_enabled": _OFF},
        # the rules are Prometheus' own
        "unified_alerting": {"enabled": _OFF},
    }
    written = configparser.RawConfigParser()
    written.read_dict(sections)
    text = io.StringIO()
    written.write(text)
    return text.getvalue()


def _datasource() -> Manifest:
    url = f"http://{ports.service(ports.PROMETHEUS)}:{ports.PROMETHEUS_PORT}"
    source = {"name": "Prometheus", "type": "prometheus", "access": "proxy", "url": url, "isDefault": True, "editable": False}
    return {"apiVersion": 1, "datasources": [source]}


def _provider() -> Manifest:
    provider = {"name": PART_OF, "folder": PART_OF, "type": "file", "allowUiUpdates": False, "options": {"path": _SHOWN}}
    return {"apiVersion": 1, "providers": [provider]}
