"""Search: what is found is what evaluation permits, page by page, and nothing else."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_service.domain.bundle import Directory, KnownResource
from policy_service.domain.decision import AccessRequest
from policy_service.domain.errors import UsageError
from policy_service.domain.parameters import Parameters
from policy_service.enforcement import search as searching
from policy_service.enforcement.candidates import Candidates, join_candidates, list_candidates
from policy_service.enforcement.index import compile_policy
from policy_service.enforcement.search import (
    MAX_LIMIT,
    SearchKind,
    SearchPage,
    SearchQuery,
    read_search,
    search,
    write_page,
)
from tests.builders import make_bundle, make_directory

BODY = {
    "subject": {"type": "user", "id": "teller-1"},
    "action": {"name": "read"},
    "resource": {"type": "column", "id": "bank.public.clients.email"},
}
NAMES = st.lists(st.text(max_size=4), max_size=30, unique=True)


def _everyone(_request: AccessRequest) -> bool:
    return True


def _subjects(**page: object) -> SearchQuery:
    return read_search(SearchKind.SUBJECT, {**BODY, "page": page})


def _all_pages(
    query: Callable[[str], SearchQuery],
    candidates: tuple[str, ...],
    permits: Callable[[AccessRequest], bool],
) -> list[SearchPage]:
    pages = [search(query(""), candidates=candidates, permits=permits, version="1")]
    while pages[-1].next_token:
        asked = query(pages[-1].next_token)
        pages.append(search(asked, candidates=candidates, permits=permits, version="1"))
    return pages


@pytest.mark.parametrize(
    ("kind", "asked", "request_read"),
    [
        (
            "subject",
            "user",
            {"resource": "bank.public.clients.email", "resource_type": "column", "action": "read"},
        ),
        (
            "resource",
            "column",
            {"subject": "teller-1", "resource_type": "column", "action": "read"},
        ),
        (
            "action",
            "",
            {
                "subject": "teller-1",
                "resource": "bank.public.clients.email",
                "resource_type": "column",
            },
        ),
    ],
)
def test_a_search_leaves_out_what_it_asks_for(
    kind: str, asked: str, request_read: dict[str, str]
) -> None:
    """The id of what is asked for is ignored; the rest is read as in an evaluation."""
    query = read_search(SearchKind(kind), {**BODY, "context": {"purpose": "service"}})
    empty = {"subject": "", "resource": "", "resource_type": "", "action": ""}
    assert query.type == asked
    assert query.request == AccessRequest(
        **{**empty, **request_read}, purpose="service", context=Parameters(purpose="service")
    )


@pytest.mark.parametrize(
    ("kind", "change", "said"),
    [
        ("subject", {"action": None}, "`action` is missing"),
        ("subject", {"subject": {}}, "`subject.type` is missing"),
        ("subject", {"subject": {"type": 1}}, "`subject.type` must be a string"),
        ("subject", {"subject": {"type": "user", "properties": 1}}, "`subject.properties`"),
        ("subject", {"resource": {"type": "column"}}, "`resource.id` is missing"),
        ("resource", {"subject": None}, "`subject` is missing"),
        ("resource", {"subject": {"type": "user"}}, "`subject.id` is missing"),
        ("resource", {"resource": {"id": "x"}}, "`resource.type` is missing"),
        ("action", {"resource": None}, "`resource` is missing"),
        ("action", {"context": {"purpose": 1}}, "`context.purpose`"),
        ("action", {"page": []}, "`page` must be an object"),
        ("action", {"page": {"limit": -1}}, "`page.limit`"),
        ("action", {"page": {"limit": True}}, "`page.limit`"),
        ("action", {"page": {"limit": "5"}}, "`page.limit`"),
        ("action", {"page": {"token": 5}}, "`page.token` must be a string"),
    ],
)
def test_wrong_searches_are_refused(kind: str, change: dict, said: str) -> None:
    """A missing or misshapen field is refused by its name."""
    with pytest.raises(UsageError, match=said):
        read_search(SearchKind(kind), {**BODY, **change})


@given(
    names=NAMES, permitted=st.sets(st.text(max_size=4)), limit=st.integers(1, 7), kept=st.booleans()
)
def test_pages_together_are_exactly_what_is_permitted(
    names: list[str], permitted: set[str], limit: int, kept: bool
) -> None:
    """Whatever the limit: no permitted name is lost, none is shown twice, none is added."""
    allowed = permitted | set(names[::2])
    candidates = tuple(sorted(names))

    def query(token: str) -> SearchQuery:
        size = {} if token and kept else {"limit": limit}
        return _subjects(token=token, **size)

    pages = _all_pages(query, candidates, lambda request: request.subject in allowed)
    found = [name for page in pages for name in page.found]
    assert found == [name for name in candidates if name in allowed]
    assert all(len(page.found) == limit for page in pages[:-1])  # the last may be shorter
    assert len(pages) == max(1, -(-len(found) // limit))


@given(names=NAMES, later=NAMES, left=st.integers(0, 30))
def test_people_who_join_or_leave_shift_no_page(
    names: list[str], later: list[str], left: int
) -> None:
    """A page goes on behind the last name of the one before, whoever was added meanwhile."""
    before, after = tuple(sorted(names)), tuple(sorted({*names[left:], *later}))
    first = search(_subjects(limit=3), candidates=before, permits=_everyone, version="1")
    if first.next_token:
        query = _subjects(token=first.next_token)
        second = search(query, candidates=after, permits=_everyone, version="1")
        assert list(second.found) == [name for name in after if name > first.found[-1]][:3]


def test_a_token_belongs_to_its_question_and_its_revision() -> None:
    """Another question or another policy is refused in one clear line; so is a made-up token."""
    candidates = ("a", "b", "c")
    token = search(
        _subjects(limit=1), candidates=candidates, permits=_everyone, version="1"
    ).next_token
    other = read_search(
        SearchKind.SUBJECT, {**BODY, "action": {"name": "update"}, "page": {"token": token}}
    )
    with pytest.raises(UsageError, match="another search"):
        search(other, candidates=candidates, permits=_everyone, version="1")
    with pytest.raises(UsageError, match="another revision"):
        search(_subjects(token=token), candidates=candidates, permits=_everyone, version="2")


def _token(*parts: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode()


@pytest.mark.parametrize(
    "token",
    [
        "x",
        "\u00e9",
        "!!!!",
        "A" * 9000,
        _token(),
        _token(1, "q", "v", "1", "a"),
        _token(1, "q", "v", -1, "a"),
        _token(1, "q", "v", MAX_LIMIT + 1, "a"),
        _token(1, "q", "v", True, "a"),
        _token(1, "q", "v", 1, 5),
        base64.urlsafe_b64encode(b"[" * 6000).decode(),
    ],
)
def test_a_made_up_token_is_refused(token: str) -> None:
    """What is no token of ours starts no search."""
    with pytest.raises(UsageError, match="none of ours"):
        search(_subjects(token=token), candidates=("a",), permits=_everyone, version="1")


def test_a_forged_token_shows_nothing_that_is_not_permitted() -> None:
    """Tokens need no signature: each candidate is decided anew."""
    honest = search(_subjects(limit=1), candidates=("a", "b"), permits=_everyone, version="1")
    parts = json.loads(base64.urlsafe_b64decode(honest.next_token + "=" * 3))
    query = _subjects(token=_token(*parts[:3], 1000, ""))
    page = search(query, candidates=("a", "b"), permits=lambda _: False, version="1")
    assert page.found == ()


def test_limits_are_bounded() -> None:
    """A larger limit is cut to the largest, none is the default, and zero asks whether any is."""
    assert _subjects(limit=10**6).limit == MAX_LIMIT
    many = tuple(f"{n:04}" for n in range(150))
    assert len(search(_subjects(), candidates=many, permits=_everyone, version="1").found) == 100
    none = search(_subjects(limit=0), candidates=many, permits=_everyone, version="1")
    assert (none.found, bool(none.next_token)) == ((), True)
    query = _subjects(limit=1, token=none.next_token)
    assert search(query, candidates=many, permits=_everyone, version="1").found == ("0000",)


def test_a_page_examines_so_many_candidates_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rare permit cannot hold the server up: a page may be short and still go on."""
    monkeypatch.setattr(searching, "MOST_EXAMINED", 10)
    many = tuple(f"{n:02}" for n in range(35))
    pages = _all_pages(
        lambda token: _subjects(token=token), many, lambda request: request.subject == "31"
    )
    assert [page.found for page in pages] == [(), (), (), ("31",)]


