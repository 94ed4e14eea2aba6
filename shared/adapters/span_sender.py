"""Sends spans to a receiver of OpenTelemetry's protocol (OTLP over HTTP): Google's, or any other.

OpenTelemetry's SDK takes a fifth of a second to load, so it is loaded with the first spans that
there are. Whoever calls waits for the answer, as a function has no CPU after its own: a second at
most, and after a failure nothing is sent for a minute.
"""

import logging
import time
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from shared.log import log
from shared.tracing import Span

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

GOOGLE = "telemetry.googleapis.com"
"""Wants the function's own account (https://cloud.google.com/trace/docs/migrate-to-otlp-endpoints,
which gives the exporter an authorized session, too); role `roles/telemetry.tracesWriter`."""
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"

SECONDS = 1.0
"""That a call waits for the receiver."""
PAUSE_SECONDS = 60.0
"""After a failure, in which nothing is sent: that is one line of warning, too."""


class SpanSender:
    """Sends what calls have traced; raises nothing. Thread-safe."""

    def __init__(
        self,
        url: str,
        *,
        project: str,
        service: str,
        seconds: float = SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`service` is the function's name as deployed; `seconds` for each sending."""
        self._url = url
        self._project = project
        self._service = service
        self._seconds = seconds
        self._monotonic = monotonic
        self._silent_until = 0.0

    def send(self, spans: Sequence[Span]) -> None:
        """Send them, or lose them."""
        if self._monotonic() < self._silent_until:
            return
        try:
            sent, why = self._export(spans), "no answer, or a refusal"
        except Exception as error:  # noqa: BLE001 - to be seen is never worth a picture
            sent, why = False, type(error).__name__
        if not sent:
            self._silent_until = self._monotonic() + PAUSE_SECONDS
            log("WARNING", "spans not sent; none are for a minute", why=why)

    def _export(self, spans: Sequence[Span]) -> bool:
        from opentelemetry.sdk.trace.export import SpanExportResult

        result = self._exporter.export([self._readable(span) for span in spans])
        return bool(result is SpanExportResult.SUCCESS)

    @cached_property
    def _exporter(self) -> Any:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        # It would say each failure in lines of its own, which are not ours.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
        session = self._authorized() if urlsplit(self._url).hostname == GOOGLE else None
        return OTLPSpanExporter(endpoint=self._url, timeout=self._seconds, session=session)

    def _authorized(self) -> Any:
        import google.auth
        from google.auth.transport.requests import AuthorizedSession

        credentials, _ = google.auth.default(scopes=[_SCOPE])
        return AuthorizedSession(credentials, refresh_timeout=self._seconds)

    @cached_property
    def _resource(self) -> Any:
        from opentelemetry.sdk.resources import Resource

        return Resource(
            {
                "service.name": self._service,
                "faas.name": self._service,
                "gcp.project_id": self._project,
            }
        )

    def _readable(self, span: Span) -> "ReadableSpan":
        from opentelemetry.sdk.trace import ReadableSpan
        from opentelemetry.trace import SpanContext, TraceFlags
        from opentelemetry.trace.status import Status, StatusCode

        def context(span_id: str) -> SpanContext:
            return SpanContext(
                trace_id=int(span.trace_id, 16),
                span_id=int(span_id, 16),
                is_remote=False,
                trace_flags=TraceFlags(TraceFlags.SAMPLED),
            )

        return ReadableSpan(
            span.name,
            context=context(span.span_id),
            parent=context(span.parent_id) if span.parent_id else None,
            resource=self._resource,
            attributes=span.attributes,
            status=Status(StatusCode.ERROR if span.failed else StatusCode.UNSET),
            start_time=span.started_ns,
            end_time=span.ended_ns,
        )
