"""The version of aksrdma, read by hatchling and by `aksrdma --version`."""

__version__ = "0.1.0"
