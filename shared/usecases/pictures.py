"""What a step does with pixels: the choice among the four, and what is kept of a picture."""

from collections.abc import Iterator
from dataclasses import replace

from shared.crash_points import CrashPoint, reach
from shared.domain.ask import ChooseCandidate, StorePicture
from shared.domain.image import BackgroundEffect, Kind, Variant
from shared.domain.observation import CandidateChosen, Stored, StoreFailed
from shared.domain.variants import CANDIDATES, CUT_OUT, OF_EFFECT, ORIGINAL, PREVIEW
from shared.log import log
from shared.ports import Finished, Picture, PictureRejected, PictureUnavailable, Rendition
from shared.usecases.services import Services

NOT_FINISHED = "not_finished"
"""The warning of a picture that is neither cut out nor blurred, since that failed each time."""


def choose_candidate(services: Services, ask: ChooseCandidate) -> CandidateChosen:
    """Which of the four has the colours of the reference, or else of the child's drawing."""
    try:
        grid = services.picture_source.fetch(ask.grid_url)
        model = _model(services, ask)
        return CandidateChosen(index=services.picture_tools.nearest(grid, model))
    except Exception as error:  # noqa: BLE001
        # A choice is no reason to lose a picture that is paid for.
        log("WARNING", "the four were not compared", why=_why(error))
        return CandidateChosen(index=None)


def _why(error: Exception) -> str:
    """For a log: what it says only if it is ours. Others quote links, and those hold the prompt."""
    ours = isinstance(error, PictureUnavailable | PictureRejected)
    return f"{type(error).__name__}: {error}" if ours else type(error).__name__


def _model(services: Services, ask: ChooseCandidate) -> Picture:
    if ask.reference_url is not None:
        return services.reference_source.fetch(ask.reference_url)
    if ask.drawing is not None:
        return services.picture_store.read(ask.drawing)
    raise PictureRejected("no_model", "There is nothing to compare with.")


def store_picture(services: Services, ask: StorePicture) -> Stored | StoreFailed:
    """Finish the painter's picture and store its variants; clients see nothing of it yet.

    Whatever is wrong with the picture, the painter may have a better one under a fresh link: so it
    is a failure of this try. The last try does without finishing it: the picture is paid for.
    """
    try:
        picture = services.picture_source.fetch(ask.source_url)
        finished = _finished(services, ask, picture)
        variants = {
            name: _put(services, ask, name, rendition)
            for name, rendition in _renditions(ask, finished)
        }
        variants |= _candidates(services, ask)
    except PictureUnavailable as error:
        return StoreFailed(reason=str(error), passing=True)
    except PictureRejected as error:
        return StoreFailed(reason=str(error))
    except Exception as error:  # noqa: BLE001 - of a model, of memory: the picture is paid for
        log("ERROR", f"a picture could not be finished: {_why(error)}")
        return StoreFailed(reason="the server could not finish it")
    shown = ORIGINAL if finished.processed is None else _processed_name(ask)
    return Stored(shown=shown, variants=variants, warnings=finished.warnings)


def _finished(services: Services, ask: StorePicture, picture: Picture) -> Finished:
    if ask.last_try:
        as_it_is = services.picture_finisher.background(picture, BackgroundEffect.NONE)
        return replace(as_it_is, warnings=(NOT_FINISHED,))
    if ask.kind is Kind.CHARACTER:
        return services.picture_finisher.character(picture)
    return services.picture_finisher.background(picture, ask.background_effect)


def _renditions(ask: StorePicture, finished: Finished) -> Iterator[tuple[str, Rendition]]:
    yield ORIGINAL, finished.original
    if finished.processed is not None:
        yield _processed_name(ask), finished.processed
    yield PREVIEW, finished.preview


def _processed_name(ask: StorePicture) -> str:
    return CUT_OUT if ask.kind is Kind.CHARACTER else OF_EFFECT[ask.background_effect]


def _put(services: Services, ask: StorePicture, name: str, rendition: Rendition) -> Variant:
    picture = rendition.picture
    full_name = f"{ask.name}-{name}{picture.suffix}"
    reach(CrashPoint.BEFORE_UPLOAD)
    url = services.picture_store.put(full_name, picture, ask.expire_at)
    reach(CrashPoint.UPLOADED)
    return Variant(
        url=url,
        name=full_name,
        content_type=picture.content_type,
        width=rendition.width,
        height=rendition.height,
    )


def _candidates(services: Services, ask: StorePicture) -> dict[str, Variant]:
    if ask.grid_url is None:
        return {}
    try:
        previews = services.picture_tools.previews(services.picture_source.fetch(ask.grid_url))
        return {
            name: _put(services, ask, name, preview)
            for name, preview in zip(CANDIDATES, previews, strict=True)
        }
    except Exception as error:
        if isinstance(error, PictureUnavailable) and not ask.last_try:
            raise  # it passes, and then they can be kept
        log("WARNING", "the four were not kept", why=_why(error))
        return {}
