"""Extracts from the provider's published bindings what its resources take, into a compact JSON.

HashiCorp generated the package `cdktf-cdktf-provider-google` from the very schema that the provider
`hashicorp/google` serves, so attribute names, types and what is required are the provider's own.

    pip download --no-deps --dest /tmp/bindings cdktf-cdktf-provider-google==16.12.1
    cd infra/terraform/schema && python extract.py /tmp/bindings/*.whl > google.json

Only the types that `infra/terraform` uses are kept. Not to be had there: whether an optional
attribute is also computed, and what a value may be.
"""

import json
import re
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
_TYPES = {"string": "string", "number": "number", "boolean": "bool"}
_ENTRY = re.compile(
    r"(\w+): \{\s+value: (.*?),\s+isBlock: (true|false),\s+type: \"(\w+)\",\s+"
    r"storageClassType: \"(\w+)\",",
    re.DOTALL,
)
_MEMBER = re.compile(
    r"#(\w+) \w+#\w+\}(?:(?!\*/).)*\*/\s+readonly (\w+)(\??): ([^;{]+(?:\{[^}]*\})?);", re.DOTALL
)
_GETTER = re.compile(
    r"// (\w+) - computed: true, optional: false, required: false\s+get \w+\(\) \{\s+"
    r"return this\.get(\w+)Attribute\("
)


def main(wheel: Path) -> None:
    """Write the schema of the used types to standard output."""
    with zipfile.ZipFile(wheel) as archive:
        name = next(n for n in archive.namelist() if n.endswith(".jsii.tgz"))
        with archive.open(name) as packed, tarfile.open(fileobj=packed) as tar:
            wanted = {_folder(kind, type_): (kind, type_) for kind, type_ in used_types()}
            folders = {*wanted, "provider"}
            files: dict[str, dict[str, str]] = {}
            for member in tar:
                parts = Path(member.name).parts
                if (
                    len(parts) == 4
                    and parts[2] in folders
                    and parts[3] in {"index.js", "index.d.ts"}
                ):
                    content = tar.extractfile(member)
                    files.setdefault(parts[2], {})[parts[3]] = content.read().decode()  # type: ignore[union-attr]
    missing = folders - files.keys()
    if missing:
        sys.exit(f"The package has no {', '.join(sorted(missing))}.")
    version = re.search(
        r"providers/hashicorp/google/([\d.]+)/", files[next(iter(files))]["index.d.ts"]
    )
    schema: dict[str, Any] = {
        "provider": "hashicorp/google",
        "version": version.group(1) if version else "",
        "source": wheel.name.split("-py3")[0].replace("_", "-") + " on PyPI, MPL-2.0",
        "configuration": _configuration(files["provider"]["index.js"]),
        "resource": {},
        "data": {},
    }
    for folder, (kind, type_) in sorted(wanted.items()):
        schema[kind][type_] = _resource(files[folder]["index.js"], files[folder]["index.d.ts"])
    sys.stdout.write(json.dumps(schema, indent=1, sort_keys=True) + "\n")


def used_types() -> set[tuple[str, str]]:
    """Kind (`resource` or `data`) and type of everything that the configuration declares."""
    return {
        (kind, type_)
        for file in ROOT.rglob("*.tf")
        for kind, type_ in re.findall(r'^(resource|data) "(google_\w+)"', file.read_text(), re.M)
    }


def _folder(kind: str, type_: str) -> str:
    name = type_.replace("_", "-")
    return f"data-{name}" if kind == "data" else name.removeprefix("google-")


def _configuration(code: str) -> dict[str, Any]:
    """What a `provider` block takes, but for the addresses of each API."""
    attributes = {
        name: {"type": _type(kind, storage), "required": False}
        for name, _, is_block, kind, storage in _ENTRY.findall(_attributes_of(code))
        if is_block == "false" and name != "alias" and not name.endswith("_custom_endpoint")
    }
    return {"attributes": attributes, "blocks": {}}


def _attributes_of(code: str) -> str:
    body = code[code.rindex("synthesizeHclAttributes()") :]
    return body[: body.index("// remove undefined")]


def _resource(code: str, types: str) -> dict[str, Any]:
    name = re.search(r"export interface (\w+)Config extends cdktf\.TerraformMetaArguments", types)
    if name is None:
        raise ValueError("no configuration interface")
    block = _block(_attributes_of(code), f"{name.group(1)}Config", code, types)
    block["attributes"] |= _computed(code[code.index("extends cdktf.Terraform") :])
    return block


def _computed(code: str) -> dict[str, Any]:
    """What only Google says, by the getters of a class."""
    return {
        attribute: {"type": _TYPES[type_.lower()], "computed": True}
        for attribute, type_ in _GETTER.findall(code)
        if type_ in {"String", "Number", "Boolean"}
    }


def _block(body: str, interface: str, code: str, types: str) -> dict[str, Any]:
    required = {snake for snake, optional in _members(interface, types) if not optional}
    attributes, blocks = {}, {}
    for name, value, is_block, kind, storage in _ENTRY.findall(body):
        if is_block == "false":
            attributes[name] = {"type": _type(kind, storage), "required": name in required}
            continue
        function = re.search(r"(\w+)ToHclTerraform", value)
        if function is None:
            raise ValueError(f"{interface}.{name}: {value}")
        start = code.index(f"function {function.group(1)}ToHclTerraform(")
        inner = code[start : code.index("\n}", start)]
        inside = function.group(1)[0].upper() + function.group(1)[1:]
        nested = _block(inner, inside, code, types)
        reference = code[code.index(f"class {inside}OutputReference ") :]
        nested["attributes"] |= _computed(reference[: reference.index("\nexports.")])
        single = "listMapperHcl" not in value
        nested["nesting"] = "single" if kind == "struct" else kind
        nested["min"] = int(name in required)
        nested["max"] = 1 if single and kind != "struct" else 0
        blocks[name] = nested
    return {"attributes": attributes, "blocks": blocks}


def _members(interface: str, types: str) -> Iterator[tuple[str, bool]]:
    found = re.search(rf"export interface {interface}\b[^{{]*\{{(.*?)\n\}}", types, re.DOTALL)
    if found is None:
        raise ValueError(f"no interface {interface}")
    for snake, _, optional, _ in _MEMBER.findall(found.group(1)):
        yield snake, bool(optional)


def _type(kind: str, storage: str) -> Any:
    if kind == "simple":
        return _TYPES[storage]
    inner = re.fullmatch(r"(string|number|boolean)(List|Map)", storage)
    if inner is None:
        return "dynamic"
    return [kind, _TYPES[inner.group(1)]]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
