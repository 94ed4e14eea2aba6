"""The simulated proxy's engine without HTTP, on a clock that tests move by hand."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from infra.local.proxy.attachments import Attachments
from infra.local.proxy.clock import ManualClock
from infra.local.proxy.desk import Desk
from infra.local.proxy.dialect import NOVICEZK
from infra.local.proxy.engine import Engine
from infra.local.proxy.fault_list import FaultList, parse_faults
from infra.local.proxy.midjourney import LinkReport, MidJourney
from infra.local.proxy.notifications import Manner
from infra.local.proxy.options import ProxyOptions
from infra.local.proxy.reception import Reception
from infra.local.proxy.task import Task
from infra.local.proxy.trueai import TRUEAI


@dataclass
class Recorder:
    """Takes down what would be notified."""

    told: list[dict[str, Any]] = field(default_factory=list)

    def notify(self, task: Task, manner: Manner) -> None:
        self.told.append(task.to_json())

    def forget(self) -> None:
        self.told.clear()


class Bench:
    """An engine in real time units (speed 1) under a manual clock."""

    def __init__(self, **options: Any) -> None:
        self.options = ProxyOptions(**{"jitter": 0.0, "notify_duplicates": 0.0, **options})
        self.dialect = TRUEAI if self.options.dialect == "trueai" else NOVICEZK
        self.clock = ManualClock()
        self.recorder = Recorder()
        self.link_reports: list[Callable[[LinkReport], None]] = []
        self.fault_list = FaultList(random.Random(1))
        self.attachments = attachments = Attachments(self.options.url_ttl, "secret")
        self.midjourney = MidJourney(self.options, self.clock, random.Random(2), attachments)
        self.engine = Engine(
            self.options,
            self.clock,
            self.fault_list,
            self.midjourney,
            self.recorder,
            self._read_links,
            self.dialect,
        )
        reception = Reception(
            self.engine, self.fault_list, self.dialect, self.midjourney.channel_id
        )
        self.desk = Desk(self.engine, self.fault_list, reception, repeats=self.options.repeats)

    def _read_links(self, urls: tuple[str, ...], done: Callable[[LinkReport], None]) -> None:
        self.link_reports.append(done)

    def imagine(self, prompt: str = "a red fox") -> dict[str, Any]:
        return self.desk.imagine({"prompt": prompt}).result.to_json()

    def upscale(self, task_id: str, index: int = 1) -> dict[str, Any]:
        body = {"taskId": task_id, "action": "UPSCALE", "index": index}
        return self.desk.change(body).result.to_json()

    def task(self, result: dict[str, Any]) -> Task:
        return self.engine.tasks[result["result"]]

    def faults(self, *faults: dict[str, Any]) -> None:
        self.fault_list.add(parse_faults(list(faults)))

    def stats(self) -> dict[str, Any]:
        return self.engine.stats()
