"""A number of slots that was lowered: as many images less hand theirs on."""

from dataclasses import replace

from shared.ports import Conflict, SaveImage
from shared.usecases.services import Services


def take_surplus_away(services: Services, held: int) -> int:
    """Have as many images hand their slots on to nobody as hold more than there are; says how many.

    `held` is how many images hold one. A handover counts nothing, so it would keep a lowered number
    from ever being reached. Looked for by the sweep while anything waits. No transition: every task
    under way is still right.
    Raises `StoreUnavailable`.
    """
    if held <= services.policy.capacity:
        return 0
    holding = services.store.holding()
    handing_on = [image for image in holding if image.value.crowded]
    surplus = len(holding) - services.policy.capacity - (len(holding) - len(handing_on))
    taken = 0
    for image in handing_on[: max(0, surplus)]:
        after = replace(image.value, crowded=False)
        try:
            services.store.commit(SaveImage(before=image, after=after))
        except Conflict:  # it has moved on; if there is a surplus still, the next sweep sees it
            continue
        taken += 1
    return taken
