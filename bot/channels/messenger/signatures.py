"""Whether the platform sent something: its signatures, compared in constant time."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import Any

_ALGORITHM = "sha256="


class SignatureRefused(ValueError):  # noqa: N818 - names what happened to it
    """A signed request that the platform did not sign, or that cannot be read; the text repeats none of it."""


def is_signed(body: bytes, header: str | None, secrets: Sequence[str]) -> bool:
    """Whether `header`, the X-Hub-Signature-256, signs the raw `body` with one of the app's secrets.

    The digest is SHA-256, whatever the header says. https://developers.facebook.com/docs/messenger-platform/webhooks
    """
    if header is None or not header.startswith(_ALGORITHM):
        return False
    given = header.removeprefix(_ALGORITHM).encode("utf-8", "replace")
    return _is_one_of(given, [_mac(secret, body).hex().encode() for secret in secrets])


def read_signed_request(signed: str, secrets: Sequence[str]) -> dict[str, Any]:
    """The content of a `signed_request`. https://developers.facebook.com/docs/apps/delete-data

    Raises:
        SignatureRefused: it is not signed by one of the secrets with HMAC-SHA256, or is no JSON object.
    """
    signature, _, content = signed.partition(".")
    expected = [_mac(secret, content.encode("utf-8", "replace")) for secret in secrets]
    if not _is_one_of(_decoded(signature), expected):
        raise SignatureRefused("The signature is not the platform's.")
    try:
        read = json.loads(_decoded(content))
    except (ValueError, RecursionError):
        raise SignatureRefused("The content is no JSON.") from None
    if not isinstance(read, dict) or read.get("algorithm") != "HMAC-SHA256":
        raise SignatureRefused("The content names no HMAC-SHA256.")
    return read


def is_token(given: str, expected: str) -> bool:
    """Whether two tokens are equal, in constant time."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())


def _mac(secret: str, signed: bytes) -> bytes:
    return hmac.new(secret.encode(), signed, hashlib.sha256).digest()


def _is_one_of(given: bytes, expected: Sequence[bytes]) -> bool:
    # All of them are compared, so that the time does not tell which one fits.
    return any([hmac.compare_digest(given, one) for one in expected])


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise SignatureRefused("A part of it is no base64.") from None
