"""The two workflows that were run on a real ComfyUI 0.28.1, small."""

from typing import Any


def node(kind: str, title: str = "", **inputs: Any) -> dict[str, Any]:
    """A node of a graph in API format."""
    return {"class_type": kind, "_meta": {"title": title or kind}, "inputs": inputs}


def text_graph(prompt: str, **prefix: str) -> dict[str, Any]:
    """Text in, a clip of 320 by 180 pixels and 24 frames out; `filename_prefix` names it otherwise than video/t2v."""
    return {
        "1": node("PrimitiveStringMultiline", "prompt", value=prompt),
        "2": node("EmptyImage", "canvas", width=320, height=180, batch_size=24, color=3355545),
        "3": node("ImageAddNoise", "seed", image=["2", 0], seed=7, strength=0.3),
        "6": node("ColorTransfer", "sampler", image_target=["3", 0], image_ref=["2", 0], strength=1.0),
        "7": node("TextOverlay", "overlay", images=["6", 0], text=["1", 0], font_size=10.0),
        "8": node("CreateVideo", "video", images=["7", 0], fps=12.0),
        "9": node(
            "SaveVideo",
            "output",
            video=["8", 0],
            format="mp4",
            codec="h264",
            **({"filename_prefix": "video/t2v"} | prefix),
        ),
    }


def image_graph(name: str, prompt: str = "slow zoom") -> dict[str, Any]:
    """An uploaded picture in, a clip of 320 by 180 pixels out."""
    return {
        "1": node("LoadImage", "image", image=name),
        "2": node("ImageScale", "size", image=["1", 0], width=320, height=180, crop="center"),
        "3": node("RepeatImageBatch", "frames", image=["2", 0], amount=24),
        "6": node("TextOverlay", "prompt", images=["3", 0], text=prompt),
        "7": node("CreateVideo", "video", images=["6", 0], fps=12.0),
        "8": node(
            "SaveVideo", "output", video=["7", 0], filename_prefix="video/i2v", format="mp4", codec="h264"
        ),
    }
