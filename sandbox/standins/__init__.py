"""Stand-ins for four Pulumi plugins that no package registry serves: aws, kafka, random and tls.

Each is a package of `providers.operations.Operations`, as the project's own two providers are, with the type tokens, inputs
and outputs of the published plugin. The Pulumi CLI starts one as a process (`python -m sandbox.standins aws <engine>`);
the sandbox without an engine calls the same classes in its own process. README.md lists how they differ from the
published plugins.
"""

from __future__ import annotations

from typing import Final

ADOPT: Final = "DATA_INGESTION_ADOPT"
"""The variable by which a run that continues an interrupted one lets creations adopt what that one has made and not recorded."""
