"""Paints the pictures of the simulated MidJourney: pure functions of words, seed and colours.

Nothing here knows of HTTP, tasks or time. `brief.read_brief` turns a prompt's words into what is to
be seen, `palette` chooses harmonious colours (or takes them from reference pictures), `figure` and
`landscape` draw on a `Canvas`, and `grid` puts four of them together as MidJourney does.

An image prompt goes another way: `sheet` cuts what is drawn out of its paper, `drawing` keeps it as
a few flat colours, `layers` and `portrait` paint it, and `describe` puts it into words.
"""
