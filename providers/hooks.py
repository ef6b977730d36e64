"""The few things that a TOML file cannot say, in Python, each registered by the name that the file calls it by.

Building: a body that becomes something else before it is sent.

Signing: what stands in a request where the key would.
"""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

import msgspec

from models.spec.values import JSON

Builder: TypeAlias = Callable[[dict[str, JSON], str], JSON]  # the body and the job's id → what is sent


def comfyui_graph(body: dict[str, JSON], job_id: str) -> JSON:
    """A workflow in API format whose files are this job's alone.

    Equal graphs share one file, and a number that was freed is given again: only a prefix of its own keeps a job's
    file its own.  What was bound to node inputs stands in the body already.
    """
    return {name: _own_file(node, job_id) for name, node in body.items()}


def _own_file(node: JSON, job_id: str) -> JSON:
    inputs = node.get("inputs") if isinstance(node, dict) else None
    prefix = inputs.get("filename_prefix") if isinstance(inputs, dict) else None
    if not isinstance(node, dict) or not isinstance(inputs, dict) or not isinstance(prefix, str):
        return node
    return {**node, "inputs": {**inputs, "filename_prefix": f"{prefix}-{job_id}"}}


BUILDERS: Final[Mapping[str, Builder]] = {"comfyui-graph": comfyui_graph}


Signer: TypeAlias = Callable[[str, float], str]  # the key and the time (Unix seconds) → what is sent


def kling_jwt(key: str, now: float) -> str:
    """A token of half an hour for a key "access:secret" (HS256); a key of one part is sent as it is."""
    access, colon, secret = key.partition(":")
    if not colon:
        return key
    claims = {"iss": access, "exp": int(now) + 1800, "nbf": int(now) - 5}
    signed = b".".join(_part(msgspec.json.encode(part)) for part in ({"alg": "HS256", "typ": "JWT"}, claims))
    return b".".join((signed, _part(hmac.digest(secret.encode(), signed, "sha256")))).decode("ascii")


def _part(content: bytes) -> bytes:
    return urlsafe_b64encode(content).rstrip(b"=")


SIGNERS: Final[Mapping[str, Signer]] = {"kling-jwt": kling_jwt}
