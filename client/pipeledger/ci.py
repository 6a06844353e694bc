"""What the job's own variables say, one table a CI system."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# System, the variable that gives it away, and where each field stands. `{A}/{B}` joins.
SYSTEMS: tuple[tuple[str, str, dict[str, str]], ...] = (
    (
        "github",
        "GITHUB_ACTIONS",
        {
            "repository": "{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}",
            "commit": "{GITHUB_SHA}",
            "run": "{GITHUB_RUN_ID}",
            "actor": "{GITHUB_ACTOR}",
            "url": "{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_ID}",
        },
    ),
    (
        "gitlab",
        "GITLAB_CI",
        {
            "repository": "{CI_PROJECT_URL}",
            "commit": "{CI_COMMIT_SHA}",
            "run": "{CI_PIPELINE_ID}",
            "actor": "{GITLAB_USER_LOGIN}",
            "url": "{CI_JOB_URL}",
        },
    ),
    (
        "jenkins",
        "JENKINS_URL",
        {
            "repository": "{GIT_URL}",
            "commit": "{GIT_COMMIT}",
            "run": "{BUILD_TAG}",
            "actor": "{BUILD_USER_ID}",
            "url": "{BUILD_URL}",
        },
    ),
    (
        "azure",
        "TF_BUILD",
        {
            "repository": "{BUILD_REPOSITORY_URI}",
            "commit": "{BUILD_SOURCEVERSION}",
            "run": "{BUILD_BUILDID}",
            "actor": "{BUILD_REQUESTEDFOREMAIL}",
            "url": "{SYSTEM_COLLECTIONURI}{SYSTEM_TEAMPROJECT}"
            "/_build/results?buildId={BUILD_BUILDID}",
        },
    ),
    (
        "circleci",
        "CIRCLECI",
        {
            "repository": "{CIRCLE_REPOSITORY_URL}",
            "commit": "{CIRCLE_SHA1}",
            "run": "{CIRCLE_WORKFLOW_ID}",
            "actor": "{CIRCLE_USERNAME}",
            "url": "{CIRCLE_BUILD_URL}",
        },
    ),
    (
        "buildkite",
        "BUILDKITE",
        {
            "repository": "{BUILDKITE_REPO}",
            "commit": "{BUILDKITE_COMMIT}",
            "run": "{BUILDKITE_BUILD_ID}",
            "actor": "{BUILDKITE_BUILD_CREATOR_EMAIL}",
            "url": "{BUILDKITE_BUILD_URL}",
        },
    ),
    # Tekton sets no variables by itself: these are the ones a task's env is asked to map.
    (
        "tekton",
        "TEKTON_PIPELINE_RUN",
        {
            "repository": "{TEKTON_GIT_URL}",
            "commit": "{TEKTON_GIT_REVISION}",
            "run": "{TEKTON_PIPELINE_RUN}",
        },
    ),
)
_NOT_A_COMMIT = ("HEAD",)


class _MissingError(KeyError):
    pass


class _Environment(dict[str, str]):
    def __missing__(self, name: str) -> str:
        raise _MissingError(name)


def detect(environment: Mapping[str, str]) -> tuple[str, dict[str, str]] | None:
    """The CI system one is in and the fields its variables fill; None outside of any."""
    known = _Environment({name: value for name, value in environment.items() if value})
    for system, sign, table in SYSTEMS:
        if sign not in known:
            continue
        fields = {}
        for field, pattern in table.items():
            try:
                fields[field] = pattern.format_map(known)
            except _MissingError:
                continue
        if fields.get("commit") in _NOT_A_COMMIT:
            del fields["commit"]
        return system, fields
    return None
