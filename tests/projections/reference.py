"""The metrics' rules once more, in plain Python and the slow way: what the SQL must agree with.

Written from the text of the rules (docs/metrics.md), one function a rule, and from nothing else.
Nothing here is quick: whole histories are looked through for every question. It is long, as all
rules are.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from tests.projections.reference_events import (
    ALWAYS,
    Deployment,
    Event,
    Incident,
    Report,
    artifacts_of,
    began,
    components_of,
    episodes_of,
    instant,
    reached_by,
    said_last,
    tier_by_name,
)

HOUR: Final = timedelta(hours=1)


@dataclass(kw_only=True)
class Chosen:
    """Parameters of an answer, with the defaults of the rules."""

    attribution_window_s: int = 86_400
    infer_rollback: bool = True
    count_redeploys: bool = False
    commit_time_basis: str = "authored"


class Reference:
    """Everything that the rules say of a history."""

    def __init__(self, events: list[Event], chosen: Chosen | None = None) -> None:
        self.chosen = chosen or Chosen()
        gone = {
            event["data"]["position"]
            for event in events
            if event["type"] == "pipeledger.event.voided.v1"
        }
        # What was voided counts no more, but an environment that it named was seen all the same.
        self.all = events
        self.events = [event for event in events if event["position"] not in gone]
        self.deployments = self._deployments()
        for one in self.deployments:
            one.tier = self.tier(one.line[1], one.finished)
        self._choose_sources()
        self.corroborated = self._corroborated()
        self._tell_kinds()
        self.incidents = self._incidents()
        self._blame()
        self._recover()

    def of(self, *kinds: str) -> list[Event]:
        """The events of these kinds that count."""
        names = {f"pipeledger.{kind}.v1" for kind in kinds}
        return [event for event in self.events if event["type"] in names]

    # R1

    def tier(self, environment: str, at: datetime) -> str | None:
        """The tier of an environment in effect at an instant."""
        found = tier_by_name(environment)
        for event in self.of("environment.registered"):
            data = event["data"]
            since = instant(data.get("effective_from")) or instant(event["time"]) or ALWAYS
            if data["environment"] == environment and since <= at:
                found = data["tier"]
        return found

    def registered(self, service: str, at: datetime, name: str) -> Any:  # noqa: ANN401 - JSON
        """What holds of a service at an instant: the last statement that begins before it."""
        found = None
        for since, event in self._statements(service):
            if since <= at and event["data"].get(name) is not None:
                found = event["data"][name]
        return found

    def _statements(self, service: str) -> list[tuple[datetime, Event]]:
        told = [one for one in self.of("service.registered") if one["data"]["service"] == service]
        found = []
        for number, event in enumerate(told):
            since = instant(event["data"].get("effective_from"))
            if since is None:
                since = ALWAYS if number == 0 else instant(event["time"])
            assert since is not None
            found.append((since, event))
        return found

    # R2, R15

    def _deployments(self) -> list[Deployment]:
        groups: dict[tuple[tuple[str, str], str, str], list[Event]] = {}
        told = self.of("deployment.started", "deployment.progressed", "deployment.finished")
        for event in told:
            data = event["data"]
            key = ((data["service"], data["environment"]), event["source"], data["deployment"])
            groups.setdefault(key, []).append(event)
        found = []
        for key, events in groups.items():
            assessed = self._assessed(key, groups)
            reports = [
                report
                for event in events
                if event["type"] == "pipeledger.deployment.finished.v1"
                and (report := self._report(event, events, assessed)) is not None
            ]
            if reports:
                found.append(self._deployment(key, events, assessed, reports))
        return found

    def _assessed(
        self,
        key: tuple[tuple[str, str], str, str],
        groups: dict[tuple[tuple[str, str], str, str], list[Event]],
    ) -> list[Event]:
        """The statements that are about this deployment."""
        name = key[2]
        finished = {
            one for one, events in groups.items()
            if one[2] == name
            and any(event["type"] == "pipeledger.deployment.finished.v1" for event in events)
        }  # fmt: skip
        found = []
        for event in self.of("deployment.assessed"):
            data = event["data"]
            if data["deployment"] != name:
                continue
            fits = {
                one for one in finished
                if data.get("service") in (None, one[0][0])
                and data.get("environment") in (None, one[0][1])
            }  # fmt: skip
            own = {one for one in fits if one[1] == event["source"]}
            sources = {one[1] for one in finished}
            others = fits if data.get("service") is not None or len(sources) == 1 else set()
            if key in (own or others):
                found.append(event)
        return found

    def _report(
        self, event: Event, events: list[Event], assessed: list[Event]
    ) -> Report | None:  # fmt: skip
        data = event["data"]
        attempt = data.get("attempt", 1)
        impact: bool | None = None
        if data["outcome"] != "success":
            impact = self._impact(data, said_last(assessed, "impact"), [
                one for one in events if one["data"].get("attempt", 1) == attempt
            ])  # fmt: skip
            if data["outcome"] in ("cancelled", "skipped") and not impact:
                return None
        at = instant(event["time"])
        assert at is not None
        return Report(
            position=event["position"], at=at, succeeded=data["outcome"] == "success",
            impact=impact, attempt=attempt, component=data.get("component"),
            repository=data.get("repository"), artifacts=artifacts_of(data),
            config=data.get("config"), commit=data.get("commit"), commits=data.get("commits") or [],
        )  # fmt: skip

    def _impact(
        self, data: dict[str, Any], restated: Any, attempt: list[Event]  # noqa: ANN401 - JSON
    ) -> bool | None:  # fmt: skip
        if restated is not None:
            return restated if isinstance(restated, bool) else None
        if isinstance(data.get("impact"), bool):
            return bool(data["impact"])
        reached = [found for one in attempt if (found := reached_by(one["data"])) is not None]
        if reached:
            return any(reached)
        return False if data["outcome"] in ("cancelled", "skipped") else None

    def _deployment(
        self,
        key: tuple[tuple[str, str], str, str],
        events: list[Event],
        assessed: list[Event],
        reports: list[Report],
    ) -> Deployment:
        # What a success tells outweighs what another end tells, and that what a beginning does.
        ranked = sorted(events, key=lambda one: (
            one["data"].get("outcome") == "success",
            one["type"] == "pipeledger.deployment.finished.v1",
            one["position"],
        ))  # fmt: skip
        remediates = said_last(assessed, "remediates")
        if remediates is None:
            remediates = said_last(ranked, "remediates") or []
        rolls_back = said_last(assessed, "rolls_back") or said_last(ranked, "rolls_back")
        stated = said_last(ranked, "kind") or ("rollback" if rolls_back is not None else None)
        made = Deployment(
            line=key[0], source=key[1], name=key[2], reports=reports, events=events,
            stated=stated, remediates=remediates, rolls_back=rolls_back,
            restores=said_last(ranked, "restores"), commit=said_last(ranked, "commit"),
            release=said_last(ranked, "release"), repository=said_last(ranked, "repository"),
            assessed=assessed,
        )  # fmt: skip
        components = components_of(reports)
        succeeded = [[one for one in each if one.succeeded] for each in components]
        made.succeeded = all(succeeded)
        if made.succeeded:
            made.finished = max(min(one.at for one in each) for each in succeeded)
        else:
            made.finished = max(one.at for one in reports)
        artifacts: set[str] = set()
        configs: set[str] = set()
        for each in components:
            by_weight = sorted(each, key=lambda one: (one.succeeded, one.position))
            artifacts |= set(next((one.artifacts for one in by_weight[::-1] if one.artifacts), ()))
            configs |= set([one.config for one in by_weight if one.config][-1:])
        if not artifacts:
            told = [artifacts_of(one["data"]) for one in ranked if artifacts_of(one["data"])]
            artifacts = set(told[-1]) if told else set()
        made.artifacts = tuple(sorted(artifacts))
        made.config = " ".join(sorted(configs)) or said_last(ranked, "config")
        return made

    # R2a

    def _choose_sources(self) -> None:
        for line in {one.line for one in self.deployments}:
            here = [one for one in self.deployments if one.line == line]
            named = {one.key: self._named_source(line, one.finished) for one in here}
            live = [one for one in here if not one.imported]
            first = min(live, key=lambda one: one.seen).source if live else None
            for one in live:
                one.counts = one.source == (named[one.key] or first)
            ends = [one.finished for one in live if one.counts]
            told = sorted((one for one in here if one.imported), key=lambda one: one.seen)
            named_here = [one for one in told if one.source == named[one.key]]
            for one in told:
                one.counts = one.source == (named_here or told)[0].source and (
                    not ends or one.finished < min(ends)
                )

    def _named_source(self, line: tuple[str, str], at: datetime) -> str | None:
        found = None
        for since, event in self._statements(line[0]):
            told = event["data"].get("deployment_source")
            if told is not None and since <= at:
                found = told.get(line[1], found) if told else None
        return found

    def _corroborated(self) -> dict[tuple[tuple[str, str], str, str], Deployment | None]:
        """The deployment that each report of another source matches."""
        found: dict[tuple[tuple[str, str], str, str], Deployment | None] = {}
        for other in self.deployments:
            if other.counts:
                continue
            near: list[tuple[timedelta, int, Deployment]] = []
            for own in self.deployments:
                parts = {*own.artifacts, own.commit} & {*other.artifacts, other.commit} - {None}
                if not own.counts or own.line != other.line or not parts:
                    continue
                apart = abs(own.finished - other.finished)
                overlaps = began(other) <= own.finished and began(own) <= other.finished
                if apart <= HOUR or overlaps:
                    near.append((apart, -own.place[1], own))
            found[other.key] = min(near, key=lambda one: one[:2])[2] if near else None
        return found

    def named(self, one: Deployment, name: str) -> Deployment | None:
        """The deployment that another one names."""
        rows = self._names()
        here = [row for row in rows if row[0] == one.line and row[2] == name]
        if here:
            return max(here, key=lambda row: (row[1] == one.source, row[4]))[3]
        keys = {row[3].key for row in rows if row[2] == name}
        return next(row[3] for row in rows if row[2] == name) if len(keys) == 1 else None

    def _names(self) -> list[tuple[tuple[str, str], str, str, Deployment, int]]:
        found = [(one.line, one.source, one.name, one, one.place[1])
                 for one in self.deployments if one.counts]  # fmt: skip
        for one in self.deployments:
            own = self.corroborated.get(one.key)
            if own is not None:
                found.append((one.line, one.source, one.name, own, one.place[1]))
        return found

    # R3

    def line(self, line: tuple[str, str]) -> list[Deployment]:
        """The deployments of a line in the order in which they finished."""
        here = [one for one in self.deployments if one.line == line and one.counts]
        return sorted(here, key=lambda one: one.place)

    def _tell_kinds(self) -> None:
        for one in self.deployments:
            one.kind = one.stated or ("hotfix" if one.remediates else "planned")
        for line in {one.line for one in self.deployments}:
            changed = [one for one in self.line(line) if one.succeeded or one.harmed]
            for number, one in enumerate(changed):
                self._tell_kind(one, changed[:number])
        for one in self.deployments:
            found = [self.named(one, name) for name in one.remediates]
            one.remedied = [each for each in found if each is not None]
            if one.kind == "rollback" and one.rolls_back is not None:
                one.undone = self.named(one, one.rolls_back)

    def _tell_kind(self, one: Deployment, before: list[Deployment]) -> None:
        last = before[-1] if before else None
        others = [each for each in before if each.kind != "redeploy"]
        tried = others[-1] if others else None
        again = (
            tried is not None and not tried.succeeded
            and one.content is not None and tried.content == one.content
        )  # fmt: skip
        one.replaced = last.content if last else None
        if again and tried is not None:
            one.replaced = tried.replaced
        if one.stated is None and not one.remediates:
            one.kind = self._inferred(one, before, last, tried, again=again)
        if one.kind == "rollback":
            self._aim(one, before, tried if again else None)

    def _inferred(
        self,
        one: Deployment,
        before: list[Deployment],
        last: Deployment | None,
        tried: Deployment | None,
        *,
        again: bool,
    ) -> str:
        if last is None or one.content is None:
            return "planned"
        same = one.content == last.content
        if same and one.exact and one.config == last.config and last.succeeded:
            return "redeploy"
        if not self.chosen.infer_rollback or tried is None:
            return "planned"
        if again:
            return "rollback" if tried.kind == "rollback" else "planned"
        earlier = {each.content for each in before if each.succeeded}
        if same or last.content is None or one.content not in earlier:
            return "planned"
        returns = tried.kind == "rollback" and tried.replaced == one.content
        return "planned" if returns else "rollback"

    def _aim(self, one: Deployment, before: list[Deployment], tried: Deployment | None) -> None:
        """What a rollback goes back to, and what it blames."""
        named = self.named(one, one.restores) if one.restores is not None else None
        if named is not None:
            one.target = named if named in before else None
        elif tried is not None and tried.kind == "rollback" and one.stated is None:
            one.target = tried.target
        else:
            good = [each for each in before if each.succeeded and each.content == one.content]
            one.target = good[-1] if good and one.content is not None else None
        if one.target is not None and one.rolls_back is None:
            after = before[before.index(one.target) + 1 :]
            blamed = [each for each in after if each.kind != "redeploy" or each.harmed]
            one.undone = blamed[0] if blamed else None

    # R4

    def counted(self, one: Deployment) -> bool:
        """It is in D of the window of its finish, where its environment is production."""
        again = one.kind == "redeploy" and not self.chosen.count_redeploys
        return one.counts and ((one.succeeded and not again) or one.harmed is not None)

    # R12, R14

    def _incidents(self) -> list[Incident]:
        groups: dict[tuple[str, str], list[Event]] = {}
        for event in self.of(*(
            f"incident.{what}" for what in
            ("opened", "acknowledged", "assessed", "restored", "resolved", "reopened")
        )):  # fmt: skip
            groups.setdefault((event["source"], event["data"]["incident"]), []).append(event)
        return [self._incident(key, events) for key, events in groups.items()]

    def _incident(self, key: tuple[str, str], events: list[Event]) -> Incident:
        services = {event["data"].get("service") for event in events}
        for event in events:
            services |= set(event["data"].get("services") or ())
        episodes = episodes_of(events)
        _, restored, resolved, ended = episodes[-1]
        begun = min((each[0] for each in episodes if each[0]), default=None)
        length = sum(
            max(0.0, (each[3] - each[0]).total_seconds())
            for each in episodes if each[0] is not None and each[3] is not None
        )  # fmt: skip
        return Incident(
            source=key[0], name=key[1], services=services - {None},
            environment=said_last(events, "environment"), cause=said_last(events, "cause"),
            caused_by=said_last(events, "caused_by"),
            started=begun, restored=restored, resolved=resolved, ended=ended,
            impaired_s=length if begun and ended else None, episodes=len(episodes),
            positions=sorted(event["position"] for event in events),
        )  # fmt: skip

    def tier_of(self, incident: Incident) -> str | None:
        """The tier of its environment when it began, or else ended."""
        at = incident.started or incident.ended
        if incident.environment is None or at is None:
            return None
        return self.tier(incident.environment, at)

    # R8

    def _blame(self) -> None:
        for one in self.deployments:
            if self.counted(one) and one.harmed is not None:
                one.reasons.add("F1")
        for incident in self.incidents:
            self._blame_for(incident)
        for remedy in self.deployments:
            if not remedy.succeeded or not remedy.counts:
                continue
            if remedy.kind == "rollback" and remedy.undone is not None:
                self._remedied(remedy.undone, remedy, "F3")
            if remedy.kind in ("hotfix", "rollback"):
                for one in remedy.remedied:
                    self._remedied(one, remedy, "F4")

    def _remedied(self, one: Deployment, remedy: Deployment, rule: str) -> None:
        if self.counted(one):
            one.reasons.add(rule)
            one.remedies.append(remedy)

    def _blame_for(self, incident: Incident) -> None:
        blamed = self.causes(incident)
        rule = "F2"
        if incident.caused_by is None:
            blamed, rule = self._latest(incident), "F5"
        for one in blamed:
            if self.counted(one):
                one.reasons.add(rule)
                one.incidents.append(incident)

    def causes(self, incident: Incident) -> list[Deployment]:
        """The deployments that an incident names as its cause."""
        rows = [row for row in self._names() if row[2] == incident.caused_by]
        near = [row for row in rows if row[0][0] in incident.services]
        same = [row for row in near if row[0][1] == incident.environment]
        if not near and len({row[1] for row in rows}) == 1:
            near = rows
        found: list[Deployment] = []
        for row in same or near:
            if row[3] not in found:
                found.append(row[3])
        return found

    def _latest(self, incident: Incident) -> list[Deployment]:
        found: list[Deployment] = []
        if incident.cause == "external" or incident.environment is None:
            return found
        for service in incident.services:
            before = [
                one for one in self.line((service, incident.environment))
                if self.counted(one) and one.succeeded
                and incident.started is not None and one.finished <= incident.started
            ]  # fmt: skip
            window = timedelta(seconds=self.chosen.attribution_window_s)
            if before and incident.started and incident.started < before[-1].finished + window:
                found.append(before[-1])
        return found

    # R11

    def _recover(self) -> None:
        for one in self.deployments:
            if not one.reasons:
                continue
            itself = "F1" in one.reasons
            one.failed_at = one.harmed if itself else one.finished
            assert one.failed_at is not None
            ends = [each.finished for each in one.remedies if each.finished > one.failed_at]
            if itself:
                ends += self._tried_again(one, one.failed_at)
            if one.incidents and all(each.restored for each in one.incidents):
                one.recovered_at = max(each.restored for each in one.incidents if each.restored)
                one.recovered_by = "incidents restored"
            elif ends:
                one.recovered_at = min(ends)
                one.recovered_by = "remedied by a deployment"
            elif one.incidents and all(each.ended for each in one.incidents):
                over = [each.resolved or each.ended for each in one.incidents]
                one.recovered_at = max(each for each in over if each)
                one.recovered_by = "incidents resolved"

    def _tried_again(self, one: Deployment, failed_at: datetime) -> list[datetime]:
        ends = [
            each.finished for each in self.line(one.line)
            if each.succeeded and each.finished > failed_at
        ]  # fmt: skip
        for component in components_of(one.reports):
            if any(each.impact and each.at == failed_at for each in component):
                ends += [each.at for each in component if each.succeeded and each.at > failed_at]
        return ends

    def failures(self) -> list[Deployment]:
        """F, wherever in time."""
        return [one for one in self.deployments if one.reasons]
