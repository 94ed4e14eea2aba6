"""What a step does with pixels: the choice among the four, and the copies in our bucket."""

from shared.domain.observation import (
    CandidateChosen,
    ChooseCandidate,
    Stored,
    StoreFailed,
    StorePicture,
)
from shared.log import log
from shared.ports import Picture, PictureRejected, PictureUnavailable
from shared.usecases.services import Services


def choose_candidate(services: Services, ask: ChooseCandidate) -> CandidateChosen:
    """Which of the four has the colours of the reference, or else of the child's drawing."""
    try:
        grid = services.picture_source.fetch(ask.grid_url)
        model = _model(services, ask)
        return CandidateChosen(index=services.picture_tools.nearest(grid, model))
    except (PictureUnavailable, PictureRejected) as error:
        # A choice is no reason to lose a picture that is paid for.
        log("WARNING", "the four were not compared", why=f"{type(error).__name__}: {error}")
        return CandidateChosen(index=None)


def _model(services: Services, ask: ChooseCandidate) -> Picture:
    if ask.reference_url is not None:
        return services.picture_source.fetch(ask.reference_url)
    if ask.drawing is not None:
        return services.picture_store.read(ask.drawing)
    raise PictureRejected("no_model", "There is nothing to compare with.")


def store_picture(services: Services, ask: StorePicture) -> Stored | StoreFailed:
    """Copy the painter's picture, and previews of the four it was chosen from."""
    try:
        picture = services.picture_source.fetch(ask.source_url)
        image_url = services.picture_store.put(ask.name, picture)
    except (PictureUnavailable, PictureRejected) as error:
        return StoreFailed(reason=str(error))
    return Stored(image_url=image_url, previews=_previews(services, ask))


def _previews(services: Services, ask: StorePicture) -> tuple[str, ...]:
    if ask.grid_url is None:
        return ()
    try:
        grid = services.picture_source.fetch(ask.grid_url)
        return tuple(
            services.picture_store.put(f"{ask.name}-candidate{index}", preview)
            for index, preview in enumerate(services.picture_tools.previews(grid), start=1)
        )
    except (PictureUnavailable, PictureRejected) as error:
        log("WARNING", "the four were not kept", why=f"{type(error).__name__}: {error}")
        return ()
