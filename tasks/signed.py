"""Addresses under which a provider may read one upload for a while: signed, so that nothing else opens with them."""

import hmac
from base64 import urlsafe_b64encode
from urllib.parse import urlencode

from msgspec import Struct

PATH = "/inputs"
LASTS = 24 * 3600.0  # seconds; a provider may queue a job for hours before it reads its inputs


class Signed(Struct, frozen=True):
    """`public` is where providers reach this server ("" if they cannot), `local` where the sandbox does."""

    secret: str
    public: str
    local: str

    def address(self, owner: str, upload_id: str, now: float, *, sandbox: bool) -> str:
        """For a provider or its sandbox; "" where it could not read it."""
        base = self.local if sandbox else self.public
        if not base:
            return ""
        until = int(now + LASTS)
        query = {"by": owner, "until": until, "sig": self._signature(owner, upload_id, until)}
        return f"{base}{PATH}/{upload_id}?{urlencode(query)}"

    def opens(self, owner: str, upload_id: str, until: int, signature: str, now: float) -> bool:
        """Whether this address was made by us, for this file, and still lasts."""
        made = self._signature(owner, upload_id, until)
        return until > now and hmac.compare_digest(made.encode(), signature.encode())

    def _signature(self, owner: str, upload_id: str, until: int) -> str:
        told = f"input\n{owner}\n{upload_id}\n{until}"
        return urlsafe_b64encode(hmac.digest(self.secret.encode(), told.encode(), "sha256")[:24]).decode()
