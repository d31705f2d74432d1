"""Words by which rules recognise personal data, by language: what is said beside a value.

Plain lists of common words (English, German, French, Czech), kept here so that a
language is added by data alone. Not a dictionary: only words that introduce, carry or
follow something personal. A finder for several languages uses the words of all of them.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Final

from policy_service.domain.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One language's words, each field a tuple of literal words or short phrases."""

    titles: tuple[str, ...] = ()  # before a name
    name_cues: tuple[str, ...] = ()  # a name follows
    greetings: tuple[str, ...] = ()  # open a letter; a name follows
    street_ends: tuple[str, ...] = ()  # "Baker Street"
    street_starts: tuple[str, ...] = ()  # "Rue de la Paix"
    street_tails: tuple[str, ...] = ()  # "Hauptstrasse": the end of one word
    flats: tuple[str, ...] = ()  # before the number of a flat
    address_cues: tuple[str, ...] = ()  # an address or a place follows
    postcode_cues: tuple[str, ...] = ()
    months: tuple[str, ...] = ()
    weekdays: tuple[str, ...] = ()
    birth: tuple[str, ...] = ()
    date_cues: tuple[str, ...] = ()  # a year follows
    age_before: tuple[str, ...] = ()  # "aged 40"
    age_after: tuple[str, ...] = ()  # "40 years old"
    phone_cues: tuple[str, ...] = ()
    card_cues: tuple[str, ...] = ()
    account_cues: tuple[str, ...] = ()
    licence_cues: tuple[str, ...] = ()
    passport_cues: tuple[str, ...] = ()
    national_id_cues: tuple[str, ...] = ()
    job_cues: tuple[str, ...] = ()  # "works as a"
    job_ends: tuple[str, ...] = ()  # the last word of many jobs
    employer_cues: tuple[str, ...] = ()  # an organisation follows
    company_ends: tuple[str, ...] = ()  # "Ltd."
    function_words: tuple[str, ...] = ()  # tell the language


def _listed(text: str) -> tuple[str, ...]:
    """Split a list written with commas."""
    return tuple(part.strip() for part in text.replace("\n", " ").split(",") if part.strip())


