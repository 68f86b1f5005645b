"""One model in one file, without pickle."""

from __future__ import annotations

from made_np.storage.model_file import FORMAT_VERSION, Stored, load, save

__all__ = ["FORMAT_VERSION", "Stored", "load", "save"]
