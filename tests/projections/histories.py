"""Random histories of one organisation in March 2026: events in any order, whole or half told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from hypothesis import strategies as st

from tests.projections.telling import artifact, commit

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

Events = list[tuple[str, dict[str, Any]]]
"""Types of events with what they tell; `time`, `source` and `assurance` stand among it."""

START: Final = datetime(2026, 3, 2, tzinfo=UTC)
CI, CD = "https://ci.example/a", "https://cd.example/b"
HERE, THERE = "https://code.example/here", "https://code.example/there"
SHAS: Final = [commit(f"c{number}") for number in range(10)]
YES, NO = (True,), (True, False)


def at(steps: int) -> str:
    """An instant of the window, or around it, in steps of half an hour."""
    return (START + timedelta(minutes=30 * steps)).isoformat().replace("+00:00", "Z")


def maybe(*values: Any) -> SearchStrategy[Any]:  # noqa: ANN401 - JSON
    """One of these, or nothing."""
    return st.sampled_from([None, *values])


times = st.integers(0, 48 * 17).map(at)
close = st.integers(40, 120).map(at)
when = st.one_of(times, close, close)
services = st.sampled_from(["shop", "shop", "pay"])
environments = st.sampled_from(["production"] * 5 + ["staging", "blue"])
names = st.one_of(
    st.sampled_from(["d1", "d2", "d3", "d4"]), st.integers(5, 40).map(lambda number: f"d{number}")
)
shas = st.sampled_from(SHAS)
sources = st.sampled_from([CI, CI, CI, CD])


def told(kind: str, /, **fields: SearchStrategy[Any]) -> SearchStrategy[tuple[str, dict[str, Any]]]:
    """An event of a kind."""
    return st.tuples(st.just(kind), st.fixed_dictionaries(fields))


plain = told(
    "deployment.finished", time=when, deployment=names, service=st.just("shop"),
    environment=st.just("production"), outcome=st.sampled_from(["success"] * 3 + ["failure"]),
    impact=maybe(*NO), artifact=st.sampled_from("1223").map(artifact),
    commit=shas, repository=st.just(HERE),
)  # fmt: skip
deployed = told(
    "deployment.finished", time=when, deployment=names, service=services,
    environment=environments, source=sources,
    outcome=st.sampled_from(["success"] * 5 + ["failure"] * 3 + ["error", "cancelled", "skipped"]),
    impact=maybe(*YES, *NO, "unknown"),
    kind=st.sampled_from([None] * 6 + ["planned", "hotfix", "rollback", "redeploy"]),
    artifact=st.sampled_from([None, *"12233"]).map(lambda one: artifact(one) if one else None),
    config=st.sampled_from([None] * 3 + [artifact("x")["digest"]]),
    attempt=maybe(1, 2), component=st.sampled_from([None] * 3 + ["api", "web"]),
    commit=st.sampled_from([None, *SHAS]), repository=maybe(HERE, HERE, THERE),
    commits=st.one_of(st.none(), st.none(), st.lists(shas, min_size=1, max_size=3)),
    remediates=st.one_of(st.none(), st.none(), st.none(), st.lists(
        st.sampled_from(["d1", "d2", "d3", "d30"]), max_size=2,
    )),
    rolls_back=maybe(None, "d1", "d2"),
    restores=maybe(None, "d1", "d2"),
    release=maybe("v1", "v2"), first_exposed_at=st.one_of(st.none(), st.none(), close),
    targets=st.one_of(st.none(), st.lists(st.fixed_dictionaries({
        "site": st.just("eu"), "share": st.sampled_from([0, 0.5]),
        "outcome": st.sampled_from(["success", "failure", "cancelled"]),
    }), max_size=2)),
    started_at=st.one_of(st.none(), close),
    assurance=st.sampled_from(["asserted"] * 4 + ["imported"]),
)  # fmt: skip
begun = told(
    "deployment.started", time=close, deployment=names, service=services,
    environment=environments, source=sources, attempt=maybe(1, 2), commit=maybe(*SHAS),
    kind=maybe("hotfix"),
)  # fmt: skip
assessed = told(
    "deployment.assessed", time=close, deployment=names, service=maybe("shop", "pay"),
    environment=maybe("production"), source=sources, impact=maybe(*NO, "unknown"),
    remediates=st.one_of(st.none(), st.lists(names, max_size=2)), rolls_back=maybe("d1", "d2"),
)  # fmt: skip
incident = told(
    "incident.opened", time=when, incident=st.sampled_from(["i1", "i2", "i3"]),
    service=maybe("shop", "pay"), environment=maybe("production", "production", "staging"),
    services=st.one_of(st.none(), st.lists(services, max_size=2)),
    caused_by=st.one_of(st.none(), st.none(), names),
    cause=st.sampled_from([None] * 4 + ["external"]),
    started_at=st.one_of(st.none(), when), detected_at=st.one_of(st.none(), close),
)  # fmt: skip
incident_moves = [
    told(f"incident.{what}", time=when, incident=st.sampled_from(["i1", "i2", "i3"]),
         started_at=st.one_of(st.none(), st.none(), when), **more)
    for what, more in (
        ("assessed", {"caused_by": maybe("d1", "d2")}), ("reopened", {}),
        ("restored", {"restored_at": st.one_of(st.none(), when)}),
        ("resolved", {"resolved_at": st.one_of(st.none(), when)}),
        ("restored", {}), ("resolved", {}),
    )
]  # fmt: skip
# The commits of one repository and those of the other have no history in common.
pushed = st.integers(0, 9).flatmap(lambda number: told(
    "commit.pushed", time=close, commit=st.just(SHAS[number]),
    repository=st.just(HERE if number < 7 else THERE),
    parents=st.lists(
        st.sampled_from(SHAS[:number] if number < 7 else SHAS[7:number]), max_size=2, unique=True
    ) if number not in (0, 7) else st.just([]),
    authored_at=st.one_of(st.none(), close), committed_at=st.one_of(st.none(), close),
    patch_id=st.sampled_from([None, None, None, "p1", "p2"]),
    cherry_picked_from=st.sampled_from([None, None, None, *(
        SHAS[:7] if number < 7 else SHAS[7:]
    )]),
    paths=st.sampled_from([None, ["a/x"], ["b/x"], ["ab/x", "a/y"]]),
))  # fmt: skip
moved = st.tuples(st.integers(1, 6), st.integers(0, 6)).flatmap(lambda pair: told(
    "ref.updated", time=close, ref=st.just("refs/heads/main"), repository=st.just(HERE),
    after=st.just(SHAS[pair[0]]), before=st.just(SHAS[min(pair)]),
    forced=maybe(*NO), protected=maybe(*YES), created=maybe(*YES),
    commits=st.lists(
        st.sampled_from(SHAS[: pair[0] + 1]).map(lambda one: {"sha": one}), max_size=2
    ),
))  # fmt: skip
merged = st.tuples(st.integers(1, 6), st.integers(0, 6)).flatmap(lambda pair: told(
    "change.merged", time=close, number=st.just(pair[0]), repository=st.just(HERE),
    merge_commit=st.just(SHAS[pair[0]]), head=maybe(SHAS[pair[1]]),
    method=maybe("merge", "squash", "squash", "rebase"),
    original_commits=st.lists(st.sampled_from([*SHAS[: pair[0]], commit("o")]), max_size=2),
))  # fmt: skip
# Builds of two of the commits fail, though they name an artifact.
built = shas.flatmap(lambda sha: told(
    "build.finished", time=close, repository=maybe(HERE), commit=st.just(sha),
    outcome=st.just({SHAS[3]: "failure", SHAS[5]: "cancelled"}.get(sha, "success")),
    artifact=st.sampled_from("123").map(artifact),
))  # fmt: skip
registered = st.one_of(
    told("environment.registered", time=close, environment=st.sampled_from(["blue", "staging"]),
         tier=st.sampled_from(["production", "staging"]),
         effective_from=st.one_of(st.none(), when)),
    told("service.registered", time=close, service=services,
         deployment_source=maybe(
             {"production": CD}, {"production": CI}, {"staging": CI}, {},
         ),
         effective_from=st.one_of(st.none(), when),
         repositories=maybe(
             [{"repository": HERE, "paths": ["a"]}],
             [{"repository": THERE, "role": "manifests"}],
             [],
         )),
)  # fmt: skip
voided = told("event.voided", time=close, position=st.integers(1, 30), reason=st.just("wrong"))
CHAIN: Final = [
    ("commit.pushed", {
        "time": at(30 + 5 * number), "commit": SHAS[number], "repository": HERE,
        "authored_at": at(28 + 5 * number), "parents": SHAS[max(0, number - 1) : number],
    })
    for number in range(7)
]  # fmt: skip
"""Commits that stand one after the other."""


def of(*events: SearchStrategy[Any]) -> SearchStrategy[Events]:
    """A history of these."""
    return st.lists(st.one_of(*events), min_size=18, max_size=45)


histories = st.one_of(
    of(plain),
    of(plain, plain, incident, *incident_moves),
    of(plain, deployed, begun, assessed).map(lambda told: CHAIN + told),
    of(plain, plain, pushed, merged, moved, built).map(lambda told: CHAIN + told),
    of(
        plain, deployed, deployed, begun, assessed, incident, *incident_moves, pushed, pushed,
        moved, merged, built, registered, registered, voided,
    ),
)  # fmt: skip
