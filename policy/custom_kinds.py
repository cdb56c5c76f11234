"""Kinds of other API groups that start no pods: what operators read, route, watch or store.

A kind that is not listed counts as one whose operator starts pods: most operators do, with memory that no preview shows, and a promise that
the memory fits would not hold. Kinds that deploy what other places describe (Flux's Kustomization, Argo's Application) hide pods likewise.
"""

from __future__ import annotations

from typing import Final

# Groups of configuration only
_WHOLE: Final = frozenset(
    """
    aadpodidentity.k8s.io access.smi-spec.io apiextensions.crossplane.io app.k8s.io capsule.clastix.io cert-manager.io cilium.io
    cloud.google.com config.gatekeeper.sh config.openshift.io configuration.konghq.com console.openshift.io constraints.gatekeeper.sh
    crd.k8s.amazonaws.com crd.projectcalico.org dapr.io dex.coreos.com elbv2.k8s.aws expansion.gatekeeper.sh extensions.istio.io
    external-secrets.io externaldns.k8s.io externaldns.nginx.org gateway.k8s.aws gateway.networking.k8s.io gateway.networking.x-k8s.io
    generators.external-secrets.io getambassador.io groupsnapshot.storage.k8s.io hnc.x-k8s.io hub.traefik.io hydra.ory.sh
    image.openshift.io image.toolkit.fluxcd.io isindir.github.com jetstream.nats.io k8s.cni.cncf.io k8s.nginx.org karpenter.azure.com
    karpenter.k8s.aws karpenter.sh kubernetes-client.io linkerd.io metallb.io mssql.sql.crossplane.io multicluster.x-k8s.io
    mutations.gatekeeper.sh mysql.sql.crossplane.io networking.gke.io networking.istio.io notification.toolkit.fluxcd.io oathkeeper.ory.sh
    objectbucket.io objectstorage.k8s.io onepassword.com openslo.com policies.kyverno.io policy.cert-manager.io policy.linkerd.io
    policy.networking.k8s.io postgresql.sql.crossplane.io postgresql.sql.m.crossplane.io project.openshift.io projectcalico.org pyrra.dev
    resource.streamnative.io route.openshift.io secrets-store.csi.x-k8s.io secrets.hashicorp.com secrets.infisical.com security.istio.io
    security.openshift.io sloth.slok.dev snapscheduler.backube snapshot.storage.k8s.io source.toolkit.fluxcd.io specs.smi-spec.io
    spire.spiffe.io split.smi-spec.io telemetry.istio.io templates.gatekeeper.sh traefik.containo.us traefik.io trust.cert-manager.io
    user.openshift.io vpcresources.k8s.aws wgpolicyk8s.io whereabouts.cni.cncf.io
    """.split()  # noqa: SIM905 - a list of a hundred quoted names is harder to read
)
# Ends of groups whose kinds are resources of a cloud, outside of the cluster
_CLOUDS: Final = (
    ".services.k8s.aws",
    ".cnrm.cloud.google.com",
    ".azure.com",
    ".aws.upbound.io",
    ".azure.upbound.io",
    ".gcp.upbound.io",
    ".aws.crossplane.io",
)
# Groups with both: their kinds that start none
_KINDS: Final = {
    "argoproj.io": (
        "AnalysisTemplate AppProject ClusterAnalysisTemplate ClusterWorkflowTemplate NotificationsConfiguration WorkflowTemplate"
    ),
    "barmancloud.cnpg.io": "ObjectStore",
    "bitnami.com": "SealedSecret",
    "ceph.rook.io": "CephBlockPool CephBlockPoolRadosNamespace CephClient CephFilesystemSubVolumeGroup CephObjectStoreUser",
    "cluster.redpanda.com": "Schema Topic User",
    "consul.hashicorp.com": (
        "ControlPlaneRequestLimit ExportedServices JWTProvider Mesh PeeringAcceptor PeeringDialer ProxyDefaults SamenessGroup "
        "ServiceDefaults ServiceIntentions ServiceResolver ServiceRouter ServiceSplitter TerminatingGateway"
    ),
    "datadoghq.com": "DatadogDashboard DatadogMetric DatadogMonitor DatadogSLO",
    "db.movetokube.com": "Postgres PostgresUser",
    "eventing.knative.dev": "EventType Trigger",
    "flagger.app": "AlertProvider MetricTemplate",
    "fluentbit.fluent.io": (
        "ClusterFilter ClusterFluentBitConfig ClusterInput ClusterMultilineParser ClusterOutput ClusterParser Filter FluentBitConfig "
        "MultilineParser Output Parser"
    ),
    "gateway.envoyproxy.io": (
        "Backend BackendTrafficPolicy ClientTrafficPolicy EnvoyExtensionPolicy EnvoyPatchPolicy HTTPRouteFilter SecurityPolicy"
    ),
    "gateway.kgateway.dev": "Backend BackendConfigPolicy DirectResponse GatewayExtension HTTPListenerPolicy ListenerPolicy TrafficPolicy",
    "gateway.nginx.org": "ClientSettingsPolicy NginxGateway ObservabilityPolicy SnippetsFilter UpstreamSettingsPolicy",
    "grafana.integreatly.org": (
        "GrafanaAlertRuleGroup GrafanaContactPoint GrafanaDashboard GrafanaDatasource GrafanaFolder GrafanaLibraryPanel GrafanaManifest "
        "GrafanaMuteTiming GrafanaNotificationPolicy GrafanaNotificationPolicyRoute GrafanaNotificationTemplate GrafanaServiceAccount"
    ),
    "k8s.mariadb.com": "Connection Database Grant User",
    "kafka.strimzi.io": "KafkaConnector KafkaRebalance KafkaTopic KafkaUser",
    "keda.sh": "ClusterTriggerAuthentication TriggerAuthentication",
    "kueue.x-k8s.io": "AdmissionCheck ClusterQueue Cohort LocalQueue ResourceFlavor Topology WorkloadPriorityClass",
    "kyverno.io": "CleanupPolicy ClusterCleanupPolicy ClusterPolicy GlobalContextEntry Policy PolicyException",
    "logging.banzaicloud.io": "ClusterFlow ClusterOutput Flow Output SyslogNGClusterFlow SyslogNGClusterOutput SyslogNGFlow SyslogNGOutput",
    "loki.grafana.com": "AlertingRule RecordingRule RulerConfig",
    "monitoring.coreos.com": "AlertmanagerConfig PodMonitor Probe PrometheusRule ScrapeConfig ServiceMonitor",
    "monitoring.googleapis.com": "ClusterNodeMonitoring ClusterPodMonitoring ClusterRules GlobalRules PodMonitoring Rules",
    "nfd.k8s-sigs.io": "NodeFeature NodeFeatureGroup NodeFeatureRule",
    "operator.victoriametrics.com": (
        "VMAlertmanagerConfig VMNodeScrape VMPodScrape VMProbe VMRule VMScrapeConfig VMServiceScrape VMStaticScrape VMUser"
    ),
    "operator.argoproj.io": "NamespaceManagement",
    "perses.dev": "PersesDashboard PersesDatasource PersesGlobalDatasource",
    "pkg.crossplane.io": "ImageConfig",
    "platform.confluent.io": "ClusterLink ConfluentRolebinding Connector KafkaRestClass KafkaTopic Schema SchemaExporter",
    "postgresql.cnpg.io": "Backup ClusterImageCatalog Database ImageCatalog Publication ScheduledBackup Subscription",
    "projectcontour.io": "ExtensionService HTTPProxy TLSCertificateDelegation",
    "rabbitmq.com": "Binding Exchange Federation Permission Policy Queue SchemaReplication Shovel SuperStream TopicPermission User Vhost",
    "redhatcop.redhat.io": (
        "AuthEngineMount DatabaseSecretEngineConfig DatabaseSecretEngineRole DatabaseSecretEngineStaticRole EgressIPAM Group GroupAlias "
        "GroupConfig GroupSync KubernetesAuthEngineConfig KubernetesAuthEngineRole KubernetesSecretEngineConfig "
        "KubernetesSecretEngineRole NamespaceConfig PKISecretEngineConfig PKISecretEngineRole PasswordPolicy Policy RandomSecret "
        "SecretEngineMount UserConfig VaultSecret"
    ),
    "scheduling.volcano.sh": "Queue",
    "security-profiles-operator.x-k8s.io": (
        "AppArmorProfile ProfileBinding ProfileRecording RawSelinuxProfile SeccompProfile SelinuxProfile"
    ),
    "tekton.dev": "ClusterTask Pipeline StepAction Task",
    "triggers.tekton.dev": "ClusterInterceptor ClusterTriggerBinding Interceptor Trigger TriggerBinding TriggerTemplate",
    "v1.edp.epam.com": (
        "ClusterKeycloak ClusterKeycloakRealm Keycloak KeycloakAuthFlow KeycloakClient KeycloakClientScope KeycloakOrganization "
        "KeycloakRealm KeycloakRealmComponent KeycloakRealmGroup KeycloakRealmIdentityProvider KeycloakRealmRole KeycloakRealmRoleBatch "
        "KeycloakRealmUser"
    ),
    "velero.io": (
        "Backup BackupRepository BackupStorageLocation DeleteBackupRequest DownloadRequest Restore Schedule ServerStatusRequest "
        "VolumeSnapshotLocation"
    ),
}
# Kinds of every group that configure the access of Crossplane's providers.
_OF_CROSSPLANE: Final = {"ProviderConfig", "ProviderConfigUsage", "ClusterProviderConfig"}
_CROSSPLANE: Final = (".crossplane.io", ".upbound.io")
_LISTED: Final = {group: frozenset(kinds.split()) for group, kinds in _KINDS.items()}


def starts_none(group: str, kind: str) -> bool:
    """Tell whether a custom kind, or a patch of it, is known to start no pods."""
    known = _LISTED.get(group, frozenset())
    if kind.removesuffix("Patch") in _OF_CROSSPLANE and f".{group}".endswith(_CROSSPLANE):
        return True
    return group in _WHOLE or group.endswith(_CLOUDS) or bool({kind, kind.removesuffix("Patch")} & known)
