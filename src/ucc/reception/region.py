"""归属地: province and city of a number, from the data that phonenumbers carries.

That data is of all countries and takes half a second to load: no start waits for it, `preload` fetches it meanwhile.
"""

from __future__ import annotations

from functools import lru_cache

import phonenumbers

MUNICIPALITIES = ("北京", "上海", "天津", "重庆")
REGIONS = ("内蒙古", "广西", "西藏", "宁夏", "新疆", "香港", "澳门")


def preload() -> None:
    """Load the data now, in whatever thread."""
    from phonenumbers import geocoder

    assert geocoder


@lru_cache(maxsize=65536)
def find_region(number: str) -> tuple[str, str]:
    """Province and city in Chinese, without 省 and 市; empty where nothing is known, as with numbers abroad."""
    from phonenumbers import geocoder

    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return "", ""
    if parsed.country_code != 86:
        return "", ""
    return _split(geocoder.description_for_number(parsed, "zh"))


@lru_cache(maxsize=1)
def list_regions() -> dict[str, tuple[str, ...]]:
    """Every province with those of its cities that `find_region` may say."""
    from phonenumbers.geodata import GEOCODE_DATA

    found: dict[str, set[str]] = {}
    for described in {names["zh"] for prefix, names in GEOCODE_DATA.items() if prefix[:2] == "86" and "zh" in names}:
        province, city = _split(described)
        if province:
            found.setdefault(province, set()).update({city} - {""})
    return {province: tuple(sorted(found[province])) for province in sorted(found)}


def _split(described: str) -> tuple[str, str]:
    for name in MUNICIPALITIES:
        if described.startswith(name):
            return name, name
    province, found, city = described.partition("省")
    if not found:
        province = next((name for name in REGIONS if described.startswith(name)), "")
        city = described.removeprefix(province)
    return (province, city.removesuffix("市")) if province else ("", "")
