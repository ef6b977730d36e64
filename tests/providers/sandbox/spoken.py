"""What it takes to speak a wire of the sandbox, so that the same questions can be put to all of them."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx
from msgspec import Struct

from tests.providers.sandbox.running import RunningSandbox
from tests.support import PATIENCE


class Spoken(Struct, frozen=True):
    """A wire as its clients speak it. Places in an answer are dotted; paths have `{id}` where the job's id goes.

    `before` are words that may come before the others; `third` is the call that turns what stands at `output` into an
    address, where that takes one.
    `words` are those for queued, running, succeeded, failed and an undocumented state; `refusals` the status and
    the place and start of the code or sentence for each fault; `reasons` the same for a job that failed.
    """

    name: str
    submit: str
    body: Callable[[str], dict[str, Any]]
    id: str
    look: str
    state: str
    words: tuple[Any, Any, Any, Any, Any]
    output: str
    refusals: Mapping[str, tuple[int, str, Any]]
    reasons: Mapping[str, tuple[str, Any]]
    accepted: int = 200
    cancel: tuple[str, str] | None = None
    output_needs_key: bool = False
    before: tuple[str, ...] = ()
    third: tuple[str, str] | None = None
    missing: tuple[int, str, Any] | None = None
    stranger: str = "00000000-0000-4000-8000-000000000000"

    @property
    def unknown_job(self) -> tuple[int, str, Any]:
        """How a job that is not there is answered."""
        return self.missing or self.refusals["not_found"]

    def order(self, sandbox: RunningSandbox, prompt: str, **more: Any) -> httpx.Response:
        """The answer to a submission."""
        return sandbox.ask("POST", f"/{self.name}{self.submit}", json=self.body(prompt), **more)

    def started(self, sandbox: RunningSandbox, prompt: str, **more: Any) -> str:
        """The id of a job that was accepted."""
        answer = self.order(sandbox, prompt, **more)
        assert answer.status_code == self.accepted, answer.text
        return str(at(answer.json(), self.id))

    def looked(self, sandbox: RunningSandbox, job_id: str, **more: Any) -> httpx.Response:
        """One look at a job."""
        return sandbox.ask("GET", f"/{self.name}{self.look.format(id=job_id)}", **more)

    def watched(self, sandbox: RunningSandbox, job_id: str) -> list[dict[str, Any]]:
        """What looks see from now to the end of a job."""
        return self._watched(sandbox, job_id, self.is_over)

    def until(self, sandbox: RunningSandbox, job_id: str, state: Any) -> None:
        """Look tick by tick until the job is in this state."""
        self._watched(sandbox, job_id, lambda now: bool(now == state))

    def _watched(
        self, sandbox: RunningSandbox, job_id: str, last: Callable[[Any], bool]
    ) -> list[dict[str, Any]]:
        seen: list[dict[str, Any]] = []
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            answer = self.looked(sandbox, job_id)
            seen.append(answer.json() if answer.content else {})
            if last(at(seen[-1], self.state)):
                return seen
            sandbox.tick()
        raise AssertionError(f"Not so after {PATIENCE:g} s: {seen[-1]}")

    def is_over(self, state: Any) -> bool:
        """Whether a state is that of a job that ended, well or badly."""
        bad = self.words[3] if isinstance(self.words[3], tuple) else (self.words[3],)
        return state in (self.words[2], *bad)

    def link(self, sandbox: RunningSandbox, job_id: str, last: dict[str, Any]) -> str:
        """The address of a finished clip; a path of the wire where the answer holds no address."""
        if self.output.startswith("/"):
            return f"{sandbox.url}/{self.name}{self.output.format(id=job_id)}"
        value = at(last, self.output)
        if self.third is None:
            return str(value)
        path, place = self.third
        if not place:
            return f"{sandbox.url}/{self.name}{path.format(value=value)}"
        return str(at(sandbox.ask("GET", f"/{self.name}{path.format(value=value)}").json(), place))

    def job_in(self, last: dict[str, Any]) -> str:
        """The id in what a look showed, as far as an address needs it."""
        return str(at(last, self.id))


def at(document: Any, place: str) -> Any:
    """What stands at a dotted place; None where nothing does, and the whole document at ""."""
    if not place:
        return document
    for part in place.split("."):
        if isinstance(document, list):
            document = document[int(part)] if int(part) < len(document) else None
        elif isinstance(document, dict):
            document = document.get(part)
        else:
            return None
    return document
