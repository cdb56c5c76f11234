"""The program carried out without the Pulumi engine: each resource is really created, kept in a journal, and removed.

It is an adapter for one throw-away machine, not an engine: no preview of changes, no refresh, no locking between
machines. Those belong to the Pulumi CLI, which runs the very same stack.
"""

from __future__ import annotations

from sandbox.adapter.driver import Adapter, Result
from sandbox.adapter.failures import ResourceError
from sandbox.adapter.journal import JournalError

__all__ = ["Adapter", "JournalError", "ResourceError", "Result"]
