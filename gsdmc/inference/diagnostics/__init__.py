"""Whether posterior samples can be believed: calibration over many problems, and two-sample tests."""
