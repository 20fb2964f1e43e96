"""How much a conversation and a network address may send: token buckets, in memory and for minutes only.

The package `limits` does not fit: it needs a newer `packaging` than rasa takes, and its memory has no bound.
"""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable

MOST_KEPT = 20_000  # buckets; about 4 MB
MINUTE = 60.0  # seconds
HOUSEHOLD = 56  # bits of an IPv6 address that those of one household share


class Rate:
    """At most so many turns, or beginnings, a minute for each key, all of them at once if it was silent before.

    A bucket that is full again after a minute is as good as none, and is dropped. Where there are too many, the one
    that was used longest ago goes.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = float(per_minute)
        self._clock = clock
        self._buckets: OrderedDict[bytes, tuple[float, float]] = OrderedDict()  # what is left, and when that was

    def take(self, key: bytes) -> float:
        """Take a turn: 0.0 where there was one, otherwise the seconds until there is."""
        now = self._clock()
        left, when = self._buckets.get(key, (self._most, now))
        left = min(self._most, left + (now - when) * self._most / MINUTE)
        wait = max(0.0, (1.0 - left) * MINUTE / self._most)
        self._buckets[key] = (left if wait else left - 1.0, now)
        self._buckets.move_to_end(key)
        self.forget()
        return wait

    def forget(self) -> None:
        """Drop what was not used for a minute, and what is too much."""
        long_ago = self._clock() - MINUTE
        while self._buckets:
            key, (_, when) = next(iter(self._buckets.items()))
            if when > long_ago and len(self._buckets) <= MOST_KEPT:
                return
            del self._buckets[key]

    def __len__(self) -> int:
        return len(self._buckets)


class AddressDigests:
    """Names network addresses by digests that only this process can make, so that no address is kept as it is."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def digest(self, address: str) -> bytes:
        """The digest of an address. Those of one IPv6 network of 56 bits share theirs.

        A household gets at most that many from its provider (RFC 6177), and so 256 networks of 64 bits to send from.
        """
        try:
            parsed = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            named = address  # a socket of the system, or a proxy's word for a visitor
        else:
            parsed = getattr(parsed, "ipv4_mapped", None) or parsed
            named = str(parsed if parsed.version == 4 else ipaddress.ip_network((parsed, HOUSEHOLD), strict=False))
        return hashlib.blake2b(named.encode(), key=self._key, digest_size=16).digest()
