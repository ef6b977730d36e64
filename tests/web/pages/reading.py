"""Reads a page as a browser would: its form's controls, and its text without the markup."""

from collections.abc import Iterable
from html.parser import HTMLParser

VOID = {"input", "meta", "link", "img", "br"}
Attributes = dict[str, str]


class Reader(HTMLParser):
    """Every element with its attributes and the text right inside it, in page order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, Attributes]] = []
        self.texts: list[str] = []
        self.inside: list[tuple[str, Attributes]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = (tag, {name: value or "" for name, value in attrs} | {"_text": ""})
        self.elements.append(element)
        if tag not in VOID:
            self.inside.append(element)

    def handle_endtag(self, tag: str) -> None:
        while self.inside and self.inside.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.inside[-1][1]["_text"] += data
        self.texts.append(data)

    def all(self, tag: str = "", **attributes: str) -> list[Attributes]:
        """Elements of this tag with these attributes; `class_` asks for one class among others."""
        return [
            found for name, found in self.elements if (not tag or name == tag) and _fits(found, attributes)
        ]

    def one(self, tag: str = "", **attributes: str) -> Attributes:
        (found,) = self.all(tag, **attributes)
        return found

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def pairs(self) -> list[tuple[str, str]]:
        """What submitting the page's form would send, without any button."""
        sent: list[tuple[str, str]] = []
        chosen_in = ""
        for tag, found in self.elements:
            name = found.get("name", "")
            if tag == "select":
                chosen_in = name
            elif tag == "option" and "selected" in found:
                sent.append((chosen_in, found["value"]))
            elif tag == "textarea":
                sent.append((name, found["_text"].removeprefix("\n")))
            elif tag == "input" and name and found.get("type") != "file":
                boxed = found.get("type") in ("radio", "checkbox")
                if not boxed or "checked" in found:
                    sent.append((name, found["value"]))
        return sent


def _fits(found: Attributes, wanted: Attributes) -> bool:
    classes = found.get("class", "").split()
    return all(
        value in classes if name == "class_" else found.get(name.replace("_", "-")) == value
        for name, value in wanted.items()
    )


def changed(pairs: Iterable[tuple[str, str]], **values: str) -> list[tuple[str, str]]:
    """The same form with some controls set to other values."""
    kept = [(name, value) for name, value in pairs if name not in values]
    return [*kept, *values.items()]