def test_subjects_of_another_type_are_those_named_so() -> None:
    """A search for services finds no people, and gives their ids without the type."""
    query = read_search(SearchKind.SUBJECT, {**BODY, "subject": {"type": "service"}})
    names = ("alice", "service:billing", "services")
    page = search(query, candidates=names, permits=_everyone, version="1")
    assert write_page(page) == {
        "results": [{"type": "service", "id": "billing"}],
        "page": {"next_token": "", "count": 1},
    }


def test_actions_and_resources_are_written_as_the_standard_says() -> None:
    """Actions have a name; resources the type that was asked for and an id."""
    action = read_search(SearchKind.ACTION, BODY)
    page = search(action, candidates=("read", "update"), permits=_everyone, version="1")
    assert write_page(page)["results"] == [{"name": "read"}, {"name": "update"}]
    resource = read_search(SearchKind.RESOURCE, BODY)
    page = search(resource, candidates=("a",), permits=_everyone, version="1")
    assert write_page(page)["results"] == [{"type": "column", "id": "a"}]


def test_candidates_are_what_the_policy_and_the_directory_know() -> None:
    """Columns and what holds them, known resources by type, people, and the actions of rows."""
    known = KnownResource(type="todo", id="todo-1")
    found = list_candidates(replace(make_bundle(), resources=(known,)), make_directory())
    columns = found.resources_of("column")
    assert columns == tuple(sorted(columns))
    assert "bank.public.clients.birth_number" in columns
    assert "bank.public.clients" in found.resources_of("table")
    assert found.resources_of("schema") == ("bank.public",)
    assert found.resources_of("source") == ("bank",)
    assert found.resources_of("todo") == ("todo-1",)
    assert found.resources_of("spaceship") == ()
    assert "teller-1" in found.subjects
    assert "read" in found.actions


