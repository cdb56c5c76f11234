"""Changes to a real stack: each with the rule that must refuse it, or with none if it is harmless."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from tests.policy import (
    cluster_roles,
    mutations_access,
    mutations_config,
    mutations_data,
    mutations_doors,
    mutations_kafka,
    mutations_keys,
    mutations_memory,
    mutations_options,
    mutations_own,
    mutations_reach,
    mutations_roles,
    mutations_spellings,
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
    mutations_data.database,
    mutations_data.sinks,
    mutations_data.topics,
    mutations_data.volumes,
    mutations_config.connectors,
    mutations_config.topics,
    mutations_config.files,
    mutations_keys.connectors,
    mutations_keys.servers,
    mutations_keys.everyday,
    mutations_access.pods,
    mutations_access.services,
    mutations_access.disruptions,
    mutations_access.connectors,
    mutations_access.buckets,
    mutations_access.rights,
    mutations_doors.network,
    mutations_doors.routes,
    mutations_doors.guards,
    mutations_doors.harmless_doors,
    mutations_reach.aws_doors,
    mutations_reach.code,
    mutations_options.options,
    mutations_roles.roles,
    cluster_roles.roles,
    mutations_kafka.access,
    mutations_own.connectors,
    mutations_own.guards,
    mutations_own.harmless_guards,
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
)
# families that apply to an existing database, several workers, load balancers, an identity without a key, and KMS
FAMILIES_OF_PROD: tuple[Family, ...] = (
    mutations_memory.limits,
    mutations_memory.pods,
    mutations_data.sinks,
    mutations_config.files,
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
