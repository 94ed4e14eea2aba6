"""A task as trueai's proxy shows it, with its buttons."""

import re
from datetime import UTC, datetime
from typing import Any

from infra.local.proxy.prompt import parse_prompt
from infra.local.proxy.task import GRIDS, Status, Task

#: Fields that this stand-in never fills, with the values of the real proxy's defaults.
_UNUSED: dict[str, Any] = {
    "realBotType": None, "userId": None, "isWhite": False, "interactionMetadataId": None,
    "remixModalMessageId": None, "remixAutoSubmit": False, "remixModaling": False,
    "subInstanceId": None, "messageIds": [], "language": None, "baseImageUrl": None,
    "imageUrls": None, "thumbnailUrl": None, "hasAIReviewRetried": False, "isThirdParty": False,
    "isPartner": False, "isPartnerRelax": False, "partnerTaskId": None, "partnerTaskInfo": None,
    "isOfficial": False, "officialTaskId": None, "officialTaskInfo": None, "isDiscord": True,
    "seedError": None, "seedMessageId": None, "clientIp": None, "isReplicate": False,
    "replicateSource": None, "replicateTarget": None, "accountFilter": None, "proxyUrl": None,
    "size": None, "videoGenOriginImageUrl": None, "videoDuration": None, "frameCount": None,
    "videoUrl": None, "videoUrls": None, "storageOption": None, "videoType": None,
    "isHdVideo": False,
}  # fmt: skip


def task_json(task: Task) -> dict[str, Any]:
    """Return the JSON object of a task, as fetch and notifications show it; nulls included."""
    done = task.status is Status.SUCCESS
    width, height = task.size if done and task.size is not None else (None, None)
    known = task.properties
    return {
        **_UNUSED,
        **task.to_json(),
        "state": (task.state or "") if done else task.state,
        "failReason": "" if done else _reason(task.fail_reason),
        "description": (task.description or "Submit success") if done else task.description,
        "parentId": task.parent_id,
        "botType": task.bot_type.value,
        "instanceId": known.get("discordInstanceId"),
        "nonce": known.get("nonce"),
        "messageId": known.get("messageId") if done else None,
        "jobId": known.get("messageHash"),
        "promptFull": known.get("finalPrompt"),
        "isCompleted": task.ended,
        "buttons": buttons(task),
        "displays": _displays(task),
        "seed": task.seed,
        "mode": task.mode,
        "requestMode": task.mode,
        "url": task.image_url if done else None,
        "contentType": "image/png" if width else None,
        "width": width, "imageWidth": width, "height": height, "imageHeight": height,
        "useTime": _use_time(task),
        "version": _version(task) if done else None,
    }  # fmt: skip


def buttons(task: Task) -> list[dict[str, Any]]:
    """Return the buttons under a finished grid: U1 to U4, another four, V1 to V4."""
    if task.status is not Status.SUCCESS or task.action not in GRIDS:
        return []
    picture = task.properties.get("messageHash")
    return [
        *(_button(f"MJ::JOB::upsample::{i}::{picture}", label=f"U{i}") for i in (1, 2, 3, 4)),
        _button(f"MJ::JOB::reroll::0::{picture}::SOLO", emoji="🔄"),
        *(_button(f"MJ::JOB::variation::{i}::{picture}", label=f"V{i}") for i in (1, 2, 3, 4)),
    ]


def _button(custom_id: str, *, label: str = "", emoji: str = "") -> dict[str, Any]:
    return {"customId": custom_id, "emoji": emoji, "label": label, "style": 2, "type": 2}


def _reason(reason: str | None) -> str | None:
    """Return MidJourney's "[title] text" as this proxy puts it: "title, text"."""
    return None if reason is None else re.sub(r"^\[([^\]]+)\] ?", r"\1, ", reason)


def _displays(task: Task) -> dict[str, Any]:
    return {
        "status": task.status.value,
        "submitTime": _readable(task.submit_time),
        "startTime": _readable(task.start_time),
        "finishTime": _readable(task.finish_time),
        "action": task.action.value,
        "discordInstanceId": task.properties.get("discordInstanceId", ""),
    }


def _readable(milliseconds: int | None) -> str | None:
    if milliseconds is None:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _use_time(task: Task) -> str:
    if task.start_time is None or task.finish_time is None:
        return "-"
    return f"{max(0, task.finish_time - task.start_time) / 1000:.2f} s"


def _version(task: Task) -> str | None:
    prompt = parse_prompt(str(task.properties.get("finalPrompt") or ""))
    for name in ("niji", "v"):
        value = prompt.parameter(name)
        if value is not None and re.fullmatch(r"[\d.]+", value):
            return f"{name} {value}"
    return None
