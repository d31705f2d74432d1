"""What column names say in nine more vocabularies: phrases of other languages, by category.

Czech, Slovak, German, French, Spanish, Italian, Polish, Dutch and Portuguese beside the English
of `words`. A phrase is written without accents, spaces and small words, and is found as whole
words of a name: `codigoPostal`, `codigo_de_postal` and `codigopostal` are one. A short list of
endings catches the compounds of German and Dutch. Not a dictionary: words that mean something
else in English names (`note`, `via`, `cap`, `data`, `land`) are left out on purpose.
"""

from functools import lru_cache


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Words that join others and say nothing: `fecha de nacimiento`.
_SMALL = _words("de da do di del della des du la le les el los las van von der den y e a")
_LONGEST = 4  # words

# The scope letter: a(lways), c(ontact), p(erson) as in `words`.
_Row = tuple[str, float, str, str]
_PHRASES: tuple[_Row, ...] = (
    ("user.authorization.password", 0.9, "a",
     "contrasena clave mdp motpasse haslo wachtwoord parola senha kennwort"),
    ("user.authorization.credentials", 0.85, "a",
     "jeton jetonsession jetonacces clavesecreta sessionstoken zugangstoken"),
    ("user.privacy_preferences", 0.8, "a",
     "consentement consentimiento consenso zgoda toestemming consentimento acceptenewsletter "
     "accordmarketing datenschutzeinwilligung souhlasgdpr"),
    ("user.financial.credit_card", 0.88, "a",
     "cartebancaire cartebleue numerocarte tarjeta tarjetacredito numerotarjeta cartacredito "
     "numerocarta numerkarty kreditkarte kreditkartennummer kartennummer kreditkaart cartaocredito "
     "cislokarty platebnikarta"),
    ("user.financial.bank_account", 0.88, "a",
     "bankverbindung kontoverbindung cislouctu bankovniucet ucetcislo comptebancaire numerocompte "
     "rib cuentabancaria numerocuenta cuenta numerokonta rachunek numerrachunku nrkonta "
     "rekeningnummer bankrekening contocorrente coordinatebancarie contabancaria"),
    ("user.government_id.national_identification_number", 0.88, "a",
     "dni nie nif curp cpf codicefiscale codfiscale pesel bsn burgerservicenummer "
     "rijksregisternummer numerosecuritesociale numsecu nss secusociale rodnecislo "
     "cisloobcanskehoprukazu cisloop steueridentifikationsnummer steueridnr svnr svnummer "
     "rentenversicherungsnummer personalausweisnummer ausweisnummer sozialversicherungsnummer "
     "ahv ahvnummer ahvnr numeroidentidad cedula personnummer fodselsnummer cprnummer "
     "henkilotunnus aadhaar nhs nhsnumber nhsno numeroutente"),
    ("user.government_id.passport_number", 0.88, "a",
     "pasaporte numeropasaporte paszport passaporto paspoort paspoortnummer cislopasu reisepassnr "
     "passaporte"),
    ("user.government_id.drivers_license_number", 0.85, "a",
     "cisloridicskehoprukazu fuhrerscheinnummer fuehrerschein permisconduire licenciaconducir "
     "prawojazdy rijbewijs patenteguida"),
    ("user.government_id.vehicle_registration", 0.8, "a",
     "kennzeichen rz registracniznacka immatriculation plaqueimmatriculation matricula targa "
     "kenteken tablicarejestracyjna numerrejestracyjny vin vinnumber fahrgestellnummer"),
    ("user.demographic.date_of_birth", 0.9, "a",
     "datnar datumnar datumnarozeni narozen datenaissance datenaiss fechanacimiento "
     "fechanac fecnac dataurodzenia datanascita datanascimento geboortedatum gebdat gebdatum "
     "geburtsdat geburtsjahr roknarozeni anneenaissance"),
    ("user.demographic.gender", 0.85, "a", "sexo plec sesso geslacht pohl geschl"),
    ("user.demographic.marital_status", 0.85, "a",
     "estadocivil situacionfamiliar situationfamiliale situationmatrimoniale stancywilny "
     "statocivile burgerlijkestaat famstand rodstav"),
    ("user.demographic.religious_belief", 0.85, "a",
     "konf kirchensteuermerkmal kirchensteuer wyznanie geloof cirkev"),
    ("user.demographic.race_ethnicity", 0.85, "a", "etnia etnicita ethnicgrp ethgrp"),
    ("user.criminal_history", 0.85, "a",
     "antecedentespenales fuhrungszeugnis fuehrungszeugnis vypisrejstrikutrestu trestnirejstrik "
     "casellariogiudiziale niekaralnosc straftat strafblad"),
    ("user.health_and_medical.insurance_beneficiary_id", 0.8, "a",
     "versichertennummer kvnr krankenversicherungsnummer cislopojistence numeromutuelle "
     "tarjetasanitaria tesserasanitaria zorgverzekeringsnummer"),
    ("user.health_and_medical", 0.85, "a",
     "alergie alergia alergias allergie allergies schwerbehindert schwerbehinderung behinderung "
     "gdb krankenkasse pojistovna zdravotnipojistovna mutuelle enfermedad choroba ziekte malattia "
     "diagnoza diagnostico diagnosi gruposanguineo groupesanguin "
     "krevniskupina blutgruppe handicap lekarz leki leky medikamente medicaments primarydx dx "
     "bldgrp bloodgrp anamnese anamneza ockovani impfung impfstatus triage urazy smoker "
     "raucher fumeur fumador fumatore roker kurak invalidita"),
    ("user.contact.email", 0.9, "c",
     "correo correoelectronico dienstmail mailadresse poczta postaelettronica adresseelectronique "
     "adresseemail emailrodice"),
    ("user.contact.phone_number", 0.88, "c",
     "durchwahl rufnummer mobilnummer mobiltelefon handynummer numtel telefono telefonos celular "
     "movil cellulare portable telportable numerotelephone telefoon telefoonnummer komorka "
     "telefone telemovel telcislo klapka linka"),
    ("user.account.username", 0.8, "a",
     "nomutilisateur nombreusuario nazwauzytkownika gebruikersnaam nomeutente benutzerkennung "
     "prihlasovacijmeno"),
    ("user.name.first", 0.9, "a",
     "prenoms nombrepila primernombre imie voornaam nomeproprio rufname krestnijmeno meno"),
    ("user.name.last", 0.9, "a",
     "apellido apellidos primerapellido segundoapellido nazwisko achternaam familienaam cognome "
     "sobrenome apelido geburtsname rodneprijmeni nomjeunefille nomnaissance priezvisko"),
    ("user.name", 0.85, "a",
     "nombrecompleto nomcomplet vollername nomecompleto imienazwisko naamklant kontoinhaber "
     "karteninhaber titulairecarte initials voorletters majitelkarty zakonnyzastupce "
     "ansprechpartner notfallkontakt "
     "nextkin emergencycontact kontaktniosoba"),
    ("user.name", 0.8, "p", "nome nombre naam imiona"),
    ("user.contact.address.postal_code", 0.85, "p",
     "codigopostal codpostal kodpocztowy codicepostale cep cp codepost smerovacicislo"),
    ("user.contact.address.street", 0.85, "p",
     "calle direccion domicilio ulica adres indirizzo straat straatnaam huisnummer endereco rua "
     "anschrift "
     "wohnadresse strassehausnr bydliste trvalebydliste trvalypobyt adressedomicile voie numvoie"),
    ("user.contact.address.city", 0.8, "p",
     "ciudad localidad miasto miejscowosc citta woonplaats plaats cidade gemeinde commune"),
    ("user.contact.address.country", 0.7, "p",
     "pais nacionalidad staatsangehorigkeit staatsangehoerigkeit nationalite paese nazionalita "
     "obywatelstwo nationaliteit statniprislusnost"),
    ("user.contact.address.state", 0.65, "p", "provincia wojewodztwo provincie departement"),
    ("user.demographic.age_range", 0.75, "p", "edad wiek eta leeftijd idade"),
    ("user.demographic.language", 0.6, "p", "idioma lingua taal"),
    ("user.job_title", 0.75, "p",
     "puesto cargo stanowisko functie mansione zawod metier fonction poste"),
    ("user.financial", 0.85, "a",
     "salario sueldo nomina wynagrodzenie pensja stipendio retribuzione salaris bruttolohn "
     "nettolohn bruttogehalt nettogehalt steuerklasse hrubamzda cistamzda plat remuneration "
     "salairebrut revenu ingresos"),
    ("user.financial", 0.75, "p",
     "importe kwota saldokonta bedrag importo solde montantttc montanttotal"),
    ("user.workplace", 0.7, "p",
     "abteilung eintrittsdatum austrittsdatum kostenstelle oddeleni nastup datumnastupu "
     "departamento dateembauche fechaingreso dzial afdeling vorgesetzter nadrizeny"),
    ("user.content.private", 0.6, "p",
     "observaciones comentarios commentaires uwagi opmerkingen osservazioni bemerkungen poznamky"),
    ("user", 0.6, "p",
     "znamka znamky zeugnisnote schulnote notaexamen ocena cijfer grade gpa prospech hodnoceni"),
    ("system.operations", 0.75, "a",
     "miseajour datecreation datemodification erstelltam geandertam angelegtam aktualisiertam "
     "vytvoreno upraveno zapsano fechacreacion fechaactualizacion datautworzenia "
     "dataaggiornamento"),
)  # fmt: skip
# Endings of compounds, for what is written in one word.
_ENDINGS: tuple[_Row, ...] = (
    ("user.contact.email", 0.85, "c", "mailadresse"),
    ("user.contact.phone_number", 0.85, "c", "telefonnummer rufnummer telefoonnummer handynummer"),
    ("user.demographic.date_of_birth", 0.85, "a", "geburtsdatum geboortedatum"),
    ("user.contact.address.street", 0.8, "p", "anschrift wohnadresse"),
    ("user.financial", 0.8, "a", "gehalt einkommen vergutung verguetung"),
    ("user.health_and_medical", 0.8, "a", "diagnose erkrankung befund behinderung"),
    ("user.name.first", 0.85, "a", "vorname voornaam"),
    ("user.name.last", 0.85, "a", "nachname achternaam"),
)  # fmt: skip
# People by what they are called, each with its fideslang subject.
PEOPLE: dict[str, str] = {
    word: subject
    for subject, words in (
        ("patient", "patient paciente pacjent paziente pazienti patiente"),
        ("customer",
         "cliente clientes klant klanten usuario usuarios uzytkownik gebruiker utente utenti "
         "utilisateur utilisateurs adherent kundin mitglied mitglieder versicherter versicherte "
         "pojistenec pojistenci asegurado assure assurato assicurato ubezpieczony abonenci "
         "abonnent abonent acheteur"),
        ("citizen_voter", "citizen resident inhabitant inwoner inwoners burger burgers buerger "
         "einwohner obcan obcane habitant ciudadano cittadino mieszkaniec mieszkancy"),
        ("job_applicant", "kandidat candidat candidato kandydat"),
        ("trainee",
         "zak zaci zaka schuler schueler schulerin eleve eleves etudiant etudiants alumno alumnos "
         "estudiante uczen uczniowie leerling studente studenti auszubildender azubi lehrling"),
        ("next_of_kin", "rodic rodice eltern elternteil padre madre matka otec vormund"),
        ("employee",
         "empleado empleados trabajador pracownik pracownicy medewerker medewerkers werknemer "
         "dipendente dipendenti employe salarie funcionario angestellter "
         "arbeitnehmer ucitel lehrer enseignant"),
    )
    for word in words.split()
}  # fmt: skip
# Children and the young, who have a protection of their own (GDPR Recital 38, Art. 8).
CHILDREN = _words(
    "child children pupil dite deti zak zaci zaka kinder schuler schueler enfant "
    "enfants eleve eleves nino ninos hijo alumno dziecko dzieci uczen bambino bambini leerling "
    "leerlingen kindergarten toddler infant newborn"
)

Found = tuple[str, float, str]


@lru_cache(maxsize=65_536)
def foreign_hit(words: tuple[str, ...]) -> Found | None:
    """Find a phrase among a name's words: category, weight and scope letter; longest first."""
    telling = tuple(word for word in words if word not in _SMALL) or words
    for length in range(min(_LONGEST, len(telling)), 0, -1):
        for start in range(len(telling) - length + 1):
            found = _BY_PHRASE.get("".join(telling[start : start + length]))
            if found is not None:
                return found
    for word in telling:
        if len(word) > 7:
            for ending, found in _BY_ENDING:
                if word.endswith(ending):
                    return found
    return None


_BY_PHRASE: dict[str, Found] = {
    phrase: (category, weight, scope)
    for category, weight, scope, phrases in reversed(_PHRASES)
    for phrase in phrases.split()
}
_BY_ENDING: tuple[tuple[str, Found], ...] = tuple(
    (ending, (category, weight, scope))
    for category, weight, scope, endings in _ENDINGS
    for ending in endings.split()
)
