"""One JSON Schema as a plain table: references followed, allOf joined, null split off, misspelt keys put right."""

from __future__ import annotations

from typing import Any, TypeAlias

from models.importing.notice import Notice

Table: TypeAlias = dict[str, Any]

# Keys that documents use although JSON Schema calls them otherwise.
_MISSPELT = {
    "min": "minimum", "ge": "minimum", "max": "maximum", "le": "maximum",
    "gt": "exclusiveMinimum", "lt": "exclusiveMaximum", "multiple_of": "multipleOf",
    "min_length": "minLength", "max_length": "maxLength", "minlength": "minLength", "maxlength": "maxLength",
    "min_items": "minItems", "max_items": "maxItems", "choices": "enum", "options": "enum",
}  # fmt: skip

MISSPELT_TYPES = {
    "str": "string", "text": "string", "uri": "string", "url": "string", "file": "string", "path": "string",
    "int": "integer", "long": "integer", "float": "number", "double": "number", "decimal": "number",
    "bool": "boolean", "list": "array", "tuple": "array", "dict": "object", "map": "object",
}  # fmt: skip

TYPES = ("string", "integer", "number", "boolean", "array", "object")


class Resolver:
    """Reads the schemas of one document and notes every repair."""

    def __init__(self, root: Table) -> None:
        self.root = root
        self.notices: list[Notice] = []

    def note(self, place: str, sentence: str) -> None:
        notice = Notice(place, sentence)
        if notice not in self.notices:
            self.notices.append(notice)

    def plain(self, raw: object, place: str, trail: tuple[str, ...] = ()) -> Table:
        """A table without $ref, allOf or null: `nullable` says whether null is allowed too, `variants` holds the
        parts of a real union, `trail` the references followed so far. `properties` and `items` stay as they are.
        """
        if not isinstance(raw, dict):
            if raw is not True:
                self.note(place, "has no schema: anything is taken")
            return {"trail": trail, "nullable": False}
        own = self._spelled({key: each for key, each in raw.items() if key not in _JOINING}, place)
        own["trail"] = trail
        parts = self._parts(raw, place, trail)
        for part in parts:
            own = _joined(part, own)
        own = self._typed(own, place)
        unions = [raw[key] for key in ("anyOf", "oneOf") if isinstance(raw.get(key), list) and raw[key]]
        for union in unions:
            own = self._with_union(own, union, place)
        return own

    def _parts(self, raw: Table, place: str, trail: tuple[str, ...]) -> list[Table]:
        """What the schema is made of besides its own keys: the target of $ref, and every part of allOf."""
        parts = []
        if "$ref" in raw:
            parts.append(self._target(raw["$ref"], place, trail))
        joined = raw.get("allOf")
        for part in joined if isinstance(joined, list) else []:
            parts.append(self.plain(part, place, trail))
        return parts

    def _target(self, ref: object, place: str, trail: tuple[str, ...]) -> Table:
        if not isinstance(ref, str) or ref in trail:
            self.note(place, f"is defined by itself ({ref}): taken as free JSON")
            return {"trail": trail, "nullable": False}
        target = look_up(self.root, ref)
        if not isinstance(target, dict):
            self.note(place, f"refers to {ref}, which is not in the document: taken as free JSON")
            return {"trail": (*trail, ref), "nullable": False}
        return self.plain(target, place, (*trail, ref))

    def _spelled(self, table: Table, place: str) -> Table:
        """Misspelt keys under their real name, unless that is there as well."""
        spelled = {key: each for key, each in table.items() if key not in _MISSPELT}
        for key, each in table.items():
            meant = _MISSPELT.get(key)
            if meant and meant not in table and not isinstance(each, dict):
                self.note(place, f"says {key}, which no standard knows: read as {meant}")
                spelled[meant] = each
        return spelled

    def _typed(self, table: Table, place: str) -> Table:
        """One `type` at most; several become a union; "null" and a null in the enum become `nullable`."""
        kinds = table.pop("type", None)
        named = kinds if isinstance(kinds, list) else [kinds]
        types = [MISSPELT_TYPES.get(str(kind), str(kind)) for kind in named if kind not in (None, "null")]
        known = [kind for kind in types if kind in TYPES]
        if len(known) < len(types) or [str(kind) for kind in named if kind not in (None, "null")] != types:
            self.note(place, f"has the type {kinds!r}, which no standard knows: read as {known or 'any'}")
        table["nullable"] = table.get("nullable") is True or "null" in named
        if isinstance(table.get("enum"), list) and None in table["enum"]:
            table |= {"nullable": True, "enum": [each for each in table["enum"] if each is not None]}
        if set(known) == {"integer", "number"}:
            known = ["number"]
        if len(known) == 1:
            table["type"] = known[0]
        elif known:
            shared = {
                key: each for key, each in table.items() if key not in ("default", "nullable", "examples")
            }
            table["variants"] = [{**_without_text(shared), "type": kind, "nullable": False} for kind in known]
        return table

    def _with_union(self, own: Table, union: list[Any], place: str) -> Table:
        """The table with the parts of an anyOf or oneOf: joined where only one is left, else as `variants`."""
        trail = own["trail"]
        variants: list[Table] = []
        for raw in union:
            if isinstance(raw, dict) and raw.get("type") == "null":
                own["nullable"] = True
                continue
            variant = self.plain(raw, place, trail)
            own["nullable"] = own["nullable"] or variant["nullable"]
            variants += variant.get("variants", [variant])
        variants = _merged(variants)
        if len(variants) == 1:
            return _joined(variants[0], own)
        return {**own, "variants": variants} if variants else own


