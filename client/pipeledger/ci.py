"""What the CI system says of the job, by the variables each of them documents.

One table a system: which variables say that a job runs there, and where each fact stands. The
first table whose mark is set counts. A fact given on the command line always wins.

Tekton sets no variables of its own: a task exports what it wants to be known from `$(context.…)`
and its params, under the names below.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ATTEMPT = "attempt"
FACTS = ("commit", "repository", "run", ATTEMPT, "ref", "actor", "url")
_AZURE_RUN = "${SYSTEM_COLLECTIONURI}${SYSTEM_TEAMPROJECT}/_build/results?buildId=${BUILD_BUILDID}"
_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")
# Up to the last `@` before the path: a password may hold one itself.
_CREDENTIALS = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*://)[^/?#]*@")
_QUERY = re.compile(r"[?#].*")
# What stands in the place of a branch and is none: a fork's `owner:branch`, Jenkins' `PR-7`.
_NO_BRANCH = re.compile(r"refs/heads/([^:]+:.+|[PM]R-[0-9]+)")
_REMOTE = "origin/"
_DISPLAY_NAMES = frozenset({"azure-devops", "buildkite"})
"""Systems that tell what a person is called where they do not tell the address."""
_SERVICES = re.compile(
    r"Microsoft\.(?:VisualStudio|TeamFoundation)\..*|(?:.* )?Build Service \(.*\)"
)
"""Who Azure DevOps names where nobody asked: a schedule, say."""
_SSH = re.compile(r"^ssh://(?:[^/@]*@)?([^/@:]+)/(?=.)")
_SCP = re.compile(r"^[^/@:]+@([^/:]+):(?!/)(.+)$")
_FORMS = {
    "commit": re.compile("[0-9a-f]{40}|[0-9a-f]{64}"),
    ATTEMPT: re.compile("[1-9][0-9]{0,8}"),
}


@dataclass(frozen=True)
class System:
    """One CI system.

    Attributes:
        name: short name; also the system that its accounts belong to.
        mark: the variable that is set in its jobs.
        facts: for each fact, templates in order of preference; one counts when all variables in
            it are set.
    """

    name: str
    mark: str
    facts: Mapping[str, tuple[str, ...]]


SYSTEMS = (
    System("github", "GITHUB_ACTIONS", {
        "commit": ("${GITHUB_SHA}",),
        "repository": ("${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}",),
        # The run by the name that the webhooks have for it: reviews and runs are found by it.
        "run": ("${GITHUB_RUN_ID}",),
        "attempt": ("${GITHUB_RUN_ATTEMPT}",),
        "ref": ("${GITHUB_REF}",),
        "actor": ("${GITHUB_TRIGGERING_ACTOR}", "${GITHUB_ACTOR}"),
        "url": ("${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}/actions/runs/${GITHUB_RUN_ID}",),
    }),
    System("gitlab", "GITLAB_CI", {
        "commit": ("${CI_COMMIT_SHA}",),
        "repository": ("${CI_PROJECT_URL}",),
        "run": ("${CI_PIPELINE_ID}",),
        "ref": ("refs/tags/${CI_COMMIT_TAG}", "refs/heads/${CI_COMMIT_BRANCH}",
                "${CI_MERGE_REQUEST_REF_PATH}", "${CI_COMMIT_REF_NAME}"),
        "actor": ("${GITLAB_USER_LOGIN}",),
        "url": ("${CI_JOB_URL}", "${CI_PIPELINE_URL}"),
    }),
    System("azure-devops", "TF_BUILD", {
        "commit": ("${BUILD_SOURCEVERSION}",),
        "repository": ("${BUILD_REPOSITORY_URI}",),
        "run": ("${BUILD_BUILDID}",),
        "ref": ("${BUILD_SOURCEBRANCH}",),
        "actor": ("${BUILD_REQUESTEDFOREMAIL}", "${BUILD_REQUESTEDFOR}"),
        "url": (_AZURE_RUN,),
    }),
    System("circleci", "CIRCLECI", {
        "commit": ("${CIRCLE_SHA1}",),
        "repository": ("${CIRCLE_REPOSITORY_URL}",),
        "run": ("${CIRCLE_WORKFLOW_ID}", "${CIRCLE_BUILD_NUM}"),
        "ref": ("refs/tags/${CIRCLE_TAG}", "refs/pull/${CIRCLE_PR_NUMBER}/head",
                "refs/heads/${CIRCLE_BRANCH}"),
        "actor": ("${CIRCLE_USERNAME}", "${CIRCLE_PR_USERNAME}"),
        "url": ("${CIRCLE_BUILD_URL}",),
    }),
    System("buildkite", "BUILDKITE", {
        "commit": ("${BUILDKITE_COMMIT}",),
        "repository": ("${BUILDKITE_REPO}",),
        "run": ("${BUILDKITE_BUILD_ID}",),
        "ref": ("refs/tags/${BUILDKITE_TAG}", "refs/heads/${BUILDKITE_BRANCH}"),
        "actor": ("${BUILDKITE_BUILD_CREATOR_EMAIL}", "${BUILDKITE_BUILD_CREATOR}"),
        "url": ("${BUILDKITE_BUILD_URL}",),
    }),
    System("jenkins", "JENKINS_URL", {
        "commit": ("${GIT_COMMIT}",),
        "repository": ("${GIT_URL}",),
        "run": ("${BUILD_TAG}", "${JOB_NAME}-${BUILD_NUMBER}"),
        "ref": ("refs/tags/${TAG_NAME}", "refs/heads/${BRANCH_NAME}", "${GIT_BRANCH}"),
        "actor": ("${BUILD_USER_ID}", "${CHANGE_AUTHOR}"),
        "url": ("${BUILD_URL}",),
    }),
    System("tekton", "TEKTON_PIPELINE_RUN", {
        "commit": ("${TEKTON_COMMIT}",),
        "repository": ("${TEKTON_REPOSITORY}",),
        "run": ("${TEKTON_PIPELINE_RUN}",),
        "ref": ("${TEKTON_REF}",),
        "actor": ("${TEKTON_ACTOR}",),
        "url": ("${TEKTON_URL}",),
    }),
)  # fmt: skip


@dataclass(frozen=True)
class Job:
    """The CI job this runs in.

    Attributes:
        system: name of the CI system, or nothing outside of one.
        facts: what is known of the job; actor as account of the system.
    """

    system: str
    facts: dict[str, object]


def job_of(environment: Mapping[str, str]) -> Job:
    """The job that these variables tell of; empty outside of a CI system that is known."""
    for system in SYSTEMS:
        if environment.get(system.mark):
            facts: dict[str, object] = {}
            for fact in FACTS:
                text = _first(system.facts.get(fact, ()), environment)
                if text is not None and (value := _shaped(fact, text)):
                    facts[fact] = int(value) if fact == ATTEMPT else value
            actor = facts.pop("actor", None)
            if isinstance(actor, str) and not _SERVICES.fullmatch(actor):
                plain = "name" if system.name in _DISPLAY_NAMES else "login"
                kind = "email" if "@" in actor else plain
                facts["actor"] = {"system": system.name, kind: actor}
            return Job(system.name, facts)
    return Job("", {})


def clean_repository(address: str) -> str:
    """A repository's address without credentials, query and `.git`; SSH as https."""
    address = _SSH.sub(r"https://\1/", _SCP.sub(r"https://\1/\2", address.strip()))
    bare = _QUERY.sub("", _CREDENTIALS.sub(r"\1", address))
    return bare.rstrip("/").removesuffix(".git")


def _first(templates: tuple[str, ...], environment: Mapping[str, str]) -> str | None:
    for template in templates:
        if all(environment.get(name) for name in _VARIABLE.findall(template)):
            return _VARIABLE.sub(lambda match: environment[match[1]], template).strip()
    return None


def _shaped(fact: str, text: str) -> str:
    """The value as events hold it, or nothing where the variable holds something else."""
    if not text.isprintable() or len(text) > 500:  # noqa: PLR2004 - longest name of the vocabulary
        return ""
    if form := _FORMS.get(fact):
        # Buildkite says HEAD where the commit is not known yet.
        return text.lower() if form.fullmatch(text.lower()) else ""
    if fact == "repository":
        return clean_repository(text)
    if fact == "ref":
        if text.startswith(_REMOTE):
            return f"refs/heads/{text.removeprefix(_REMOTE)}"
        return _NO_BRANCH.sub(r"\1", text)
    # Azure's projects may have spaces in their names, and addresses may not.
    return _CREDENTIALS.sub(r"\1", text).replace(" ", "%20") if fact == "url" else text
