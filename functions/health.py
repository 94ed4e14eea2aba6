"""health (GET, for an uptime check of Cloud Monitoring): whether what we stand on answers."""

from collections.abc import Mapping

from functions.edge import operator_function
from functions.wiring import services
from shared.usecases.check_health import Check, check_health


@operator_function
def health() -> tuple[bool, Mapping[str, object]]:
    """Ask store, queue, bucket and proxy; 200 if all answer, 503 with who does not."""
    checks = check_health(services())
    well = all(check.ok for check in checks.values())
    told = {part.value: _view(check) for part, check in checks.items()}
    return well, {"status": "ok" if well else "failing", "checks": told}


def _view(check: Check) -> dict[str, object]:
    seen: dict[str, object] = {"ok": check.ok, "ms": check.milliseconds}
    return seen if check.code is None else {**seen, "code": check.code}
