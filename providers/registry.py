"""Which provider a job goes to, and whether it is the real one or the sandbox."""

import logging
from collections.abc import Callable, Collection, Mapping
from typing import Final, Literal, TypeAlias, get_args
from urllib.parse import urlsplit

from msgspec import Struct, structs

from providers.client.http import HTTPClients
from providers.client.provider_client import ProviderClient
from providers.client.requests import every_path
from providers.client.urls import without_overlap
from providers.description.catalogue import DescriptionCatalogue
from providers.description.schema import Ended, ProviderDescription
from providers.outcomes import Billing, ErrorKind, KeyCheck

log = logging.getLogger(__name__)

KeyState: TypeAlias = Literal["set", "missing", "not needed"]
KeySource: TypeAlias = Literal["environment", "stored"]

SANDBOX_KEY: Final = "sandbox"  # what stands where a key would, for whoever hears no messages


class Choice(Struct, frozen=True):
    """Where a new job goes; frozen into it.  A sandbox's `origin` is "", for its port may change."""

    origin: str
    sandbox: bool


class ProviderSnapshot(Struct, frozen=True):
    """One provider as it stands while one request is answered; without a description nobody knows how to reach it."""

    name: str
    description: ProviderDescription | None = None
    target: Choice | None = None

    @property
    def display_name(self) -> str:
        """Its name for people, as far as it is known."""
        return self.description.display_name if self.description else self.name

    @property
    def ready(self) -> bool:
        """Whether a job for it would run."""
        return self.target is not None

    @property
    def sandbox(self) -> bool:
        """Whether the sandbox stands in for it."""
        return self.target is not None and self.target.sandbox

    @property
    def real(self) -> bool:
        return self.target is not None and not self.target.sandbox


class ProviderSnapshots(Struct, frozen=True):
    """All providers that are described, each looked at once."""

    by_name: Mapping[str, ProviderSnapshot]

    def get(self, name: str) -> ProviderSnapshot:
        return self.by_name.get(name) or ProviderSnapshot(name)

    def all(self) -> tuple[ProviderSnapshot, ...]:
        return tuple(self.by_name.values())

    @property
    def mixed(self) -> bool:
        """Whether some are real and some played by the sandbox."""
        return len({each.sandbox for each in self.all() if each.ready}) > 1


def no_key(_: str) -> str:
    """Where no keys are stored."""
    return ""


