"""Prints the document."""

import sys

from functions.api.openapi import as_text, document

sys.stdout.write(as_text(document()))
