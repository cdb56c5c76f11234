"""Settings of the stack that Pulumi is running: the only reader of its configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi.runtime import config

from judgement.stack import parse_text

if TYPE_CHECKING:
    from settings.model import Settings


def load() -> Settings:
    """Settings of the running stack.

    Raises:
        SettingsError: Listing every problem.
    """
    return parse_text({**config.get_config_env(), **config.CONFIG.get()})
