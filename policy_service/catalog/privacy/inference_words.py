"""Words in values that tell something about a person which the column's name does not.

Stems in Czech, English and German, without accents, matched at the start of a word; merchant
category codes of ISO 18245. Our own short lists, for labels and codes: not a recogniser for
running text, and no claim to be complete.
"""

import re
from dataclasses import dataclass

from policy_service.domain.identifiers import DataCategory


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """One topic with the words and codes that name it, and the category it gives away.

    Several topics may give away the same category.
    """

    reveals: DataCategory
    about: str
    words: re.Pattern[str]
    merchant_codes: frozenset[str] = frozenset()
    whole_list: bool = False  # counts only where most values tell something of the category


def _telling(
    reveals: str, about: str, stems: str, codes: str = "", *, whole_list: bool = False
) -> Telling:
    joined = "|".join(re.escape(stem).replace("_", r"\s+") for stem in stems.split())
    return Telling(
        reveals=DataCategory(reveals),
        about=about,
        words=re.compile(rf"(?<![a-z])(?:{joined})"),
        merchant_codes=frozenset(codes.split()),
        whole_list=whole_list,
    )


def _paid(about: str, stems: str, codes: str) -> Telling:
    """Say what a payment is for: one such word is no news, a list of purposes is."""
    return _telling("user.behavior.purchase_history", about, stems, codes, whole_list=True)


TELLING: tuple[Telling, ...] = (
    _telling(
        "user.health_and_medical",
        "medicine, care or illness",
        "pharmac apothek lekarn hospital nemocnic krankenh krankeng clinic klinik doctor physician "
        "arzt zahnarzt hausarzt lekar zubar dentist stomatolog physio fyzio rehabilit psychia "
        "psychot therap terap optician diagnos surgery surgeon chirurg oncolog onkolog gyn "
        "pregnan ambulan nemocensk sick_pay sick_leave invalidn disabilit behinder hearing_aid",
        "4119 5047 5122 5912 5975 5976 8011 8021 8031 8041 8042 8043 8049 8050 8062 8071 8099",
    ),
    _telling(
        "user.demographic.religious_belief",
        "a faith or its places",
        "church kirche kirchens cirkev cirkevn kostel farnost parish pfarr mosque moschee mesit "
        "synagog tithe diocese diecez kosher koscher halal",
        "5973 8661",
    ),
    _telling(
        "user.demographic.political_opinion",
        "political work",
        "political_part political_don politick_stran politicka_stran partei volebni wahlkampf "
        "election_camp",
        "8651",
    ),
    _telling(
        "user.demographic.sexual_orientation",
        "sexual orientation",
        "lgbt lesbian lesbick lesbisch homosex schwul queer gay",
    ),
    _telling(
        "user.criminal_history",
        "courts and punishment",
        "court_fine court_cost bail_bond probation parole prison vezen gefangn trestn strafe "
        "gerichtsk soudni_popl bewahrungs convict",
        "9211 9222 9223",
    ),
    _telling(
        "user.childrens",
        "children of the person",
        "kindergart kindergeld kita nursery daycare child_benefit child_support pridavky_na_dit "
        "skolk matersk vyzivne alimon unterhaltsz",
        "8351",
    ),
    _telling(
        "user.demographic.age_range",
        "old age",
        "duchod pension rente rentner altersr old_age old-age retire senior",
    ),
    _paid("insurance", "pojist insur versich assur", "5960 6300"),
    _paid("the household", "sipo household domacn haushalt", "4900"),
    _paid("rent", "rent rental najem miete", "6513"),
    _paid("a loan or leasing", "uver loan kredit hypot mortgage leasing", ""),
)
ANY_WORD = re.compile("|".join(one.words.pattern for one in TELLING))
MERCHANT_CODES = frozenset().union(*(one.merchant_codes for one in TELLING))
