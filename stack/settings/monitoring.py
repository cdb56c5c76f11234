"""Settings of the monitoring: metrics, alert rules and receivers, in a namespace with a budget of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from stack.problem import Problem
from stack.settings.addresses import HostPort, HttpUrl, ServerRange
from stack.settings.readers import ReaderSecrets
from stack.settings.section import Section
from stack.settings.types import DnsLabel, Line, Mebibytes, Millicores, Port, Switch, written

if TYPE_CHECKING:
    from collections.abc import Iterator

# A channel or user of Slack by name, or by the id that Slack shows for it.
Channel = Annotated[
    str,
    *written(
        "[#@][^\\x00-\\x20\\x7f{}/:@#]{1,80}|[CDGUW][A-Z0-9]{8,12}",
        "is no channel of Slack: write # and its name, such as #data; the URL of the webhook is in the Secret only",
    ),
]

_NAME = "[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_PREFIX = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*/"
_LabelKey = Annotated[
    str, *written(f"({_PREFIX})?{_NAME}", "is no key of a label of Kubernetes; write one such as release or app.kubernetes.io/name")
]
_LabelValue = Annotated[
    str,
    *written(_NAME, "is no value of a label: 1 to 63 letters, digits, '-', '_' and '.', with a letter or digit at both ends; write one"),
]
_Labels = dict[_LabelKey, _LabelValue]

# Label that the Prometheus Operator, and the chart for a Prometheus without it, put on the pods of Prometheus
_PODS = {"app.kubernetes.io/name": "prometheus"}


class EmailReceiver(Section):
    """E-mail by an SMTP server."""

    to: Line = Field(default=...)
    """Address to which alerts go."""
    sender: Line = Field(default=..., alias="from")
    """Address from which alerts come."""
    smarthost: HostPort = Field(default=...)
    """Host and port of the SMTP server, such as ``smtp.example.com:587``."""
    username: Line | None = None
    """User at the server; the password is the key ``smtp-password`` of the Secret. Without it, nobody logs in."""
    require_tls: Switch = True
    """If false, mail may go unencrypted; only for a server on the same machine."""


class SlackReceiver(Section):
    """A channel of Slack; the URL of the incoming webhook is the key ``slack-url`` of the Secret."""

    channel: Channel = Field(default=...)
    """Name of the channel, such as ``#data``."""


class ReceiverSettings(Section):
    """Receivers of alerts: each gets critical alerts and warnings."""

    secret: DnsLabel | None = None
    """Existing Secret in the monitoring's namespace with a key for each secret: ``smtp-password``, ``slack-url``, ``webhook-url``."""
    email: EmailReceiver | None = None
    """E-mail by an SMTP server."""
    slack: SlackReceiver | None = None
    """A channel of Slack."""
    webhook: Switch = False
    """If true, Alertmanager's JSON is sent to the URL under the key ``webhook-url`` of the Secret."""
    addresses: tuple[ServerRange, ...] = ()
    """Address ranges of the receivers' servers; without them, no pod of the monitoring may connect to anything outside the cluster."""
    ports: tuple[Port, ...] = (443, 587)
    """TCP ports of the receivers' servers."""


class ExistingPrometheus(Section):
    """Existing Prometheus in the same cluster. The program changes nothing in it."""

    namespace: DnsLabel
    """Namespace of its pods, which may connect to the ports with figures."""
    pod_labels: _Labels = Field(default=_PODS, min_length=1)
    """Labels of its pods; by default the one that the operator puts on them, ``app.kubernetes.io/name: prometheus``."""
    labels: _Labels = Field(default={})
    """Labels of the objects that the program declares, as ``podMonitorSelector`` and ``ruleSelector`` of the Prometheus ask for; only with
    ``kind: operator``."""
    kubelets: Switch = False
    """If true, rules about containers are among the rules. With ``kind: operator``, the Prometheus must ask the kubelets already, under the
    job ``kubelet``; with ``kind: files``, the files ask them, and the Prometheus needs the right to."""


