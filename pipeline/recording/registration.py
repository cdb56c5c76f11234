"""Declared resource, read from its registration request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pipeline.recording.values import plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi.runtime.proto import resource_pb2

STACK_TYPE: Final = "pulumi:pulumi:Stack"
PROVIDER_PREFIX: Final = "pulumi:providers:"


class UnsupportedOptionError(ValueError):
    """The program uses a resource option that only the real engine supports."""


@dataclass(frozen=True, kw_only=True)
class Resource:
    """A declared resource.

    Attributes:
        urn: URN.
        type: Type token.
        name: Logical name.
        parent: URN of the parent, or empty.
        provider: URN of the provider, or empty.
        custom: False for a component.
        inputs: Inputs as plain values.
        secret_paths: Paths of the secret inputs.
        dependencies: URNs of all dependencies, by data or by ``depends_on``.
        property_dependencies: URNs of the dependencies of each input.
        secret_outputs: Names of the outputs that are secret by option.
        deleted_with: URN of the resource whose deletion deletes this one too, or empty.
        protect: Whether the resource is protected from deletion.
        retain_on_delete: Whether a deletion leaves the real object in place.
        delete_before_replace: Whether a replacement deletes the old object first.
        ignore_changes: Paths of the inputs whose changes are ignored.
        aliases: Former URNs.
        timeout_s: Custom create timeout in seconds, or None.
        replacement_trigger: Value whose change replaces the resource, or empty.
    """

    urn: str
    type: str
    name: str
    parent: str
    provider: str
    custom: bool
    inputs: Mapping[str, Any]
    secret_paths: frozenset[str]
    dependencies: frozenset[str]
    property_dependencies: Mapping[str, frozenset[str]]
    secret_outputs: frozenset[str]
    deleted_with: str
    protect: bool
    retain_on_delete: bool
    delete_before_replace: bool
    ignore_changes: tuple[str, ...]
    aliases: tuple[str, ...]
    timeout_s: float | None
    replacement_trigger: str

    def __hash__(self) -> int:
        """Hash by URN: the inputs are dictionaries."""
        return hash(self.urn)

    @property
    def is_provider(self) -> bool:
        """True if this is a provider."""
        return self.type.startswith(PROVIDER_PREFIX)

    @property
    def secret_inputs(self) -> frozenset[str]:
        """Names of the top-level inputs that are or contain a secret."""
        return frozenset(path.replace("[", ".").split(".")[0] for path in self.secret_paths)


def read(request: resource_pb2.RegisterResourceRequest, urn: str, *, nothing_is_made: bool = False) -> Resource:
    """Read a registration.

    Args:
        request: The registration.
        urn: URN of the resource.
        nothing_is_made: Whether the resource is only recorded, so that hooks, imports, files and remote components have no effect.

    Raises:
        UnsupportedOptionError: For transforms, and for what has an effect that only the real engine knows.
    """
    _refuse_unsupported(request, ("transforms",) if nothing_is_made else ("transforms", "hooks", "import_", "remote"))
    inputs, secret_paths = plain(request.object, files=nothing_is_made)
    by_property = {key: frozenset(value.urns) for key, value in request.propertyDependencies.items()}
    return Resource(
        urn=urn,
        type=request.type,
        name=request.name,
        parent=request.parent,
        provider=(request.provider or _of_remote(request)).rpartition("::")[0],
        custom=request.custom,
        inputs=inputs,
        secret_paths=secret_paths,
        dependencies=frozenset(request.dependencies).union(*by_property.values()),
        property_dependencies=by_property,
        secret_outputs=frozenset(request.additionalSecretOutputs),
        deleted_with=request.deletedWith,
        protect=request.protect,
        retain_on_delete=request.retainOnDelete,
        delete_before_replace=request.deleteBeforeReplace,
        ignore_changes=tuple(request.ignoreChanges),
        aliases=tuple(alias.urn for alias in request.aliases if alias.urn),
        timeout_s=_seconds(request.customTimeouts.create),
        replacement_trigger=request.replacement_trigger.string_value,
    )


def _of_remote(request: resource_pb2.RegisterResourceRequest) -> str:
    """Return the provider that a remote component passes on to its children."""
    return request.providers.get(request.type.partition(":")[0], "") if request.remote else ""


def _refuse_unsupported(request: resource_pb2.RegisterResourceRequest, refused: tuple[str, ...]) -> None:
    hooks = request.hooks
    options = {
        "transforms": bool(request.transforms),
        "hooks": any(getattr(hooks, field.name) for field in hooks.DESCRIPTOR.fields),
        "import_": bool(request.importId),
        "remote": request.remote,
    }
    for option, used in options.items():
        if used and option in refused:
            message = f"{request.name} ({request.type}) uses {option}, which only the Pulumi engine supports"
            raise UnsupportedOptionError(message)


_UNITS: Final = {"h": 3600.0, "m": 60.0, "s": 1.0}


def _seconds(duration: str) -> float | None:
    """Parse a Go duration such as ``10m`` or ``1h30m``."""
    if not duration:
        return None
    total, digits = 0.0, ""
    for character in duration:
        if character in _UNITS:
            total, digits = total + float(digits) * _UNITS[character], ""
        else:
            digits += character
    return total
