"""Specification of the stack that Pulumi is running: the only reader of its configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi.runtime import config

from stack.judgement.stack import specify_text

if TYPE_CHECKING:
    from stack.specification.stack import Specification


def load() -> Specification:
    """Return the specification of the running stack.

    Raises:
        SettingsError: Listing every problem.
    """
    return specify_text({**config.get_config_env(), **config.CONFIG.get()})
