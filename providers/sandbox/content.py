"""The list of texts and media that Ark and MiniMax take in place of a prompt."""

from typing import Any

from providers.sandbox.store import Trouble

KINDS = ("text", "image_url", "video_url", "audio_url", "draft_task")
ROLES = {
    "image_url": ("first_frame", "last_frame", "reference_image"),
    "video_url": ("reference_video",),
    "audio_url": ("reference_audio",),
}


def wrong_content(content: list[Any]) -> Trouble | None:
    """The first entry that is no text and no media, or whose role its kind does not have."""
    for entry in content:
        kind = entry.get("type") if isinstance(entry, dict) else None
        if kind not in KINDS:
            return Trouble("content.type", "option", f"content.type must be one of {', '.join(KINDS)}")
        if kind == "text" and not isinstance(entry.get("text"), str):
            return Trouble("content.text", "missing", "content.text is required")
        if kind in ROLES and not _address(entry, kind):
            return Trouble(f"content.{kind}.url", "missing", f"content.{kind}.url is required")
        if kind in ROLES and entry.get("role") not in (None, *ROLES[kind]):
            return Trouble("content.role", "option", f"content.role must be one of {', '.join(ROLES[kind])}")
    return None


def _address(entry: dict[str, Any], kind: str) -> str:
    place = entry.get(kind)
    return str(place.get("url") or "") if isinstance(place, dict) else ""