class GrafanaSettings(Section):
    """Grafana with the dashboards of the stack; people reach it by a forwarded port."""

    enabled: Switch = False
    """If true, Grafana runs beside Prometheus. What people change in it goes with its pod."""
    memory_mib: Mebibytes = 256
    """Memory limit of the pod, in addition to the other pods of the monitoring."""


class MonitoringSettings(Section):
    """Prometheus, Alertmanager and the exporters, beside the pipeline."""

    enabled: Switch = False
    """If true, brokers and Connect workers give their figures, and Prometheus, Alertmanager, an exporter for PostgreSQL and one for the
    pipeline run in a namespace of their own."""
    kind: Literal["managed", "operator", "files"] = "managed"
    """``managed``: the program creates Prometheus and Alertmanager, sized as below. ``operator``: use an existing Prometheus that the
    Prometheus Operator runs; the program declares a PodMonitor for each job, and the rules. ``files``: use an existing Prometheus without
    the operator; ``python -m pipeline monitoring`` writes the files that it reads."""
    external: ExistingPrometheus | None = None
    """Place of the existing Prometheus."""
    namespace: DnsLabel | None = None
    """Namespace of the monitoring, which the program creates; by default ``<names.namespace>-monitoring``."""
    prometheus_mib: Mebibytes = 160
    """Memory limit of Prometheus."""
    alertmanager_mib: Mebibytes = 48
    """Memory limit of Alertmanager."""
    postgres_exporter_mib: Mebibytes = 48
    """Memory limit of the exporter for PostgreSQL."""
    exporter_mib: Mebibytes = 176
    """Memory limit of the exporter for the pipeline."""
    scores_mib: int = Field(default=80, ge=64, le=1024 * 1024, strict=True)
    """Memory in MiB that the exporter for the pipeline has more in a stack with ``quality.enabled``, for the check of the archive."""
    cpu_millicores: Millicores = 50
    """Processor request of each of these pods."""
    retention_mib: Mebibytes = 256
    """Most space of the samples that Prometheus keeps, on the node's disk; they go with the pod."""
    interval_s: int = Field(default=15, ge=5, le=60, strict=True)
    """Seconds between two looks at a component."""
    runbooks: HttpUrl | None = None
    """Address below which the pages of ``docs/runbooks`` are published; alerts then name the page's URL instead of its file."""
    target_changes_per_second: int = Field(default=1000, ge=1, le=1_000_000, strict=True)
    """Changes per second that the pipeline should archive while there is work; less is an alert."""
    kubelets: tuple[ServerRange, ...] = ()
    """Address ranges of the nodes and of the Kubernetes API server. With them, Prometheus has a token that may list nodes and read their
    figures, and nothing else, and asks each kubelet for the memory, restarts and out-of-memory kills of the stack's pods."""
    grafana: GrafanaSettings = GrafanaSettings()
    """Grafana with the dashboards of the stack."""
    secrets: ReaderSecrets = ReaderSecrets()
    """Logins to existing systems."""
    receivers: ReceiverSettings = ReceiverSettings()
    """Receivers of alerts; without one, alerts are on Prometheus' and Alertmanager's pages only."""

    def contradictions(self) -> Iterator[Problem]:
        """Check that an existing Prometheus is described, and only such a one."""
        if self.is_managed and self.external is not None:
            yield Problem(rule="external is set and kind is managed", cure="set kind to operator or files, or remove external")
        if not self.is_managed and self.external is None:
            yield Problem(rule=f"external is missing: kind is {self.kind}", cure="set external.namespace to that of the Prometheus")

    @property
    def is_managed(self) -> bool:
        """True if the program creates Prometheus and Alertmanager."""
        return self.kind == "managed"

    @property
    def asks_kubelets(self) -> bool:
        """True if Prometheus has the figures of the kubelets."""
        return bool(self.kubelets) if self.external is None else self.external.kubelets

    @property
    def grafana_mib(self) -> int:
        """Memory limit of Grafana, in MiB; 0 without it."""
        return self.grafana.memory_mib if self.grafana.enabled else 0
