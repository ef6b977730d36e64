"""Whether a job can be stopped at its provider, and what that means for the money: words for before the click."""

from providers.client.requests import build, names_of
from providers.description.schema import ProviderDescription
from providers.outcomes import Operation, State


def can_stop(wire: ProviderDescription, operation: Operation) -> bool:
    """Whether this provider has a way to stop this job; some have it for some models only."""
    return wire.cancel is not None and build(wire, wire.cancel, names_of(operation)) is not None


def stop_words(wire: ProviderDescription, operation: Operation, state: State) -> str:
    """One sentence: what a cancel does now (`state` is the provider's), and whether it costs."""
    company = wire.display_name
    if wire.cancel is None or not can_stop(wire, operation):
        return f"{company} cannot stop a job: it runs to its end, and may be billed."
    if wire.billing.get("canceled") == "not_billed":
        return f"{company} is asked to stop it; that costs nothing."
    if wire.cancel.only_queued and state != "queued":
        return f"{company} stops only jobs that still wait: this one runs to its end, and may be billed."
    return f"{company} is asked to stop it; what was made by then may be billed."
