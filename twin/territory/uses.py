"""What map tags say about the use of a building or point."""

from __future__ import annotations

from twin.readers.osm import Tags

SHOP, HEALTH, COUNTER, LEISURE, SCHOOL, WORK, PARKING, HOME, NONE = (
    "shop", "health", "counter", "leisure", "school", "work", "parking", "home", "none",
)  # fmt: skip
VISITED = (SHOP, HEALTH, COUNTER, LEISURE)  # the order of ledger rows by use

AMENITY_USES = {
    SHOP: ("marketplace", "car_wash", "fuel", "pressing"),
    HEALTH: ("hospital", "clinic", "doctors", "dentist", "pharmacy", "nursing_home", "social_facility"),
    COUNTER: (
        "townhall", "post_office", "bank", "police", "courthouse", "public_building", "embassy",
        "community_centre", "library", "fire_station",
    ),
    LEISURE: (
        "restaurant", "cafe", "bar", "pub", "fast_food", "nightclub", "casino", "cinema", "theatre",
        "arts_centre", "place_of_worship", "biergarten", "ice_cream",
    ),
    SCHOOL: ("school", "kindergarten", "college", "university"),
    PARKING: ("parking",),
}  # fmt: skip
LEISURE_VALUES = (
    "sports_centre",
    "stadium",
    "park",
    "marina",
    "fitness_centre",
    "golf_course",
    "miniature_golf",
)
TOURISM_LEISURE = ("hotel", "museum", "zoo", "theme_park", "guest_house", "hostel", "gallery", "attraction")
BUILDING_USES = {
    HOME: ("residential", "apartments", "house", "detached", "terrace", "bungalow", "farm"),
    WORK: ("commercial", "office", "industrial", "warehouse", "railway", "public", "government"),
    SHOP: ("retail", "supermarket", "kiosk"),
    SCHOOL: ("school", "university", "college", "kindergarten"),
    HEALTH: ("hospital",),
    LEISURE: ("church", "chapel", "cathedral", "mosque", "synagogue", "hotel", "stadium", "train_station"),
    PARKING: ("parking", "garages"),
    NONE: (
        "roof", "hangar", "garage", "shed", "greenhouse", "barn", "ruins", "construction", "hut",
        "farm_auxiliary", "carport", "bunker", "service", "transformer_tower", "cabin", "stable",
    ),
}  # fmt: skip
USED_BY = frozenset({"amenity", "shop", "healthcare", "leisure", "tourism", "office", "craft"})
NOT_PUBLIC = frozenset({"private", "no", "permit", "residents", "employees"})
LARGE_VALUES = ("supermarket", "department_store", "mall", "hospital", "stadium", "casino")

_AMENITY = {value: use for use, values in AMENITY_USES.items() for value in values}
_BUILDING = {value: use for use, values in BUILDING_USES.items() for value in values}


def point_use(tags: Tags) -> str:
    """Use of a point or area of interest, "none" if it has none for a traveller.

    >>> point_use({"shop": "bakery"}), point_use({"amenity": "bench"}), point_use({"tourism": "hotel"})
    ('shop', 'none', 'leisure')
    """
    if USED_BY.isdisjoint(tags):  # as of nearly all buildings
        return NONE
    if tags.get("amenity") in _AMENITY:
        return _AMENITY[tags["amenity"]]
    if tags.get("shop", "no") not in ("no", "vacant"):
        return SHOP
    if tags.get("healthcare", "no") != "no":
        return HEALTH
    if tags.get("leisure") in LEISURE_VALUES or tags.get("tourism") in TOURISM_LEISURE:
        return LEISURE
    if tags.get("office", "no") != "no" or tags.get("craft", "no") != "no":
        return WORK
    return NONE


def building_use(tags: Tags) -> str | None:
    """Use that a building's own tags say; None where they leave it open (`building=yes`).

    >>> building_use({"building": "yes"}), building_use({"building": "yes", "amenity": "school"})
    (None, 'school')
    >>> building_use({"building": "yes", "wall": "no"})
    'none'
    """
    use = point_use(tags)
    if use != NONE:
        return use
    if tags.get("wall") == "no":
        return NONE
    return _BUILDING.get(tags["building"])


def is_public_parking(tags: Tags) -> bool:
    """Whether everybody may use a car park, customers at least.

    >>> is_public_parking({"amenity": "parking"}), is_public_parking({"building": "garages"})
    (True, False)
    """
    return tags.get("access") not in NOT_PUBLIC and tags.get("building") != "garages"


def is_large(tags: Tags) -> bool:
    """Whether the point stands for something much larger than a shop on a corner."""
    return any(tags.get(key) in LARGE_VALUES for key in ("shop", "amenity", "leisure"))


def tagged_count(tags: Tags, key: str) -> float | None:
    """A tagged count such as capacity or levels, None where there is none that can be used.

    >>> tagged_count({"capacity": "120"}, "capacity"), tagged_count({"capacity": "many"}, "capacity")
    (120.0, None)
    """
    text = tags.get(key, "").strip()
    if len(text) > 6 or not text.isascii() or not text.replace(".", "", 1).isdigit():
        return None
    value = float(text)
    return value if value > 0.0 else None
