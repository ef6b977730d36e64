"""Labels and help texts for a form, out of a document's titles and descriptions."""

from __future__ import annotations

import re

from models.importing.shape import Shape

# At most so many characters of help; the rest of a long description is for the provider's own page.
_HELP = 180

_FILLER = {
    "a", "an", "the", "of", "to", "for", "in", "on", "by", "is", "be", "it", "its", "this", "that", "will",
    "with", "and", "or", "as", "from", "which", "used", "use", "using", "input", "output", "generated",
    "generation", "generate", "video", "model", "text", "describing", "description", "guide", "optional",
    "whether", "if", "value", "number", "set", "enable", "specify", "url", "your",
}  # fmt: skip


def default_label(name: str) -> str:
    """What a field without a label is called."""
    return name.replace("_", " ").capitalize()


def label(name: str, shape: Shape, is_file: bool) -> str:
    """A better label than the name itself gives, or ""."""
    plain = default_label(name)
    titled = (
        shape.title
        and len(shape.title) <= 40
        and not re.search(r"^[A-Z]\w*[a-z][A-Z][a-z]|(Input|Config|Params)$", shape.title)
    )
    wanted = _sentence_case(shape.title) if titled else plain
    if _squeezed(wanted) == _squeezed(plain) and not re.search(r"[a-z][A-Z]|\b[A-Z]{2,}\b", wanted):
        wanted = plain
    if is_file:
        wanted = re.sub(r"\s*\b(url|uri|path|file)(s?)$", r"\2", wanted, flags=re.I).strip() or wanted
        wanted = re.sub(r"(?<=\w)ss$", "s", wanted)
    wanted = wanted[:1].upper() + wanted[1:]
    return "" if wanted == plain else wanted


def help_text(name: str, shape: Shape, is_file: bool) -> str:
    """The first sentences of the description, unless they only repeat the name."""
    text = re.sub(r"\s+", " ", shape.description).strip().strip("`")
    if text == "An enumeration.":  # what Python says of every enum without a docstring
        return ""
    if is_file:
        text = re.sub(r"^(the |an? |optional )*urls? (of|to|for) (the |an? )?", "", text, flags=re.I)
        text = text[:1].upper() + text[1:]
    kept = _first_sentences(text)
    words = set(re.findall(r"[a-z]+", kept.lower())) - _FILLER
    known = set(re.findall(r"[a-z]+", f"{name} {shape.title}".lower().replace("_", " ")))
    return "" if words <= known else kept


def sentences(text: str) -> list[str]:
    """The sentences of a description. "e.g." and "max." do not end one."""
    text = re.sub(r"[ \t]+", " ", text).strip()
    parts = re.split(r"(?<=[.!?])\s+(?=[A-Z0-9'\"`(])|\n+\s*[-•*]?\s*|\s[•]\s", text)
    joined: list[str] = []
    for part in parts:
        if joined and re.search(r"\b(e\.g|i\.e|max|min|approx|vs|etc)\.$", joined[-1], re.I):
            joined[-1] += " " + part
        elif part and part.strip():
            joined.append(part.strip())
    return joined


def _first_sentences(text: str) -> str:
    kept = ""
    for sentence in sentences(text):
        if re.match(r"(max|min)[\w ]*: ?\d", sentence, re.I):
            continue
        if kept and len(kept) + len(sentence) >= _HELP:
            break
        kept = f"{kept} {sentence}".strip()
    if len(kept) > _HELP + 60:
        kept = kept[:_HELP].rsplit(" ", 1)[0].rstrip(",;:") + " …"
    return kept


def _sentence_case(title: str) -> str:
    """ "Number Of Frames" → "Number of frames"; names such as LoRA or CFG stay."""
    title = title.replace("_", " ").strip()
    first, *rest = title.split(" ") if title else [""]
    lowered = [
        word.lower()
        if re.fullmatch(r"\(?[A-Z]?[a-z'-]+\)?:?", word) or re.fullmatch(r"[A-Z][a-z]+-[A-Z][a-z]+", word)
        else word
        for word in rest
    ]
    return " ".join([first[:1].upper() + first[1:], *lowered])


def _squeezed(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())