def test_candidates_of_several_policies_are_joined() -> None:
    """Each name once, in order."""
    one = Candidates(subjects=("a", "c"), actions=("read",), resources={"todo": ("2",)})
    two = Candidates(
        subjects=("b", "c"), actions=("read",), resources={"todo": ("1",), "x": ("y",)}
    )
    joined = join_candidates((one, two))
    assert (joined.subjects, joined.actions) == (("a", "b", "c"), ("read",))
    assert (joined.resources_of("todo"), joined.resources_of("x")) == (("1", "2"), ("y",))


def test_search_is_evaluation_of_every_candidate() -> None:
    """Over a real policy, each search finds exactly what the index permits one by one."""
    bundle, directory = make_bundle(), make_directory()
    policy, known = compile_policy(bundle, directory), list_candidates(bundle, directory)

    def permits(request: AccessRequest) -> bool:
        return policy.decide(request).allow

    context = {"context": {"purpose": "essential.service"}}
    found_any = 0
    for subject in known.subjects:
        body = {**BODY, **context, "subject": {"type": "user", "id": subject}}
        query = read_search(SearchKind.RESOURCE, body)
        columns = known.resources_of("column")
        page = search(query, candidates=columns, permits=permits, version="1")
        expected = [
            column
            for column in columns
            if policy.decide(
                AccessRequest(
                    subject=subject, resource=column, action="read", purpose="essential.service"
                )
            ).allow
        ]
        assert list(page.found) == expected
        found_any += len(expected)
    assert found_any > 0
    assert list_candidates(bundle, Directory(people=(), sha256=directory.sha256)).subjects == ()
