"""Keyed hashes that stand for the platform's ids of people and messages, which are kept nowhere."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence


class Identities:
    """Names people and messages by keyed hashes of 64 hexadecimal digits.

    Without a key nobody can find a person's rows by their id. The keys are listed newest first: the newest writes, and
    what an older one wrote is still found, until it has ended and the key can be dropped.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = [key.encode() for key in keys]

    def people(self, page_scoped_id: str) -> tuple[str, ...]:
        """The names of a person, the one to write first."""
        return tuple(_name(key, "person", page_scoped_id) for key in self._keys)

    def messages(self, page_scoped_id: str, message_id: str) -> tuple[str, ...]:
        """The names of a message in a person's thread, the one to write first."""
        return tuple(_name(key, "message", f"{page_scoped_id}\n{message_id}") for key in self._keys)

    def session(self, page_scoped_id: str) -> str:
        """The id of the conversation that a person begins now; their thread keeps it when a newer key comes."""
        return _name(self._keys[0], "conversation", page_scoped_id)

    def code(self, signed_request: str) -> str:
        """The confirmation code of a deletion: it can be made only here, and names nobody."""
        return _name(self._keys[0], "deletion", signed_request)[:32]

    def seal(self, code: str) -> str:
        """`code` with what proves that it was made here."""
        return code + _name(self._keys[0], "seal", code)[:16]


def _name(key: bytes, kind: str, given: str) -> str:
    return hmac.new(key, f"{kind}\n{given}".encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
