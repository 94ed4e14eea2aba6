"""Every setting of the simulated proxy, with its unit and default."""

from dataclasses import dataclass, field
from typing import Any, Literal

HOST = "127.0.0.1"

#: Options that are one of a few words.
CHOICES = {"dialect": ("novicezk", "trueai"), "repeats": ("new", "existed")}


@dataclass(frozen=True, kw_only=True)
class ProxyOptions:
    """How the simulated proxy behaves. All defaults are good for development."""

    dialect: Literal["novicezk", "trueai"] = "novicezk"  #: 2.6.3 of the one, v11 of the other
    repeats: Literal["new", "existed"] = "new"  #: an UPSCALE again: as 2.6.3, or code 21 as 2.6.0

    host: str = HOST
    port: int = 0  #: TCP port; 0 takes a free one
    public_url: str | None = None  #: base of the picture URLs; None: http://host:port
    api_secret: str = ""  #: `mj-api-secret` that callers must send; empty: none is asked for
    notify_hook: str = ""  #: `notifyHook` of tasks that bring none of their own; empty: none

    core_size: int = 12  #: tasks that run at once (the real default is 3; our account has 12)
    queue_size: int = 10  #: tasks that wait; one more gets code 23
    timeout_minutes: float = 5.0  #: minutes after `startTime` at which a task is given up
    notify_pool_size: int = 10  #: notifications under way at once
    notify_duplicates: float = 0.2  #: share (0..1) of tasks whose SUCCESS is notified twice

    speed: float = 1.0  #: everything below, and the time-out, takes 1/speed of its seconds
    imagine_seconds: float = 60.0  #: from `startTime` to `finishTime` of an IMAGINE
    upscale_seconds: float = 10.0  #: the same of an UPSCALE
    describe_seconds: float = 8.0  #: the same of a DESCRIBE
    start_seconds: float = 0.5  #: from taking a slot to Discord's acceptance (`startTime`)
    refusal_seconds: float = 3.0  #: from acceptance to MidJourney's own refusal of a prompt
    sweep_seconds: float = 30.0  #: between two looks for tasks past their time-out
    jitter: float = 0.1  #: share (0..1) by which times differ, fixed for each prompt and seed

    picture_size: int = 1024  #: longer side in pixels of an upscaled picture and of a grid
    url_ttl: float = 24 * 3600.0  #: seconds (not divided by speed) for which a picture's URL works
    painters: int = 2  #: threads that paint
    cache_megabytes: int = 64  #: painted pictures that are kept; the rest is painted again
    seed: int = 0  #: of everything random: ids, faults' probabilities, jitter
    faults: tuple[dict[str, Any], ...] = field(default=())  #: faults set from the start

    def __post_init__(self) -> None:
        """Refuse settings that make no sense."""
        self._check_choices()
        for name in ("speed", "imagine_seconds", "upscale_seconds", "timeout_minutes", "url_ttl"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be above 0, not {getattr(self, name)}")
        for name in ("core_size", "painters", "cache_megabytes", "notify_pool_size"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")
        if not 0 <= self.jitter < 1:
            raise ValueError(f"jitter must be from 0 up to 1, not {self.jitter}")
        if not 64 <= self.picture_size <= 4096:
            raise ValueError(f"picture_size must be 64..4096 pixels, not {self.picture_size}")
        if self.queue_size < 0:
            raise ValueError(f"queue_size must not be negative, not {self.queue_size}")

    def _check_choices(self) -> None:
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                wanted = " or ".join(choices)
                raise ValueError(f"{name} must be {wanted}, not {getattr(self, name)}")
        if self.repeats == "existed" and self.dialect != "novicezk":
            raise ValueError("repeats: existed is a habit of the dialect novicezk only")

    def scaled(self, seconds: float) -> float:
        """Return how many real seconds a simulated span takes."""
        return seconds / self.speed
