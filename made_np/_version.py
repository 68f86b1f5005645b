"""The version of the package, in one place: setup.cfg and the file format read it here."""

__version__ = "0.1.0"
