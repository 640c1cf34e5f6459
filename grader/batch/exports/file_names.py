"""A safe file name for each student, whatever the key is: the same on every system and run."""

from __future__ import annotations

import hashlib
import re
import unicodedata

MAX_CHARS = 60

# Lower case only, so that no two names differ in case alone. No "~": it marks a changed name, and
# no student can choose a key that is another one's changed name.
_PLAIN = re.compile(rf"[a-z0-9](?:[a-z0-9._-]{{0,{MAX_CHARS - 2}}}[a-z0-9_-])?")
# Devices on Windows, with any suffix (Microsoft, "Naming Files, Paths, and Namespaces").
_DEVICE = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|com[0-9]|lpt[0-9])(?:\..*)?")


def file_name(key: str) -> str:
    """Make a key the name of a file or folder, without a suffix; other keys give other names."""
    if _PLAIN.fullmatch(key) and not _DEVICE.fullmatch(key):
        return key
    ascii_only = unicodedata.normalize("NFKD", key).encode("ascii", "ignore").decode("ascii")
    readable = re.sub(r"[^A-Za-z0-9]+", "_", ascii_only).strip("_")[:MAX_CHARS] or "student"
    # A key from a folder may hold bytes that were no UTF-8, as lone surrogates.
    digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"{readable}~{digest}"
