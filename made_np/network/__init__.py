"""The network without its masks: layers, places of parameters, starts."""