_EN = Words(
    titles=_listed(
        "Mr., Mr, Mrs., Mrs, Ms., Ms, Miss, Mx., Mx, Dr., Dr, Prof., Prof, Professor, Sir, Madam, "
        "Rev., Rev, Hon., Capt., Sgt., Lt., Col."
    ),
    name_cues=_listed(
        "my name is, name is, names are, i am, i'm, this is, named, called, call me, known as, "
        "name, full name, first name, last name, surname, given name, maiden name, contact, "
        "signed by, signed, written by, directed by, attn, attention, on behalf of, patient, "
        "customer, client, employee, applicant, under the name, account holder, cardholder, "
        "daughter, son, wife, husband, brother, sister, partner, friend, colleague, kid, said, says"
    ),
    greetings=_listed("dear, hi, hello, hey, thanks, regards, best regards, sincerely, cheers"),
    street_ends=_listed(  # Postal Service (US), publication 28, appendix C1, and British use
        "street, st, avenue, ave, road, rd, lane, ln, drive, dr, boulevard, blvd, square, sq, "
        "court, ct, way, place, pl, terrace, ter, crescent, close, parkway, pkwy, highway, hwy, "
        "circle, cir, row, walk, mews, gardens, garden, grove, hill, hills, heights, loop, trail, "
        "trl, alley, aly, annex, arcade, bayou, beach, bend, bluff, bottom, branch, bridge, brook, "
        "burg, bypass, camp, canyon, cape, causeway, center, cliff, cliffs, common, corner, "
        "corners, course, courts, cove, creek, crest, crossing, crossroad, curve, dale, dam, "
        "divide, drives, estate, estates, expressway, extension, fall, falls, ferry, field, "
        "fields, flat, flats, ford, forest, forge, fork, fort, freeway, gate, gateway, glen, "
        "green, harbor, haven, hollow, inlet, island, islands, isle, junction, key, knoll, lake, "
        "lakes, landing, light, loaf, lock, lodge, mall, manor, meadow, meadows, mill, mission, "
        "motorway, mount, mountain, neck, orchard, oval, overpass, park, parks, pass, passage, "
        "path, pike, pines, plain, plains, plaza, plz, point, points, port, prairie, quay, "
        "ranch, rapids, rest, ridge, rise, river, roads, route, run, shoal, shore, shores, "
        "skyway, spring, springs, spur, squares, station, stream, streets, summit, throughway, "
        "trace, track, trafficway, tunnel, turnpike, underpass, union, valley, viaduct, view, "
        "village, ville, vista, walks, wall, wells, yard"
    ),
    flats=_listed(
        "apt, apartment, suite, ste, unit, flat, floor, room, p.o. box, po box, box, psc"
    ),
    address_cues=_listed(
        "live at, lives at, lived at, live on, lives on, live in, lives in, lived in, living in, "
        "address is, address, address to, located at, located on, located in, based in, moved to, "
        "moved from, moved here from, resident of, residing at, office is at, sent to, send it to, "
        "deliver to, delivered to, ship to, return to, meet at, meet me at, grew up in, "
        "originally from, come from, comes from, born in, i'm in, traveling to, travelling to, "
        "travel to, trip to, flew to, arrived at, corner of, is at, is on, taxi to, visit, "
        "city of, town of, home town"
    ),
    postcode_cues=_listed("zip code, zip, zipcode, postcode, postal code, post code"),
    months=_listed(
        "january, february, march, april, may, june, july, august, september, october, november, "
        "december, jan, feb, mar, apr, jun, jul, aug, sep, sept, oct, nov, dec"
    ),
    weekdays=_listed("monday, tuesday, wednesday, thursday, friday, saturday, sunday"),
    birth=_listed("birth, born, dob, birthday, birthdate"),
    date_cues=_listed("in, since, during, until, till, by, of, from, before, after, year, circa"),
    age_before=_listed(
        "aged, age, age of, age is, turned, turn, turning, turns, i am, i'm, he is, she is, he's, "
        "she's, he was, she was, when i was, celebrating"
    ),
    age_after=_listed(
        "years old, year old, yrs old, yr old, y/o, yo, y.o., years of age, years-old, year-old"
    ),
    phone_cues=_listed(
        "phone, telephone, tel, mobile, cell, cellphone, call, call me, called, fax, desk, office, "
        "home, work, contact, number, ring, text, sms, reach, whatsapp, "
        "hotline, extension"
    ),
    card_cues=_listed("card, credit card, debit card, cc, visa, mastercard, amex, card number"),
    account_cues=_listed("account, acct, iban, bank, routing, sort code"),
    licence_cues=_listed(
        "driver's license, drivers license, driver license, driving licence, driving license, "
        "driver's licence, license number, licence number, license no, licence no, dl"
    ),
    passport_cues=_listed("passport"),
    national_id_cues=_listed(
        "social security, ssn, national id, id number, national insurance, ni number, nino, "
        "tax id, taxpayer, identity card, id card, personal number, nhs number, medicare"
    ),
    job_cues=_listed(
        "work as, works as, worked as, working as, employed as, job as, position of, position as, "
        "role of, career as, profession, occupation, job title, hired as, for a, as a, as an"
    ),
    job_ends=_listed(
        "engineer, manager, director, analyst, consultant, specialist, assistant, officer, clerk, "
        "nurse, doctor, surgeon, lawyer, solicitor, attorney, accountant, teacher, professor, "
        "scientist, technician, driver, operator, developer, designer, administrator, supervisor, "
        "coordinator, representative, agent, secretary, therapist, librarian, attendant, cleaner, "
        "mechanic, electrician, plumber, carpenter, controller, inspector, planner, architect, "
        "programmer, researcher, editor, journalist, photographer, economist, "
        "chemist, physicist, biologist, pharmacist, dentist, veterinarian, psychologist, auditor, "
        "broker, trader, cashier, salesperson, chef, waiter, baker, butcher, farmer, gardener, "
        "guard, detective, firefighter, pilot, captain, installer, "
        "technologist, strategist, statistician, president, chairman, ceo, cfo, cto"
    ),
    employer_cues=_listed(
        "work for, works for, worked for, working for, work at, works at, worked at, employed by, "
        "employed at, employer, company, firm, owner of, founder of, ceo of, director of, "
        "head of, hired by, joined"
    ),
    company_ends=_listed(
        "inc, inc., incorporated, ltd, ltd., limited, llc, l.l.c., llp, plc, corp, corp., "
        "corporation, co., company, group, holdings, partners, associates, technologies, "
        "solutions, systems, software, services, industries, enterprises, consulting, bank, "
        "insurance, capital, ventures, labs, laboratories, agency, foundation, institute, "
        "university, college, hospital, orchestra, investments, and sons, & sons, & co, & co."
    ),
    function_words=_listed(
        "the, and, of, to, in, is, was, my, for, with, that, this, you, are, on, have, at, from, "
        "he, she, it, his, her, has, please, not, we, an, by"
    ),
)
_DE = Words(
    titles=_listed("Herr, Herrn, Frau, Fr., Hr., Dr., Prof., Dipl.-Ing., Mag."),
    name_cues=_listed(
        "mein name ist, ich heisse, ich heiße, heisst, heißt, ich bin, name, nachname, vorname, "
        "geborene, geb., unterzeichnet, gezeichnet, namens, genannt, patient, kunde, kundin"
    ),
    greetings=_listed(
        "liebe, lieber, sehr geehrter, sehr geehrte, hallo, grüße, mit freundlichen grüßen, "
        "freundliche grüße"
    ),
    street_starts=_listed("am, an der, auf der, zum, zur, unter den, platz der, straße des"),
    street_ends=_listed("straße, strasse, str., allee, platz, weg, gasse, ring, damm, ufer"),
    street_tails=_listed(
        "straße, strasse, str., gasse, weg, platz, allee, ring, damm, ufer, graben, hof, berg"
    ),
    flats=_listed("wohnung, top, stiege, etage, postfach, zimmer"),
    address_cues=_listed(
        "wohnt in, wohnhaft in, wohnhaft, wohne in, wohnt am, adresse, anschrift, lebt in, "
        "lebe in, aus, geboren in, umgezogen nach, nach, wohnt in der, wohne in der"
    ),
    postcode_cues=_listed("plz, postleitzahl"),
    months=_listed(
        "januar, jänner, februar, märz, april, mai, juni, juli, august, september, oktober, "
        "november, dezember"
    ),
    weekdays=_listed(
        "montag, dienstag, mittwoch, donnerstag, freitag, samstag, sonnabend, sonntag"
    ),
    birth=_listed("geburt, geboren, geb., geburtsdatum, geburtstag"),
    date_cues=_listed("seit, jahr, jahre, im jahr"),
    age_before=_listed("alter, im alter von"),
    age_after=_listed("jahre alt, jahre, jährige, jähriger, jährigen"),
    phone_cues=_listed("telefon, tel, handy, mobil, mobilnummer, rufnummer, anrufen, fax, rufen"),
    card_cues=_listed("karte, kreditkarte, kartennummer, bankkarte"),
    account_cues=_listed("konto, kontonummer, bankverbindung, iban, blz"),
    licence_cues=_listed("führerschein, führerscheinnummer"),
    passport_cues=_listed("reisepass, pass, passnummer, reisepassnummer"),
    national_id_cues=_listed(
        "steuer-id, steuernummer, steueridentifikationsnummer, sozialversicherungsnummer, "
        "ausweisnummer, personalausweis, rentenversicherungsnummer"
    ),
    job_cues=_listed("arbeitet als, arbeite als, tätig als, beruf, von beruf"),
    employer_cues=_listed("arbeitet bei, arbeite bei, angestellt bei, arbeitgeber, firma"),
    company_ends=_listed("GmbH, AG, KG, OHG, GbR, UG, e.V., SE, GmbH & Co. KG"),
    function_words=_listed(
        "der, die, das, und, ist, ich, nicht, mit, ein, eine, den, von, zu, auf, für, mein, im, "
        "bei, wurde, wird, sie, er, wir, ihr, ihre, sehr, am, aus, nach, dem, des, hat, bitte"
    ),
)
_FR = Words(
    titles=_listed("M., Mme, Mme., Mlle, Monsieur, Madame, Mademoiselle, Dr, Docteur, Me, Maître"),
    name_cues=_listed(
        "je m'appelle, je suis, mon nom est, s'appelle, nom, prénom, nom de famille, né, née, "
        "appelé, appelée, nommé, nommée, signé, patient, patiente, client, cliente"
    ),
    greetings=_listed("cher, chère, bonjour, salut, cordialement, bien à vous"),
    street_starts=_listed(
        "rue, rue de, rue du, rue des, rue de la, rue de l', avenue, avenue de, avenue du, "
        "avenue des, boulevard, boulevard de, boulevard du, place, place de, place du, impasse, "
        "allée, allée des, chemin, chemin de, chemin des, quai, quai de, cours, route de, square"
    ),
    flats=_listed("appartement, appt, bâtiment, bât, étage, boîte postale, bp"),
    address_cues=_listed(
        "habite à, habite au, habite, demeurant à, demeurant, adresse, réside à, domicilié à, "
        "domiciliée à, vit à, né à, née à, vient de, venu de"
    ),
    postcode_cues=_listed("code postal, cp"),
    months=_listed(
        "janvier, février, mars, avril, mai, juin, juillet, août, septembre, octobre, novembre, "
        "décembre"
    ),
    weekdays=_listed("lundi, mardi, mercredi, jeudi, vendredi, samedi, dimanche"),
    birth=_listed("né, née, naissance, anniversaire"),
    date_cues=_listed("en, depuis, année, depuis l'an"),
    age_before=_listed("âgé de, âgée de, âge, âge de"),
    age_after=_listed("ans"),
    phone_cues=_listed("téléphone, tél, tel, portable, mobile, appeler, appelez, fax, numéro"),
    card_cues=_listed("carte, carte bancaire, carte de crédit, carte bleue, cb"),
    account_cues=_listed("compte, compte bancaire, iban, rib, banque"),
    licence_cues=_listed("permis de conduire, numéro de permis"),
    passport_cues=_listed("passeport"),
    national_id_cues=_listed(
        "sécurité sociale, numéro de sécurité sociale, carte d'identité, nir, numéro fiscal"
    ),
    job_cues=_listed("travaille comme, métier, profession, poste de"),
    employer_cues=_listed("travaille chez, travaille pour, employé chez, employée chez, employeur"),
    company_ends=_listed("sarl, sas, sa, s.a., s.a.r.l., eurl, sasu, sci"),
    function_words=_listed(
        "le, la, les, et, est, je, ne, pas, un, une, des, du, mon, ma, pour, avec, dans, sur, que, "
        "il, elle, nous, vous, votre, notre, chez, au, aux, à, de, qui, merci"
    ),
)
_CS = Words(
    titles=_listed(
        "pan, pana, panu, panem, pane, paní, slečna, Ing., Mgr., Bc., MUDr., JUDr., RNDr., PhDr., "
        "Dr., doc., prof."
    ),
    name_cues=_listed(
        "jmenuji se, jmenuju se, jmenuje se, jsem, moje jméno je, jméno, příjmení, rozená, "
        "podepsán, podepsána, podepsaný, podepsaná, pacient, pacientka, klient, klientka, "
        "zákazník, manžel, manželka, syn, dcera"
    ),
    greetings=_listed("milý, milá, vážený, vážená, dobrý den, ahoj, s pozdravem, zdravím"),
    street_starts=_listed("ulice, ulici, ul., náměstí, nám., třída, tř., nábřeží, alej"),
    street_ends=_listed("náměstí, nám., třída, nábřeží, ulice"),
    flats=_listed("byt, patro, č. bytu, p.o. box"),
    address_cues=_listed(
        "bydlí v, bydlím v, bydlí na, bydlím na, bytem, adresa, trvalý pobyt, pochází z, "
        "narozen v, narozena v, sídlí v, žije v, žiju v, doručte na"
    ),
    postcode_cues=_listed("psč"),
    months=_listed(
        "leden, ledna, únor, února, březen, března, duben, dubna, květen, května, červen, června, "
        "červenec, července, srpen, srpna, září, říjen, října, listopad, listopadu, prosinec, "
        "prosince"
    ),
    weekdays=_listed(
        "pondělí, úterý, středa, středu, čtvrtek, pátek, sobota, sobotu, neděle, neděli"
    ),
    birth=_listed("narozen, narozena, narozeni, narození, nar., narozeniny"),
    date_cues=_listed("rok, roku, v roce, od roku"),
    age_before=_listed("věk, ve věku"),
    age_after=_listed("let, roků, letý, letá, letého, leté"),
    phone_cues=_listed(
        "telefon, tel, mobil, volejte, zavolejte, volat, číslo, fax, telefonní číslo"
    ),
    card_cues=_listed("karta, karty, kartu, kartě, platební karta, číslo karty"),
    account_cues=_listed("účet, účtu, číslo účtu, účtem, iban, banka"),
    licence_cues=_listed("řidičský průkaz, řidičského průkazu, řidičák"),
    passport_cues=_listed("pas, pasu, cestovní pas, číslo pasu"),
    national_id_cues=_listed(
        "rodné číslo, rodného čísla, rč, občanský průkaz, občanského průkazu, číslo op, "
        "číslo pojištěnce"
    ),
    job_cues=_listed("pracuje jako, pracuji jako, pracoval jako, povolání, profese, pozice"),
    employer_cues=_listed("pracuje v, pracuje pro, pracuji v, zaměstnavatel, firma, společnost"),
    company_ends=_listed("s.r.o., s. r. o., a.s., a. s., spol. s r.o., v.o.s., k.s., z.s., o.p.s."),
    function_words=_listed(
        "je, se, na, že, jsem, pro, ale, jako, do, za, ve, od, byl, byla, nebo, mám, můj, moje, a, "
        "v, s, z, k, si, pan, paní, prosím, dne, číslo, podle"
    ),
)
# Street words of neighbours: addresses cross borders more than texts do.
_ANYWHERE = Words(
    street_starts=_listed(
        "via, viale, piazza, corso, vicolo, calle, c/, avenida, av., avda., paseo, plaza, rúa, "
        "rua, rua do, rua da, rua de, travessa, praça, largo, ulica, ul., aleja, al., plac, "
        "strada, bulevardul, calea, λεωφόρος, οδός, улица, ул., проспект, kv."
    ),
    street_ends=_listed("utca, u., út, tér, körút, köz, sokak, caddesi, iela, gatve, tn., mnt."),
    street_tails=_listed(
        "straat, laan, weg, plein, gracht, kade, dijk, singel, hof, vej, gade, allé, plads, "
        "stræde, gata, gatan, gate, gaten, vei, veien, veg, vegen, väg, vägen, gränd, torget, "
        "katu, tie, kuja, polku, tori, utca, gatu, stígur, gata, vegur, straeti, stræti, brekka, "
        "terrasse, bakken, stien, stigen, ulica, iela, tänav, puiestee, gasse, strasse"
    ),
)

