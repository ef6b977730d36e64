"""The code blocks and tables of the guide, as tests and the trials read them."""

import re
from dataclasses import dataclass
from pathlib import Path

GUIDE = Path(__file__).resolve().parents[2] / "video_model_add_guide.md"

_BLOCK = re.compile(r"^```([^\n`]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NAMED = re.compile(r"# ((?:models|providers|tests)/\S+)\n")
_CELLS = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True)
class Block:
    """One fenced block: the words after the fence, the line it begins on, and its text."""

    info: str
    line: int
    text: str

    @property
    def kind(self) -> str:
        return self.info.split()[0]

    @property
    def path(self) -> str:
        """The file that it is, told by its first line or by the fence; "" where it is none."""
        named = _NAMED.match(self.text)
        last = self.info.split()[-1]
        return named[1] if named else last if "." in last else ""

    def __str__(self) -> str:
        return f"{self.info} at line {self.line}"


@dataclass(frozen=True)
class Row:
    """One row of a table of section 2: what, under which head, its keys, whether required, what is assumed."""

    item: str
    head: str
    keys: tuple[str, ...]
    required: str
    otherwise: str


def blocks(guide: Path = GUIDE) -> list[Block]:
    text = guide.read_text(encoding="utf-8")
    return [
        Block(found[1].strip(), text.count("\n", 0, found.start()) + 1, found[2])
        for found in _BLOCK.finditer(text)
    ]


def of_kind(*infos: str) -> list[Block]:
    return [
        block
        for block in blocks()
        if any(block.info == info or block.info.startswith(f"{info} ") for info in infos)
    ]


def section(number: int) -> str:
    """The text of one section, without its title."""
    parts = re.split(r"^## (\d+)\. .*$", GUIDE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return parts[parts.index(str(number)) + 1]


def required_information() -> list[Row]:
    """Every row of every table of section 2."""
    rows, head = [], ""
    for line in section(2).splitlines():
        cells = [cell.strip() for cell in _CELLS.split(line.strip().strip("|"))]
        if not line.startswith("|") or set(line) <= set("|- "):
            continue
        if cells[0] == "Item":
            head = cells[1]
        else:
            rows.append(Row(cells[0], head, tuple(re.findall(r"`([^`]+)`", cells[1])), cells[2], cells[3]))
    return rows
