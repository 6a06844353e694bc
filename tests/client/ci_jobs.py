"""Jobs as CI systems describe them: the variables each one sets, and what is to be read there.

Values have the shapes that the systems document; every name and every number is made up. Each job
also holds the secrets that such a job has at hand, all with CANARY in them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

CANARY = "hunter2canary"
SHA = "9f2c1e7ab0d4c3f58e6a7b19d0c2e4f6a8b0c1d2"
HOST = "https://code.example"
SHOP = f"{HOST}/acme/shop"


@dataclass(frozen=True)
class CiJob:
    """A job.

    Attributes:
        name: what it is.
        variables: what the system sets.
        facts: what is to be read from them, without the commit.
        commit: of the job.
    """

    name: str
    variables: dict[str, str]
    facts: dict[str, Any]
    commit: str = field(default=SHA)


_GITHUB = {
    "CI": "true",
    "GITHUB_ACTIONS": "true",
    "GITHUB_SERVER_URL": HOST,
    "GITHUB_REPOSITORY": "acme/shop",
    "GITHUB_REPOSITORY_OWNER": "acme",
    "GITHUB_SHA": SHA,
    "GITHUB_REF": "refs/heads/main",
    "GITHUB_REF_NAME": "main",
    "GITHUB_RUN_ID": "8841",
    "GITHUB_RUN_NUMBER": "12",
    "GITHUB_RUN_ATTEMPT": "2",
    "GITHUB_JOB": "build",
    "GITHUB_ACTOR": "alice",
    "GITHUB_TRIGGERING_ACTOR": "bob",
    "GITHUB_TOKEN": f"ghs_{CANARY}",
    "ACTIONS_RUNTIME_TOKEN": CANARY,
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": CANARY,
}
_GITHUB_FACTS = {
    "repository": SHOP,
    "run": "8841",
    "attempt": 2,
    "ref": "refs/heads/main",
    "actor": {"system": "github", "login": "bob"},
    "url": f"{SHOP}/actions/runs/8841",
}
_GITLAB = {
    "CI": "true",
    "GITLAB_CI": "true",
    "CI_COMMIT_SHA": SHA,
    "CI_COMMIT_REF_NAME": "main",
    "CI_COMMIT_BRANCH": "main",
    "CI_PROJECT_URL": SHOP,
    "CI_REPOSITORY_URL": f"https://gitlab-ci-token:{CANARY}@code.example/acme/shop.git",
    "CI_PIPELINE_ID": "501",
    "CI_PIPELINE_URL": f"{SHOP}/-/pipelines/501",
    "CI_JOB_ID": "7001",
    "CI_JOB_NAME": "test",
    "CI_JOB_URL": f"{SHOP}/-/jobs/7001",
    "GITLAB_USER_LOGIN": "carol",
    "GITLAB_USER_EMAIL": "carol@acme.example",
    "CI_JOB_TOKEN": CANARY,
    "CI_REGISTRY_PASSWORD": CANARY,
    "CI_DEPLOY_PASSWORD": CANARY,
}
_GITLAB_FACTS = {
    "repository": SHOP,
    "run": "501",
    "ref": "refs/heads/main",
    "actor": {"system": "gitlab", "login": "carol"},
    "url": f"{SHOP}/-/jobs/7001",
}
_GITLAB_MERGE = {name: value for name, value in _GITLAB.items() if name != "CI_COMMIT_BRANCH"} | {
    "CI_PIPELINE_SOURCE": "merge_request_event",
    "CI_COMMIT_REF_NAME": "fix",
    "CI_MERGE_REQUEST_IID": "31",
    "CI_MERGE_REQUEST_REF_PATH": "refs/merge-requests/31/head",
    "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "fix",
    "CI_MERGE_REQUEST_SOURCE_PROJECT_URL": f"{HOST}/mallory/shop",
}
_JENKINS = {
    "JENKINS_URL": "https://ci.example/",
    "BUILD_TAG": "jenkins-acme-shop-main-12",
    "BUILD_NUMBER": "12",
    "BUILD_ID": "12",
    "JOB_NAME": "acme/shop/main",
    "BUILD_URL": "https://ci.example/job/acme/job/shop/job/main/12/",
    "BRANCH_NAME": "main",
    "GIT_BRANCH": "origin/main",
    "GIT_COMMIT": SHA,
    "GIT_URL": f"https://robot:{CANARY}@code.example/acme/shop.git",
    "BUILD_USER_ID": "dave",
    "GIT_PASSWORD": CANARY,
    "JENKINS_API_TOKEN": CANARY,
}
_JENKINS_FACTS = {
    "repository": SHOP,
    "run": "jenkins-acme-shop-main-12",
    "ref": "refs/heads/main",
    "actor": {"system": "jenkins", "login": "dave"},
    "url": "https://ci.example/job/acme/job/shop/job/main/12/",
}
_AZURE = {
    "TF_BUILD": "True",
    "BUILD_SOURCEVERSION": SHA,
    "BUILD_SOURCEBRANCH": "refs/heads/main",
    "BUILD_REPOSITORY_URI": f"https://acme:{CANARY}@dev.code.example/acme/Web/_git/shop",
    "BUILD_BUILDID": "77",
    "BUILD_BUILDNUMBER": "20260131.4",
    "BUILD_REQUESTEDFOR": "Erin Example",
    "BUILD_REQUESTEDFOREMAIL": "erin@acme.example",
    "SYSTEM_COLLECTIONURI": "https://dev.code.example/acme/",
    "SYSTEM_TEAMPROJECT": "Web Shop",
    "SYSTEM_ACCESSTOKEN": CANARY,
    "SYSTEM_OIDCREQUESTURI": f"https://dev.code.example/{CANARY}",
}
_AZURE_FACTS = {
    "repository": "https://dev.code.example/acme/Web/_git/shop",
    "run": "77",
    "ref": "refs/heads/main",
    "actor": {"system": "azure-devops", "email": "erin@acme.example"},
    "url": "https://dev.code.example/acme/Web%20Shop/_build/results?buildId=77",
}
_CIRCLE = {
    "CI": "true",
    "CIRCLECI": "true",
    "CIRCLE_SHA1": SHA,
    "CIRCLE_REPOSITORY_URL": "git@code.example:acme/shop.git",
    "CIRCLE_WORKFLOW_ID": "5d6e6f5c-1b6a-4f3e-9a39-0a1b2c3d4e5f",
    "CIRCLE_BUILD_NUM": "933",
    "CIRCLE_BUILD_URL": "https://circle.example/gh/acme/shop/933",
    "CIRCLE_BRANCH": "main",
    "CIRCLE_JOB": "build",
    "CIRCLE_USERNAME": "frank",
    "CIRCLE_OIDC_TOKEN": CANARY,
    "CIRCLE_OIDC_TOKEN_V2": CANARY,
}
_CIRCLE_FACTS = {
    "repository": SHOP,
    "run": "5d6e6f5c-1b6a-4f3e-9a39-0a1b2c3d4e5f",
    "ref": "refs/heads/main",
    "actor": {"system": "circleci", "login": "frank"},
    "url": "https://circle.example/gh/acme/shop/933",
}
_BUILDKITE = {
    "CI": "true",
    "BUILDKITE": "true",
    "BUILDKITE_COMMIT": SHA,
    "BUILDKITE_REPO": "ssh://git@code.example/acme/shop.git",
    "BUILDKITE_BUILD_ID": "0198f2c0-22aa-4b6c-9f57-9a0f5f8a1c11",
    "BUILDKITE_BUILD_NUMBER": "1480",
    "BUILDKITE_BUILD_URL": "https://kite.example/acme/shop/builds/1480",
    "BUILDKITE_BRANCH": "main",
    "BUILDKITE_TAG": "",
    "BUILDKITE_PULL_REQUEST": "false",
    "BUILDKITE_BUILD_CREATOR": "Grace Example",
    "BUILDKITE_BUILD_CREATOR_EMAIL": "grace@acme.example",
    "BUILDKITE_AGENT_ACCESS_TOKEN": CANARY,
}
_BUILDKITE_FACTS = {
    "repository": SHOP,
    "run": "0198f2c0-22aa-4b6c-9f57-9a0f5f8a1c11",
    "ref": "refs/heads/main",
    "actor": {"system": "buildkite", "email": "grace@acme.example"},
    "url": "https://kite.example/acme/shop/builds/1480",
}
_TEKTON = {
    "TEKTON_PIPELINE_RUN": "shop-run-x7",
    "TEKTON_COMMIT": SHA,
    "TEKTON_REPOSITORY": f"{SHOP}.git",
    "TEKTON_REF": "refs/heads/main",
    "TEKTON_ACTOR": "heidi",
    "TEKTON_URL": "https://tekton.example/#/pipelineruns/shop-run-x7",
    "GIT_AUTH_TOKEN": CANARY,
}
_TEKTON_FACTS = {
    "repository": SHOP,
    "run": "shop-run-x7",
    "ref": "refs/heads/main",
    "actor": {"system": "tekton", "login": "heidi"},
    "url": "https://tekton.example/#/pipelineruns/shop-run-x7",
}


def _without(variables: dict[str, str], *names: str) -> dict[str, str]:
    return {name: value for name, value in variables.items() if name not in names}


JOBS = (
    CiJob("github push", _GITHUB, _GITHUB_FACTS),
    CiJob(
        "github pull request of a fork",
        # The repository is the one whose workflow runs, also where the head is in a fork.
        _GITHUB
        | {
            "GITHUB_EVENT_NAME": "pull_request",
            "GITHUB_REF": "refs/pull/7/merge",
            "GITHUB_HEAD_REF": "fix",
            "GITHUB_BASE_REF": "main",
            "GITHUB_TRIGGERING_ACTOR": "mallory",
        },
        _GITHUB_FACTS
        | {"ref": "refs/pull/7/merge", "actor": {"system": "github", "login": "mallory"}},
    ),
    CiJob(
        "github tag on an older runner",
        _without(_GITHUB, "GITHUB_RUN_ATTEMPT", "GITHUB_TRIGGERING_ACTOR")
        | {"GITHUB_REF": "refs/tags/v1.2"},
        {name: value for name, value in _GITHUB_FACTS.items() if name != "attempt"}
        | {
            "ref": "refs/tags/v1.2",
            "actor": {"system": "github", "login": "alice"},
        },
    ),
    CiJob("gitlab push", _GITLAB, _GITLAB_FACTS),
    CiJob(
        "gitlab tag",
        _without(_GITLAB, "CI_COMMIT_BRANCH")
        | {"CI_COMMIT_TAG": "v1.2", "CI_COMMIT_REF_NAME": "v1.2"},
        _GITLAB_FACTS | {"ref": "refs/tags/v1.2"},
    ),
    CiJob(
        "gitlab merge request of a fork, run in the parent project",
        _GITLAB_MERGE,
        _GITLAB_FACTS | {"ref": "refs/merge-requests/31/head"},
    ),
    CiJob("jenkins branch", _JENKINS, _JENKINS_FACTS),
    CiJob(
        "jenkins change of a fork",
        _without(_JENKINS, "BUILD_USER_ID")
        | {
            "BRANCH_NAME": "PR-7",
            "GIT_BRANCH": "PR-7",
            "CHANGE_ID": "7",
            "CHANGE_AUTHOR": "mallory",
            "CHANGE_FORK": "mallory",
            "CHANGE_BRANCH": "fix",
        },
        _JENKINS_FACTS | {"ref": "PR-7", "actor": {"system": "jenkins", "login": "mallory"}},
    ),
    CiJob(
        "jenkins freestyle job",
        _without(_JENKINS, "BRANCH_NAME", "BUILD_TAG", "BUILD_USER_ID"),
        {
            name: value
            for name, value in (_JENKINS_FACTS | {"run": "acme/shop/main-12"}).items()
            if name != "actor"
        },
    ),
    CiJob(
        "jenkins tag",
        _JENKINS | {"TAG_NAME": "v1.2", "BRANCH_NAME": "v1.2"},
        _JENKINS_FACTS | {"ref": "refs/tags/v1.2"},
    ),
    CiJob("azure-devops push", _AZURE, _AZURE_FACTS),
    CiJob(
        "azure-devops schedule, which nobody asked for",
        _without(_AZURE, "BUILD_REQUESTEDFOREMAIL")
        | {"BUILD_REASON": "Schedule", "BUILD_REQUESTEDFOR": "Microsoft.VisualStudio.Services.TFS"},
        {name: value for name, value in _AZURE_FACTS.items() if name != "actor"},
    ),
    CiJob(
        "azure-devops pull request of a fork",
        _without(_AZURE, "BUILD_REQUESTEDFOREMAIL")
        | {
            "BUILD_REASON": "PullRequest",
            "BUILD_SOURCEBRANCH": "refs/pull/9/merge",
            "SYSTEM_PULLREQUEST_ISFORK": "True",
            "SYSTEM_PULLREQUEST_PULLREQUESTNUMBER": "9",
            "SYSTEM_PULLREQUEST_SOURCEBRANCH": "refs/heads/fix",
        },
        _AZURE_FACTS
        | {
            "ref": "refs/pull/9/merge",
            "actor": {"system": "azure-devops", "name": "Erin Example"},
        },
    ),
    CiJob("circleci branch", _CIRCLE, _CIRCLE_FACTS),
    CiJob(
        "circleci pull request of a fork",
        _without(_CIRCLE, "CIRCLE_USERNAME")
        | {
            "CIRCLE_BRANCH": "pull/14",
            "CIRCLE_PR_NUMBER": "14",
            "CIRCLE_PR_REPONAME": "shop",
            "CIRCLE_PR_USERNAME": "mallory",
            "CIRCLE_PULL_REQUEST": f"{SHOP}/pull/14",
        },
        _CIRCLE_FACTS
        | {"ref": "refs/pull/14/head", "actor": {"system": "circleci", "login": "mallory"}},
    ),
    CiJob(
        "circleci tag",
        _without(_CIRCLE, "CIRCLE_BRANCH", "CIRCLE_WORKFLOW_ID") | {"CIRCLE_TAG": "v1.2"},
        _CIRCLE_FACTS | {"ref": "refs/tags/v1.2", "run": "933"},
    ),
    CiJob("buildkite branch", _BUILDKITE, _BUILDKITE_FACTS),
    CiJob(
        "buildkite pull request of a fork",
        _without(_BUILDKITE, "BUILDKITE_BUILD_CREATOR_EMAIL")
        | {
            "BUILDKITE_BRANCH": "mallory:fix",
            "BUILDKITE_PULL_REQUEST": "8",
            "BUILDKITE_PULL_REQUEST_REPO": f"{HOST}/mallory/shop.git",
        },
        _BUILDKITE_FACTS
        | {"ref": "mallory:fix", "actor": {"system": "buildkite", "name": "Grace Example"}},
    ),
    CiJob(
        "buildkite build whose commit is not known yet",
        _BUILDKITE | {"BUILDKITE_COMMIT": "HEAD"},
        _BUILDKITE_FACTS,
        commit="",
    ),
    CiJob("tekton task", _TEKTON, _TEKTON_FACTS),
    CiJob(
        "tekton task that only knows its run",
        {"TEKTON_PIPELINE_RUN": "shop-run-x7"},
        {"run": "shop-run-x7"},
        commit="",
    ),
)
"""Every system that is known, with pushes, tags, pull requests and forks."""
