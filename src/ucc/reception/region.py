"""归属地: province and city of a number, from the data that phonenumbers carries."""

from __future__ import annotations

from functools import lru_cache

import phonenumbers
from phonenumbers import geocoder

MUNICIPALITIES = ("北京", "上海", "天津", "重庆")
REGIONS = ("内蒙古", "广西", "西藏", "宁夏", "新疆", "香港", "澳门")


@lru_cache(maxsize=65536)
def find_region(number: str) -> tuple[str, str]:
    """Province and city in Chinese, without 省 and 市; empty where nothing is known, as with numbers abroad."""
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return "", ""
    if parsed.country_code != 86:
        return "", ""
    described = geocoder.description_for_number(parsed, "zh")
    for name in MUNICIPALITIES:
        if described.startswith(name):
            return name, name
    province, found, city = described.partition("省")
    if not found:
        province = next((name for name in REGIONS if described.startswith(name)), "")
        city = described.removeprefix(province)
    return (province, city.removesuffix("市")) if province else ("", "")
