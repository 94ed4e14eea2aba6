"""fanout (Eventarc, on a write to `references/{jobId}`): begins what waited for the reference."""

from cloudevents.http import CloudEvent

from functions.edge import event_function
from functions.wiring import services
from shared.tracing import identify
from shared.usecases.fan_out import fan_out


@event_function
def fanout(event: CloudEvent) -> str:
    """Start the members of the job whose reference was written.

    Of the event only the document's name is used: what it holds is read again.
    """
    job_id = str(event["document"]).rsplit("/", 1)[1]
    identify(job_id=job_id)
    return f"started {fan_out(services(), job_id)}"
