"""Nobody is named in what may be kept in clear, whatever the sender wrote where.

Long since every place that may name somebody has its case here.
"""

from __future__ import annotations

import json
import time
import unicodedata
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from domain.errors import RefusedError
from domain.event import Event
from domain.events.streams import streams_of, tags_of
from domain.people import SEALED, Impersonal, depersonalise
from domain.texts import put_back
from tests.domain.people.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.people import Account

FIRST = f"per_{1:032x}"
SECOND = f"per_{2:032x}"
ANNA = {"login": "anna-b", "email": "anna.berg@example.org", "name": "Anna Berg"}


def event(source: str = "https://ci.example/acme", **data: Any) -> Event:  # noqa: ANN401 - JSON
    """A merged change."""
    name = "pipeledger.change.merged"
    return Event("evt-1", source, name, 1, "2026-01-01T11:00:00Z", data)


def cleaned(value: str, actor: Any = ANNA, field: str = "url") -> str:  # noqa: ANN401 - JSON
    """What becomes of a text beside a person."""
    found = depersonalise(event(actor=actor, **{field: value}), Registry()).event.data[field]
    assert isinstance(found, str)
    return found


def test_each_field_for_a_person_holds_an_id_afterwards() -> None:
    """The same account is the same id wherever it stands, and the event itself is unchanged."""
    said = event(actor=ANNA, author="lee", co_authors=["lee", ANNA], merged_by=ANNA)
    found = depersonalise(said, Registry())
    assert set(found.persons) == {FIRST, SECOND}
    data = found.event.data
    assert data["actor"] == data["merged_by"] == data["co_authors"][1]
    assert data["author"] == data["co_authors"][0] != data["actor"]
    assert said.data["actor"] == ANNA


def test_free_texts_move_into_one_part_under_their_paths() -> None:
    """Word for word, and nothing of them stays."""
    found = depersonalise(event(title="By Anna", description="Zeile\n\U0001f984"), Registry())
    assert found.texts is not None
    assert json.loads(found.texts) == {"/title": "By Anna", "/description": "Zeile\n\U0001f984"}
    assert found.event.data == {}


def test_which_texts_were_written_stays_readable() -> None:
    """Their fields' names, in order, and of blank ones nothing; whatever the sender claims."""
    said = event(title="t", description=" ", back_out="c")
    said.extensions[SEALED] = "reason"
    assert depersonalise(said, Registry()).event.extensions == {SEALED: "back_out title"}
    assert said.extensions == {SEALED: "reason"}
    said = event()
    said.extensions[SEALED] = "reason"
    assert depersonalise(said, Registry()).event.extensions == {}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("https://code.example/anna-b/x", f"https://code.example/{FIRST}/x"),
        ("https://code.example/ANNA-B/x", f"https://code.example/{FIRST}/x"),
        ("refs/heads/anna.berg/fix", f"refs/heads/{FIRST}/fix"),
        ("refs/heads/anna_berg_fix", f"refs/heads/{FIRST}_fix"),
        ("/home/AnnaBerg", f"/home/{FIRST}"),
        ("?by=Anna+Berg&x=1", f"?by={FIRST}&x=1"),
        ("?by=Anna%20Berg", f"?by={FIRST}"),
        ("?by=anna.berg%40example.org&x", f"?by={FIRST}&x"),
        ("?by=%61nna.berg@example.org", f"?by={FIRST}"),
        ("mailto:ANNA.BERG@EXAMPLE.ORG", f"mailto:{FIRST}"),
        ("(anna.berg@example.org)", f"({FIRST})"),
        ("\uff41nna-b", FIRST),
        ("joanna-b/hannah-b/anna-bb", "joanna-b/hannah-b/anna-bb"),
        ("anna", "anna"),
    ],
)
def test_a_name_is_replaced_where_it_stands_as_whole_words(value: str, expected: str) -> None:
    """In any case and spelling, and nowhere else."""
    assert cleaned(value) == expected


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("Max Stra\u00dfer", "by-Max-Stra\u00dfer", f"by-{FIRST}"),
        ("Max Stra\u00dfer", "by-max.strasser", f"by-{FIRST}"),
        ("Jos\u00e9 Gil", unicodedata.normalize("NFD", "a/Jos\u00e9-Gil/b"), f"a/{FIRST}/b"),
        (unicodedata.normalize("NFD", "Jos\u00e9 Gil"), "a/Jos\u00e9-Gil/b", f"a/{FIRST}/b"),
        ("Jos\u00e9 Gil", "jose.gil", FIRST),
        ("\u738b\u5c0f\u660e", "\u7531\u738b\u5c0f\u660e\u90e8", f"\u7531{FIRST}\u90e8"),
        ("\uae40\ucca0\uc218", "\uae40\ucca0\uc218\ub294", f"{FIRST}\ub294"),
        ("Ann", "\u00e9Ann", "\u00e9Ann"),
    ],
)  # fmt: skip
def test_one_name_has_many_spellings(name: str, value: str, expected: str) -> None:
    """Composed or not, with accents or without, in scripts that know no spaces."""
    assert cleaned(value, {"name": name}) == expected


