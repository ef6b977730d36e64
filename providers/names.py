"""The names that the templates of a provider's file may use, by the place in which they are known."""

from collections.abc import Mapping
from typing import Final

KEY: Final = {"key": "The API key, or what the hook `sign` made of it."}
EACH: Final = {"uuid": "A random UUID, another one for each request."}
MODEL: Final = {
    "endpoint": "The model's `endpoint`, of a table that of the job's mode.",
    "version": "The model's `version`; not known where it has none.",
    "mode": "The mode of the job.",
}
ALWAYS: Final = {**MODEL, **EACH}
PUBLIC: Final = {
    "webhook": "The address for messages about this job; not known without `SHOTLIST_PUBLIC_URL` and `[webhook]`.",
    "idem": "Our own id of the job.",
}
WHOLE: Final = {
    "body": "The model's whole request.",
    "built": "What the hook `build` made of the model's request, where there is one.",
}
LATER: Final = {
    "id": "The company's id of the job.",
    "link_<name>": "A link that `submit.links` found.",
    "<name>": "A value that `keep` of an earlier call found.",
}
URL: Final = {"url": "An https address that a person or a program gave."}
INLINE: Final = {
    "data_uri": "The file as a data URI.",
    "base64": "The file in base64.",
    "mime": "Its MIME type.",
}
FILE: Final = {
    "name": "The file's name.",
    "mime": "Its MIME type.",
    "kind": "image, video, audio or file.",
    "bytes": "Its size.",
}

PLACES: Final[Mapping[str, Mapping[str, str]]] = {
    "`auth.value`": KEY,
    "`headers`": EACH,
    "`[submit]`": {**ALWAYS, **PUBLIC, **WHOLE},
    "`submit.lookup`": {"idem": PUBLIC["idem"]},
    "`[status]`, `status.queue`, `[[then]]`, `[cancel]`": {**ALWAYS, **LATER},
    "`media.<kind>.url`": URL,
    "`media.<kind>.inline`": INLINE,
    "`upload.calls`": {**ALWAYS, **FILE, "file": "The file's content.", "<name>": LATER["<name>"]},
    "`status.queue.listen`": {**MODEL, **LATER},
    "`upload.handle`": {**MODEL, **FILE, "<name>": LATER["<name>"]},
}
"""Where which names are known, for the reference."""
