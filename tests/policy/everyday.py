"""Everyday manifests of the kinds that public charts declare, made by generators."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from policy.declared import Declared
from stack.unknown import UNKNOWN
from tests.policy.workbench import container, extra, pod

if TYPE_CHECKING:
    from collections.abc import Iterator

# API version and kinds that start no pods
WITHOUT_PODS = {
    "cilium.io/v2": "CiliumNetworkPolicy CiliumClusterwideNetworkPolicy CiliumEgressGatewayPolicy CiliumEnvoyConfig",
    "cilium.io/v2alpha1": "CiliumLoadBalancerIPPool CiliumL2AnnouncementPolicy CiliumBGPPeeringPolicy",
    "crd.projectcalico.org/v1": "NetworkPolicy GlobalNetworkPolicy IPPool",
    "projectcalico.org/v3": "GlobalNetworkSet BGPPeer",
    "policy.networking.k8s.io/v1alpha1": "AdminNetworkPolicy",
    "bitnami.com/v1alpha1": "SealedSecret",
    "external-secrets.io/v1": "ExternalSecret ClusterExternalSecret SecretStore ClusterSecretStore",
    "external-secrets.io/v1alpha1": "PushSecret",
    "generators.external-secrets.io/v1alpha1": "Password ECRAuthorizationToken",
    "secrets-store.csi.x-k8s.io/v1": "SecretProviderClass",
    "secrets.hashicorp.com/v1beta1": "VaultStaticSecret VaultAuth VaultConnection VaultDynamicSecret",
    "onepassword.com/v1": "OnePasswordItem",
    "monitoring.coreos.com/v1": "ServiceMonitor PodMonitor PrometheusRule Probe",
    "monitoring.coreos.com/v1alpha1": "ScrapeConfig AlertmanagerConfig",
    "operator.victoriametrics.com/v1beta1": "VMServiceScrape VMPodScrape VMRule VMUser",
    "grafana.integreatly.org/v1beta1": "GrafanaDashboard GrafanaDatasource GrafanaFolder",
    "loki.grafana.com/v1": "AlertingRule RecordingRule",
    "networking.istio.io/v1": "VirtualService DestinationRule Gateway ServiceEntry Sidecar",
    "networking.istio.io/v1alpha3": "EnvoyFilter",
    "security.istio.io/v1": "AuthorizationPolicy PeerAuthentication RequestAuthentication",
    "telemetry.istio.io/v1": "Telemetry",
    "policy.linkerd.io/v1beta3": "Server AuthorizationPolicy HTTPRoute",
    "linkerd.io/v1alpha2": "ServiceProfile",
    "traefik.io/v1alpha1": "IngressRoute IngressRouteTCP IngressRouteUDP Middleware TLSOption TLSStore TraefikService ServersTransport",
    "traefik.containo.us/v1alpha1": "IngressRoute Middleware",
    "gateway.networking.k8s.io/v1": "Gateway GatewayClass HTTPRoute GRPCRoute BackendTLSPolicy",
    "gateway.networking.k8s.io/v1alpha2": "TCPRoute TLSRoute UDPRoute",
    "gateway.networking.k8s.io/v1beta1": "ReferenceGrant",
    "configuration.konghq.com/v1": "KongPlugin KongConsumer KongIngress",
    "projectcontour.io/v1": "HTTPProxy TLSCertificateDelegation",
    "getambassador.io/v3alpha1": "Mapping Host Listener",
    "k8s.nginx.org/v1": "VirtualServer Policy TransportServer",
    "cert-manager.io/v1": "Certificate Issuer ClusterIssuer CertificateRequest",
    "trust.cert-manager.io/v1alpha1": "Bundle",
    "snapshot.storage.k8s.io/v1": "VolumeSnapshot VolumeSnapshotClass VolumeSnapshotContent",
    "metallb.io/v1beta1": "IPAddressPool L2Advertisement BGPAdvertisement",
    "externaldns.k8s.io/v1alpha1": "DNSEndpoint",
    "elbv2.k8s.aws/v1beta1": "TargetGroupBinding IngressClassParams",
    "vpcresources.k8s.aws/v1beta1": "SecurityGroupPolicy",
    "s3.services.k8s.aws/v1alpha1": "Bucket",
    "s3.aws.upbound.io/v1beta1": "Bucket",
    "networking.gke.io/v1": "ManagedCertificate",
    "cloud.google.com/v1": "BackendConfig",
    "karpenter.sh/v1": "NodePool",
    "karpenter.k8s.aws/v1": "EC2NodeClass",
    "kyverno.io/v1": "ClusterPolicy Policy",
    "kyverno.io/v2": "PolicyException",
    "templates.gatekeeper.sh/v1": "ConstraintTemplate",
    "constraints.gatekeeper.sh/v1beta1": "K8sRequiredLabels",
    "source.toolkit.fluxcd.io/v1": "GitRepository HelmRepository OCIRepository",
    "notification.toolkit.fluxcd.io/v1beta3": "Alert Provider",
    "argoproj.io/v1alpha1": "AppProject AnalysisTemplate",
    "keda.sh/v1alpha1": "TriggerAuthentication ClusterTriggerAuthentication",
    "kafka.strimzi.io/v1beta2": "KafkaTopic KafkaUser KafkaRebalance",
    "postgresql.cnpg.io/v1": "ScheduledBackup Backup Database",
    "rabbitmq.com/v1beta1": "Queue Exchange User",
    "velero.io/v1": "Schedule BackupStorageLocation",
    "route.openshift.io/v1": "Route",
    "security.openshift.io/v1": "SecurityContextConstraints",
    "k8s.cni.cncf.io/v1": "NetworkAttachmentDefinition",
    "multicluster.x-k8s.io/v1alpha1": "ServiceExport",
    "pyrra.dev/v1alpha1": "ServiceLevelObjective",
    "tekton.dev/v1": "Task Pipeline",
    "jetstream.nats.io/v1beta2": "Stream Consumer",
    "dapr.io/v1alpha1": "Component Subscription",
    "grafana.integreatly.org/v1beta2": "GrafanaServiceAccount GrafanaManifest",
    "gateway.k8s.aws/v1beta1": "LoadBalancerConfiguration TargetGroupConfiguration ListenerRuleConfiguration",
    "crd.k8s.amazonaws.com/v1alpha1": "ENIConfig",
    "spire.spiffe.io/v1alpha1": "ClusterSPIFFEID ClusterFederatedTrustDomain",
    "consul.hashicorp.com/v1alpha1": "ServiceIntentions ServiceDefaults ProxyDefaults ServiceResolver",
    "mutations.gatekeeper.sh/v1": "Assign AssignMetadata ModifySet AssignImage",
    "expansion.gatekeeper.sh/v1beta1": "ExpansionTemplate",
    "security-profiles-operator.x-k8s.io/v1beta1": "SeccompProfile",
    "security-profiles-operator.x-k8s.io/v1alpha1": "ProfileBinding AppArmorProfile",
    "redhatcop.redhat.io/v1alpha1": "NamespaceConfig GroupSync VaultSecret RandomSecret",
    "v1.edp.epam.com/v1": "KeycloakRealm KeycloakClient KeycloakRealmRole ClusterKeycloakRealm",
    "postgresql.sql.crossplane.io/v1alpha1": "Database Role Grant ProviderConfig",
    "kubernetes.crossplane.io/v1alpha1": "ProviderConfig",
    "aws.upbound.io/v1beta1": "ProviderConfig",
    "helm.crossplane.io/v1beta1": "ProviderConfig",
    "argoproj.io/v1beta1": "NotificationsConfiguration",
    "velero.io/v2alpha1": "DeleteBackupRequest",
    "perses.dev/v1alpha1": "PersesDashboard PersesDatasource",
    "gateway.kgateway.dev/v1alpha1": "TrafficPolicy HTTPListenerPolicy DirectResponse",
}
# API version and kinds that start pods, or deploy what they describe elsewhere
WITH_PODS = {
    "kafka.strimzi.io/v1beta2": "Kafka KafkaConnect KafkaBridge KafkaMirrorMaker2 KafkaNodePool",
    "monitoring.coreos.com/v1": "Prometheus Alertmanager ThanosRuler",
    "monitoring.coreos.com/v1alpha1": "PrometheusAgent",
    "postgresql.cnpg.io/v1": "Cluster Pooler",
    "acid.zalan.do/v1": "postgresql",
    "postgres-operator.crunchydata.com/v1beta1": "PostgresCluster",
    "grafana.integreatly.org/v1beta1": "Grafana",
    "argoproj.io/v1alpha1": "Application ApplicationSet Rollout Workflow CronWorkflow EventSource",
    "kustomize.toolkit.fluxcd.io/v1": "Kustomization",
    "helm.toolkit.fluxcd.io/v2": "HelmRelease",
    "helm.cattle.io/v1": "HelmChart",
    "keda.sh/v1alpha1": "ScaledJob ScaledObject",
    "serving.knative.dev/v1": "Service",
    "rabbitmq.com/v1beta1": "RabbitmqCluster",
    "k8s.elastic.co/v1": "Elasticsearch",
    "kibana.k8s.elastic.co/v1": "Kibana",
    "tekton.dev/v1": "PipelineRun TaskRun",
    "ray.io/v1": "RayCluster",
    "sparkoperator.k8s.io/v1beta2": "SparkApplication",
    "flink.apache.org/v1beta1": "FlinkDeployment",
    "opentelemetry.io/v1beta1": "OpenTelemetryCollector",
    "nvidia.com/v1": "ClusterPolicy",
    "kubewarden.io/v1": "PolicyServer",
    "autoscaling.k8s.io/v1": "VerticalPodAutoscaler",
    "minio.min.io/v2": "Tenant",
    "helm.crossplane.io/v1beta1": "Release",
    "kubernetes.crossplane.io/v1alpha1": "Object",
    "perses.dev/v1alpha1": "Perses",
    "consul.hashicorp.com/v1alpha1": "IngressGateway GatewayClassConfig",
    "spire.openshift.io/v1": "SpireServer",
    "redhatcop.redhat.io/v1alpha1": "KeepalivedGroup",
    "security-profiles-operator.x-k8s.io/v1alpha1": "SecurityProfilesOperatorDaemon",
    "v1.edp.epam.com/v1": "Jenkins Sonar",
    "gateway.kgateway.dev/v1alpha1": "GatewayParameters",
    "velero.io/v1": "DataUpload PodVolumeBackup",
    "example.com/v1": "Widget",
}


def kinds(table: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield API version and kind."""
    for version, names in table.items():
        for kind in names.split():
            yield version, kind


