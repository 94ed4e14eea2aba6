"""What the API document shows as examples: requests that are taken, answers as they are made."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from functions.api.answers import (
    AcceptedImageModel,
    AcceptedModel,
    BookModel,
    CandidateModel,
    CatalogueModel,
    CategoryModel,
    EndedImageModel,
    FailureModel,
    ImageEndedModel,
    ImageModel,
    JobEndedModel,
    JobListModel,
    JobModel,
    ListedJobModel,
    OptionModel,
    VariantModel,
)
from functions.api.deleting import DeletedModel, ForgottenModel
from functions.api.paging import cursor_of
from shared.domain.failure import FailureCode
from shared.domain.image import BackgroundEffect, ImageStatus, Kind, Role
from shared.domain.job import JobStatus
from shared.usecases.list_jobs import Place

FUNCTIONS_URL = "http://127.0.0.1:8080"
"""Where the local stack serves the functions, unless it is told otherwise."""
JOB_ID = "k5vq2m7zj3x4a6wd7hcyt2nbre"
CLASS_ID = "class-3b"
IMAGE_ID = f"{JOB_ID}-000"
IDEMPOTENCY_KEY = "7d1f6a0e-2b7c-4a52-9f3b-0c9a1f6f5a11"
ETAG = '"9f86d081884c7d659a2feaa0c55ad015"'

_CREATED = datetime(2026, 5, 1, 9, 0, tzinfo=UTC)
_PICTURES = "https://firebasestorage.googleapis.com/v0/b/fairy-tale-pictures/o"
_DRAWING = (
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAAEAAAABAAQAAAACCEkxzAAAAiElEQVR42p2RMQ7DIAxFH6h7c4QcJTdLjsZRGDsydKAS"
    "4meIG9VIHRKmp2cZf0MQx4lchM9k8Hob5G6QBCAJVimCIPn2DvnG0C9EmL0JsBxDNyRFYAnWNUfLU59Wekzjza2MptbR"
    "lDaac+XTJP2aq4/QoHhToXpToHmToXuTQD4GwKpw+7v/wA5djj++jBiXmAAAAABJRU5ErkJggg=="
)
_STATUS_URL = f"{FUNCTIONS_URL}/status?jobId={JOB_ID}"

WORDS = {
    "studentTaskId": 7,
    "fairytaleId": 42,
    "characters": [
        {
            "name": "Mina",
            "prompt": "a brave girl with red hair and a green cape",
            "isMain": True,
        },
        {"name": "Fox", "prompt": "a clever fox with a golden lantern"},
        {"name": "Mina, asleep", "prompt": "curled up under her cape", "sameAs": "Mina"},
    ],
    "backgrounds": [{"name": "Forest", "prompt": "a misty forest at dawn"}],
    "backgroundEffect": "pale",
}
OPTIONS = {
    "studentTaskId": "class 3b / 7",
    "fairytaleId": "42",
    "optionIds": ["age_six", "hair_braids"],
    "characters": [{"name": "미나", "isMain": True}],
}
CALLED_BACK = {
    "studentTaskId": 10,
    "fairytaleId": 42,
    "characters": [{"name": "Mina", "prompt": "a brave girl", "isMain": True}],
    "callbackUrl": "https://backend.example.org/pictures",
}
DRAWING = {
    "studentTaskId": 8,
    "fairytaleId": 42,
    "sketchImage": _DRAWING,
    "characters": [{"name": "Mina", "isMain": True}],
}
LINK_AND_OBJECT = {
    "studentTaskId": 9,
    "fairytaleId": 42,
    "characters": [
        {"name": "Mina", "isMain": True, "sketchImage": "https://drawings.example.org/mina.png"},
        {"name": "Fox", "sketchImage": "gs://fairy-tale-pictures/uploads/everybody/fox.jpg"},
    ],
}
BOOKS: Mapping[str, Mapping[str, object]] = {
    "words": WORDS,
    "options": OPTIONS,
    "drawing": DRAWING,
    "link_and_object": LINK_AND_OBJECT,
    "called_back": CALLED_BACK,
}
"""Bodies of generate."""
WISHES: Mapping[str, Mapping[str, object]] = {
    "again": {"imageId": IMAGE_ID},
    "words": {"imageId": IMAGE_ID, "prompt": "a brave girl with a green scarf"},
    "candidate": {"imageId": IMAGE_ID, "candidate": 3},
    "effect": {"imageId": f"{JOB_ID}-003", "backgroundEffect": "none"},
}
"""Bodies of regenerate."""

ACCEPTED = AcceptedModel(
    job_id=JOB_ID,
    status=JobStatus.QUEUED,
    status_url=_STATUS_URL,
    cancel_url=f"{FUNCTIONS_URL}/cancel?jobId={JOB_ID}",
    images=[
        AcceptedImageModel(
            image_id=IMAGE_ID, kind=Kind.CHARACTER, name="Mina", status=ImageStatus.QUEUED
        ),
        AcceptedImageModel(
            image_id=f"{JOB_ID}-001",
            kind=Kind.BACKGROUND,
            name="Forest",
            status=ImageStatus.WAITING_FOR_REFERENCE,
        ),
    ],
)


def _variant(name: str, content_type: str, width: int, height: int) -> VariantModel:
    return VariantModel(
        url=f"{_PICTURES}/{name}?alt=media&token=0123456789abcdef",
        content_type=content_type,
        width=width,
        height=height,
    )


_CUT_OUT = _variant(f"{IMAGE_ID}-1-cutout.png", "image/png", 812, 1104)
_PREVIEW = _variant(f"{IMAGE_ID}-1-preview.webp", "image/webp", 377, 512)
HERO = ImageModel(
    image_id=IMAGE_ID,
    kind=Kind.CHARACTER,
    role=Role.REFERENCE,
    name="Mina",
    prompt="a brave girl with red hair and a green cape",
    status=ImageStatus.SUCCEEDED,
    progress=100,
    image_url=_CUT_OUT.url,
    preview_url=_PREVIEW.url,
    generation=1,
    option_ids=[],
    description=None,
    is_fallback=False,
    warnings=[],
    background_effect=None,
    variants={
        "original": _variant(f"{IMAGE_ID}-1-original.png", "image/png", 928, 1232),
        "cutout": _CUT_OUT,
        "preview": _PREVIEW,
    },
    candidate=2,
    candidates=[
        CandidateModel(
            candidate=number,
            preview_url=_variant(f"{IMAGE_ID}-1-{number}.webp", "image/webp", 384, 512).url,
        )
        for number in (1, 2, 3, 4)
    ],
    completed=True,
    error=None,
)
FOREST = ImageModel(
    image_id=f"{JOB_ID}-001",
    kind=Kind.BACKGROUND,
    role=Role.MEMBER,
    name="Forest",
    prompt="a misty forest at dawn",
    status=ImageStatus.PAINTING,
    progress=42,
    image_url=None,
    preview_url="https://cdn.discordapp.com/attachments/1/2/partial.webp",
    generation=1,
    option_ids=[],
    description=None,
    is_fallback=False,
    warnings=[],
    background_effect=BackgroundEffect.PALE,
    variants={},
    candidate=None,
    candidates=[],
    completed=False,
    error=None,
)
BOOK = BookModel(
    job_id=JOB_ID,
    student_task_id="7",
    fairytale_id="42",
    status=JobStatus.RUNNING,
    progress=71,
    completed=False,
    error=None,
    created_at=_CREATED,
    completed_at=None,
    images=[HERO, FOREST],
)
REGENERATED = HERO.model_copy(
    update={"status": ImageStatus.QUEUED, "progress": 0, "generation": 2, "completed": False}
)
CANCELED = JobModel(
    job_id=JOB_ID,
    status=JobStatus.CANCELED,
    completed=True,
    error=FailureModel(
        code=FailureCode.CANCELED,
        message="The job was canceled; pictures that were finished stay.",
    ),
)
DELETED = DeletedModel(job_id=JOB_ID)
FORGOTTEN = ForgottenModel(deleted_jobs=3, complete=True)
JOBS = JobListModel(
    jobs=[
        ListedJobModel(
            job_id=JOB_ID,
            status=JobStatus.SUCCEEDED,
            completed=True,
            error=None,
            student_task_id="7",
            fairytale_id="42",
            image_count=2,
            remaining=0,
            succeeded=2,
            failed=0,
            canceled=0,
            created_at=_CREATED,
            updated_at=_CREATED + timedelta(minutes=3),
            completed_at=_CREATED + timedelta(minutes=3),
            status_url=_STATUS_URL,
        )
    ],
    next_cursor=cursor_of(Place(created_at=_CREATED, job_id=JOB_ID)),
)
IMAGE_ENDED = ImageEndedModel(
    timestamp=_CREATED + timedelta(minutes=2),
    data=EndedImageModel(job_id=JOB_ID, **HERO.model_dump(by_alias=False)),
)
JOB_ENDED = JobEndedModel(timestamp=_CREATED + timedelta(minutes=3), data=JOBS.jobs[0])
CATALOGUE = CatalogueModel(
    version="2026-11-22.1",
    language="en",
    categories=[
        CategoryModel(
            id="age",
            label="Age",
            exclusive=True,
            most=1,
            options=[OptionModel(id="age_six", label="Little child")],
        )
    ],
)