def test_what_looks_like_an_escape_may_be_part_of_an_address() -> None:
    """Read as an escape it is another address, or none."""
    assert cleaned("build %00@a.example", {"email": "00@a.example"}) == f"build %{FIRST}"


def test_a_plus_address_is_an_address_of_its_own() -> None:
    """It goes whole, not as the bare address with a rest."""
    registry = Registry()
    said = event(actor={"email": "a@x.org"}, url="mailto:a+ci@x.org", ref="a@x.org")
    found = depersonalise(said, registry).event.data
    assert (found["actor"], found["url"], found["ref"]) == (FIRST, f"mailto:{SECOND}", FIRST)
    assert [one.email for one in registry.ids] == ["a@x.org", "a+ci@x.org"]


def test_a_name_with_an_address_in_angle_brackets_is_both() -> None:
    """As git writes authors."""
    registry = Registry()
    found = depersonalise(event(author="Anna Berg <a@x.org>", ref="anna-berg/a@x.org"), registry)
    assert found.event.data == {"author": FIRST, "ref": f"{FIRST}/{FIRST}"}
    (account,) = registry.ids
    assert (account.name, account.email, account.login) == ("Anna Berg", "a@x.org", None)


@pytest.mark.parametrize(
    "value",
    [
        "pkg:npm/lodash@4.17.21", "pkg:maven/org.hibernate/core@5.4.32.Final",
        "actions/checkout@v4.1.0", "git@code.example:acme/x.git", "img@sha256:" + "0" * 64,
        "pkg:npm/%40acme/x@1.2.3", "oci://x/y@1.0",
    ],
)  # fmt: skip
def test_versions_digests_and_shared_accounts_are_no_addresses(value: str) -> None:
    """A package is the same package whoever speaks of it."""
    found = depersonalise(event(url=value), Registry())
    assert (found.event.data["url"], found.persons) == (value, ())


@pytest.mark.parametrize("place", ["id", "source", "extension", "key", "nested", "run", "list"])
def test_an_address_is_found_wherever_it_stands(place: str) -> None:
    """Ids, sources, extensions, unknown fields and their names, fields of other kinds."""
    mail = "anna.berg@example.org"
    said = Event(
        f"{mail}/1" if place == "id" else "1",
        f"https://x/{mail}" if place == "source" else "https://x/",
        "pipeledger.change.merged", 1, "2026-01-01T11:00:00Z",
        {
            "actor": ANNA,
            "key": {mail: 1} if place == "nested" else 1,
            "run": mail if place == "run" else "1",
            mail if place == "key" else "plain": 1,
            "more": [[{"x": mail}]] if place == "list" else [],
        },
        {"subject": mail} if place == "extension" else {},
    )  # fmt: skip
    found = depersonalise(said, Registry()).event
    assert mail.encode() not in found.encode()
    assert FIRST in str((found.id, found.source, found.extensions, {**found.data, "actor": ""}))


def test_two_names_of_fields_that_become_one_are_both_kept() -> None:
    """Nothing is overwritten."""
    data: dict[str, Any] = {"by": {"A@x.org": 1, "a@x.org": 2}, "a@X.org": 3}
    found = depersonalise(event(**data), Registry())
    assert found.event.data == {"by": {FIRST: 1, f"{FIRST}~2": 2}, FIRST: 3}


def test_a_login_that_looks_like_a_piece_of_an_id_spoils_no_id() -> None:
    """Ids that were put in stay as they are."""
    commits = [{"authors": ["per"], "paths": ["per/x"]}]
    said = Event(
        "1", "s", "pipeledger.ref.updated", 1, "2026-01-01T11:00:00Z", {"commits": commits}
    )
    found = depersonalise(said, Registry()).event.data["commits"][0]
    assert found == {"authors": [FIRST], "paths": [f"{FIRST}/x"]}


