"""Hostile and broken street maps end in one InputError that names the file and the element."""

from __future__ import annotations

import bz2
import gzip
import time
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.osm_maps import small_town
from twin.errors import InputError
from twin.readers.osm import read_extract

HEAD = '<?xml version="1.0"?><osm version="0.6">'
NODE = '<node id="1" lon="7.4" lat="43.7"/>'


def node(lon: str = "7.4", lat: str = "43.7", number: str = "1") -> str:
    return f'{HEAD}<node id="{number}" lon="{lon}" lat="{lat}"/></osm>'


def way(refs: str = '<nd ref="1"/>', tags: str = "") -> str:
    return f'{HEAD}{NODE}<way id="7">{refs}{tags}</way></osm>'


@pytest.mark.parametrize(
    ("text", "element", "reason"),
    [
        ("<!DOCTYPE osm SYSTEM 'http://127.0.0.1/x'>" + node(), "start of file", "DOCTYPE"),
        (
            '<!DOCTYPE osm [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><osm><node id="&b;"/></osm>',
            "start of file",
            "DOCTYPE",
        ),
        (node(lat="NaN"), "node 1", "finite"),
        (node(lon="inf"), "node 1", "finite"),
        (node(lon="1e999"), "node 1", "finite"),
        (node(lat="999"), "node 1", "out of range"),
        (node(lat="-90.1"), "node 1", "out of range"),
        (node(lon="180.0001"), "node 1", "out of range"),
        (node(lon="east"), "node 1", "lon and lat"),
        (f'{HEAD}<bounds minlon="x" minlat="1"/></osm>', "bounds", "minlon"),
        (f'{HEAD}<bounds minlon="1" minlat="1" maxlon="999" maxlat="2"/></osm>', "bounds", "out of range"),
        (f'{HEAD}<node id="1"/></osm>', "node 1", "lon and lat"),
        (node(number="9" * 40), "node without id", "whole number"),
        (node(number="9223372036854775808"), "node without id", "64 bits"),
        (node(number="1.5"), "node without id", "whole number"),
        (node(number=""), "node without id", "whole number"),
        (way(refs='<nd ref="x"/>'), "way 7", "whole number"),
        (way(refs="<nd/>"), "way 7", "whole number"),
        (way(tags='<tag k="name"/>'), "way 7", "k or v"),
        (way(tags=f'<tag k="name" v="{"x" * 100_000}"/>'), "way 7", "longer"),
        (way(tags="".join(f'<tag k="k{n}" v="1"/>' for n in range(3000))), "way 7", "too many"),
        (f'{HEAD}<tag k="a" v="b"/></osm>', "start of file", "outside any element"),
        (HEAD + NODE, "node 1", "truncated"),
        (HEAD + NODE + '<way id="7"><nd re', "way 7", "truncated"),
        (HEAD + "<a>" * 100_000, "start of file", "deeper"),
        ("<html><body/></html>", "start of file", "<osm>"),
        ("node,lon,lat", "start of file", "XML"),
        ("\x00" * 100, "start of file", "XML"),
        (HEAD + "</osm>", "streets.osm", "no node"),
    ],
)
def test_broken_xml_is_refused(tmp_path, text, element, reason):
    file = tmp_path / "streets.osm"
    file.write_text(text, encoding="utf-8")
    begun = time.process_time()
    with pytest.raises(InputError) as refused:
        read_extract(file)
    assert time.process_time() - begun < 2.0
    assert element in refused.value.where
    assert str(file) in refused.value.where
    assert reason in str(refused.value)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("absent.osm", None, "no such file"),
        ("empty.osm", b"", "empty"),
        ("streets.geojson", b"{}", "not a street map"),
        ("short.osm.bz2", bz2.compress(small_town().text().encode())[:-9], "too early"),
        ("short.osm.gz", gzip.compress(small_town().text().encode())[:-9], "too early"),
        ("plain.osm.gz", small_town().text().encode(), "cannot be unpacked"),
        ("plain.osm.bz2", small_town().text().encode(), "cannot be unpacked"),
        ("plain.osm.pbf", small_town().text().encode(), "block"),
        ("zeros.osm.pbf", bytes(500), "block"),
        ("claims.osm.pbf", b"\x00\x00\x00\x0d\x0a\x09OSMHeader\x18\xff\xff\xff\xff\x0f", "block 0"),
    ],
)
def test_broken_files_are_refused(tmp_path, name, content, reason):
    file = tmp_path / name
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InputError, match=reason):
        read_extract(file)


@pytest.mark.parametrize("suffix", ["bz2", "gz"])
def test_a_bomb_is_stopped_early(tmp_path, suffix):
    """A few kilobytes that unpack to a hundred megabytes are refused within the bounds of a small file."""
    packer = bz2.BZ2Compressor() if suffix == "bz2" else zlib.compressobj(wbits=31)
    piece = b" " * 2**22
    body = (
        packer.compress(HEAD.encode()) + b"".join(packer.compress(piece) for _ in range(24)) + packer.flush()
    )
    file = tmp_path / f"bomb.osm.{suffix}"
    file.write_bytes(body)
    begun = time.process_time()
    with pytest.raises(InputError, match="unpacks to more than"):
        read_extract(file)
    assert time.process_time() - begun < 2.0


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_map_is_read_or_refused(tmp_path, data):
    """Whatever bytes are changed, cut or doubled: records, or an InputError, never anything else."""
    body = bytearray(small_town().text().encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=9))
    file = tmp_path / "damaged.osm"
    file.write_bytes(bytes(body))
    try:
        nodes, where = read_extract(file).nodes, str(file)
    except InputError as refused:
        nodes, where = {}, refused.where
    assert str(file) in where
    assert all(-180 <= lon <= 180 and -90 <= lat <= 90 for lon, lat in nodes.values())
