"""One adapter per outside system: a small class over the official client, built on first use."""
