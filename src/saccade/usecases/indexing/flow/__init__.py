"""The work, over the ports of core."""
