"""Texts of a preview without credentials: messages, commands, and files of any format in a ConfigMap.

Doubtful values are hidden: a masked port costs a reader one look, a password in a comment costs a rotation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack.configs.credentials.commands import telling_words
from stack.configs.credentials.detector import hidden as text_without_secrets
from stack.configs.credentials.detector import hidden_in_message as message_without_secrets
from stack.configs.credentials.judging import may_be_credential as names_a_secret
from stack.configs.credentials.values import SHOWN_AS

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["SHOWN_AS", "message_without_secrets", "names_a_secret", "secret_words", "text_without_secrets"]


def secret_words(words: Sequence[str]) -> list[int]:
    """Return the positions of credentials among a command's words."""
    return telling_words(words, doubtful=True)
