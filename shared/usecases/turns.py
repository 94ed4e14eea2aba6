"""Whose turn it is: the older first, but nobody can fill the queue for everybody else."""

from datetime import datetime

from shared.usecases.services import Services


def turn_of_next(services: Services, owner_uid: str, images: int) -> datetime:
    """The place in the queue of what an owner asks for now, with `images` pictures to a book.

    As if all books that the owner has under way were painted first, by all slots together. So who
    asks for one book comes before the second one of who asks for a hundred; and as every place is
    a moment that comes, nobody waits for ever. Raises `StoreUnavailable`.
    """
    before = services.store.open_jobs(owner_uid) * images
    return services.clock() + services.policy.turn * before