def custom(version: str, kind: str, spec: dict[str, Any] | None = None) -> Declared:
    """Return an object of a custom kind."""
    return extra(kind, f"a-{kind.lower()}", {"selector": {"matchLabels": {"a": "b"}}} if spec is None else spec, version, "web")


def built_in() -> Iterator[Declared]:
    """Yield objects of Kubernetes' own kinds."""
    rules = [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list", "watch"]}]
    for kind in ("Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"):
        made = extra(kind, f"a-{kind.lower()}", {}, "rbac.authorization.k8s.io/v1", "web")
        yield Declared(urn=made.urn, type=made.type, name=made.name, inputs={**made.inputs, "rules": rules})
    for version, names in {
        "v1": "ServiceAccount LimitRange Endpoints",
        "core/v1": "ServiceAccount Namespace",
        "networking.k8s.io/v1": "IngressClass",
        "scheduling.k8s.io/v1": "PriorityClass",
        "storage.k8s.io/v1": "StorageClass CSIDriver",
        "coordination.k8s.io/v1": "Lease",
        "discovery.k8s.io/v1": "EndpointSlice",
        "apiextensions.k8s.io/v1": "CustomResourceDefinition",
        "apiregistration.k8s.io/v1": "APIService",
        "admissionregistration.k8s.io/v1": "ValidatingWebhookConfiguration ValidatingAdmissionPolicy",
        "node.k8s.io/v1": "RuntimeClass",
        "flowcontrol.apiserver.k8s.io/v1": "FlowSchema PriorityLevelConfiguration",
        "certificates.k8s.io/v1": "CertificateSigningRequest",
    }.items():
        for kind in names.split():
            yield extra(kind, f"a-{kind.lower()}", {}, version, "web")
    yield custom("autoscaling.k8s.io/v1", "VerticalPodAutoscaler", {"updatePolicy": {"updateMode": "Off"}})
    yield extra("Service", "website", {"type": "ClusterIP", "selector": {"app": "website"}, "ports": [{"port": 80}]}, "v1", "web")
    yield extra("Service", "headless", {"clusterIP": "None", "selector": {"app": "website"}, "ports": [{"port": 80}]}, "v1", "web")


def workloads() -> Iterator[Declared]:
    """Yield workloads with the parts that charts give them."""
    probe = {"httpGet": {"path": "/healthz", "port": "http"}, "periodSeconds": 10}
    parts: list[dict[str, Any]] = [
        {},
        {"livenessProbe": probe, "readinessProbe": probe, "startupProbe": probe},
        {"ports": [{"name": "http", "containerPort": 8080}]},
        {"env": [{"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}, {"name": "LOG_LEVEL", "value": "info"}]},
        {"env": [{"name": "HOST", "value": UNKNOWN}]},
        {"envFrom": [{"configMapRef": {"name": "settings"}}]},
        {"lifecycle": {"preStop": {"exec": {"command": ["sleep", "5"]}}}},
        {"workingDir": "/srv", "terminationMessagePolicy": "FallbackToLogsOnError"},
    ]
    for at, more in enumerate(parts):
        labels = {"app": f"website-{at}"}
        template = {"metadata": {"labels": labels}, "spec": pod(container(memory="16Mi", **more))}
        spec = {"replicas": 1, "strategy": {"type": "Recreate"}, "selector": {"matchLabels": labels}, "template": template}
        yield extra("Deployment", f"website-{at}", spec, "apps/v1")
    job = {"template": {"spec": pod(container(memory="16Mi"), restartPolicy="Never")}}
    yield extra("Job", "migrate", job, "batch/v1")
    yield extra("CronJob", "nightly", {"schedule": "0 3 * * *", "concurrencyPolicy": "Forbid", "jobTemplate": {"spec": job}}, "batch/v1")


def written() -> Iterator[Declared]:
    """Yield the objects that are written out, with all that charts say in them."""
    for file in ("everyday_charts.yaml", "everyday_files.yaml"):
        documents = yaml.safe_load_all((Path(__file__).parent / file).read_text(encoding="utf-8"))
        for at, document in enumerate(documents):
            version, kind, name = document["apiVersion"], document["kind"], f"{file}-{at}"
            token = f"kubernetes:{version if '/' in version else f'core/{version}'}:{kind}"
            yield Declared(urn=f"urn::{name}", type=token, name=name, inputs=document)


def everyday() -> list[Declared]:
    """Return all of them."""
    return [*(custom(*kind) for kind in kinds(WITHOUT_PODS)), *built_in(), *workloads(), *written()]