_JOINING = ("$ref", "allOf", "anyOf", "oneOf")


def look_up(root: Table, ref: object) -> object:
    """What a local reference such as "#/components/schemas/Size" points at; None if nothing."""
    found: object = root
    if not isinstance(ref, str) or not ref.startswith("#"):
        return None
    for name in ref.removeprefix("#").split("/")[1:]:
        name = name.replace("~1", "/").replace("~0", "~")
        if not isinstance(found, dict) or name not in found:
            return None
        found = found[name]
    return found


def _joined(part: Table, own: Table) -> Table:
    """Both at once; the own keys win, but properties and required names add up."""
    both = {**part, **own}
    if isinstance(part.get("properties"), dict) and isinstance(own.get("properties"), dict):
        both["properties"] = {**part["properties"], **own["properties"]}
    if isinstance(part.get("required"), list) and isinstance(own.get("required"), list):
        both["required"] = [*part["required"], *own["required"]]
    both["nullable"] = bool(part.get("nullable")) or bool(own.get("nullable"))
    both["trail"] = tuple(dict.fromkeys((*part.get("trail", ()), *own.get("trail", ()))))
    return both


def _without_text(table: Table) -> Table:
    return {key: each for key, each in table.items() if key not in ("title", "description", "variants")}


def _merged(variants: list[Table]) -> list[Table]:
    """Parts that say one thing together: several enums of one type, an enum beside any text, 1 beside 1.5."""
    merged: list[Table] = []
    for variant in variants:
        twin = next((each for each in merged if _are_alike(each, variant)), None)
        if twin is None:
            merged.append(variant)
        else:
            merged[merged.index(twin)] = _either(twin, variant)
    return merged


_BOUNDS = (
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength",
    "pattern", "format",
)  # fmt: skip


def _are_alike(one: Table, other: Table) -> bool:
    types = {one.get("type"), other.get("type")}
    enums = ("enum" in one) + ("enum" in other)
    if types == {"integer", "number"}:
        return not enums and not any(key in table for key in _BOUNDS for table in (one, other))
    return types == {"string"} or (
        len(types) == 1 and types <= {"integer", "number", "boolean"} and enums == 2
    )


def _either(one: Table, other: Table) -> Table:
    """What both parts allow together; a bound stays only where both have it."""
    both = {
        key: each
        for key, each in {**other, **one}.items()
        if key not in _BOUNDS or one.get(key) == other.get(key)
    }
    both["nullable"] = one["nullable"] or other["nullable"]
    if one.get("type") != other.get("type"):
        both["type"] = "number"
    if "enum" in both:
        both["enum"] = [*one.get("enum", []), *other.get("enum", [])]
        both["open"] = not ("enum" in one and "enum" in other) or bool(one.get("open"))
    return both