WORDS: Final[Mapping[str, Words]] = MappingProxyType({"en": _EN, "de": _DE, "fr": _FR, "cs": _CS})


def words_for(languages: Iterable[str]) -> Words:
    """Return the words of all these languages together.

    Raises `UsageError` for a language without words.
    """
    chosen = []
    for language in languages:
        if language not in WORDS:
            raise UsageError(f"no text rules for language `{language}`; use {', '.join(WORDS)}")
        chosen.append(WORDS[language])
    chosen.append(_ANYWHERE)
    return Words(
        **{
            one.name: tuple(dict.fromkeys(w for words in chosen for w in getattr(words, one.name)))
            for one in fields(Words)
        }
    )


def said_of_values(words: Words) -> frozenset[str]:
    """Return the words that speak of a value and so are no value: `SSN`, `IBAN`, `fax`."""
    spoken = (
        words.phone_cues, words.card_cues, words.account_cues, words.licence_cues, words.job_ends,
        words.passport_cues, words.national_id_cues, words.postcode_cues, words.birth,
        words.function_words, words.titles, words.greetings, words.flats,
    )  # fmt: skip
    return _ACRONYMS | {word.lower() for group in spoken for word in group}


_ACRONYMS: Final = frozenset(
    _listed(
        "asap, atm, chf, czk, eta, eur, faq, fyi, gbp, id, ip, it, kyc, mac, ni, ok, pdf, pin, "
        "sms, url, usd"
    )
)


def alternatives(words: Iterable[str]) -> str:
    """Return a regular expression for any of the words, longest first; spaces match any run."""
    ordered = sorted(set(words), key=lambda word: (-len(word), word))
    return "(?:" + "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in ordered) + ")"


def cue(words: Iterable[str]) -> str:
    """Return `alternatives` that stand alone: no letter right before or after."""
    return rf"(?<!\w){alternatives(words)}(?!\w)"
