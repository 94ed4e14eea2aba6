"""What the proxy answers: result codes and Spring's error pages (contract, section 1)."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum
from http import HTTPStatus
from typing import Any


class Code(IntEnum):
    """The `code` of a SubmitResult."""

    SUCCESS = 1
    NOT_FOUND = 3
    VALIDATION_ERROR = 4
    FAILURE = 9
    EXISTED = 21  #: never from novicezk 2.6.3; three different things elsewhere
    IN_QUEUE = 22
    QUEUE_REJECTED = 23
    BANNED_PROMPT = 24


@dataclass(frozen=True, kw_only=True)
class SubmitResult:
    """The answer to a submission."""

    code: Code
    description: str
    result: str | None = None  #: the task's id when it was accepted
    properties: dict[str, Any] = field(default_factory=dict)

    @property
    def stored(self) -> bool:
        """Say whether it tells of a task."""
        return self.result is not None

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object; `properties` is never null."""
        return {
            "code": int(self.code),
            "description": self.description,
            "result": self.result,
            "properties": self.properties,
        }


class ServerError(Exception):
    """The proxy's own code threw: HTTP 500."""


class BadRequest(Exception):
    """The body cannot be read: HTTP 400, from trueai 200 with an error in its body."""


def invalid(description: str) -> SubmitResult:
    """Return code 4."""
    return SubmitResult(code=Code.VALIDATION_ERROR, description=description)


def not_found(description: str) -> SubmitResult:
    """Return code 3."""
    return SubmitResult(code=Code.NOT_FOUND, description=description)


def existed(task_id: str, status: str, image_url: str | None) -> SubmitResult:
    """Return code 21 as versions up to 2.6.0 mean it: this UPSCALE was asked for before."""
    return SubmitResult(
        code=Code.EXISTED,
        description="任务已存在",
        result=task_id,
        properties={"status": status, "imageUrl": image_url},
    )


def banned(prompt_en: str, word: str) -> SubmitResult:
    """Return code 24 for a word of the local list."""
    return SubmitResult(
        code=Code.BANNED_PROMPT,
        description="可能包含敏感词",
        properties={"promptEn": prompt_en, "bannedWord": word},
    )


def accepted(task_id: str, instance_id: str, waiting: int) -> SubmitResult:
    """Return code 1, or 22 when `waiting` tasks were in the queue already."""
    if waiting == 0:
        return SubmitResult(
            code=Code.SUCCESS,
            description="提交成功",
            result=task_id,
            properties={"discordInstanceId": instance_id},
        )
    return SubmitResult(
        code=Code.IN_QUEUE,
        description=f"排队中，前面还有{waiting}个任务",
        result=task_id,
        properties={"numberOfQueues": waiting, "discordInstanceId": instance_id},
    )


def queue_rejected(instance_id: str) -> SubmitResult:
    """Return code 23: the queue is full and the task's row was deleted again."""
    return SubmitResult(
        code=Code.QUEUE_REJECTED,
        description="队列已满，请稍后尝试",
        properties={"discordInstanceId": instance_id},
    )


def submit_failed(instance_id: str) -> SubmitResult:
    """Return code 9: an unexpected exception while enqueuing."""
    return SubmitResult(
        code=Code.FAILURE,
        description="提交失败，系统异常",
        properties={"discordInstanceId": instance_id},
    )


def spring_error(status: int, path: str) -> dict[str, Any]:
    """Return Spring Boot's default error JSON."""
    return {
        "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "status": status,
        "error": HTTPStatus(status).phrase,
        "path": path,
    }
