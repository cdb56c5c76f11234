"""AWS resources against the sandbox's emulator. Tags are not carried out: nothing in the sandbox reads them."""

from __future__ import annotations

from sandbox.engine.aws.family import AwsResources

__all__ = ["AwsResources"]