def test_services_keep_a_name_that_is_also_a_login() -> None:
    """The stream of a service does not depend on who deployed it."""
    said = event(actor="checkout", service="checkout", environment="production")
    found = depersonalise(said, Registry()).event
    assert found.data["service"] == "checkout"
    assert "service:checkout" in tags_of(found)


def test_inside_of_lists_fields_of_other_kinds_keep_what_is_a_name_as_well() -> None:
    """Digests, object ids and times are no names, wherever they stand; unknown fields may be."""
    commits = [
        {
            "sha": "c" * 40,
            "authors": ["2026@x.example", "a" * 40],
            "paths": ["2026/x"],
            "parents": ["a" * 40],
            "authored_at": "2026-03-03T00:00:00Z",
            "by": "by 2026",
        }
    ]
    said = event(
        actor="sha256", artifact={"digest": "sha256:" + "9" * 64, "purl": "pkg:sha256/x"},
        commits=commits,
    )  # fmt: skip
    found = depersonalise(said, Registry())
    (sha256, number, sha) = (f"per_{at:032x}" for at in (1, 2, 3))
    assert found.event.data == {
        "actor": sha256,
        "artifact": {"digest": "sha256:" + "9" * 64, "purl": f"pkg:{sha256}/x"},
        "commits": [commits[0] | {"authors": [number, sha], "paths": [f"{number}/x"],
                                  "by": f"by {number}"}],
    }  # fmt: skip


PLACES: dict[str, tuple[str, str, str]] = {
    "a branch": ("main", "head_ref", "refs/heads/main"),
    "a branch alone": ("main", "target_ref", "main"),
    "a branch's name of several words": ("release/1.2", "head_ref", "refs/heads/release/1.2"),
    "a tag": ("v1.2", "head_ref", "refs/tags/v1.2"),
    "what stands before a branch": ("heads", "head_ref", "refs/heads/main"),
    "a repository": ("checkout", "repository", "https://code.example/acme/checkout"),
    "a repository's group": ("acme", "repository", "https://code.example/acme/checkout"),
    "a repository with git's suffix": ("checkout", "repository", "git@x.example:acme/checkout.git"),
    "a repository as ssh says it": ("acme", "repository", "git@code.example:acme/checkout"),
    "a host": ("code", "repository", "https://code.example/acme/checkout"),
    "a scheme": ("https", "repository", "https://code.example/acme/checkout"),
}  # fmt: skip


@pytest.mark.parametrize("form", ["local part", "display name"])
@pytest.mark.parametrize(("word", "field", "value"), PLACES.values(), ids=PLACES)
def test_nobody_renames_by_their_address(word: str, field: str, value: str, form: str) -> None:
    """A push to a protected branch is found there, whatever its pusher calls themselves."""
    who = {"email": f"{word}@evil.example"} if form == "local part" else {"name": word}
    found = depersonalise(event(value, **{"actor": who, field: value, "url": value}), Registry())
    assert found.event.data[field] == value
    assert field != "repository" or found.event.source == value
    assert FIRST in found.event.data["url"]


@pytest.mark.parametrize(
    ("who", "field", "value", "expected"),
    [
        ({"login": "main"}, "head_ref", "refs/heads/main", f"refs/heads/{FIRST}"),
        (ANNA, "head_ref", "refs/heads/anna.berg/fix", f"refs/heads/{FIRST}/fix"),
        (ANNA, "head_ref", "anna-berg-fix", f"{FIRST}-fix"),
        (ANNA, "repository", "https://x.example/anna-b/x", f"https://x.example/{FIRST}/x"),
        (ANNA, "repository", "https://x.example/fork-anna-berg", f"https://x.example/fork-{FIRST}"),
        (ANNA, "repository", "https://anna.berg:x@y/z", f"https://{FIRST}:x@y/z"),
        (ANNA, "repository", "https://x.example/?anna.berg", f"https://x.example/?{FIRST}"),
    ],
)
def test_logins_and_parts_of_a_name_are_still_taken_out(
    who: dict[str, str], field: str, value: str, expected: str
) -> None:
    """A login is its bearer's alone, and most of a branch's name may be somebody's."""
    assert cleaned(value, who, field) == expected


