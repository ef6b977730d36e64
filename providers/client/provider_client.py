"""How one job speaks to one company: deliver media, submit, look, find, cancel, fetch."""

from collections.abc import Callable, Mapping

import msgspec

from models.payload import Mapped, MediaLeaf, finish
from models.spec.values import JSON
from providers.client.download import DownloadTarget, download
from providers.client.http import HTTPClient, HTTPClients, NoResponse
from providers.client.interpret import interpret_cancel, interpret_submit
from providers.client.media import upload_media
from providers.client.polling import poll_steps
from providers.client.requests import Request, build, build_submit, names_of, names_of_model
from providers.client.responses import HTTPResponse, envelope_refuses, error_of
from providers.description.schema import ProviderDescription
from providers.description.templates import fill_text
from providers.outcomes import (
    Accepted,
    CancelOutcome,
    CannotCancel,
    FetchOutcome,
    FindOutcome,
    Handle,
    KeyCheck,
    LocalFile,
    NotSent,
    NotUploaded,
    Operation,
    OutputFile,
    PollOutcome,
    Refused,
    Submission,
    SubmitOutcome,
    Unanswered,
    Unclear,
    make_error,
)


class ProviderClient:
    """One provider at one origin.  Nothing here raises for what a provider or the network may do.

    `wire` says how often to look (`poll`, seconds) and how many jobs may be there at once (`limits.concurrency`).
    """

    def __init__(
        self,
        description: ProviderDescription,
        origin: str,
        key: Callable[[], str],
        clients: HTTPClients,
        webhook_secret: Callable[[], str] = str,
    ) -> None:
        self.description = description
        self.caller = HTTPClient(description, origin, key, clients)
        self._webhook_secret = webhook_secret

    @property
    def origin(self) -> str:
        """Where requests go."""
        return self.caller.origin

    def webhook_keys(self) -> tuple[str, ...]:
        """What the provider's messages are signed with: a secret of its own that the operator gave, or the key."""
        own = self.description.webhook.env if self.description.webhook else ""
        secret = self._webhook_secret() if own else self.caller.key()
        return (secret,) if secret else ()

    async def upload_media(
        self, leaf: MediaLeaf, file: LocalFile | None, order: Submission | None = None
    ) -> Handle | NotUploaded:
        """Hand a media file over as the wire wants it: by its address, inside the request, or uploaded first.

        Without a `file`, `leaf.ref` is an https address. Some companies want to know the model of the `order` that
        a file is for.
        """
        return await upload_media(self.caller, leaf, file, order)

    async def submit(
        self, order: Submission, handles: Mapping[str, JSON], *, job_id: str, webhook: str | None = None
    ) -> SubmitOutcome:
        """Order the job: exactly one request, on a fresh connection, following no redirect.

        `handles` are delivered values by pointer, one for each media leaf.  `job_id` is sent where the wire has a
        use for an id of ours.
        """
        if missing := [leaf.at for leaf in order.media if leaf.at not in handles]:
            raise ValueError(f"not delivered: {missing}")
        body = finish(Mapped(body=order.body, media=order.media, encode=order.encode), handles)
        names = {**names_of_model(order), "webhook": webhook or None, "idem": job_id}
        request = build_submit(self.description, names, body)
        if request is None:
            what = f"its description has no address for the mode {order.mode!r}"
            return self._not_asked(what, "mode")
        if too_large := self._too_large(request):
            return too_large
        answer = await self.caller.submit(request)
        if isinstance(answer, NoResponse):
            return Unclear(answer.reason) if answer.sent else NotSent(answer.reason)
        asked = Operation("", endpoint=order.endpoint, version=order.version, mode=order.mode)
        return interpret_submit(self.description, answer, asked, self.caller.origins)

    def _not_asked(self, what: str, field: str | None = None) -> Refused:
        return Refused(
            make_error(
                "invalid_input", self.description.display_name, what, billing="not_billed", field=field
            )
        )

    def _too_large(self, request: Request) -> Refused | None:
        most = self.description.limits.body_bytes
        size = len(msgspec.json.encode(request.body)) if most and isinstance(request.body, dict) else 0
        if not most or size <= most:
            return None
        what = f"with its files the order has {size / 1e6:.3g} MB, and at most {most / 1e6:.3g} MB are taken"
        return self._not_asked(what)

    async def poll(self, operation: Operation, *, cancel_sent: bool = False) -> PollOutcome:
        """Ask where the job stands.  After a cancel, an unknown job (404) counts as the wire says."""
        steps = poll_steps(self.description, operation, self.caller.origins, cancel_sent=cancel_sent)
        outcome = await self.caller.run(steps)
        return Unanswered(outcome.reason) if isinstance(outcome, NoResponse) else outcome

    async def find(self, order: Submission, *, job_id: str) -> FindOutcome:
        """Whether an order whose answer was lost did arrive, by the id of ours that went along.

        Accepted: it did.  Unanswered with `gone`: the provider knows of no such order.  Unanswered: it cannot be told.
        """
        known_as = (
            fill_text(self.description.submit.lookup, {"idem": job_id})
            if self.description.submit.lookup
            else None
        )
        if known_as is None:
            return Unanswered(f"{self.description.display_name} cannot be asked for a job by an id of ours")
        operation = Operation(known_as, endpoint=order.endpoint, version=order.version, mode=order.mode)
        look = await self.poll(operation)
        return look if isinstance(look, Unanswered) else Accepted(operation)

    async def cancel(self, operation: Operation) -> CancelOutcome:
        """Ask for the job to be stopped, once; look first, for a cancel may destroy a finished result."""
        cancel, names = self.description.cancel, names_of(operation)
        request = build(self.description, cancel, names) if cancel else None
        if cancel is None or request is None:
            return CannotCancel(
                f"{self.description.display_name} has no way to stop a job: it runs to its end, and may be billed."
            )
        answer = await self.caller.ask(request)
        for call in cancel.also:
            further = build(self.description, call, names)
            answer = (
                await self.caller.ask(further) if further and isinstance(answer, HTTPResponse) else answer
            )
        return (
            Unanswered(answer.reason)
            if isinstance(answer, NoResponse)
            else interpret_cancel(self.description, answer)
        )

    async def fetch(self, output: OutputFile, to: DownloadTarget, limit_bytes: int) -> FetchOutcome:
        """Stream a finished file into `to`, from public https addresses or the line's own origin only.

        What `to.write` raises (a full disk) is raised on.
        """
        request = Request(method="GET", url=output.url)
        if output.keyed:
            request = self.caller.keyed(request)
        caller = self.caller
        return await download(caller.clients, request, caller.origin, to, limit_bytes, caller.key())

    async def check_key(self) -> KeyCheck:
        """Whether the key is good, by a call that costs nothing; unknown where the wire has none, or no answer came."""
        request = build(self.description, self.description.check, {}) if self.description.check else None
        if request is None:
            return KeyCheck("unknown", f"{self.description.display_name} has no free call that would tell")
        answer = await self.caller.ask(request)
        if isinstance(answer, NoResponse):
            return KeyCheck("unknown", f"{self.description.display_name}: {answer.reason}")
        if answer.status < 300 and not envelope_refuses(self.description, answer):
            return KeyCheck("accepted")
        error = error_of(self.description, answer, billing="not_billed")
        said = error.message or f"it answered {answer.status}"
        return KeyCheck("refused" if error.kind == "auth" else "unknown", said)
