"""Rehearse INSTALL.md and UNINSTALL.md of rendered clusters on a control plane of its own; see README.md."""
