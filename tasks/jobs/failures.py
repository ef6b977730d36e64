"""What is said of a job that ended badly: one sentence, made where all is known that it speaks of."""

from decimal import Decimal

from msgspec import structs

from providers.outcomes import About, Billing, ErrorKind, ProviderError, costs_again, make_error, quoted
from tasks.jobs.model import Amounts, Job, JobError


def failed(job: Job, error: ProviderError, billing: Billing) -> JobError:
    """The error as this job shows it: with its own price and id, and what it cost."""
    about = About(price_again(job.estimate, job.sandbox), job.provider_job_id or "")
    told = make_error(
        error.kind,
        error.company or job.provider,
        error.message,
        billing="not_billed" if job.sandbox else billing,
        field=error.field,
        cause=error.cause,
        about=about,
    )
    return JobError(told.kind, told.message, told.sentence, told.field, told.retryable, told.cause)


def told_later(job: Job, error: ProviderError | None, billing: Billing, company: str) -> JobError | None:
    """The error of a job that had ended here, once its provider says what became of it; None where it shows none."""
    if job.error is None:
        return None
    if error is not None:
        return failed(job, structs.replace(error, company=company), billing)
    known = job.error
    cause = None if known.cause == "late" else known.cause
    again = ProviderError(known.kind, known.message, "", known.field, cause=cause, company=company)
    return failed(job, again, billing)


def unconfirmed(company: str, reason: str, said: str = "", *, sandbox: bool, price: str = "") -> JobError:
    """An order without a clear answer: what happened, what it means for their money, and what they can do."""
    why = f"{reason}: {quoted(company, said)}" if said else reason
    what = f"{company} was asked, but did not clearly answer ({why})."
    message = f"{reason}: {said}" if said else reason
    return JobError("unknown", message, f"{what} {not_sent_again(company, sandbox=sandbox, price=price)}")


def not_sent_again(company: str, *, sandbox: bool, price: str) -> str:
    """The money of an order that may have arrived."""
    if sandbox:
        return "It runs in the sandbox, so nothing was billed, and it was not sent again."
    money = "It may have been billed and was not sent again"
    advice = f"{money}: look in your account at {company} before you run it again."
    return " ".join(filter(None, [advice, costs_again(price, "unknown")]))


def undelivered(job: Job, sentence: str, *, retryable: bool) -> JobError:
    """A file that could not be handed to the provider; nothing was ordered."""
    kind: ErrorKind = "provider_down" if retryable else "invalid_input"
    price = costs_again(price_again(job.estimate, job.sandbox), "not_billed") if retryable else ""
    told = " ".join(filter(None, [sentence, "Nothing was billed.", price]))
    return JobError(kind, "", told, retryable=retryable)


def price_again(estimate: Amounts, sandbox: bool) -> str:
    """What ordering once more costs, in words; "" where that is nothing or not known."""
    known = estimate.low is not None and Decimal(estimate.high or estimate.low) > 0
    return estimate.text if known and not sandbox else ""
