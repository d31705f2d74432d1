"""Words the sample bank is made of: names, streets, places, job titles. All invented or common.

No real person, address or number: mail ends in `example.org`, telephone numbers lie in the
range that the British regulator keeps for fiction, cards in a range for testing.
"""

from typing import Final

FIRST_NAMES_F: Final = (
    "Jana", "Eva", "Hana", "Anna", "Lenka", "Lucie", "Petra", "Martina", "Tereza", "Katerina",
    "Monika", "Zuzana", "Helena", "Klara", "Barbora", "Marie", "Alena", "Simona", "Ivana", "Olga",
    "Julia", "Sabine", "Claire", "Emma", "Sophie", "Laura", "Alice", "Nicole", "Renata", "Dana",
)  # fmt: skip
FIRST_NAMES_M: Final = (
    "Jan", "Petr", "Pavel", "Martin", "Tomas", "Jiri", "Josef", "Milan", "Karel", "Lukas",
    "Jakub", "David", "Ondrej", "Marek", "Daniel", "Filip", "Adam", "Michal", "Roman", "Radek",
    "Peter", "Thomas", "Paul", "Felix", "Simon", "Robert", "Viktor", "Ivan", "Libor", "Zdenek",
)  # fmt: skip
LAST_NAMES: Final = (
    "Brezova", "Lipova", "Dubsky", "Javorsky", "Habrovec", "Kamenicky", "Potocny", "Lucni",
    "Horsky", "Polni", "Ricni", "Jezerny", "Skalnik", "Mlynsky", "Zahradni", "Vrbovsky",
    "Jasanik", "Olsansky", "Borovec", "Smrkovsky", "Kvetny", "Travnik", "Pisecny", "Hlinsky",
    "Medovy", "Hvezdny", "Slunecny", "Mesicny", "Vetrny", "Destovy", "Snezny", "Ledovec",
    "Ahornberg", "Birkenau", "Tannhof", "Lindmoor", "Rosenfeld", "Steinbrand", "Oakfield",
    "Ashbourne", "Thornwick", "Merriwell", "Fairbrook", "Wexcombe", "Duchene", "Delorme",
)  # fmt: skip
STREETS: Final = (
    "Lipova", "Zahradni", "Na Strani", "U Mlyna", "Polni", "Ke Skale", "Nad Potokem", "Dlouha",
    "Kratka", "Skolni", "Luzni", "Pod Lesem", "Vinna", "Jablonova", "Orechova", "Travnicka",
)  # fmt: skip
DISTRICTS: Final = (
    ("Vranov Hills", "North Moravia"), ("Lipnik Vale", "North Moravia"),
    ("Kamenna", "North Moravia"), ("Studenka Field", "North Moravia"),
    ("Bystra Water", "North Moravia"), ("Hostyn Ridge", "Central Moravia"),
    ("Prerov Gate", "Central Moravia"), ("Zlata Dale", "Central Moravia"),
    ("Morava Bend", "Central Moravia"), ("Chriby Wood", "Central Moravia"),
    ("Svratka Reach", "South Moravia"), ("Palava", "South Moravia"),
    ("Dyje Meadow", "South Moravia"), ("Ivanka", "South Moravia"),
    ("Rajec Hollow", "South Moravia"), ("Jesenik Peak", "Silesia"), ("Opava Mill", "Silesia"),
    ("Bruntal Moor", "Silesia"), ("Odra Springs", "Silesia"), ("Krnov Heath", "Silesia"),
)  # fmt: skip
JOBS: Final = (
    ("Branch teller", 28_000, 70), ("Loan officer", 41_000, 24),
    ("Card operations specialist", 36_000, 12), ("Fraud analyst", 52_000, 8),
    ("Marketing analyst", 43_000, 8), ("Risk data scientist", 68_000, 7),
    ("Data engineer", 66_000, 7), ("HR partner", 42_000, 6), ("Support agent", 31_000, 24),
    ("Data protection officer", 74_000, 2), ("Internal auditor", 61_000, 4),
    ("Branch manager", 58_000, 8),
)  # fmt: skip
LEAVE_NOTES: Final = (
    "Off sick with the flu, the doctor's certificate was handed in on the second day.",
    "Recovering after knee surgery, returns part time on the advice of the clinic.",
    "Migraine attacks again; asked to work from a quiet room for two weeks.",
    "Hospital stay for tests, diagnosis still open, family has been informed.",
    "Parental leave agreed after a difficult pregnancy, contact only by letter.",
    "Physiotherapy twice a week because of a back injury at the counter.",
    "Treated for depression, phased return to work agreed with the company doctor.",
    "Asthma attack on the way to work, two days of rest and new medication.",
    "Burnout, in a rehabilitation clinic for six weeks; replacement needed.",
    "Allergy treatment in the morning, starts at ten on these days.",
    "Annual holiday, handed over open cases to the colleague at desk four.",
    "Moving house, one day of special leave as the collective agreement allows.",
)
TICKETS: Final = (
    ("Card declined", "My name is {name}. My card {card} was declined at the grocer yesterday, "
     "please call me on {phone}."),
    ("Change of e-mail", "Please use {email} from now on instead of my old address. "
     "Regards, {name}."),
    ("Transfer missing", "I sent {amount} EUR from {iban} a week ago and it never arrived. "
     "You can reach {name} at {email} or {phone}."),
    ("Lost phone", "I lost my telephone, the new number is {phone}. Kind regards {name}, "
     "{street}."),
    ("Loan instalment", "Dear team, I cannot pay the instalment this month because I was in "
     "hospital. Could {name} get a later date? Write to {email}."),
    ("Standing order", "The standing order for the rent was paid twice from {iban}. "
     "Please pay one back. {name}"),
    ("Web banking", "The web bank shows an error after sign-in since this morning. "
     "I tried two browsers. My address is {email}."),
    ("Opening hours", "Is the branch open on Saturday before the holidays? "
     "I would like to bring some coins."),
)  # fmt: skip