def test_a_login_on_two_systems_is_neither_left_nor_taken_for_one_of_them() -> None:
    """Forgetting either of them takes the text."""

    class Both(Registry):
        def known(self, accounts: Sequence[Account]) -> list[str | None]:
            """One of each system."""
            return [f"per_{len(one.system or ''):032x}" for one in accounts]

    said = event("https://a.example/x", actor={"login": "bo", "system": "bb.example"},
                 title="ask @alice", note="cc @alice")  # fmt: skip
    found = depersonalise(said, Both())
    one, other = (f"per_{length:032x}" for length in (9, 10))
    assert {one, other} <= set(found.persons)
    assert found.event.data["note"] == f"cc @{one}|{other}"


TRAILERS = {"Fixed.In": "1", "Seen/~by": "2", "For-k@birds.example": "3"}


def test_the_names_of_trailers_speak_of_people_and_come_back() -> None:
    """They are sealed with the texts, for whoever is named in them."""
    data = {"repository": "r", "commit": "c" * 40, "trailers": dict(TRAILERS)}
    said = Event("1", "s", "pipeledger.commit.pushed", 1, "2026-01-01T11:00:00Z", data)
    registry = Registry()
    found = depersonalise(said, registry)
    assert [one.email for one in registry.ids] == ["For-k@birds.example"]
    assert (found.persons, found.event.data["trailers"]) == ((FIRST,), {})
    put_back(found.event.data, json.loads(found.texts or b""))
    assert found.event.data["trailers"] == TRAILERS


def test_texts_come_back_from_places_that_were_joined_by_dots() -> None:
    """Parts that were sealed so stay readable, also where a name has dots itself."""
    data: dict[str, Any] = {"trailers": {}, "commits": [{}, {}], "reasons": ["", ""]}
    put_back(
        data, {"trailers.Fixed.In": "1", "commits.1.message": "2", "reasons.1": "3", "title": "4"}
    )
    assert data == {
        "trailers": {"Fixed.In": "1"}, "commits": [{}, {"message": "2"}], "reasons": ["", "3"],
        "title": "4",
    }  # fmt: skip


def test_an_id_that_nobody_has_is_refused() -> None:
    """Nothing could be sealed for them."""
    with pytest.raises(RefusedError, match="no person of this ledger"):
        depersonalise(event(actor="per_" + "0" * 32, title="x"), Registry())


def test_somebody_named_by_address_in_a_text_is_concerned() -> None:
    """The text is sealed for them too, so that forgetting them takes it away."""
    found = depersonalise(event(title="for anna.berg@example.org"), Registry())
    assert found.persons == (FIRST,)


def test_somebody_met_before_and_mentioned_is_concerned() -> None:
    """In texts and in the open; a mention of nobody, or an alias of a package, is left."""
    registry = Registry(before={"lee": SECOND})
    said = event(title="ask @Lee or @nobody", note="cc @lee, x@lee and @lee/core @leeward")
    found = depersonalise(said, registry)
    assert found.persons == (SECOND,)
    assert found.event.data["note"] == f"cc @{SECOND}, x@lee and @{SECOND}/core @leeward"


def test_without_a_mention_nothing_is_looked_up() -> None:
    """An event that mentions nobody does not wait for the database."""
    registry = Registry(before={"lee": SECOND})
    depersonalise(event(actor="anna-b", title="no mention", ref="a/b@v1"), registry)
    assert registry.asked == 0


def test_too_many_strangers_in_a_text_are_refused() -> None:
    """One event does not fill the register."""
    with pytest.raises(RefusedError, match="over 1000 addresses"):
        depersonalise(event(title=" ".join(f"a{n}@x.org" for n in range(1001))), Registry())


def test_names_are_words_and_no_patterns() -> None:
    """What means something to a regular expression means itself."""
    assert cleaned("x/a.*b/y", "a.*b") == f"x/{FIRST}/y"
    assert cleaned("x/a--b/y", "a.*b") == "x/a--b/y"
    assert cleaned("(((", "(((") == "((("
    assert cleaned("x/[a-z]+/y", "[a-z]+") == f"x/[{FIRST}]+/y"


