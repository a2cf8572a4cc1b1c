"""The laboratory: real Pacemaker clusters in namespaces of one machine."""
