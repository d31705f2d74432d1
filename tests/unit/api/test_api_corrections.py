"""Corrections over HTTP and at the catalogue's page; versions of the classifier beside others."""

from policy_service.domain.identifiers import ModelVersion, Sha256Hex
from policy_service.domain.learning import ClassifierCard, NamingFigures
from policy_service.kit.hashing import sha256_hex
from policy_service.workflows.corrections import list_corrections
from policy_service.workflows.platform import Platform
from tests.fixtures.web import Web

PATH = "/api/v1/sources/bank/corrections"
BIRTH_NUMBER = "bank.public.clients.birth_number"
LOWER = {"column": BIRTH_NUMBER, "category": "system.operations", "reason": "a test column"}
RAISE = {
    "column": "bank.public.clients.district_id",
    "category": "user.health_and_medical",
    "reason": "a ward's number",
}


def register_classifier(platform: Platform) -> ClassifierCard:
    """Register a version that did not pass."""
    figures = NamingFigures(columns=12, right=0.5, found=0.75)
    weights = b"no weights"
    card = ClassifierCard(
        version=ModelVersion(""),
        parent=ModelVersion("shipped-0"),
        created_at="2026-03-02T12:00:00.000000Z",
        weights_sha256=Sha256Hex(sha256_hex(weights)),
        encoder_sha256=Sha256Hex(""),
        seed=7,
        promoted=False,
        note="2 columns of the safety set would lose protection",
        lessons=12,
        lessons_sha256=Sha256Hex("1" * 64),
        before=figures,
        after=figures,
        safety_columns=200,
        safety_lost=2,
    )
    return platform.classifiers.register(card, weights)


def test_a_correction_that_raises_holds_and_is_listed(web: Web) -> None:
    """The answer is the correction as it is kept; the catalogue shows it."""
    answer = web.client.post(PATH, json=RAISE, headers=web.token("vera"))
    assert answer.status_code == 201
    made = answer.json()
    assert (made["state"], made["by"], made["confirmed_by"]) == ("holds", "vera", None)
    headers = web.token("ole")
    assert web.client.get(PATH, headers=headers).json() == [made]
    catalog = web.client.get("/api/v1/sources/bank/catalog", headers=headers).json()
    assert RAISE["category"] in {
        column["category"] for table in catalog["tables"] for column in table["columns"]
    }


def test_one_that_lowers_needs_two(web: Web) -> None:
    """Its author may not confirm it; another reviewer may, and may take it back."""
    made = web.client.post(PATH, json=LOWER, headers=web.token("vera")).json()
    assert made["state"] == "waiting"
    confirmation = f"{PATH}/{made['id']}/confirmation"
    assert web.client.post(confirmation, headers=web.token("vera")).status_code == 403
    sam = web.token("sam")
    confirmed = web.client.post(confirmation, headers=sam).json()
    assert (confirmed["state"], confirmed["confirmed_by"]) == ("holds", "sam")
    withdrawal = f"{PATH}/{made['id']}/withdrawal"
    back = web.client.post(withdrawal, json={"reason": "a slip"}, headers=sam).json()
    assert (back["category"], back["state"]) == (None, "holds")
    assert web.client.post(confirmation, headers=sam).status_code == 404


def test_bad_corrections_are_refused(web: Web) -> None:
    """What is unknown or malformed is refused, and nothing is kept."""
    headers = web.token("vera")
    cases = (
        ({"category": "user.nonsense"}, 400),
        ({"column": "bank.public.none.x"}, 404),
        ({"column": "shop.public.clients.email"}, 404),
        ({"reason": ""}, 422),
        ({"by": "sam"}, 422),
    )
    for change, status in cases:
        assert web.client.post(PATH, json=LOWER | change, headers=headers).status_code == status
    assert web.client.get(PATH, headers=headers).json() == []


def test_only_reviewers_correct(web: Web) -> None:
    """Who does not review reads, over HTTP and at the page."""
    for who in ("ann-author", "ada", "ole"):
        assert web.client.post(PATH, json=LOWER, headers=web.token(who)).status_code == 403
        form = {**LOWER, "csrf": web.session(who).csrf}
        assert web.client.post("/catalog/bank/corrections", data=form).status_code == 403
        assert "<summary>Correct" not in web.client.get("/catalog/bank").text


def test_two_reviewers_correct_at_the_catalogues_page(web: Web) -> None:
    """The page takes a correction, shows that it waits, and lets only another confirm it."""
    csrf = web.session("vera").csrf
    assert 'value="user.government_id' in web.client.get("/catalog").text
    answer = web.client.post("/catalog/bank/corrections", data={**LOWER, "csrf": csrf})
    assert answer.headers["location"] == "/catalog/bank?done=correction-waits"
    page = web.client.get(answer.headers["location"]).text
    assert "It lowers protection, so somebody else must confirm it first." in page
    assert "vera says operational data: a test column." in page
    assert 'action="/catalog/bank/corrections/confirmation"' not in page
    (said,) = list_corrections(web.platform, "bank")
    csrf = web.session("sam").csrf
    assert 'action="/catalog/bank/corrections/confirmation"' in web.client.get("/catalog/bank").text
    form = {"correction": said.id, "csrf": csrf}
    answer = web.client.post("/catalog/bank/corrections/confirmation", data=form)
    page = web.client.get(answer.headers["location"]).text
    assert "set by vera, confirmed by sam: a test column" in page
    answer = web.client.post(
        "/catalog/bank/corrections/withdrawal", data={**form, "reason": "a slip"}
    )
    assert answer.headers["location"] == "/catalog/bank?done=corrected"
    assert "set by vera" not in web.client.get("/catalog/bank").text


def test_bad_forms_are_refused(web: Web) -> None:
    """A form from elsewhere, or of what is not there, keeps nothing."""
    csrf = web.session("vera").csrf
    cases = (
        ("", {"csrf": "stolen"}, 403),
        ("", {"category": "user.nonsense"}, 400),
        ("", {"column": "shop.public.a.b"}, 404),
        ("/confirmation", {"correction": "cor_none"}, 404),
        ("/withdrawal", {"correction": "cor_none"}, 404),
    )
    for path, change, status in cases:
        form = {**LOWER, "csrf": csrf, **change}
        assert web.client.post(f"/catalog/bank/corrections{path}", data=form).status_code == status
    assert list_corrections(web.platform, "bank") == ()


def test_versions_of_the_classifier_are_listed(web: Web) -> None:
    """Over HTTP and at the page, with what they were judged by; either starts the next."""
    csrf = web.session("ada").csrf
    assert "Nothing has been learned from corrections yet" in web.client.get("/models").text
    register_classifier(web.platform)
    page = web.client.get("/models").text
    assert "classifier-1" in page
    assert "would lose protection" in page
    headers = web.token("ada")
    (found,) = web.client.get("/api/v1/models", headers=headers).json()
    assert (found["model"], found["safety_lost"], found["after"]["right"]) == ("classifier", 2, 0.5)
    path = "/api/v1/models/refinements"
    started = web.client.post(path, json={"model": "classifier"}, headers=headers).json()
    assert started["kind"] == "refine-classifier"
    form = {"csrf": csrf, "model": "classifier"}
    answer = web.client.post("/models/refinements", data=form)
    assert answer.headers["location"] == "/models?done=refining"
    wrong = web.client.post("/models/refinements", data={**form, "model": "both"})
    assert wrong.status_code == 400
