"""Changes to a real stack: each with the rule that must refuse it, or with none if it is harmless."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from tests.policy import (
    cluster_roles,
    mutations_access,
    mutations_admission,
    mutations_audit,
    mutations_claims,
    mutations_config,
    mutations_data,
    mutations_dns,
    mutations_doors,
    mutations_eks,
    mutations_grants,
    mutations_kafka,
    mutations_keys,
    mutations_lake,
    mutations_memory,
    mutations_monitoring,
    mutations_native,
    mutations_options,
    mutations_own,
    mutations_pods,
    mutations_priority,
    mutations_reach,
    mutations_refusing,
    mutations_roles,
    mutations_runtimes,
    mutations_scaling,
    mutations_servers,
    mutations_sessions,
    mutations_sharing,
    mutations_spellings,
    mutations_starts,
)
from tests.policy.mutations_harmless import harmless, harmless_reach
from tests.policy.workbench import Workbench

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from policy.declared import Declared
    from tests.policy.workbench import Made

Family: TypeAlias = "Callable[[Workbench], Iterator[Made]]"

FAMILIES: tuple[Family, ...] = (
    mutations_memory.limits,
    mutations_memory.pods,
    mutations_memory.more_pods,
    mutations_memory.java,
    mutations_runtimes.runtimes,
    mutations_runtimes.harmless,
    mutations_servers.servers,
    mutations_servers.types,
    mutations_data.database,
    mutations_data.sinks,
    mutations_data.topics,
    mutations_data.volumes,
    mutations_config.connectors,
    mutations_config.topics,
    mutations_config.files,
    mutations_config.doors,
    mutations_keys.connectors,
    mutations_keys.servers,
    mutations_keys.everyday,
    mutations_access.pods,
    mutations_access.services,
    mutations_access.disruptions,
    mutations_access.connectors,
    mutations_access.buckets,
    mutations_access.rights,
    mutations_admission.admission,
    mutations_admission.volumes,
    mutations_admission.copies,
    mutations_claims.claims,
    mutations_refusing.refusing,
    mutations_dns.some,
    mutations_doors.network,
    mutations_doors.routes,
    mutations_doors.guards,
    mutations_doors.harmless_doors,
    mutations_reach.aws_doors,
    mutations_reach.code,
    mutations_sharing.sharing,
    mutations_options.options,
    mutations_scaling.scaling,
    mutations_priority.priorities,
    mutations_native.buckets,
    mutations_eks.access,
    mutations_roles.roles,
    cluster_roles.roles,
    mutations_kafka.access,
    mutations_lake.some,
    mutations_pods.pods,
    mutations_pods.answering,
    mutations_pods.controllers,
    mutations_starts.some,
    mutations_own.connectors,
    mutations_own.files,
    mutations_own.guards,
    mutations_own.harmless_guards,
    mutations_sessions.some,
    mutations_grants.some,
    mutations_audit.job,
    mutations_audit.guards,
    mutations_audit.rights,
    mutations_audit.harmless,
    mutations_monitoring.pods,
    mutations_monitoring.doors,
    mutations_monitoring.receivers,
    mutations_monitoring.harmless,
    mutations_spellings.properties,
    mutations_spellings.prose,
    mutations_spellings.images,
    mutations_spellings.routes,
    mutations_spellings.resource_policies,
    mutations_spellings.custom_values,
    mutations_spellings.namespaces,
    harmless,
    harmless_reach,
)
# families that differ between formats, catalogs and object stores
FAMILIES_OF_DATA: tuple[Family, ...] = (
    mutations_data.database,
    mutations_data.sinks,
    mutations_data.volumes,
    mutations_config.connectors,
    mutations_keys.connectors,
    mutations_access.connectors,
    mutations_access.buckets,
    mutations_access.rights,
    mutations_own.connectors,
    mutations_lake.some,
)
# families that apply to an existing database, several workers, load balancers, an identity without a key, and KMS
FAMILIES_OF_PROD: tuple[Family, ...] = (
    mutations_memory.limits,
    mutations_memory.pods,
    mutations_data.sinks,
    mutations_config.files,
    mutations_config.doors,
    mutations_access.pods,
    mutations_access.services,
    mutations_access.disruptions,
    mutations_access.buckets,
    mutations_access.rights,
    mutations_doors.routes,
    mutations_doors.guards,
    mutations_doors.harmless_doors,
    mutations_own.guards,
    mutations_own.harmless_guards,
    harmless,
    harmless_reach,
)


@dataclass(frozen=True)
class Mutant:
    """A changed stack.

    Attributes:
        name: Description of the change.
        rule: The rule that must refuse it, or None.
        resources: The whole stack after the change.
    """

    name: str
    rule: str | None
    resources: list[Declared]


def mutants(resources: Sequence[Declared], families: Sequence[Family] = FAMILIES) -> Iterator[Mutant]:
    """Yield every change of some families to a stack."""
    bench = Workbench(resources)
    return (Mutant(*made) for family in families for made in family(bench))