class ProviderRegistry:
    """The lines to all providers.  `environ` and `stored` are read anew each time, so that a key may change under it.

    `sandbox_url` is the sandbox's origin, under which each provider has a prefix; None where there is none.
    `stored` gives a provider's stored key, or "": it counts where the environment has none.  `spoken` are the
    providers that the sandbox plays; None: any.  `sandbox_key` is our key there: the messages about our jobs are signed
    for its account, so a server's own is one that nobody guesses.
    """

    def __init__(
        self,
        descriptions: DescriptionCatalogue,
        clients: HTTPClients,
        environ: Mapping[str, str],
        sandbox_url: str | None,
        stored: Callable[[str], str] = no_key,
        spoken: Collection[str] | None = None,
        sandbox_key: str = SANDBOX_KEY,
    ) -> None:
        self.descriptions = descriptions
        self.sandbox_url = sandbox_url
        self._clients = clients
        self._environ = environ
        self._stored = stored
        self._spoken = spoken
        self._sandbox_key = sandbox_key

    def snapshots(self) -> ProviderSnapshots:
        """Every provider as it stands now."""
        return ProviderSnapshots(
            {
                each.name: ProviderSnapshot(each.name, each, self._choose(each))
                for each in self.descriptions.all()
            }
        )

    def choose(self, provider: str) -> Choice | None:
        """Where a job for this provider would go now; None without a wire, or with neither key nor sandbox."""
        description = self.descriptions.get(provider)
        return self._choose(description) if description else None

    def _choose(self, description: ProviderDescription) -> Choice | None:
        if self._is_real(description):
            origin = self._origin(description)
            return Choice(origin, sandbox=False) if origin else None
        is_played = self._spoken is None or description.name in self._spoken
        return Choice("", sandbox=True) if self.sandbox_url and is_played else None

    def client(self, provider: str, origin: str, sandbox: bool) -> ProviderClient | None:
        """The line of a job with this frozen choice; None while its wire or the sandbox is missing."""
        description = self.descriptions.get(provider)
        if description is None or (sandbox and not self.sandbox_url):
            return None
        if sandbox:
            stand_in = f"{(self.sandbox_url or '').rstrip('/')}/{provider}"
            ours = self._sandbox_key
            return ProviderClient(
                _as_sandbox(description), stand_in, lambda: ours, self._clients, lambda: ours
            )
        return ProviderClient(
            description,
            origin,
            lambda: self._key(description),
            self._clients,
            lambda: self._webhook_secret(description),
        )

    def key_state(self, provider: str) -> KeyState:
        """Whether the provider's key is there; an unknown provider's is missing."""
        description = self.descriptions.get(provider)
        if description and description.auth is None:
            return "not needed"
        return "set" if description and self._key(description) else "missing"

    def key_source(self, provider: str) -> KeySource | None:
        """Where the key comes from that is used now; None where there is none."""
        description = self.descriptions.get(provider)
        if description is None or not self._key(description):
            return None
        return "environment" if self._given(description) else "stored"

    def key(self, provider: str) -> str:
        """The key that is used now, "" without one; it must not reach a page, a log or another company."""
        description = self.descriptions.get(provider)
        return self._key(description) if description else ""

    async def check_key(self, provider: str) -> KeyCheck:
        """Whether the real provider accepts its key, by a call that costs nothing."""
        description = self.descriptions.get(provider)
        origin = self._origin(description) if description and self._is_real(description) else None
        client = self.client(provider, origin, sandbox=False) if origin else None
        return await client.check_key() if client else KeyCheck("unknown", "there is no key to check")

    def _webhook_secret(self, description: ProviderDescription) -> str:
        return self._environ.get(description.webhook.env, "").strip() if description.webhook else ""

    def _is_real(self, description: ProviderDescription) -> bool:
        """With a key, or, where none is needed (a server of one's own), with an address."""
        return bool(
            self._key(description) if description.auth else self._environ.get(description.base_url_name)
        )

    def _key(self, description: ProviderDescription) -> str:
        return self._given(description) or (self._stored(description.name) if description.auth else "")

    def _given(self, description: ProviderDescription) -> str:
        """The environment's key, if it is one."""
        key = self._environ.get(description.auth.env, "").strip() if description.auth else ""
        if not key.isascii() or not key.isprintable():
            log.error(
                "%s holds characters that no key has; it is not used",
                description.auth and description.auth.env,
            )
            return ""
        return key

    def _origin(self, description: ProviderDescription) -> str | None:
        """The operator's origin or the company's own; None if the operator's is none."""
        origin = self._environ.get(description.base_url_name, "").strip().rstrip("/") or description.base
        try:
            parts = urlsplit(origin)
            usable = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1)
        except ValueError:
            usable = False
        if not usable or parts.username or parts.query or parts.fragment:
            log.error("%s is not an address such as https://api.example.com", description.base_url_name)
            return None
        return without_overlap(origin, next(every_path(description.submit.path)))


def _as_sandbox(description: ProviderDescription) -> ProviderDescription:
    """The wire as the sandbox plays it: named as such, never billed, and what it says of costs is not repeated."""
    free: dict[ErrorKind | Ended, Billing] = dict.fromkeys(
        (*get_args(ErrorKind), *get_args(Ended)), "not_billed"
    )
    return structs.replace(
        description, display_name=f"{description.display_name}'s sandbox", billing=free, cost=None
    )
