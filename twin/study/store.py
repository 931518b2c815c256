"""Files that are whole or absent: written beside, synced, renamed; read back only if unharmed.

A folder of results is finished when its manifest stands; the manifest is written last and holds the
SHA-256 of every other file, and of itself. Parquet pages carry checksums of their own, so that a
table read by another tool is guarded too.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from twin.errors import InputError, WorkError

MANIFEST = "manifest.json"
_SEAL = "sha256_of_the_rest"


def write_bytes(path: Path, data: bytes) -> dict[str, Any]:
    """Write a whole file, or none; returns its size and SHA-256."""
    return write_parts(path, (data,))


def write_parts(path: Path, parts: Iterable[bytes]) -> dict[str, Any]:
    """The same for a file made part by part, as its parts come."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    n_bytes, digest = 0, hashlib.sha256()
    try:
        with beside.open("wb") as file:
            for part in parts:
                n_bytes += len(part)
                digest.update(part)
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        raise WorkError(f"{path}: {n_bytes:,} bytes cannot be written ({error.strerror})") from None
    finally:
        beside.unlink(missing_ok=True)
    _sync_folder(path.parent)
    return {"bytes": n_bytes, "sha256": digest.hexdigest()}


def copy_file(source: Path, path: Path, sha256: str) -> dict[str, Any] | None:
    """Write a copy of a file, as `write_bytes` does; None where it is no longer there with that SHA-256."""
    try:
        data = source.read_bytes()
    except OSError:
        return None
    return write_bytes(path, data) if hashlib.sha256(data).hexdigest() == sha256 else None


def write_sealed(path: Path, value: Mapping[str, Any]) -> None:
    """Write a JSON object with its own digest in it."""
    whole = dict(value)
    text = json.dumps({**whole, _SEAL: _seal(whole)}, indent=1, sort_keys=True, allow_nan=False)
    write_bytes(path, f"{text}\n".encode())


def read_sealed(path: Path) -> dict[str, Any]:
    """A JSON object that `write_sealed` wrote, once its digest is found to be its own."""
    try:
        value: Any = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise damaged(path, str(error)) from None
    if not isinstance(value, dict) or value.pop(_SEAL, None) != _seal(value):
        raise damaged(path, "its digest is not its own")
    return value


def write_table(path: Path, table: pd.DataFrame) -> dict[str, Any]:
    """Write a Parquet file: Zstandard, a checksum on every page, no metadata of libraries.

    Words go by dictionary. Numbers do not: looking each up takes longer than it saves, and room as well.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = io.BytesIO()
    columns = pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(None)
    words = [
        f"{field.name}.list.element" if pa.types.is_list(field.type) else field.name
        for field in columns.schema
        if not pa.types.is_primitive(field.type)
    ]
    pq.write_table(columns, sink, compression="zstd", write_page_checksum=True, use_dictionary=words)
    return write_bytes(path, sink.getvalue())


def read_table(path: Path) -> pd.DataFrame:
    """A table with the checksum of every page verified."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table: pd.DataFrame = pq.read_table(path, page_checksum_verification=True).to_pandas()
    except (OSError, pa.ArrowException) as error:
        raise damaged(path, str(error)) from None
    return table


def open_folder(folder: Path) -> None:
    """Make a folder ready to be written: from here until `seal_folder` it holds no finished result."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MANIFEST).unlink(missing_ok=True)
    except OSError as error:
        raise InputError(
            str(folder), f"cannot be written ({error.strerror})", "a folder that can be written"
        ) from None
    _sync_folder(folder)


def seal_folder(folder: Path, manifest: Mapping[str, Any], files: Mapping[str, Any]) -> None:
    """Write the manifest, last of all, with the digests of the other files and its own."""
    write_sealed(folder / MANIFEST, {**manifest, "files": dict(files)})


def read_manifest(folder: Path, kind: str) -> dict[str, Any]:
    """The manifest of a finished folder of that kind (``run``, ``comparison``), its own digest verified."""
    right = f"a folder of a finished {kind}"
    if not (folder / MANIFEST).is_file():
        raise InputError(str(folder), f"holds no {MANIFEST}", right)
    manifest = read_sealed(folder / MANIFEST)
    if manifest.get("kind") != kind:
        raise InputError(str(folder), f"holds a {manifest.get('kind')}, not a {kind}", right)
    return manifest


def verify_file(folder: Path, name: str, manifest: Mapping[str, Any]) -> Path:
    """The path of a file that the manifest names, once its bytes are found to be those written."""
    path = folder / name
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise damaged(path, error.strerror or "cannot be read") from None
    if found != manifest["files"][name]["sha256"]:
        raise damaged(path, "its SHA-256 is not that of the manifest")
    return path


def stamp(path: Path) -> dict[str, Any]:
    """Size and SHA-256 of a file as it is, as a manifest holds them."""
    data = path.read_bytes()
    return {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def damaged(path: Path, why: str) -> InputError:
    """What is said of a file that is not as it was written."""
    return InputError(str(path), f"damaged: {why}", "the file as it was written; run it again")


def _seal(manifest: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()


def _sync_folder(folder: Path) -> None:
    """Make a rename last through a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
