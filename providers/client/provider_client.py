"""How one job speaks to one company: deliver media, submit, look, find, cancel, fetch."""

from collections.abc import Callable, Mapping

import msgspec

from models.payload import Mapped, MediaLeaf, finish
from models.spec.values import JSON
from providers.client.download import Writer, download
from providers.client.http import Caller, Clients, Silence
from providers.client.interpret import judge_cancel, judge_submit
from providers.client.media import hand_over
from providers.client.polling import looking
from providers.client.requests import Request, build, build_submit, names_of, names_of_model
from providers.client.responses import Answer, envelope_refuses, error_of
from providers.description.schema import Wire
from providers.description.templates import fill_text
from providers.outcomes import (
    Accepted,
    CancelAnswer,
    CannotCancel,
    FetchAnswer,
    FindAnswer,
    Handle,
    KeyCheck,
    LocalFile,
    LookAnswer,
    NotDelivered,
    NotSent,
    Operation,
    Order,
    OutputFile,
    Refused,
    SubmitAnswer,
    Unanswered,
    Unclear,
    tell,
)


class Line:
    """One provider at one origin.  Nothing here raises for what a provider or the network may do.

    `wire` says how often to look (`poll`, seconds) and how many jobs may be there at once (`limits.concurrency`).
    """

    def __init__(
        self,
        wire: Wire,
        origin: str,
        key: Callable[[], str],
        clients: Clients,
        webhook_secret: Callable[[], str] = str,
    ) -> None:
        self.wire = wire
        self.caller = Caller(wire, origin, key, clients)
        self._webhook_secret = webhook_secret

    @property
    def origin(self) -> str:
        """Where requests go."""
        return self.caller.origin

    def webhook_keys(self) -> tuple[str, ...]:
        """What the provider's messages are signed with: a secret of its own that the operator gave, or the key."""
        own = self.wire.webhook.env if self.wire.webhook else ""
        secret = self._webhook_secret() if own else self.caller.key()
        return (secret,) if secret else ()

    async def deliver(
        self, leaf: MediaLeaf, file: LocalFile | None, order: Order | None = None
    ) -> Handle | NotDelivered:
        """Hand a media file over as the wire wants it: by its address, inside the request, or uploaded first.

        Without a `file`, `leaf.ref` is an https address or a data URI.  Some companies want to know the model of the
        `order` that a file is for.
        """
        return await hand_over(self.caller, leaf, file, order)

    async def submit(
        self, order: Order, handles: Mapping[str, JSON], *, job_id: str, webhook: str | None = None
    ) -> SubmitAnswer:
        """Order the job: exactly one request, on a fresh connection, following no redirect.

        `handles` are delivered values by pointer, one for each media leaf.  `job_id` is sent where the wire has a
        use for an id of ours.
        """
        if missing := [leaf.at for leaf in order.media if leaf.at not in handles]:
            raise ValueError(f"not delivered: {missing}")
        body = finish(Mapped(body=order.body, media=order.media, encode=order.encode), handles)
        names = {**names_of_model(order), "webhook": webhook or None, "idem": job_id}
        request = build_submit(self.wire, names, body)
        if request is None:
            what = f"its description has no address for the mode {order.mode!r}"
            return self._not_asked(what, "mode")
        if too_large := self._too_large(request):
            return too_large
        answer = await self.caller.order(request)
        if isinstance(answer, Silence):
            return Unclear(answer.reason) if answer.sent else NotSent(answer.reason)
        asked = Operation("", endpoint=order.endpoint, version=order.version, mode=order.mode)
        return judge_submit(self.wire, answer, asked, self.caller.origins)

    def _not_asked(self, what: str, field: str | None = None) -> Refused:
        return Refused(tell("invalid_input", self.wire.display_name, what, billing="not_billed", field=field))

    def _too_large(self, request: Request) -> Refused | None:
        most = self.wire.limits.body_bytes
        size = len(msgspec.json.encode(request.body)) if most and isinstance(request.body, dict) else 0
        if not most or size <= most:
            return None
        what = f"with its files the order has {size / 1e6:.3g} MB, and at most {most / 1e6:.3g} MB are taken"
        return self._not_asked(what)

    async def look(self, operation: Operation, *, cancel_sent: bool = False) -> LookAnswer:
        """Ask where the job stands.  After a cancel, an unknown job (404) counts as the wire says."""
        steps = looking(self.wire, operation, self.caller.origins, cancel_sent=cancel_sent)
        outcome = await self.caller.run(steps)
        return Unanswered(outcome.reason) if isinstance(outcome, Silence) else outcome

    async def find(self, order: Order, *, job_id: str) -> FindAnswer:
        """Whether an order whose answer was lost did arrive, by the id of ours that went along.

        Accepted: it did.  Unanswered with `gone`: the provider knows of no such order.  Unanswered: it cannot be told.
        """
        known_as = fill_text(self.wire.submit.lookup, {"idem": job_id}) if self.wire.submit.lookup else None
        if known_as is None:
            return Unanswered(f"{self.wire.display_name} cannot be asked for a job by an id of ours")
        operation = Operation(known_as, endpoint=order.endpoint, version=order.version, mode=order.mode)
        look = await self.look(operation)
        return look if isinstance(look, Unanswered) else Accepted(operation)

    async def cancel(self, operation: Operation) -> CancelAnswer:
        """Ask for the job to be stopped, once; look first, for a cancel may destroy a finished result."""
        cancel, names = self.wire.cancel, names_of(operation)
        request = build(self.wire, cancel, names) if cancel else None
        if cancel is None or request is None:
            return CannotCancel(
                f"{self.wire.display_name} has no way to stop a job: it runs to its end, and may be billed."
            )
        answer = await self.caller.ask(request)
        for call in cancel.also:
            further = build(self.wire, call, names)
            answer = await self.caller.ask(further) if further and isinstance(answer, Answer) else answer
        return Unanswered(answer.reason) if isinstance(answer, Silence) else judge_cancel(self.wire, answer)

    async def fetch(self, output: OutputFile, to: Writer, limit_bytes: int) -> FetchAnswer:
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
        request = build(self.wire, self.wire.check, {}) if self.wire.check else None
        if request is None:
            return KeyCheck("unknown", f"{self.wire.display_name} has no free call that would tell")
        answer = await self.caller.ask(request)
        if isinstance(answer, Silence):
            return KeyCheck("unknown", f"{self.wire.display_name}: {answer.reason}")
        if answer.status < 300 and not envelope_refuses(self.wire, answer):
            return KeyCheck("accepted")
        error = error_of(self.wire, answer, billing="not_billed")
        said = error.message or f"it answered {answer.status}"
        return KeyCheck("refused" if error.kind == "auth" else "unknown", said)