HOSTILE: dict[str, tuple[Any, str]] = {
    "one letter": ("anna-b", "a" * 500_000),
    "at signs": ("anna-b", "@" * 500_000),
    "almost addresses": ("anna-b", "a@" * 250_000),
    "one long local part": ("anna-b", "a." * 250_000 + "@"),
    "one long domain": ("anna-b", "a@" + "a." * 250_000),
    "a name of many words": (" ".join("a" * 250), "a " * 250_000),
    "escapes": ("anna-b", "%61" * 150_000),
    "broken escapes": ("anna-b", "%ff%" * 100_000),
    "accents": ("anna-b", "e\u0301" * 200_000),
    "addresses without words":
        ("anna-b", "\u00e9" * 50_000 + " ".join(f"_@a{n}.example" for n in range(900))),
    "addresses of no form": ({"email": "anna@localhost"}, "anna@localhos" * 40_000),
}  # fmt: skip


@pytest.mark.parametrize(("actor", "text"), HOSTILE.values(), ids=HOSTILE)
def test_no_text_takes_long(actor: Any, text: str) -> None:  # noqa: ANN401 - JSON
    """Half a million characters made to be slow take a few seconds at most."""
    start = time.process_time()
    cleaned(text, actor, "note")
    assert time.process_time() - start < 6


def test_thousands_of_names_are_exact_and_take_no_longer() -> None:
    """The time grows with the text, not with the text times the names."""
    names = [f"user-{number}" for number in range(5000)]
    text = "/".join(f"user-{number}/user-{number}x" for number in range(5000))
    start = time.process_time()
    found = depersonalise(event(co_authors=names, note=text), Registry()).event.data
    assert time.process_time() - start < 6
    pieces = found["note"].split("/")
    assert pieces[0::2] == found["co_authors"]
    assert pieces[1::2] == [f"user-{number}x" for number in range(5000)]


_atom = st.text(st.sampled_from("abzAZ019._+-\u00e9\u00df\u738b'"), min_size=1, max_size=8)
_label = st.text(st.sampled_from("abzAZ019\u00e9"), min_size=1, max_size=5)
ADDRESSES = st.one_of(
    st.builds(
        lambda local, labels: f"{local}@{'.'.join(labels)}", _atom, st.lists(_label, min_size=1)
    ),
    st.emails(),
)
_pieces = st.one_of(st.text(max_size=5), st.sampled_from([*"@.+-_%/ <>~", "%40", "git@", ".co"]))


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(ADDRESSES, min_size=1, max_size=3),
    st.data(),
    st.sampled_from(["email", "text", "git"]),
)
def test_no_address_of_a_person_survives_in_the_open(
    addresses: list[str], data: st.DataObject, form: str
) -> None:
    """Whatever stands around it, in any place that is kept in clear."""

    def text() -> str:
        parts = data.draw(st.lists(st.one_of(_pieces, st.sampled_from(addresses)), max_size=6))
        return "".join(parts)

    persons = [
        {"email": one} if form == "email" else one if form == "text" else f"N <{one}>"
        for one in addresses
    ]
    said = Event(
        text(), text(), "pipeledger.change.merged", 1, "2026-01-01T11:00:00Z",
        {"co_authors": persons, "repository": text(), "ref": text(), "run": text(),
         "service": text(), "note": text(), "u" + text(): {text(): [text()]}, "title": text()},
        {"subject": text()},
    )  # fmt: skip
    found = depersonalise(said, Registry())
    stored = [found.event.encode().decode(), *streams_of(found.event), *tags_of(found.event)]
    stored += [json.loads(json.dumps(one)) for one in (found.event.id, found.event.source)]
    for address in addresses:
        assert all(address.casefold() not in one.casefold() for one in stored)


def _restored(found: Impersonal, registry: Registry) -> dict[str, Any]:
    """The data with texts and persons back in their places."""
    sent: dict[str, Any] = dict(found.event.data)
    names = {person: account.login or account.email for account, person in registry.ids.items()}
    sent["co_authors"] = [names[one] for one in sent["co_authors"]]
    put_back(sent, json.loads(found.texts or b"{}"))
    return sent


@settings(deadline=None)
@given(st.lists(st.text(min_size=1, max_size=20), max_size=5), st.text(), st.text())
@example(["a@x.org", "per_1"], "a@x.org \u2028", '"\\')
def test_the_parts_together_are_what_was_sent(people: list[str], title: str, more: str) -> None:
    """Nothing said by a person field or a text is lost on the way."""
    people = [one for one in people if "<" not in one]
    data: dict[str, Any] = {"co_authors": people, "title": title, "description": more}
    registry = Registry()
    assert _restored(depersonalise(event(**data), registry), registry) == data
