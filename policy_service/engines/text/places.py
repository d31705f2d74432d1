"""Countries and their peoples, by the names that texts use for them.

Short English names, with those that German, French and Czech texts use for the
commonest; nationality, language and religion words are evidence of origin or belief
(GDPR Art. 9). Not a gazetteer: cities are left to the models and to the shape of addresses.
"""

from typing import Final

_COUNTRIES = """
afghanistan, albania, algeria, andorra, angola, argentina, armenia, australia, austria, azerbaijan,
bahamas, bahrain, bangladesh, barbados, belarus, belgium, belize, benin, bhutan, bolivia, bosnia,
bosnia and herzegovina, botswana, brazil, brunei, bulgaria, burkina faso, burundi, cambodia,
cameroon, canada, cape verde, chile, china, colombia, comoros, congo, costa rica, croatia, cuba,
cyprus, czech republic, czechia, denmark, djibouti, dominican republic, ecuador, egypt,
el salvador, england, eritrea, estonia, eswatini, ethiopia, faroe islands, fiji, finland, france,
gabon, gambia, georgia, germany, ghana, gibraltar, great britain, greece, greenland, guatemala,
guinea, guyana, haiti, honduras, hong kong, hungary, iceland, india, indonesia, iran, iraq,
ireland, israel, italy, ivory coast, jamaica, japan, jordan, kazakhstan, kenya, kosovo, kuwait,
kyrgyzstan, laos, latvia, lebanon, lesotho, liberia, libya, liechtenstein, lithuania, luxembourg,
macau, macedonia, madagascar, malawi, malaysia, maldives, mali, malta, mauritania, mauritius,
mexico, moldova, monaco, mongolia, montenegro, morocco, mozambique, myanmar, namibia, nepal,
netherlands, the netherlands, new zealand, nicaragua, niger, nigeria, north korea,
north macedonia, northern ireland, norway, oman, pakistan, palestine, panama, papua new guinea,
paraguay, peru, philippines, poland, portugal, puerto rico, qatar, romania, russia, rwanda,
san marino, saudi arabia, scotland, senegal, serbia, sierra leone, singapore, slovakia, slovenia,
somalia, south africa, south korea, south sudan, spain, sri lanka, sudan, suriname, sweden,
switzerland, syria, taiwan, tajikistan, tanzania, thailand, togo, tonga, trinidad and tobago,
tunisia, turkey, turkmenistan, uganda, ukraine, united arab emirates, united kingdom,
united states, united states of america, uruguay, uzbekistan, vanuatu, vatican, venezuela,
vietnam, wales, yemen, zambia, zimbabwe, usa, u.s.a., uae,
deutschland, österreich, schweiz, frankreich, italien, spanien, polen, tschechien, ungarn,
niederlande, belgien, großbritannien, russland, griechenland, türkei, slowakei, schweden,
allemagne, autriche, suisse, italie, espagne, pologne, république tchèque, tchéquie, hongrie,
pays-bas, belgique, royaume-uni, états-unis, russie, grèce, turquie, maroc, algérie, tunisie,
česko, česká republika, slovensko, německo, rakousko, švýcarsko, francie, itálie, španělsko,
polsko, maďarsko, nizozemsko, belgie, rusko, ukrajina, řecko, turecko, velká británie
"""
_PEOPLES = """
afghan, albanian, algerian, american, african, andorran, angolan, arab, argentinian, argentine,
argentinean, armenian, asian, australian, austrian, azerbaijani, azeri, bahamian, bahraini,
bangladeshi, barbadian, basque, belarusian, belgian, belizean, bengali, beninese,
bhutanese, bolivian, bosnian, brazilian, breton, british, bruneian, bulgarian, burmese, burundian,
cambodian, cameroonian, canadian, catalan, chadian, chilean, chinese, colombian, congolese,
costa rican, croatian, croat, cuban, cypriot, czech, danish, dane, dominican, dutch, ecuadorian,
egyptian, emirati, english, eritrean, estonian, ethiopian, european, fijian, filipino, finnish,
finn, flemish, french, gambian, georgian, german, ghanaian, greek, greenlander, greenlandic,
guatemalan, guinean, guyanese, haitian, hispanic, honduran, hungarian, icelandic, icelander,
indian, indonesian, iranian, iraqi, irish, israeli, italian, jamaican, japanese, jordanian, kazakh,
kenyan, korean, kosovar, kurd, kurdish, kuwaiti, kyrgyz, laotian, latino, latina, latvian,
lebanese, liberian, libyan, lithuanian, luxembourger, macedonian, malagasy, malawian, malaysian,
maldivian, malian, maltese, maori, mauritian, mexican, moldovan, mongolian, montenegrin, moroccan,
mozambican, namibian, nepalese, nepali, new zealander, nicaraguan, nigerian, norwegian, omani,
pakistani, palestinian, panamanian, paraguayan, persian, peruvian, pole, polish, portuguese,
puerto rican, qatari, roma, romani, romanian, russian, rwandan, salvadoran, sami, samoan, saudi,
scottish, scot, senegalese, serb, serbian, siberian, sicilian, singaporean, slovak, slovakian,
slovene, slovenian, somali, south african, spanish, spaniard, sri lankan, sudanese, surinamese,
swede, swedish, swiss, syrian, taiwanese, tajik, tanzanian, thai, tibetan, tongan, tunisian,
turk, turkish, turkmen, ugandan, ukrainian, uruguayan, uzbek, venezuelan, vietnamese, welsh,
yemeni, yemenite, zambian, zimbabwean, turkic, celtic, slavic,
christian, catholic, protestant, lutheran, anglican, baptist, methodist, mormon, orthodox, muslim,
sunni, shia, shiite, jew, jewish, hindu, sikh, buddhist, atheist, quaker, zoroastrian,
deutscher, deutsche, österreicher, schweizer, franzose, französin, italiener, pole, polin, türke,
türkin, tscheche, tschechin, ungar, russe, russin, katholisch, evangelisch, muslimisch, jüdisch,
français, française, allemand, allemande, anglais, anglaise, italien, italienne, espagnol,
espagnole, belge, suisse, polonais, polonaise, tchèque, marocain, marocaine, algérien, tunisien,
catholique, musulman, musulmane, juif, juive, protestante,
čech, češka, slovák, slovenka, němec, němka, rakušan, rakušanka, polák, polka, rus, ruska,
ukrajinec, ukrajinka, vietnamec, vietnamka, maďar, maďarka, rom, romka, katolík, muslim, žid
"""


def _listed(text: str) -> frozenset[str]:
    return frozenset(part.strip() for part in text.replace("\n", " ").split(",") if part.strip())


COUNTRIES: Final = _listed(_COUNTRIES)
PEOPLES: Final = _listed(_PEOPLES)

# Ordinary words too, or the words of another list: taken only where written large.
AMBIGUOUS: Final = _listed(
    "pole, polish, finn, roma, rom, rus, polka, turkey, jordan, georgia, chad, scot, swede, "
    "orthodox, dane, thai, mali, niger, oman, peru, guinea, togo, cuba, china, baptist, methodist, "
    "protestant, deutsche, slovenka, russe, sami, italien, suisse, evangelisch, katholisch, "
    "muslimisch, jüdisch, wales, catholic, christian"
)
