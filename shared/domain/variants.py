"""The names of the pictures that are kept of an image."""

from shared.domain.image import BackgroundEffect

ORIGINAL, CUT_OUT, BLURRED, PALED, PREVIEW = "original", "cutout", "blurred", "paled", "preview"
"""Names of variants: as the painter made it, what became of it, and that one small."""
CANDIDATES = ("candidate1", "candidate2", "candidate3", "candidate4")
"""Names of variants: small, the four that it was chosen from."""
OF_EFFECT = {BackgroundEffect.BLUR: BLURRED, BackgroundEffect.PALE: PALED}
"""What a background has become by an effect; by `NONE` it stays the original."""
